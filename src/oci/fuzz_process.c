/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Any bytes as what exec, update and a state bring as JSON: a process, limits, hooks; each read or refused with words. */
#include "oci/cgroup_limits.h"
#include "oci/runtime_config.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct config_process p = {0};
	struct config_hooks h = {.n = {0}};
	struct cgroup_limits l = {0};
	struct err e = {0};

	if (json_parse((const char *)data, size, "input", &o, &e) < 0 || !json_object_is_type(o, json_type_object))
		return 0;
	if (config_process_read(o, &p, &e) < 0 && e.text[0] == '\0')
		abort();
	err_clear(&e);
	if (config_hooks_read(o, &h, &e) < 0 && e.text[0] == '\0')
		abort();
	err_clear(&e);
	if (cgroup_limits_read(o, &l, &e) < 0 && (e.text[0] == '\0' || l.items))
		abort();
	config_process_done(&p);
	config_hooks_done(&h);
	cgroup_limits_done(&l);
	return 0;
}
