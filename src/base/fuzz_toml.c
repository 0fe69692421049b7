/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* What is accepted is JSON that our own parser takes. */
#include "base/toml.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct err e = {0};

	if (toml_parse((const char *)data, size, "fuzz", &o, &e) < 0 && e.code == 0)
		__builtin_trap();
	if (o)
		(void)json_text(o, NULL);
	return 0;
}
