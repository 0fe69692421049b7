/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A record is asked for before the verb acts, while the process that it is
 * about is there to be seen; a failure is recorded after it.
 */
#include "engine/act.h"

#include "engine/attest.h"
#include "engine/freeze.h"
#include "engine/restart.h"
#include "engine/start.h"
#include "engine/stop.h"
#include "sys/fd.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>

#define KILL_WAIT_MS 10000
#define REMOVAL_WAIT_MS 5000
#define REMOVAL_LOOK_MS 5

/*
 * One with --rm goes with its end, and is removed by its front or its monitor: what is asked for next
 * finds its name free. Nobody is failed by a front that takes its time. `r`: what its end was waited for with.
 */
static int await_removal(const struct container *c, int r, struct err *e)
{
	_cleanup_close_ int lock = -EBADF;

	if (r == -ENOENT) {
		err_clear(e);
		r = 0;
	}
	if (r < 0 || c->pid > 0 || !json_true(c->spec, "options.rm"))
		return r;
	for (int waited = 0; container_has(c, "container.json") && waited < REMOVAL_WAIT_MS; waited += REMOVAL_LOOK_MS)
		(void)poll(NULL, 0, REMOVAL_LOOK_MS);
	/* held until the last of it has gone */
	if (!container_has(c, "container.json"))
		(void)!container_lock(c, REMOVAL_WAIT_MS, &lock, NULL);
	return r;
}

static struct attest stop_record(const struct container *c, const char *reason)
{
	struct attest who = ATTEST_INIT(AUDIT_VERB_STOP);

	who.c = c;
	who.reason = reason;
	return who;
}

int act_stop_begin(struct engine *eng, struct container *c, int timeout_ms, const char *reason, struct stopping *ret, struct err *e)
{
	struct attest who = stop_record(c, reason);
	int r = restart_forbid(eng, c, e);

	if (r == 0)
		r = attest_running(eng, &who, e);
	return r == 0 ? stop_begin(eng, c, timeout_ms, ret, e) : r;
}

int act_stop_end(struct engine *eng, struct container *c, const char *reason, const struct stopping *s, int r, struct err *e)
{
	struct attest who = stop_record(c, reason);

	if (r == 0)
		r = stop_end(eng, c, s, e);
	if (s->pidfd >= 0)
		r = await_removal(c, r, e);
	return attest_failed(eng, &who, r, e);
}

int act_stop(struct engine *eng, struct container *c, int timeout_ms, const char *reason, struct err *e)
{
	_cleanup_(stopping_done) struct stopping s = STOPPING_INIT;
	int r = act_stop_begin(eng, c, timeout_ms, reason, &s, e);

	return act_stop_end(eng, c, reason, &s, r, e);
}

static struct attest kill_record(const struct container *c, char number[static 16], int sig)
{
	struct attest who = ATTEST_INIT(AUDIT_VERB_KILL);

	snprintf(number, 16, "%d", sig);
	who.c = c;
	who.claim[WITNESS_CLAIM_SIGNAL] = number;
	return who;
}

int act_kill_begin(struct engine *eng, struct container *c, int sig, struct err *e)
{
	char number[16];
	struct attest who = kill_record(c, number, sig);
	/* as docker has it: other signals say nothing about whether it shall come back */
	int r = sig == SIGKILL || sig == SIGTERM || sig == json_int(c->spec, "stopSignal") ? restart_forbid(eng, c, e) : 0;

	if (r == 0)
		r = attest_running(eng, &who, e);
	return r == 0 ? stop_signal(c, sig, e) : r;
}

int act_kill_end(struct engine *eng, struct container *c, int sig, int r, struct err *e)
{
	char number[16];
	struct attest who = kill_record(c, number, sig);

	if (r == 0 && sig == SIGKILL)
		r = await_removal(c, stop_wait(eng, c, KILL_WAIT_MS, e), e);
	return attest_failed(eng, &who, r, e);
}

int act_freeze(struct engine *eng, struct container *c, bool frozen, struct err *e)
{
	struct attest who = ATTEST_INIT(frozen ? AUDIT_VERB_PAUSE : AUDIT_VERB_UNPAUSE);
	_cleanup_close_ int lock = -EBADF, group = -EBADF;
	int r = container_lock(c, CONTAINER_LOCK_MS, &lock, e);

	who.c = c;
	if (r == 0)
		r = freeze_open(eng, c, frozen, &group, e);
	if (r == 0)
		r = attest_running(eng, &who, e);
	if (r == 0)
		r = freeze_group(eng, c, group, frozen, e);
	return attest_failed(eng, &who, r, e);
}

int act_starter_open(struct engine *eng, struct act_starter *ret, struct err *e)
{
	int r = origin_read(eng, &ret->origin, e);

	/* held from here on, so that it outlives the container that keeps it alive */
	return r == 0 ? keeper_open(eng, &ret->keeper, e) : r;
}

void act_starter_done(struct act_starter *s)
{
	keeper_done(&s->keeper);
	origin_done(&s->origin);
}

static int start(struct engine *eng, struct container *c, struct act_starter *by, bool have_lock, struct err *e)
{
	_cleanup_(start_done) struct start s = START_INIT;
	const struct start_request q = {.eng = eng, .c = c, .keeper = &by->keeper, .origin = &by->origin,
					.require_audit = by->require_audit, .have_lock = have_lock};
	int r = start_prepare(&q, &s, e);

	return r == 0 ? start_release(&s, e) : r;
}

int act_start(struct engine *eng, struct container *c, struct act_starter *s, struct err *e)
{
	return start(eng, c, s, false, e);
}

void act_restarting_done(struct act_restarting *s)
{
	stopping_done(&s->stopping);
	fd_closep(&s->lock_fd);
}

static struct attest restart_record(const struct container *c)
{
	struct attest who = ATTEST_INIT(AUDIT_VERB_RESTART);

	who.c = c;
	return who;
}

/* As it is when nobody else changes it any more. */
static int lock_as_it_is(struct engine *eng, struct container *c, int wait_ms, int *ret_lock_fd, struct err *e)
{
	_cleanup_close_ int lock = -EBADF;
	int r = container_lock(c, wait_ms, &lock, e);

	if (r == 0)
		r = container_refresh(eng, c, e);
	if (r == 0)
		*ret_lock_fd = TAKE_FD(lock);
	return r;
}

static int stop_locked(struct engine *eng, struct container *c, int timeout_ms, struct act_restarting *ret, struct err *e)
{
	struct attest who = restart_record(c);
	int r = attest_running(eng, &who, e);

	return r == 0 ? stop_begin(eng, c, timeout_ms, &ret->stopping, e) : r;
}

int act_restart_begin(struct engine *eng, struct container *c, int timeout_ms, struct act_restarting *ret, struct err *e)
{
	int r = lock_as_it_is(eng, c, 0, &ret->lock_fd, e);

	if (r == -EAGAIN) {
		err_clear(e);
		return 0;
	}
	return r == 0 ? stop_locked(eng, c, timeout_ms, ret, e) : r;
}

int act_restart_end(struct engine *eng, struct container *c, struct act_starter *by, int timeout_ms, struct act_restarting *s, int r, struct err *e)
{
	struct attest who = restart_record(c);

	if (r == 0 && s->lock_fd < 0) {
		r = lock_as_it_is(eng, c, CONTAINER_LOCK_MS, &s->lock_fd, e);
		if (r == 0)
			r = stop_locked(eng, c, timeout_ms, s, e);
	}
	if (s->lock_fd < 0)
		return r;
	if (r == 0)
		r = stop_end(eng, c, &s->stopping, e);
	r = attest_failed(eng, &who, r, e);
	return r == 0 ? start(eng, c, by, true, e) : r;
}
