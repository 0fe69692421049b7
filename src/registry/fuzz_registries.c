/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "registry/registries.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t covered = 0;
	_cleanup_(registries_freep) struct registries *r = calloc(1, sizeof(*r));

	if (r && registries_parse((const char *)data, size, "fuzz", r, NULL) == 0) {
		(void)registries_alias(r, "debian");
		(void)registries_rule(r, "a.example/ns/repo", &covered);
	}
	return 0;
}
