/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* The text of a --mount. What is read is part of it, and a text that was taken is taken again. */
#include "build/run_mount_spec.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct run_mount_spec m, again;
	int r;

	if (!text)
		return 0;
	r = run_mount_spec_parse(text, &m, NULL);
	if (r == 0 && (m.mode > 07777 || !m.type || (m.target && !strstr(text, m.target)) || (m.source && !strstr(text, m.source))))
		__builtin_trap();
	if (run_mount_spec_parse(text, &again, NULL) != r)
		__builtin_trap();
	run_mount_spec_done(&m);
	run_mount_spec_done(&again);
	free(text);
	return 0;
}
