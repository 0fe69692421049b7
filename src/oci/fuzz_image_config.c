/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "oci/image_config.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(image_config_freep) struct image_config *c = NULL;

	if (image_config_parse((const char *)data, size, &c, NULL) < 0)
		return 0;
	if (!c->user || !c->working_dir)
		__builtin_trap();
	for (size_t i = 0; i < c->env.n; i++)
		if (!strchr(c->env.items[i], '='))
			__builtin_trap();
	return 0;
}
