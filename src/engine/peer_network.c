/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The runtime takes a namespace by its path, and the path holds the process
 * number of the other container's init: another one at each start, so that
 * config.json is written again then. Between the look at that process and the
 * runtime's open it may end, and its number become another process's. So the
 * namespace is held open here from a moment when the process was surely the
 * container's, and init has to be in that very one before it is let go.
 *
 * Only the keeper that the other container's user namespace is nested in can
 * join: root there has all capabilities over both containers.
 */
#include "engine/peer_network.h"

#include "engine/bundle_config.h"
#include "engine/keeper.h"
#include "engine/network.h"
#include "sys/fd.h"
#include "sys/procfs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

void peer_network_done(struct peer_network *p)
{
	fd_closep(&p->ns_fd);
	keeper_freep(&p->keeper);
}

int peer_network_id(struct engine *eng, const char *name, char id[static CONTAINER_ID_LEN + 1], struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	const char *mode;
	int r = container_find(eng, name, &c, e);

	if (r < 0)
		return err_wrap(e, r, "--network container:%s", name);
	mode = json_str(c->spec, "config.network.mode");
	if (strcmp(mode, network_kind_name(NETWORK_HOST)) == 0 || strchr(mode, ':'))
		return err_set(e, EINVAL, "--network container:%s: that container has no network of its own, but %s", name, mode);
	memcpy(id, c->id, CONTAINER_ID_LEN + 1);
	return 0;
}

static bool is_up(const struct container *c)
{
	return c->status == CONTAINER_RUNNING || c->status == CONTAINER_PAUSED;
}

static int open_namespace(const struct container *c, int *ret_fd, struct err *e)
{
	_cleanup_(proc_close) struct proc p = PROC_INIT;
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	_cleanup_close_ int fd = -EBADF;
	int r = procfs_open(&fs);

	if (r == 0)
		r = proc_open_identity(&fs, c->pid, c->start_ticks, &p);
	if (r == 0)
		r = proc_ns_open(&p, "net", &fd);
	/* it has ended in between: whose namespace that is nobody knows */
	if (r == 0 && !proc_is_there(&p))
		r = -ESRCH;
	if (r < 0)
		return err_errno(e, -r, "network of container %.12s", c->id);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* For bundle_config_change(). */
static int set_path(struct json_object *config, void *ctx)
{
	struct json_object *list = json_at(config, "linux.namespaces");

	for (size_t i = 0; list && json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++) {
		struct json_object *ns = json_object_array_get_idx(list, i);

		if (strcmp(json_str(ns, "type"), "network") == 0)
			return json_add_str(ns, "path", ctx);
	}
	return -EINVAL;
}

/* Of the two there may be, as the containers' starts crossed: that one. */
static int open_keeper(struct engine *eng, const struct container *peer, struct keeper **ret, struct err *e)
{
	struct keeper *k = malloc(sizeof(*k));
	int r;

	if (!k)
		return err_errno(e, ENOMEM, "user namespace");
	*k = (struct keeper)KEEPER_INIT;
	r = keeper_of(eng, peer, k, e);
	if (r < 0) {
		free(k);
		return r;
	}
	*ret = k;
	return 0;
}

int peer_network_begin(struct engine *eng, const struct container *c, struct peer_network *ret, struct err *e)
{
	_cleanup_(container_freep) struct container *peer = NULL;
	const char *id = json_str(c->spec, "config.network.container");
	_cleanup_close_ int fd = -EBADF;
	char path[32];
	int r;

	if (!*id)
		return 0;
	r = container_load(eng, id, &peer, e);
	if (r < 0)
		return err_wrap(e, r, "the container whose network it has, %.12s", id);
	if (!is_up(peer))
		return err_set(e, ESRCH, "container %.12s, whose network it has, is not running", id);
	r = open_namespace(peer, &fd, e);
	if (r == 0)
		r = open_keeper(eng, peer, &ret->keeper, e);
	if (r < 0)
		return r;
	ret->ns_fd = TAKE_FD(fd);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)peer->pid);
	return bundle_config_change(c->dirfd, set_path, path, e);
}

int peer_network_check(const struct peer_network *p, pid_t pid, uint64_t start_ticks, struct err *e)
{
	_cleanup_(proc_close) struct proc proc = PROC_INIT;
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	struct stat st;
	uint64_t inode;
	int r;

	if (p->ns_fd < 0)
		return 0;
	r = fstat(p->ns_fd, &st) < 0 ? -errno : procfs_open(&fs);
	if (r == 0)
		r = proc_open_identity(&fs, pid, start_ticks, &proc);
	if (r == 0)
		r = proc_ns_inode(&proc, "net", &inode);
	if (r < 0)
		return err_errno(e, -r, "network namespace of the container's init");
	return inode == st.st_ino ? 0 : err_set(e, ESTALE, "the container whose network it has ended meanwhile");
}
