/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* An auth file of either shape: what is found has a name without a colon, or a helper that is a plain word. */
#include "registry/auth.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const char *text, size_t len, bool old, const char *name)
{
	_cleanup_(auth_done) struct auth a = {0};
	struct auth_helper_name helper = {0};
	struct reference ref;
	int r;

	if (reference_parse(name, &ref, NULL) < 0)
		__builtin_trap();
	r = auth_from_json(text, len, old, &ref, &a, &helper, NULL);
	if (r == AUTH_FOUND && !a.identity_token && (!a.username || !a.password || strchr(a.username, ':')))
		__builtin_trap();
	/* it becomes a program's name */
	if (r == AUTH_HELPER && (old || !helper.helper[0] || strchr(helper.helper, '/') || !helper.server[0]))
		__builtin_trap();
	if (r == AUTH_NONE && (a.username || a.password || a.identity_token))
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"h.example:5000/a/b:1", "docker.io/library/x"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		look((const char *)data, size, false, names[i]);
		look((const char *)data, size, true, names[i]);
	}
	return 0;
}
