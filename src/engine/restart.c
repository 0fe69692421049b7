/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Who clears up after the end comes first, as always, and has nothing to do
 * with this. The one who restarts comes when the wait is over, takes the
 * container's lock, and looks at what is there then: that it still has ended,
 * and has not been stopped. So none of the others has to find and stop it in
 * time, and a signal to the waiting monitor is only a courtesy.
 *
 * Killed in between, it leaves what any start leaves that is killed
 * (launch.c): a container that has ended, and is started no more by itself.
 */
#include "engine/restart.h"

#include "engine/keeper.h"
#include "engine/origin.h"
#include "engine/start.h"

#include "monitor/backoff.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/pidfd.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>

#define STOPPED "stopped"

struct restart_policy restart_policy_of(const struct container *c)
{
	struct restart_policy p = {.kind = RESTART_NO};
	struct json_object *text = json_at(c->spec, "options.restart");

	if (text)
		(void)!restart_policy_parse(json_object_get_string(text), &p, NULL);
	return p;
}

uint32_t restart_count(const struct container *c)
{
	int64_t n = c->state ? json_int(c->state, "restartCount") : 0;

	return n > 0 && n < UINT32_MAX ? (uint32_t)n : 0;
}

/* A pidfd of the monitor of its last run. */
static int monitor_of(const struct container *c, int *ret_pidfd)
{
	if (!c->state || json_int(c->state, "monitorPid") <= 0)
		return -ESRCH;
	return pidfd_open_identity((pid_t)json_int(c->state, "monitorPid"), (uint64_t)json_int(c->state, "monitorStartTicks"), ret_pidfd);
}

static bool is_stopped(const struct container *c)
{
	return container_has(c, STOPPED);
}

static bool counts_as_failed(const struct container *c, const struct restart_policy *p)
{
	return p->kind != RESTART_ON_FAILURE || (c->exit_code != 0 && (p->retries == 0 || restart_count(c) < p->retries));
}

bool restart_is_pending(const struct container *c)
{
	struct restart_policy p = restart_policy_of(c);
	_cleanup_close_ int pidfd = -EBADF;

	return p.kind != RESTART_NO && c->status == CONTAINER_EXITED && counts_as_failed(c, &p) && monitor_of(c, &pidfd) == 0 &&
	       !pidfd_has_ended(pidfd) && !is_stopped(c);
}

void restart_cancel(const struct container *c)
{
	_cleanup_close_ int pidfd = -EBADF, init = -EBADF;

	if (restart_policy_of(c).kind == RESTART_NO)
		return;
	/* while the payload runs the signal would be passed on to it */
	if (container_pidfd(c, &init) == 0 && !pidfd_has_ended(init))
		return;
	if (monitor_of(c, &pidfd) == 0)
		(void)!pidfd_signal(pidfd, SIGTERM);
}

int restart_forbid(struct engine *eng, struct container *c, struct err *e)
{
	_cleanup_close_ int lock = -EBADF, mark = -EBADF;
	int r, dir;

	if (restart_policy_of(c).kind == RESTART_NO)
		return 0;
	/* not by a temporary file: without the lock, who starts it takes that away (container_tidy()) */
	dir = container_dir(c);
	if (dir < 0)
		return err_errno(e, -dir, "mark container %.12s as stopped", c->id);
	mark = openat(dir, STOPPED, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (mark < 0)
		return err_errno(e, errno, "mark container %.12s as stopped", c->id);
	r = container_lock(c, CONTAINER_LOCK_MS, &lock, e);
	if (r == 0)
		r = container_refresh(eng, c, e);
	if (r == 0)
		restart_cancel(c);
	return r;
}

/* ---- an update ---- */

int restart_update(struct engine *eng, const struct container *c, const char *policy, struct err *e)
{
	_cleanup_close_ int run = -EBADF;
	struct restart_policy p;
	const char *word;
	int r = restart_policy_parse(policy, &p, e);

	if (r < 0 || !container_runs(c))
		return r;
	/* of a stop before this run, of one that had another policy then */
	if (unlinkat(container_dir(c), STOPPED, 0) < 0 && errno != ENOENT)
		return err_errno(e, errno, "container %.12s", c->id);
	/* unless-stopped is always for a monitor, and it does not count */
	word = p.kind == RESTART_UNLESS_STOPPED ? restart_policy_word(RESTART_ALWAYS) : restart_policy_word(p.kind);
	r = path_own_open(eng->run_fd, c->id, O_RDONLY | O_DIRECTORY, 0, &run);
	if (r == 0)
		r = path_own_write(run, MONITOR_RESTART, word, strlen(word), 0600, PATH_SYNC_NONE);
	return r < 0 ? err_errno(e, -r, "restart policy of container %.12s", c->id) : 0;
}

bool restart_was_updated(int run_dirfd)
{
	return faccessat(run_dirfd, MONITOR_RESTART, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* ---- a start ---- */

/* What was waited before the run that begins: what the monitor of the one before came to. */
static uint64_t delay_of(const struct container *c, bool as_restart)
{
	struct timespec end = {.tv_sec = c->end.finished_sec, .tv_nsec = c->end.finished_nsec};
	int64_t ran_ns = c->state ? end.tv_sec * 1000000000 + end.tv_nsec - json_int(c->state, "startedNs") : 0;

	return as_restart ? backoff_ms((uint64_t)json_int(c->state, "restartDelayMs"), ran_ns / 1000000) : 0;
}

static uint32_t next_count(const struct container *c, bool as_restart)
{
	return as_restart ? restart_count(c) + 1 : 0;
}

int restart_to_json(const struct container *c, bool as_restart, struct json_object *state)
{
	/* without a policy too: an unhealthy one (health.h) */
	if (restart_policy_of(c).kind == RESTART_NO && !as_restart)
		return 0;
	if (json_add_int(state, "restartCount", next_count(c, as_restart)) < 0)
		return -ENOMEM;
	return json_add_u64(state, "restartDelayMs", delay_of(c, as_restart));
}

int restart_plan(struct engine *eng, const struct container *c, bool as_restart, struct monitor_launch *m, struct strv *argv,
		 struct err *e)
{
	struct restart_policy p = restart_policy_of(c);
	const char *const words[] = {"container", "cleanup", "--restart", c->id, NULL};
	int r;

	/* one with --rm never comes back, others may by an update */
	if (json_true(c->spec, "options.rm"))
		return 0;
	if (p.kind != RESTART_NO && !as_restart) {
		restart_cancel(c);
		if (unlinkat(container_dir(c), STOPPED, 0) < 0 && errno != ENOENT)
			return err_errno(e, errno, "container %.12s", c->id);
	}
	r = engine_argv(eng, words, argv, e);
	if (r < 0)
		return r;
	m->restart_argv = argv->items;
	m->restart_never = p.kind == RESTART_NO || (p.retries > 0 && next_count(c, as_restart) >= p.retries);
	m->restart_failed = p.kind == RESTART_ON_FAILURE;
	m->restart_previous_ms = delay_of(c, as_restart);
	return 0;
}

/* ---- the restart ---- */

int restart_start(struct engine *eng, struct container *c, struct err *e)
{
	_cleanup_(start_done) struct start s = START_INIT;
	_cleanup_(keeper_done) struct keeper keeper = KEEPER_INIT;
	_cleanup_(origin_done) struct origin origin = ORIGIN_INIT;
	const struct start_request q = {
		.eng = eng, .c = c, .keeper = &keeper, .origin = &origin, .have_lock = true, .as_restart = true};
	int r = origin_read_login(eng, &origin, e);

	origin.json = json_object_get(json_at(c->state, "startedBy"));
	if (r == 0)
		r = keeper_open(eng, &keeper, e);
	if (r == 0)
		r = start_prepare(&q, &s, e);
	return r == 0 ? start_release(&s, e) : r;
}

int restart_after_end(struct engine *eng, struct container *c, struct err *e)
{
	_cleanup_close_ int lock = -EBADF;
	struct restart_policy p = restart_policy_of(c);
	int r = container_lock(c, CONTAINER_LOCK_MS, &lock, e);

	if (r == 0)
		r = container_refresh(eng, c, e);
	if (r < 0)
		return r;
	if (p.kind == RESTART_NO || c->status != CONTAINER_EXITED || !counts_as_failed(c, &p) || is_stopped(c))
		return 0;
	return restart_start(eng, c, e);
}
