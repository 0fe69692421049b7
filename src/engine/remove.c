/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * First processes, then facts about them, then files, the name last.
 *
 * A container that was only created may have processes too: its front was
 * killed between making init and starting it, and the monitor is just taking
 * them down. They are found by the runtime's state, and waited for, so that a
 * name is never given back while somebody still works in the directory.
 *
 * Files of subordinate IDs cannot be removed by the user; a child that has
 * entered the keeper can. Mostly there are none (an upper layer that holds
 * what root wrote holds the user's own files), so it is tried as we are first.
 */
#include "engine/remove.h"
#include "engine/attest.h"
#include "engine/bridge.h"
#include "engine/image_use.h"
#include "engine/in_keeper.h"
#include "engine/keeper.h"
#include "engine/launch.h"
#include "engine/mounted.h"
#include "engine/pod.h"
#include "engine/restart.h"
#include "engine/stop.h"
#include "engine/volume_remove.h"

#include "runtime/cgroup.h"
#include "runtime/remove.h"
#include "runtime/state.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/pidfd.h"
#include "sys/spawn.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define GONE_TIMEOUT_MS 10000
#define LAG_TIMEOUT_MS 5000 /* to whoever is attached, to read the last output; more than the monitor waits for its last byte */

/* ---- trees ---- */

static int remove_in_keeper(struct engine *eng, int dirfd, const char *name, struct err *e)
{
	_cleanup_(keeper_done) struct keeper k = KEEPER_INIT;
	int r, status;
	pid_t pid;

	r = keeper_open(eng, &k, e);
	if (r < 0)
		return r;
	pid = fork();
	if (pid < 0)
		return err_errno(e, errno, "fork");
	if (pid == 0) {
		if (k.userns_fd >= 0 && setns(k.userns_fd, CLONE_NEWUSER) < 0)
			_exit(errno);
		_exit(-path_own_remove_tree(dirfd, name));
	}
	r = spawn_wait(pid, &status);
	if (r == 0 && !WIFEXITED(status))
		r = -EIO;
	else if (r == 0)
		r = -WEXITSTATUS(status);
	return r < 0 ? err_errno(e, -r, "remove %s", name) : 0;
}

int remove_tree(struct engine *eng, int dirfd, const char *name, struct err *e)
{
	int r = path_own_remove_tree(dirfd, name);

	if (r == -EACCES || r == -EPERM)
		return remove_in_keeper(eng, dirfd, name, e);
	return r < 0 ? err_errno(e, -r, "remove %s", name) : 0;
}

int remove_container_dir(struct engine *eng, int dirfd, const char *id, struct err *e)
{
	return remove_tree(eng, dirfd, id, e);
}

/* ---- what is known of its last run, outside of its own directory ---- */

struct run {
	int dirfd;               /* its run directory; -EBADF: it has none */
	int rroot;               /* the runtime's */
	struct runtime_state st; /* with `is_known` */
	bool is_known;           /* false also when it can no longer be said which process it was */
};

static void run_done(struct run *x)
{
	runtime_state_done(&x->st);
	fd_closep(&x->dirfd);
	fd_closep(&x->rroot);
}

static int run_find(struct engine *eng, const struct container *c, struct run *ret, struct err *e)
{
	_cleanup_(run_done) struct run x = {.dirfd = -EBADF, .rroot = -EBADF};
	int r = path_own_open(eng->run_fd, c->id, O_RDONLY | O_DIRECTORY, 0, &x.dirfd);

	if (r == 0 || r == -ENOENT)
		r = path_own_open(eng->run_fd, ENGINE_RUNTIME, O_RDONLY | O_DIRECTORY, 0, &x.rroot);
	if (r == 0)
		r = runtime_state_load(x.rroot, c->id, &x.st, NULL);
	x.is_known = r == 0;
	/* it never came so far, or the state is damaged */
	if (r < 0 && r != -ENOENT && r != -EINVAL && r != -EBADMSG)
		return err_errno(e, -r, "run directory of container %.12s", c->id);
	*ret = x;
	x = (struct run){.dirfd = -EBADF, .rroot = -EBADF};
	return 0;
}

/* ---- processes ---- */

/* The init that the runtime knows, started or not. */
static int end_init(struct engine *eng, const struct run *x, const char *id, struct err *e)
{
	_cleanup_close_ int pidfd = -EBADF;
	int r;

	if (!x->is_known || strcmp(x->st.boot_id, eng->boot_id) != 0)
		return 0;
	r = pidfd_open_identity(x->st.pid, x->st.start_ticks, &pidfd);
	if (r == 0)
		r = pidfd_signal(pidfd, SIGKILL);
	if (r == 0)
		r = pidfd_wait(pidfd, GONE_TIMEOUT_MS);
	return r < 0 && r != -ESRCH ? err_errno(e, -r, "end the init of container %.12s", id) : 0;
}

/*
 * Who is attached and does not read (his terminal is stopped, his pipe is full), or who started it and does not come to
 * clear up, holds the monitor for as long as he likes. With force it is asked to let go of them.
 */
static int await_lagging(int pidfd)
{
	int r = pidfd_wait(pidfd, LAG_TIMEOUT_MS);

	if (r == -ETIMEDOUT)
		r = pidfd_signal(pidfd, SIGTERM);
	return r < 0 ? r : pidfd_wait(pidfd, GONE_TIMEOUT_MS);
}

/* The monitor has written what it had to write, and has gone. Also one of a start that never came about. */
static int await_monitor(const struct container *c, const struct run *x, bool force, struct err *e)
{
	_cleanup_close_ int pidfd = -EBADF;
	int r = x->dirfd < 0 ? -ESRCH : launch_monitor_of(x->dirfd, &pidfd);

	if (r == 0)
		r = force ? await_lagging(pidfd) : pidfd_wait(pidfd, GONE_TIMEOUT_MS);
	if (r == -ENOENT || r == -ESRCH)
		return 0;
	return r < 0 ? err_errno(e, -r, "wait for the monitor of container %.12s", c->id) : 0;
}

static int end_processes(struct engine *eng, struct container *c, const struct remove_options *o, struct err *e)
{
	int r;

	if (c->status == CONTAINER_RUNNING || c->status == CONTAINER_PAUSED) {
		if (!o->force) {
			err_set(e, EBUSY, "container %.12s is running: cannot remove it without force", c->id);
			err_hint(e, "stop it first, or use rm --force");
			err_exit(e, 2); /* podman-rm(1), "Exit Status" */
			return -EBUSY;
		}
		r = o->grace_ms > 0 ? stop_container(eng, c, o->grace_ms, e) : stop_kill(c, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- the whole ---- */

struct group {
	int rroot;
	const char *id;
};

static int remove_group_work(void *ctx, struct err *e)
{
	const struct group *g = ctx;

	return cgroup_remove(g->rroot, g->id, e);
}

/* A container that may make groups below its own (systemd_mode.h) gives them to whom it likes. */
static int remove_group(struct engine *eng, int rroot, const char *id, struct err *e)
{
	_cleanup_(keeper_done) struct keeper k = KEEPER_INIT;
	struct group g = {.rroot = rroot, .id = id};
	struct err own = {0};
	int r = cgroup_remove(rroot, id, &own);

	if (r == -EACCES || r == -EPERM) {
		r = keeper_open(eng, &k, e);
		return r == 0 ? in_keeper(&k, remove_group_work, &g, e) : r;
	}
	if (r < 0 && e)
		*e = own;
	return r;
}

/* Its monitor has gone, in order or not. */
static int remove_run(struct engine *eng, const struct container *c, const struct run *x, struct err *e)
{
	int r = x->dirfd < 0 ? 0 : launch_end_helper(x->dirfd);

	if (r == 0 && bridge_detach(eng, c, e) < 0)
		return -EBUSY;
	/* a pod's /dev/shm is in it, with files of all of the user's IDs */
	if (r == 0)
		r = remove_tree(eng, eng->run_fd, c->id, e);
	if (r == 0 && x->is_known && runtime_end_servers(&x->st, e) < 0)
		return -EBUSY;
	if (r == 0 && x->rroot >= 0 && remove_group(eng, x->rroot, c->id, e) < 0)
		return -EBUSY;
	if (r == 0 && x->rroot >= 0)
		r = path_own_remove_tree(x->rroot, c->id);
	return r < 0 ? err_errno(e, -r, "remove the run directory of container %.12s", c->id) : 0;
}

int remove_run_dirs(struct engine *eng, const struct container *c, struct err *e)
{
	_cleanup_(run_done) struct run x = {.dirfd = -EBADF, .rroot = -EBADF};
	int r = run_find(eng, c, &x, e);

	return r == 0 ? remove_run(eng, c, &x, e) : r;
}

/* All are tried, whatever becomes of one; the first that failed is told. */
static int remove_volumes(struct engine *eng, const struct container *c, const char *reason, struct err *e)
{
	_cleanup_(strv_done) struct strv names = {0};
	int first = json_get_strv(c->spec, "anonymousVolumes", &names, e);

	for (size_t i = 0; i < names.n; i++) {
		struct err own = {0};
		int r = volume_release(eng, names.items[i], c->id, reason, &own);

		if (r < 0 && first == 0) {
			first = r;
			if (e)
				*e = own;
		}
	}
	/* one that was killed over this has renamed it already */
	if (names.n > 0)
		volume_sweep(eng);
	return first;
}

static int remove_locked(struct engine *eng, struct container *c, const struct remove_options *o, struct err *e)
{
	_cleanup_(run_done) struct run x = {.dirfd = -EBADF, .rroot = -EBADF};
	int r = end_processes(eng, c, o, e);

	if (r == 0)
		r = run_find(eng, c, &x, e);
	if (r == 0)
		r = end_init(eng, &x, c->id, e);
	if (r == 0)
		restart_cancel(c);
	if (r == 0)
		r = await_monitor(c, &x, o->force, e);
	/* it may have ended by us */
	if (r == 0 && c->status != CONTAINER_EXITED)
		r = container_refresh(eng, c, e);
	if (r == 0)
		attest_end(eng, c);
	if (r == 0)
		r = remove_run(eng, c, &x, e);
	if (r == 0)
		r = mounted_end(eng, c, e);
	/* --rm takes them along, whoever is the first to remove it */
	if (r == 0 && (o->volumes || json_true(c->spec, "options.rm")))
		r = remove_volumes(eng, c, o->reason, e);
	return r == 0 ? container_delete(eng, c, remove_container_dir, e) : r;
}

/* Somebody else's removal is his to record. */
static int record_removal(struct engine *eng, const struct container *c, const struct remove_options *o, int r, struct err *e)
{
	struct attest a = ATTEST_INIT(AUDIT_VERB_RM);
	struct err own = {0};

	a.c = c;
	a.reason = o->reason;
	if (r == 0 && o->reason && strcmp(o->reason, REMOVE_AUTO) == 0) {
		(void)!attest(eng, &a, NULL, &own);
		return 0;
	}
	return r == -ENOENT ? r : attest_result(eng, &a, r, e);
}

/* One that runs is killed by its removal. */
static int record_kill(struct engine *eng, const struct container *c, struct err *e)
{
	struct attest kill = ATTEST_INIT(AUDIT_VERB_KILL);

	kill.c = c;
	kill.reason = "rm";
	return attest_running(eng, &kill, e);
}

/* One whose pod is not there any more is nobody's. */
static int refuse_infra(struct engine *eng, const struct container *c, struct err *e)
{
	_cleanup_(pod_freep) struct pod *p = NULL;
	int r = pod_find(eng, pod_id_of(c), &p, e);

	if (r == -ENOENT) {
		err_clear(e);
		return 0;
	}
	if (r == 0)
		r = err_set(e, EBUSY, "container %.12s is the infra container of pod %.12s and cannot be removed without removing the pod", c->id, p->id);
	return r;
}

int remove_container(struct engine *eng, struct container *c, const struct remove_options *o, struct err *e)
{
	_cleanup_close_ int lock = -EBADF;
	int r = container_lock(c, CONTAINER_LOCK_MS, &lock, e);

	if (r == 0)
		r = container_refresh(eng, c, e);
	if (r == 0 && pod_is_infra(c) && !o->with_pod)
		r = refuse_infra(eng, c, e);
	if (r == 0 && o->force)
		r = record_kill(eng, c, e);
	if (r == 0)
		r = remove_locked(eng, c, o, e);
	return record_removal(eng, c, o, r, e);
}

/* Not locked, as `stop` is not: remove_container() ends what has been started again meanwhile. */
int remove_begin(struct engine *eng, struct container *c, const struct remove_options *o, struct stopping *ret, struct err *e)
{
	int r = 0;

	if (!o->force || o->grace_ms == 0 || !container_runs(c) || pod_is_infra(c))
		return 0;
	r = record_kill(eng, c, e);
	if (r == 0)
		r = restart_forbid(eng, c, e);
	return r == 0 ? stop_begin(eng, c, o->grace_ms, ret, e) : r;
}

int remove_end(struct engine *eng, struct container *c, const struct remove_options *o, const struct stopping *s, int r, struct err *e)
{
	if (r == 0)
		r = stop_end(eng, c, s, e);
	/* it had --rm, and is gone already, or is just about to be */
	if (r == -ENOENT)
		return r;
	return r < 0 ? record_removal(eng, c, o, r, e) : remove_container(eng, c, o, e);
}

static int clear_after_end(struct engine *eng, struct container *c, struct err *e)
{
	static const struct remove_options by_itself = {.volumes = true, .reason = REMOVE_AUTO}; /* --rm */
	_cleanup_close_ int lock = -EBADF;
	int r = container_lock(c, CONTAINER_LOCK_MS, &lock, e);

	if (r == 0)
		r = container_refresh(eng, c, e);
	/* started again meanwhile: what is there now is not ours to clear */
	if (r < 0 || c->pid > 0)
		return r;
	if (json_true(c->spec, "options.rm"))
		return record_removal(eng, c, &by_itself, remove_locked(eng, c, &by_itself, e), e);
	container_tidy(c);
	attest_end(eng, c);
	return remove_run_dirs(eng, c, e);
}

int remove_after_end(struct engine *eng, struct container *c, struct err *e)
{
	int r = clear_after_end(eng, c, e);

	if (r == 0 && c->pid <= 0)
		pod_member_ended(eng, c);
	if (r == 0 && json_true(c->spec, "options.rmi"))
		r = image_remove_unused(eng, c, e);
	return r;
}
