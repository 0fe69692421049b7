/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* The file of patterns up to a NUL, then a path. Without exceptions, what is below an ignored directory is ignored. */
#include "build/ignore.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size ? memchr(data, '\0', size) : NULL;
	size_t len = nul ? (size_t)(nul - data) : size;
	struct ignore ig = {0};
	char path[256], below[300];

	snprintf(path, sizeof(path), "%.*s", nul ? (int)(size - len - 1) : 3, nul ? (const char *)nul + 1 : "a/b");
	snprintf(below, sizeof(below), "%s/x", path);
	if (ignore_parse((const char *)data, len, "F", &ig, NULL) == 0 && *path && ignore_has(&ig, path) && !ig.has_exceptions &&
	    !ignore_has(&ig, below))
		__builtin_trap();
	ignore_done(&ig);
	return 0;
}
