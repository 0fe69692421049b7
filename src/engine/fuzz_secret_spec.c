/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* --secret. What comes out is a variable's name, or a file that is absolute and not below /proc. */
#include "engine/secret_spec.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct secret_spec s = {0};
	char *text = strndup((const char *)data, size);
	int r = text ? secret_spec_parse(text, &s, NULL) : -1;

	if (r == 0 && (!s.source[0] || s.mode > 07777 || (s.is_env && strchr(s.target, '=')) ||
		       (!s.is_env && (s.target[0] != '/' || !s.target[1] || strstr(s.target, "/../") || strncmp(s.target, "/proc/", 6) == 0))))
		__builtin_trap();
	secret_spec_done(&s);
	free(text);
	return 0;
}
