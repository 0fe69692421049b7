/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Any bytes as the annotation of a config.json: what is taken restricts something, and each rule is one that the kernel can have. */
#include "oci/landlock.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct landlock_profile *p)
{
	if (landlock_abi_of(&p->handled) == 0)
		abort();
	for (size_t i = 0; i < p->n_paths; i++)
		if (p->paths[i].path[0] != '/' || strstr(p->paths[i].path, "/../") || (p->paths[i].access & ~p->handled.fs))
			abort();
	for (size_t i = 0; i < p->n_ports; i++)
		if (p->ports[i].access & ~p->handled.net)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_json_ struct json_object *json = NULL;
	_cleanup_free_ char *text = malloc(size + 1);
	struct landlock_profile *list = NULL;
	struct err e = {0};
	size_t n = 0;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (landlock_profiles_parse(text, &json, &list, &n, &e) < 0) {
		if (e.text[0] == '\0')
			abort();
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		check(&list[i]);
	landlock_profiles_free(list, n);
	return 0;
}
