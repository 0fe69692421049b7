/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* -v. A source is a path or the name of a volume that can be a directory's name. */
#include "engine/mount_spec.h"

#include "engine/options.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mount_spec m = {0};
	char *text = strndup((const char *)data, size);

	if (text && volume_spec_parse(text, &m, NULL) == 0) {
		if (m.kind == MOUNT_VOLUME && m.source && !container_name_is_valid(m.source))
			__builtin_trap();
		if (m.kind == MOUNT_BIND && m.source[0] != '/' && m.source[0] != '.')
			__builtin_trap();
		if (m.destination[0] != '/' || strcmp(m.destination, "/proc") == 0)
			__builtin_trap();
	}
	mount_spec_done(&m);
	free(text);
	return 0;
}
