/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * scope - a container's cgroup as a scope of systemd's: its names, and its
 * limits as properties of a unit (systemd.resource-control(5),
 * org.freedesktop.systemd1(5)).
 *
 *	_cleanup_(scope_plan_done) struct scope_plan p = {0};
 *	r = scope_plan_names(cgroups_path, id, rootful, &p, e);
 *	r = scope_plan_annotations(annotations, &p, e);
 *	r = scope_plan_limits(&limits, &p, e);
 *	... p.unit, p.slice, p.properties[0 .. p.n - 1] ...
 *
 * A limit that is no property ("memory.oom.group") is left out: all limits
 * are written into the files of the group too, which is delegated. That the
 * manager knows of them is for when it writes them again.
 */
#ifndef RANBY_OCI_SCOPE_H
#define RANBY_OCI_SCOPE_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "oci/cgroup_limits.h"
#include "sys/device_filter.h"
#include "sys/user_manager.h"

#include <stdbool.h>
#include <stddef.h>

#define SCOPE_PROPERTIES_MAX 512
#define SCOPE_NAME_MAX 255 /* of a unit, as systemd has it */
#define SCOPE_ANNOTATION "org.systemd.property."

struct scope_plan {
	char unit[SCOPE_NAME_MAX + 1], slice[SCOPE_NAME_MAX + 1];
	struct unit_property *properties; /* the names and types are constants, the values ours */
	size_t n;
};

/* Frees; for _cleanup_(). */
void scope_plan_done(struct scope_plan *p);

/*
 * linux.cgroupsPath as "SLICE:PREFIX:NAME"; each may be empty. NULL or "": a
 * scope of the ID in the usual slice, which also stands for an empty one.
 * -EINVAL: not of that form, or no names of units.
 */
int scope_plan_names(const char *cgroups_path, const char *id, bool rootful, struct scope_plan *ret, struct err *e) _must_check_;

/*
 * Annotations "org.systemd.property.NAME", with values in the text form of
 * GVariant, as runc and crun read them. NAME is one of a list: those that say
 * how a scope ends, what it depends on and what is counted. NAMESec with a
 * number of seconds stands for NAMEUSec. -EINVAL: the value; -ENOTSUP: the name.
 */
int scope_plan_annotations(struct json_object *annotations, struct scope_plan *p, struct err *e) _must_check_;

int scope_plan_limits(const struct cgroup_limits *l, struct scope_plan *p, struct err *e) _must_check_;

/* DevicePolicy and DeviceAllow, where the rules can be said so: permissions, after one prohibition of all. */
int scope_plan_devices(const struct device_rule *rules, size_t n, struct scope_plan *p, struct err *e) _must_check_;

#endif
