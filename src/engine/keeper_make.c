/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A child is cloned into a user namespace of its own and waits there; its
 * maps are written from here: by newuidmap and newgidmap, at the same time,
 * when the user has subordinate IDs, else a single line of the user's own ID,
 * which the kernel takes from the owner without help (user_namespaces(7)).
 * Then the namespace is held by an fd, and the child ends. The fd is opened at
 * once; only whoever enters the namespace must wait for the maps.
 *
 * The child does nothing but wait, so it does that in our memory (CLONE_VM):
 * it is there in a tenth of the time of a fork, and no page of ours has to be
 * copied afterwards.
 */
#include "engine/keeper_make.h"
#include "engine/keeper_helper.h"
#include "engine/subid.h"

#include "sys/fd.h"
#include "sys/spawn.h"
#include "sys/user_name.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define STACK_SIZE 16384 /* for two system calls */

bool keeper_is_needless(const struct engine *eng)
{
	return eng->uid == 0;
}

int keeper_as_we_are(const struct engine *eng, struct keeper *ret, struct err *e)
{
	_cleanup_close_ int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct keeper k = KEEPER_INIT;
	int r;

	(void)eng;
	if (self < 0)
		return err_errno(e, errno, "open /proc/self");
	r = id_map_read(self, &k.map);
	if (r < 0)
		return err_errno(e, -r, "read /proc/self/uid_map");
	*ret = k;
	return 0;
}

/* ---- why user namespaces do not work here ---- */

static int cannot_unshare(int error, struct err *e)
{
	if (keeper_sysctl_is("/proc/sys/user/max_user_namespaces", 0)) {
		err_set(e, error, "user namespaces are disabled on this host (user.max_user_namespaces is 0)");
		err_hint(e, "as root: sysctl user.max_user_namespaces=28633");
	} else if (keeper_sysctl_is("/proc/sys/kernel/unprivileged_userns_clone", 0)) {
		err_set(e, error, "user namespaces are disabled for users (kernel.unprivileged_userns_clone is 0)");
		err_hint(e, "as root: sysctl kernel.unprivileged_userns_clone=1");
	} else if (error == ENOSPC || error == EUSERS) {
		err_set(e, error, "too many user namespaces, or nested too deep (user.max_user_namespaces)");
	} else {
		err_errno(e, error, "make a user namespace");
		err_hint(e, "a seccomp filter or a security module may forbid it");
	}
	return -error;
}

/* ---- the child whose namespace it is ---- */

struct holder {
	pid_t pid;
	int release_fd; /* closing it, or our death, ends the child */
	int wait_fd;    /* the other end */
	int pipe[2];    /* the same two, for the child: nothing that it reads may change before it has ended */
	char *stack;
};

static void holder_done(struct holder *h)
{
	fd_closep(&h->release_fd);
	if (h->pid > 0)
		(void)!spawn_wait(h->pid, NULL);
	h->pid = 0;
	fd_closep(&h->wait_fd);
	free(TAKE_PTR(h->stack));
}

/* All signals are blocked here: no call fails, so that not even our errno is touched. */
static int hold(void *arg)
{
	const struct holder *h = arg;
	char byte;

	close(h->pipe[1]);
	return (int)read(h->pipe[0], &byte, 1);
}

static int holder_start(struct holder *h, struct err *e)
{
	sigset_t all, old;
	int error;

	if (pipe2(h->pipe, O_CLOEXEC) < 0)
		return err_errno(e, errno, "pipe");
	h->wait_fd = h->pipe[0];
	h->release_fd = h->pipe[1];
	h->stack = malloc(STACK_SIZE);
	if (!h->stack)
		return err_errno(e, ENOMEM, "make a user namespace");
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	h->pid = clone(hold, h->stack + STACK_SIZE, CLONE_NEWUSER | CLONE_VM | SIGCHLD, h);
	error = errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	return h->pid < 0 ? cannot_unshare(error, e) : 0;
}

/* ---- the maps ---- */

static int write_proc(pid_t pid, const char *name, const char *text, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	/* one write(2): the kernel takes a map once and whole */
	if (fd < 0 || write(fd, text, strlen(text)) < 0) {
		err_errno(e, errno, "write %s of a new user namespace", name);
		keeper_hint_apparmor(e);
		return -e->code;
	}
	return 0;
}

static int map_single(const struct engine *eng, pid_t pid, struct keeper *k, struct err *e)
{
	char line[64];
	int r;

	if (id_list_add(&k->map.uid, 0, eng->uid, 1) < 0 || id_list_add(&k->map.gid, 0, eng->gid, 1) < 0)
		return err_set(e, EINVAL, "map of uid %u", eng->uid);
	k->single = true;
	r = write_proc(pid, "setgroups", "deny", e);
	snprintf(line, sizeof(line), "0 %u 1\n", eng->uid);
	if (r == 0)
		r = write_proc(pid, "uid_map", line, e);
	snprintf(line, sizeof(line), "0 %u 1\n", eng->gid);
	return r == 0 ? write_proc(pid, "gid_map", line, e) : r;
}

/* The user first, then the subordinate ranges. */
static int full_list(uint32_t own, const struct id_list *ranges, struct id_list *ret)
{
	int r = id_list_add(ret, 0, own, 1);

	for (size_t i = 0; r == 0 && i < ranges->n; i++)
		r = id_list_add(ret, ranges->extents[i].inside, ranges->extents[i].outside, ranges->extents[i].count);
	return r;
}

/* ---- the whole ---- */

struct keeper_making {
	struct holder holder;
	struct keeper_helper uid, gid;
};

struct keeper_making *keeper_making_free(struct keeper_making *m)
{
	if (!m)
		return NULL;
	keeper_helper_done(&m->uid);
	keeper_helper_done(&m->gid);
	holder_done(&m->holder);
	free(m);
	return NULL;
}

static int start_maps(const struct engine *eng, struct keeper *k, struct err *e)
{
	_cleanup_free_ struct id_list *ranges = calloc(2, sizeof(*ranges));
	struct keeper_making *m = k->making;
	pid_t pid = m->holder.pid;
	char name[USER_NAME_SIZE];
	int r;

	if (!ranges)
		return err_errno(e, ENOMEM, "ID maps");
	r = user_name_of(eng->uid, name);
	if (r < 0)
		name[0] = '\0';
	r = subid_ranges(SUBID_USER, eng->uid, *name ? name : NULL, &ranges[0], e);
	if (r == 0)
		r = subid_ranges(SUBID_GROUP, eng->uid, *name ? name : NULL, &ranges[1], e);
	if (r < 0)
		return r;
	if (ranges[0].n == 0 || ranges[1].n == 0)
		return map_single(eng, pid, k, e);
	r = full_list(eng->uid, &ranges[0], &k->map.uid);
	if (r == 0)
		r = full_list(eng->gid, &ranges[1], &k->map.gid);
	if (r < 0)
		return err_errno(e, -r, "subordinate IDs of uid %u", eng->uid);
	r = keeper_helper_start("newuidmap", pid, &k->map.uid, &m->uid, e);
	return r == 0 ? keeper_helper_start("newgidmap", pid, &k->map.gid, &m->gid, e) : r;
}

int keeper_make_begin(const struct engine *eng, struct keeper *ret, struct err *e)
{
	_cleanup_(keeper_done) struct keeper k = KEEPER_INIT;
	struct err own = {0};
	char path[64];
	int r;

	if (!e)
		e = &own;
	k.making = malloc(sizeof(*k.making));
	if (!k.making)
		return err_errno(e, ENOMEM, "make a user namespace");
	*k.making = (struct keeper_making){
		.holder = {.release_fd = -EBADF, .wait_fd = -EBADF}, .uid = KEEPER_HELPER_INIT, .gid = KEEPER_HELPER_INIT,
	};
	r = holder_start(&k.making->holder, e);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/%d/ns/user", k.making->holder.pid);
	k.userns_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (k.userns_fd < 0)
		return err_errno(e, errno, "hold the new user namespace");
	r = start_maps(eng, &k, e);
	if (r < 0)
		return r;
	*ret = k;
	k = (struct keeper)KEEPER_INIT;
	return 0;
}

int keeper_make_finish(struct keeper_making *m, struct err *e)
{
	struct err own = {0};
	int r = 0;

	if (!e)
		e = &own;
	if (m->uid.pid > 0)
		r = keeper_helper_finish(&m->uid, e);
	if (r == 0 && m->gid.pid > 0)
		r = keeper_helper_finish(&m->gid, e);
	/* nobody has to wait for its end: the namespace is held by the fd */
	fd_closep(&m->holder.release_fd);
	return r;
}
