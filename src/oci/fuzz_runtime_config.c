/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Any bytes as config.json: a config or an error with words, and nothing leaked. */
#include "oci/runtime_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct runtime_config c = {0};
	struct err e = {0};

	if (runtime_config_parse((const char *)data, size, &c, &e) < 0) {
		if (e.text[0] == '\0' || c.json)
			abort();
		return 0;
	}
	runtime_config_done(&c);
	return 0;
}
