/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* An exit file of any bytes: what is taken for one is written back the same. */
#include "monitor/exit.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[EXIT_TEXT_MAX];
	struct monitor_exit x;

	if (exit_parse((const char *)data, size, &x) < 0)
		return 0;
	if (exit_text(&x, text) != size || memcmp(text, data, size) != 0)
		abort();
	return 0;
}
