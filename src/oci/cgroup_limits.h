/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * cgroup_limits - linux.resources of a runtime configuration as values for
 * the files of a cgroup of version 2 (runtime-spec, config-linux, "Control
 * groups"; Documentation/admin-guide/cgroup-v2.rst).
 *
 *	_cleanup_(cgroup_limits_done) struct cgroup_limits l = {0};
 *	r = cgroup_limits_read(resources, &l, e);
 *	for (size_t i = 0; i < l.n; i++)
 *		... l.items[i].file, .value ...
 *
 * In the order in which they are to be written. What version 2 has no file
 * for is -ENOTSUP, never left out. "devices" is not looked at: in a user
 * namespace no node can be made, and as root it is oci/device_rules.h.
 */
#ifndef RANBY_OCI_CGROUP_LIMITS_H
#define RANBY_OCI_CGROUP_LIMITS_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"

#include <stddef.h>
#include <stdint.h>

#define CGROUP_LIMITS_MAX 256

struct cgroup_limit {
	char *file;       /* "memory.max" */
	char *value;
	const char *from; /* the key that asked for it: "memory", "unified", ... */
};

struct cgroup_limits {
	struct cgroup_limit *items;
	size_t n;
};

/* Frees; for _cleanup_(). */
void cgroup_limits_done(struct cgroup_limits *l);

/* `resources` may be NULL: no limits. -EINVAL, -ENOTSUP with the key's name. */
int cgroup_limits_read(struct json_object *resources, struct cgroup_limits *ret, struct err *e) _must_check_;

/* CPU shares (2 to 262144, 1024 usual) as a weight (1 to 10000), by the formula that all runtimes share. */
uint64_t cgroup_weight_of_shares(uint64_t shares);

/* A weight of block devices (10 to 1000) as io.weight has it (1 to 10000). */
uint64_t cgroup_weight_of_blkio(uint64_t weight);

#endif
