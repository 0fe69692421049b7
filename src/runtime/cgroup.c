/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "runtime/cgroup.h"

#include "oci/runtime_config.h"
#include "sys/fd.h"

#include <string.h>

void cgroup_done(struct cgroup *g)
{
	fd_closep(&g->dir);
	free(g->path);
	g->path = NULL;
}

/* Keys of linux.resources that ask for something. "devices" does not inside a user namespace: no node can be made there. */
static const char *first_limit(struct json_object *resources)
{
	static const char *const keys[] = {"memory", "cpu", "pids", "blockIO", "hugepageLimits", "network", "rdma", "unified"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (config_is_filled(json_at(resources, keys[i])))
			return keys[i];
	return NULL;
}

int cgroup_prepare(const char *path, struct json_object *resources, const char *id, struct cgroup *ret, struct err *e)
{
	const char *limit = resources ? first_limit(resources) : NULL;

	(void)path;
	(void)id;
	(void)ret;
	if (limit) {
		(void)err_set(e, ENOTSUP, "linux.resources.%s: no cgroup was delegated to this user", limit);
		err_hint(e, "resource limits need cgroup v2 with a delegated subtree");
		return -ENOTSUP;
	}
	return 0;
}

int cgroup_enter(const struct cgroup *g, pid_t pid, struct err *e)
{
	(void)g;
	(void)pid;
	(void)e;
	return 0;
}

void cgroup_remove(const struct cgroup *g)
{
	(void)g;
}
