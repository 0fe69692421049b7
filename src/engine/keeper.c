/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Finding it. A namespace's map can be read only through a process in it,
 * so what keeper_open() needs of a running container is in its state.json
 * ("keeper"): the map, and whether the container's own namespace is nested in
 * the keeper. The namespace itself is taken from the live init, found by
 * {pid, start time}: its user namespace, or the parent of that (NS_GET_PARENT,
 * ioctl_ns(2)). It must be owned by us (NS_GET_OWNER_UID). A line in the run
 * directory names the container that was started last, so that mostly one
 * container is looked at; without luck, those that have a run directory are.
 *
 * Making it is in keeper_make.c.
 */
#include "engine/keeper.h"
#include "engine/keeper_make.h"

#include "oci/digest.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/procfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#define HINT_FILE "keeper" /* in the run directory: the id of a container */

void keeper_done(struct keeper *k)
{
	k->making = keeper_making_free(k->making);
	fd_closep(&k->userns_fd);
}

void keeper_freep(struct keeper **k)
{
	if (*k)
		keeper_done(*k);
	free(TAKE_PTR(*k));
}

/* Another of a ready one, with a descriptor of its own. */
static int copy(const struct keeper *k, struct keeper *ret)
{
	int fd = fcntl(k->userns_fd, F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return -errno;
	*ret = *k;
	ret->userns_fd = fd;
	ret->making = NULL;
	return 0;
}

/*
 * What it is for: a container that has ended takes its keeper with it, and
 * its files may be those of subordinate IDs. Only to be faster, so that it
 * may fail.
 */
static void keep(struct engine *eng, const struct keeper *k)
{
	struct keeper *own = eng->keeper ? NULL : malloc(sizeof(*own));

	if (own && copy(k, own) == 0)
		eng->keeper = TAKE_PTR(own);
	free(own);
}

void keeper_tidy(struct keeper *k)
{
	k->making = keeper_making_free(k->making);
}

int keeper_ready(struct keeper *k, struct err *e)
{
	int r = k->making ? keeper_make_finish(k->making, e) : 0;

	if (r == 0 && k->eng)
		keep(k->eng, k);
	return r;
}

const char *keeper_notice(void)
{
	return "you have no subordinate IDs (/etc/subuid, /etc/subgid): the container gets your own ID only, as its root; "
	       "images with files of other owners will not work";
}

int keeper_to_json(const struct keeper *k, bool nested, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	_cleanup_(buf_done) struct buf uid = BUF_INIT, gid = BUF_INIT;

	id_list_text(&k->map.uid, &uid);
	id_list_text(&k->map.gid, &gid);
	if (!o || buf_bad(&uid) || buf_bad(&gid) || json_add_bool(o, "nested", nested) < 0 ||
	    json_add_bool(o, "single", k->single) < 0 || json_add_str(o, "uidMap", buf_str(&uid)) < 0 ||
	    json_add_str(o, "gidMap", buf_str(&gid)) < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(o);
	return 0;
}

/* The user namespace of process {pid, start time}, or with `nested` the one around it. */
static int open_namespace(pid_t pid, uint64_t start_ticks, bool nested, int *ret_fd)
{
	_cleanup_(proc_close) struct proc p = PROC_INIT;
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	_cleanup_close_ int own = -EBADF, up = -EBADF;
	int r;

	r = procfs_open(&fs);
	if (r == 0)
		r = proc_open_identity(&fs, pid, start_ticks, &p);
	if (r == 0)
		r = proc_ns_open(&p, "user", &own);
	if (r == 0 && nested) {
		r = ns_parent(own, &up);
		fd_closep(&own);
		own = TAKE_FD(up);
	}
	if (r < 0)
		return r;
	/* one that ended in between has taken its namespaces with it, not given us others */
	if (!proc_is_there(&p))
		return -ESRCH;
	*ret_fd = TAKE_FD(own);
	return 0;
}

int keeper_of_process(struct engine *eng, pid_t pid, uint64_t start_ticks, struct json_object *noted, struct keeper *ret, struct err *e)
{
	_cleanup_(keeper_done) struct keeper k = KEEPER_INIT;
	uid_t owner;
	int r;

	if (!noted)
		return keeper_as_we_are(eng, ret, e);
	k.single = json_true(noted, "single");
	r = id_list_parse(json_str(noted, "uidMap"), &k.map.uid);
	if (r == 0)
		r = id_list_parse(json_str(noted, "gidMap"), &k.map.gid);
	if (r == 0)
		r = open_namespace(pid, start_ticks, json_true(noted, "nested"), &k.userns_fd);
	if (r < 0)
		return err_errno(e, -r, "user namespace of process %d", (int)pid);
	if (ioctl(k.userns_fd, NS_GET_OWNER_UID, &owner) < 0)
		return err_errno(e, errno, "owner of the user namespace of process %d", (int)pid);
	if (owner != eng->uid)
		return err_set(e, EPERM, "user namespace of process %d: belongs to uid %u", (int)pid, owner);
	*ret = k;
	k.userns_fd = -EBADF;
	return 0;
}

static int cannot_keep(const struct container *c, int r, struct err *e)
{
	return r == -ESRCH ? err_set(e, ESRCH, "container %.12s has ended meanwhile", c->id) : err_wrap(e, r, "container %.12s", c->id);
}

int keeper_of_init(struct engine *eng, const struct container *c, struct keeper *ret, struct err *e)
{
	int r;

	if (c->status != CONTAINER_INITIALIZED)
		return keeper_of(eng, c, ret, e);
	r = keeper_of_process(eng, c->pid, c->start_ticks, json_at(c->state, "prepared.keeper"), ret, e);
	return r < 0 ? cannot_keep(c, r, e) : 0;
}

int keeper_of(struct engine *eng, const struct container *c, struct keeper *ret, struct err *e)
{
	int r;

	if (c->status != CONTAINER_RUNNING && c->status != CONTAINER_PAUSED)
		return err_set(e, ESRCH, "container %.12s is not running", c->id);
	r = keeper_of_process(eng, c->pid, c->start_ticks, c->state ? json_at(c->state, "keeper") : NULL, ret, e);
	return r < 0 ? cannot_keep(c, r, e) : 0;
}

void keeper_remember(struct engine *eng, const char *id)
{
	_cleanup_close_ int fd = -EBADF;

	/* only a hint, always of one length: written in place, and losing it costs a search */
	if (path_own_open(eng->run_fd, HINT_FILE, O_WRONLY | O_CREAT, 0600, &fd) == 0)
		(void)!pwrite(fd, id, CONTAINER_ID_LEN, 0);
}

/* That of container `id`, if it runs and has one. */
static bool found_in(struct engine *eng, const char *id, struct keeper *ret)
{
	_cleanup_(container_freep) struct container *c = NULL;

	return digest_is_hex(id) && container_load(eng, id, &c, NULL) == 0 && c->status == CONTAINER_RUNNING &&
	       json_at(c->state, "keeper") && keeper_of(eng, c, ret, NULL) == 0;
}

static bool find_by_hint(struct engine *eng, struct keeper *ret)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	return path_own_read(eng->run_fd, HINT_FILE, CONTAINER_ID_LEN, &b) == 0 && found_in(eng, buf_str(&b), ret);
}

static bool find_by_search(struct engine *eng, struct keeper *ret)
{
	int copy = openat(eng->run_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	bool found = false;
	struct dirent *d;

	if (!dir) {
		fd_closep(&copy);
		return false;
	}
	while (!found && (d = readdir(dir)))
		found = found_in(eng, d->d_name, ret);
	closedir(dir);
	return found;
}

int keeper_begin(struct engine *eng, struct keeper *ret, struct err *e)
{
	int r;

	if (keeper_is_needless(eng))
		return keeper_as_we_are(eng, ret, e);
	if (eng->keeper && copy(eng->keeper, ret) == 0)
		return 0;
	r = find_by_hint(eng, ret) || find_by_search(eng, ret) ? 0 : keeper_make_begin(eng, ret, e);
	if (r == 0)
		ret->eng = eng;
	return r;
}

int keeper_open(struct engine *eng, struct keeper *ret, struct err *e)
{
	_cleanup_(keeper_done) struct keeper k = KEEPER_INIT;
	int r = keeper_begin(eng, &k, e);

	if (r == 0)
		r = keeper_ready(&k, e);
	if (r < 0)
		return r;
	k.making = keeper_making_free(k.making);
	*ret = k;
	k.userns_fd = -EBADF;
	return 0;
}

int keeper_for_store(void *ctx, int *ret_userns_fd, struct err *e)
{
	struct keeper k = KEEPER_INIT;
	int r = keeper_open(ctx, &k, e);

	if (r < 0)
		return r;
	*ret_userns_fd = k.userns_fd;
	return 0;
}
