/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Any bytes as the beginning of a program: what is found is an absolute path that stands in them. */
#include "monitor/exec_head.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[EXEC_HEAD_PATH];

	if (size > EXEC_HEAD_SIZE || exec_head_interpreter((const char *)data, size, path) < 0)
		return 0;
	if (path[0] != '/' || strlen(path) >= sizeof(path) || !memmem(data, size, path, strlen(path)))
		abort();
	return 0;
}
