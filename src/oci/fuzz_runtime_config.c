/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Any bytes as config.json: a config or an error with words, and nothing leaked; its limits likewise. */
#include "oci/cgroup_limits.h"
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
	struct cgroup_limits l = {0};

	if (cgroup_limits_read(c.resources, &l, &e) < 0 && (e.text[0] == '\0' || l.items))
		abort();
	cgroup_limits_done(&l);
	runtime_config_done(&c);
	return 0;
}
