/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Any bytes as what exec, update and a state bring as JSON: a process, limits, hooks, a scope; each read or refused with words. */
#include "oci/cgroup_limits.h"
#include "oci/runtime_config.h"
#include "oci/scope.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Names, annotations and limits as a unit's: no word of them is what would be another word to a manager. */
static void plan_scope(struct json_object *o, const struct cgroup_limits *l)
{
	struct scope_plan s = {.n = 0};
	struct json_object *annotations = json_at(o, "annotations");
	struct err e = {0};

	if (scope_plan_names(json_str(o, "cgroupsPath"), "id", false, &s, &e) == 0 ? strchr(s.unit, '/') || strchr(s.slice, '/') : e.text[0] == '\0')
		abort();
	err_clear(&e);
	if (annotations && json_object_is_type(annotations, json_type_object) && scope_plan_annotations(annotations, &s, &e) < 0 && e.text[0] == '\0')
		abort();
	(void)!scope_plan_limits(l, &s, &e);
	for (size_t i = 0; i < s.n; i++)
		if (strpbrk(s.properties[i].value, "\n\\"))
			abort();
	scope_plan_done(&s);
}

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
	plan_scope(o, &l);
	config_process_done(&p);
	config_hooks_done(&h);
	cgroup_limits_done(&l);
	return 0;
}
