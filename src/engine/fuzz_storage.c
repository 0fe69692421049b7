/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Whatever is taken for a shared store is an absolute path. */
#include "engine/storage.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(strv_done) struct strv paths = {0};

	if (storage_parse((const char *)data, size, "storage.conf", &paths, NULL) == 0)
		for (size_t i = 0; i < paths.n; i++)
			if (paths.items[i][0] != '/')
				__builtin_trap();
	return 0;
}
