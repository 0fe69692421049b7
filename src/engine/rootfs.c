/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The child has the keeper's IDs and not the container's: root in the
 * container could trace a process that is root there too, if it sees it
 * (--pid=host), and would then have our view of the host. Only a root that
 * fuse-overlayfs serves can be looked into from the container's own user
 * namespace alone (fuse(4), allow_other), so for it the child goes there, and
 * not where the container sees the host's processes.
 */
#include "engine/rootfs.h"

#include "base/buf.h"
#include "engine/in_keeper.h"
#include "oci/runtime_config.h"
#include "runtime/rootfs.h"
#include "sys/fd.h"
#include "sys/mountns.h"
#include "sys/path.h"
#include "sys/procfs.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>

#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif

struct work {
	struct container *c;
	const char *data_path;
	struct rootfs t;
	struct id_map map;
	struct fuse_program fuse;
	rootfs_fn fn;
	void *ctx;
};

/* ---- the map ---- */

static int add_lines(struct json_object *lines, struct id_list *l)
{
	size_t n = lines && json_object_is_type(lines, json_type_array) ? json_object_array_length(lines) : 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct json_object *o = json_object_array_get_idx(lines, i);

		r = id_list_add(l, (uint32_t)json_int(o, "containerID"), (uint32_t)json_int(o, "hostID"), (uint32_t)json_int(o, "size"));
	}
	return r;
}

int rootfs_id_map(const struct container *c, struct id_map *ret, struct err *e)
{
	int r;

	*ret = (struct id_map){0};
	r = add_lines(json_at(c->spec, "config.userns.uidMap"), &ret->uid);
	if (r == 0)
		r = add_lines(json_at(c->spec, "config.userns.gidMap"), &ret->gid);
	return r < 0 ? err_errno(e, -r, "ID map of container %.12s", c->id) : 0;
}

/* ---- one that runs ---- */

static int open_root(const struct container *c, int *ret_root, int *ret_userns, struct err *e)
{
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	_cleanup_(proc_close) struct proc p = PROC_INIT;
	_cleanup_close_ int root = -EBADF;
	unsigned long magic = 0;
	int r = procfs_open(&fs);

	if (r == 0)
		r = proc_open_identity(&fs, c->pid, c->start_ticks, &p);
	if (r == 0) {
		root = openat(p.dirfd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
		r = root < 0 ? -errno : mount_magic(root, &magic);
	}
	if (r == 0 && magic == FUSE_SUPER_MAGIC)
		r = proc_ns_open(&p, "user", ret_userns);
	/* what ended in between has not given us somebody else's */
	if (r == 0 && !proc_is_there(&p))
		r = -ESRCH;
	if (r < 0)
		return err_errno(e, -r, "root directory of container %.12s", c->id);
	*ret_root = TAKE_FD(root);
	return 0;
}

static int in_running(void *ctx, struct err *e)
{
	struct work *w = ctx;

	return w->fn(&w->t, w->ctx, e);
}

static int with_running(struct engine *eng, struct work *w, struct err *e)
{
	_cleanup_(keeper_done) struct keeper k = KEEPER_INIT;
	_cleanup_close_ int root = -EBADF, userns = -EBADF;
	int r = open_root(w->c, &root, &userns, e);

	if (r < 0)
		return r;
	w->t.root_fd = root;
	if (userns < 0) {
		r = keeper_of_init(eng, w->c, &k, e);
		return r == 0 ? in_keeper(&k, in_running, w, e) : r;
	}
	if (strcmp(json_str(w->c->spec, "options.pid"), "host") == 0)
		return err_set(e, ENOTSUP, "container %.12s sees the host's processes, and fuse-overlayfs serves its files: stop it first", w->c->id);
	k.userns_fd = TAKE_FD(userns);
	w->t.map = NULL;
	return in_keeper(&k, in_running, w, e);
}

/* ---- one that does not ---- */

int rootfs_read_config(int bundle, struct runtime_config *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = path_own_read(bundle, "config.json", CONTAINER_JSON_MAX, &b);

	return r < 0 ? err_errno(e, -r, "config.json") : runtime_config_parse(buf_str(&b), b.len, ret, e);
}

/* By its name: what is mounted is attached where this namespace has it, and a descriptor from before means the one that we came from. */
static int open_bundle(const struct work *w, int *ret_fd)
{
	_cleanup_free_ char *path = NULL;
	int fd;

	if (asprintf(&path, "%s/" ENGINE_CONTAINERS "/%s", w->data_path, w->c->id) < 0)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

static int in_stopped(void *ctx, struct err *e)
{
	struct work *w = ctx;
	_cleanup_(runtime_config_done) struct runtime_config config = {0};
	_cleanup_close_ int bundle = -EBADF, at = -EBADF, root = -EBADF;
	struct rootfs_servers *servers = calloc(1, sizeof(*servers));
	int r = servers ? open_bundle(w, &bundle) : -ENOMEM;

	/* the container's own directory is hidden by its root then, in this namespace */
	if (r == 0)
		r = path_own_open(bundle, ".", O_PATH | O_DIRECTORY, 0, &at);
	if (r < 0) {
		free(servers);
		return err_errno(e, -r, "bundle of container %.12s", w->c->id);
	}
	r = rootfs_read_config(bundle, &config, e);
	if (r == 0) {
		servers->fuse_fd = w->fuse.exe_fd;
		r = rootfs_assemble(&config, bundle, servers, at, &root, e);
	}
	if (r == 0) {
		w->t.root_fd = root;
		r = w->fn(&w->t, w->ctx, e);
	}
	free(servers);
	return r;
}

static int with_stopped(struct engine *eng, struct work *w, struct err *e)
{
	_cleanup_(keeper_done) struct keeper k = KEEPER_INIT;
	int r = keeper_open(eng, &k, e);

	if (r == 0)
		r = fuse_program_open(NULL, &w->fuse, e);
	if (r == 0)
		r = in_keeper(&k, in_stopped, w, e);
	fd_closep(&w->fuse.exe_fd);
	return r;
}

int rootfs_with(struct engine *eng, struct container *c, rootfs_fn fn, void *ctx, struct err *e)
{
	struct work w = {.c = c, .data_path = eng->data_path, .fuse = FUSE_PROGRAM_INIT, .fn = fn, .ctx = ctx};
	_cleanup_close_ int lock = -EBADF;
	int r = container_refresh(eng, c, e);

	if (r == 0 && c->pid <= 0)
		r = container_lock(c, CONTAINER_LOCK_MS, &lock, e);
	if (r == 0 && lock >= 0)
		r = container_refresh(eng, c, e);
	if (r == 0)
		r = rootfs_id_map(c, &w.map, e);
	if (r < 0)
		return r;
	w.t.map = w.map.uid.n > 0 ? &w.map : NULL;
	return c->pid > 0 ? with_running(eng, &w, e) : with_stopped(eng, &w, e);
}
