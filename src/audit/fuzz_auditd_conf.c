/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Whatever the file holds: keys and values are whole, not empty, and the last of a key wins. */
#include "audit/auditd_conf.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct auditd_conf c;

	auditd_conf_parse((const char *)data, size, &c);
	for (size_t i = 0; i < c.n; i++) {
		if (!*c.items[i].key || !*c.items[i].value || strchr(c.items[i].key, '\n') || strchr(c.items[i].value, '\n'))
			__builtin_trap();
		if (!auditd_conf_get(&c, c.items[i].key, NULL))
			__builtin_trap();
	}
	return 0;
}
