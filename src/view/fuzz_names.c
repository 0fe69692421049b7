/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* A container's passwd or group: any bytes. Each name found is bounded, and none holds what ends a field or a line. */
#include "view/names.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(names_inside_done) struct names_inside in = NAMES_INSIDE_INIT;
	_cleanup_(buf_done) struct buf text = BUF_INIT;

	buf_add(&text, data, size);
	names_inside_parse(&in, NAMES_USER, &text);
	for (size_t i = 0; i < in.of[NAMES_USER].n; i++) {
		const struct names_entry *e = &in.of[NAMES_USER].entries[i];
		const char *name = names_inside(&in, NAMES_USER, e->id);

		if (!name || !*name || strlen(name) >= NAMES_NAME_MAX || strpbrk(name, ":\n"))
			__builtin_trap();
	}
	return 0;
}
