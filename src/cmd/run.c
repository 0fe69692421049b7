/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby run: make, prepare, attach, release, relay, clear up. A start that
 * fails leaves a created container, as docker and podman do, or nothing with
 * --rm; its exit code says whose fault it was (125, 126, 127).
 */
#include "cmd/commands.h"
#include "cmd/container_options.h"
#include "cmd/front.h"
#include "cmd/make.h"
#include "cmd/report.h"
#include "engine/remove.h"
#include "engine/restart.h"
#include "engine/start.h"
#include "engine/stop.h"
#include "sys/fd.h"
#include "sys/pidfd.h"

#include <signal.h>
#include <stdio.h>

#define EXIT_MESSAGE_MS 30000 /* from the last output to the exit file, which waits for the log */

static int write_pid_files(const struct made *m, const struct start *s, struct err *e)
{
	const struct container_options *o = m->options;
	char text[16];
	int r = 0;

	snprintf(text, sizeof(text), "%d", s->launch.created.pid);
	if (o->pidfile)
		r = make_write_file("--pidfile", o->pidfile, text, false, e);
	snprintf(text, sizeof(text), "%d", s->launch.created.monitor_pid);
	if (r == 0 && o->monitor_pidfile)
		r = make_write_file("--conmon-pidfile", o->monitor_pidfile, text, false, e);
	return r;
}

/* The monitor was killed under us: the container may go on, and only the kernel knows. */
static int monitor_lost(const struct command_call *call, struct made *m, struct err *e)
{
	int r = stop_wait(call->engine, m->c, -1, e);

	if (r < 0)
		return r;
	if (m->c->status != CONTAINER_EXITED)
		return err_set(e, ECHILD, "container %.12s: its monitor was killed, and how it ended is lost", m->c->id);
	return m->c->exit_code;
}

/* SIGKILL, because an init takes no SIGPIPE. */
static int end_broken(struct engine *eng, struct made *m, struct front *f, struct err *e)
{
	int r;

	/* output that we do not take any more must not keep the monitor waiting */
	attach_done(&f->attach);
	r = restart_forbid(eng, m->c, e);
	if (r < 0)
		return r;
	r = pidfd_signal(f->pid_fd, SIGKILL);

	if (r == 0)
		r = pidfd_wait(f->pid_fd, EXIT_MESSAGE_MS);
	return r < 0 && r != -ESRCH ? err_errno(e, -r, "end container %.12s", m->c->id) : FRONT_PIPE_CODE;
}

static int relay(const struct command_call *call, struct made *m, struct start *s, struct front *f, struct err *e)
{
	struct monitor_exit x;
	int code = 0, r;

	r = front_relay(f, &code, e);
	if (r < 0 || r == FRONT_DETACHED)
		return r < 0 ? r : 0;
	if (r == FRONT_BROKEN)
		code = end_broken(call->engine, m, f, e);
	else if (monitor_wait_exited(&s->launch.monitor, EXIT_MESSAGE_MS, &x, NULL) == 0)
		code = x.exit_code; /* also when it let go of us because we lagged */
	else if (r == FRONT_LOST)
		code = monitor_lost(call, m, e);
	if (code < 0)
		return code;
	r = start_ended(s, e);
	return r < 0 ? r : code;
}

static int connect_front(const struct made *m, const struct start *s, struct front *f, int *ret_pidfd, struct err *e)
{
	const struct container_options *o = m->options;
	int r = front_flags(o->interactive, &o->attach, &f->flags, e);

	if (r < 0)
		return r;
	if (o->interactive)
		f->flags |= MONITOR_STDIN_ONCE;
	f->engine = s->q.eng;
	f->detach_keys = o->detach_keys;
	f->sig_proxy = o->sig_proxy && !o->tty;
	return front_join(f, s, ret_pidfd, e);
}

static int start_attached(const struct command_call *call, struct made *m, struct start *s, struct err *e)
{
	_cleanup_(front_done) struct front f = FRONT_INIT;
	_cleanup_close_ int pidfd = -EBADF;
	int r = start_failed(s, connect_front(m, s, &f, &pidfd, e), e);

	if (r == 0)
		r = start_release(s, e);
	return r < 0 ? r : relay(call, m, s, &f, e);
}

static int start_detached(struct made *m, struct start *s, struct err *e)
{
	int r = start_release(s, e);

	if (r == 0)
		puts(m->c->id);
	return r;
}

/* A function of its own: what it keeps is 9 KiB, which the making of a container shall not have below it on a small stack. */
static __attribute__((noinline)) int start(const struct command_call *call, struct made *m, const struct passed_fds *passed, struct err *e)
{
	_cleanup_(start_done) struct start s = START_INIT;
	const struct start_request q = {
		.eng = call->engine, .c = m->c, .keeper = &m->keeper, .origin = &m->origin, .monitor = &m->monitor, .fresh = true,
		.meanwhile = made_attest, .meanwhile_ctx = m, .passed = passed,
	};
	int r = start_prepare(&q, &s, e);

	if (r == 0)
		r = start_failed(&s, write_pid_files(m, &s, e), e);
	if (r < 0)
		return r;
	return m->options->detach ? start_detached(m, &s, e) : start_attached(call, m, &s, e);
}

/* After a start that failed. */
static void discard(const struct command_call *call, struct made *m)
{
	static const struct remove_options all = {.force = true, .volumes = true, .reason = REMOVE_AUTO};
	struct err e = {0};
	int r = remove_container(call->engine, m->c, &all, &e);

	if (r < 0 && r != -ENOENT)
		report_warning("container %.12s could not be removed: %s", m->c->id, e.text);
}

static int run_run(const struct command_call *call, struct err *e)
{
	_cleanup_(made_done) struct made m = MADE_INIT;
	const struct container_options *o = call->args;
	struct passed_fds passed = PASSED_FDS_INIT;
	int r;

	m.starts = true;
	/* before anything of ours could be taken for them */
	r = passed_fds_take(&passed, o->preserve_fds, &o->preserve_fd, e);
	if (r == 0)
		r = front_check_tty(o->tty, o->interactive && !o->detach, e);
	if (r == 0)
		r = make_container(call, &m, e);
	if (r < 0)
		return r;
	r = start(call, &m, &passed, e);
	if (r < 0 && (o->rm || m.unrecorded))
		discard(call, &m);
	return r;
}

const struct command command_run = {
	.name = "run",
	.aliases = "container run",
	.operands = "[OPTIONS] IMAGE [COMMAND [ARG...]]",
	.summary = "Make a container of an image and run a command in it",
	.needs = NEED_ENGINE,
	.mode = OPTION_STOP_AT_OPERAND,
	.min_operands = 1,
	.max_operands = -1,
	.rows = container_run_rows,
	.args_size = sizeof(struct container_options),
	.args_done = container_options_args_done,
	.run = run_run,
};
