/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* --mount and --tmpfs (the first byte chooses). A destination that comes out is absolute, clean, and none of the forbidden. */
#include "engine/mount_spec.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mount_spec m = {0};
	char *text = strndup((const char *)data, size);
	int r = -1;

	if (text && *text)
		r = *text == 't' ? tmpfs_spec_parse(text + 1, &m, NULL) : mount_spec_parse(text + 1, &m, NULL);
	if (r == 0) {
		const char *d = m.destination;

		if (d[0] != '/' || !d[1] || strstr(d, "//") || strstr(d, "/../") || strstr(d, "/./") ||
		    strncmp(d, "/proc/", 6) == 0 || strcmp(d, "/proc") == 0 || d[strlen(d) - 1] == '/')
			__builtin_trap();
	}
	mount_spec_done(&m);
	free(text);
	return 0;
}
