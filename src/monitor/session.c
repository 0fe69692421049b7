/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Each round: make the poll set, wait, take what came, then see whether the
 * phase is over. All signals are blocked and come through the signalfd, so
 * nothing runs but the loop, and no system call here is interrupted.
 *
 * What must hold:
 *  - the exit file is there before the zombie is reaped, and the log is
 *    complete before the exit file, but for a client that stalls the output;
 *  - init is not left blocked when nobody is there to release it;
 *  - the end waits for nothing without a bound, but for clients and a
 *    starter that are there: theirs is the choice how long.
 *
 * Init's end is learnt from SIGCHLD and waitid(2), not from a pidfd: while
 * the engine traces init a pidfd is readable before waitid() may see the
 * zombie, and the loop would spin.
 */
#include "monitor/session.h"

#include "audit/witness.h"
#include "monitor/backoff.h"
#include "monitor/children.h"
#include "monitor/exit.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/pidfd.h"
#include "sys/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#define DRAIN_QUIET_MS 300  /* an open but silent pipe is waited for so long after the end */
#define DRAIN_TOTAL_MS 2000 /* one that others still write to, or a client does not read, so long */
#define ABORT_MS 5000
#define PIECES_PER_ROUND 16

void session_init(struct session *s, const struct monitor_options *o)
{
	s->o = o;
	s->run_dirfd = -EBADF;
	s->sync_fd = o->sync_fd;
	s->release_fd = -EBADF;
	s->restart_fd = -EBADF;
	s->exit_file = (struct exit_file)EXIT_FILE_INIT;
	s->oom = (struct oom_watch)OOM_WATCH_INIT;
	s->create = (struct create)CREATE_INIT;
	s->helper = (struct helper)HELPER_INIT;
	s->log = (struct log_writer)LOG_WRITER_INIT;
	s->trail = (struct trail)TRAIL_INIT;
	s->cast = (struct cast_writer)CAST_WRITER_INIT;
	s->clients.listen_fd = -EBADF;
	output_init(&s->out[LOG_STDOUT], LOG_STDOUT);
	output_init(&s->out[LOG_STDERR], LOG_STDERR);
	input_init(&s->in);
	s->in.cast = &s->cast;
}

/* ---- the starter ---- */

/* A starter who waits for that word would wait for ever when it cannot be sent: the caller has to see to it. */
static int say(struct session *s, enum monitor_type type, const void *data, size_t len)
{
	struct monitor_header h = {.type = (uint32_t)type, .len = (uint32_t)len};
	struct iovec iov[] = {
		{.iov_base = &h, .iov_len = sizeof(h)},
		{.iov_base = (void *)(uintptr_t)data, .iov_len = len},
	};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};

	/* whether it still listens shows when it is read from */
	if (s->sync_fd < 0 || sendmsg(s->sync_fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 || errno == EPIPE || errno == ECONNRESET)
		return 0;
	return -errno;
}

/* Nobody will release init: it must not stay. Its end then takes the usual way. */
static int give_up(struct session *s, struct err *e)
{
	if (s->phase == PHASE_CREATE)
		return err_set(e, ECANCELED, "the starter has gone");
	if (s->phase == PHASE_HELPER || s->phase == PHASE_HELD) {
		s->starter_died = true;
		(void)!child_signal(s->init, SIGKILL);
	}
	return 0;
}

static int starter_gone(struct session *s, struct err *e)
{
	fd_closep(&s->sync_fd);
	return give_up(s, e);
}

static void unlisten(struct session *s)
{
	if (s->release_fd < 0)
		return;
	fd_closep(&s->release_fd);
	fd_closep(&s->restart_fd);
	(void)unlinkat(s->run_dirfd, MONITOR_RELEASE, 0);
}

/* Init waits on, and we for whoever comes to release it. */
static int keep_held(struct session *s, struct err *e)
{
	int r = s->release_fd >= 0 ? 0 : clients_socket(s->run_dirfd, MONITOR_RELEASE, &s->release_fd, e);

	if (r < 0)
		return r;
	s->kept = true;
	r = say(s, MONITOR_CREATED, &s->created, sizeof(s->created));
	fd_closep(&s->sync_fd);
	return r < 0 ? err_errno(e, -r, "report to the starter") : 0;
}

static int hear_release(struct session *s, struct err *e)
{
	int r;

	if (!pollset_got(&s->set, s->release_slot) || s->sync_fd >= 0 || s->phase != PHASE_HELD)
		return 0;
	s->sync_fd = clients_accept(s->release_fd);
	if (s->sync_fd < 0)
		return 0;
	r = say(s, MONITOR_CREATED, &s->created, sizeof(s->created));
	return r < 0 ? err_errno(e, -r, "report to the starter") : 0;
}

/* What came with STARTED is kept; without memory the end is not witnessed. */
static void keep_request(struct session *s, const struct witness_request *q, size_t len)
{
	if (len != sizeof(*q))
		return;
	s->at_exit = malloc(sizeof(*q));
	if (s->at_exit)
		*s->at_exit = *q;
}

static int read_starter(struct session *s, struct err *e)
{
	struct witness_request q;
	struct monitor_header h;
	struct iovec parts[] = {{&h, sizeof(h)}, {&q, sizeof(q)}};
	struct msghdr msg = {.msg_iov = parts, .msg_iovlen = ARRAY_SIZE(parts)};
	ssize_t n;

	n = recvmsg(s->sync_fd, &msg, MSG_DONTWAIT);
	if (n < 0 && errno != ECONNRESET)
		return 0; /* what could not be read now stays, and wakes us again */
	if (n < (ssize_t)sizeof(h) || h.len != (size_t)n - sizeof(h))
		return starter_gone(s, e);
	if (h.type == MONITOR_STARTED && s->phase == PHASE_HELD) {
		s->phase = PHASE_RUN;
		s->run_ms = now_ms();
		s->kept = false;
		unlisten(s);
		keep_request(s, &q, h.len);
		create_done(&s->create);
		oom_watch_open(&s->oom, s->init);
	} else if (h.type == MONITOR_KEEP && s->phase == PHASE_HELD) {
		return keep_held(s, e);
	} else if (h.type == MONITOR_CLEANED) {
		s->cleaned = true;
	} else if (h.type != MONITOR_STARTED || s->phase < PHASE_HELD) {
		return starter_gone(s, e);
	}
	return 0;
}

static int hear_starter(struct session *s, struct err *e)
{
	return pollset_got(&s->set, s->sync_slot) ? read_starter(s, e) : 0;
}

/* STARTED is sent before the payload is let go, so it is here when that has ended, however fast: with what its end is to be witnessed by. */
static int hear_started(struct session *s, struct err *e)
{
	struct monitor_header h;

	if (s->phase != PHASE_HELD || recv(s->sync_fd, &h, sizeof(h), MSG_DONTWAIT | MSG_PEEK) < (ssize_t)sizeof(h) || h.type != MONITOR_STARTED)
		return 0;
	return read_starter(s, e);
}

/* ---- children ---- */

static int say_created(struct session *s, struct err *e)
{
	int r = s->helper.pid > 0 ? helper_note(&s->helper, s->run_dirfd, e) : 0;

	if (r < 0)
		return r;
	r = say(s, MONITOR_CREATED, &s->created, sizeof(s->created));
	s->phase = PHASE_HELD;
	return r < 0 ? err_errno(e, -r, "report to the starter") : 0;
}

/* `status`: of its end, or 0 when it has said so before. */
static int runtime_done(struct session *s, int status, struct err *e)
{
	int r;

	r = create_finish(&s->create, status, s->o, s->out, &s->in, &s->init, e);
	if (r < 0)
		return r;
	s->created.pid = s->init;
	s->created.monitor_pid = getpid();
	r = pid_start_ticks(s->init, &s->created.start_ticks);
	if (r == 0)
		r = pid_start_ticks(getpid(), &s->created.monitor_start_ticks);
	if (r < 0)
		return err_errno(e, -r, "start time of the container's init");
	if (s->o->helper_fd < 0)
		return say_created(s, e);
	s->phase = PHASE_HELPER;
	return helper_start(&s->helper, s->o, s->init, s->run_dirfd, e);
}

/* What holds for this end: the run directory is cleared soon after it. */
static void learn_restart(struct session *s)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	s->restart_never = s->o->restart_never;
	s->restart_failed = s->o->restart_failed;
	if (!s->o->restart || path_own_read(s->run_dirfd, MONITOR_RESTART, 32, &b) < 0)
		return;
	s->restart_never = strcmp(buf_str(&b), "no") == 0;
	s->restart_failed = strcmp(buf_str(&b), "on-failure") == 0;
}

static void init_ended(struct session *s, int status)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	exit_from_status(status, &s->exit);
	if (s->starter_died)
		s->exit.reason = MONITOR_REASON_STARTER_DIED;
	else if (s->exit.signal == SIGKILL && s->timed_out)
		s->exit.reason = MONITOR_REASON_TIMEOUT;
	else if (s->exit.signal == SIGKILL && oom_watch_fired(&s->oom))
		s->exit.reason = MONITOR_REASON_OOM;
	s->exit.pid = s->init;
	s->exit.start_ticks = s->created.start_ticks;
	s->exit.finished_sec = now.tv_sec;
	s->exit.finished_nsec = now.tv_nsec;
	s->ended_ms = now_ms();
	s->phase = PHASE_DRAIN;
	learn_restart(s);
	input_close(&s->in);
	helper_stop(&s->helper);
	trail_finish(&s->trail);
}

/* Whether one has ended and was dealt with: 1, 0 none, -errno: the launch has failed. */
static int next_child(struct session *s, struct err *e)
{
	int status, r;
	pid_t pid;

	/* until its pid file is read, any other child may be init: not touched */
	if (s->phase == PHASE_CREATE) {
		if (child_peek(s->create.pid, &pid, &status) == 0)
			return 0;
		child_reap(pid);
		r = runtime_done(s, status, e);
		return r < 0 ? r : 1;
	}
	if (s->helper.pid > 0 && child_peek(s->helper.pid, &pid, &status) > 0) {
		child_reap(pid);
		r = helper_child_ended(&s->helper, s->o, status, e);
		if (s->helper.pid == 0)
			helper_forget(s->run_dirfd);
		return r < 0 && s->phase == PHASE_HELPER ? r : 1;
	}
	if (s->trail.pid > 0 && child_peek(s->trail.pid, &pid, &status) > 0) {
		child_reap(pid);
		return trail_child_ended(&s->trail, pid);
	}
	if (s->checks.pid > 0 && s->phase < PHASE_DRAIN && child_peek(s->checks.pid, &pid, &status) > 0) {
		child_reap(pid);
		checks_child_ended(&s->checks, s->o, status);
		return 1;
	}
	/* init's zombie stays until its exit is on file, and hides the others meanwhile */
	if (s->phase == PHASE_DRAIN || child_peek(-1, &pid, &status) == 0)
		return 0;
	if (pid != s->init) {
		child_reap(pid);
		return 1;
	}
	r = hear_started(s, e);
	if (r == 0)
		init_ended(s, status);
	return r < 0 ? r : 1;
}

static int hear_signals(struct session *s, struct err *e)
{
	struct signalfd_siginfo si;

	if (!pollset_got(&s->set, s->signal_slot))
		return 0;
	while (read(s->signal_fd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		int sig = (int)si.ssi_signo, r = 0;

		if (sig != SIGTERM && sig != SIGINT && sig != SIGQUIT)
			continue;
		s->asked_to_end = true;
		s->let_go = s->let_go || s->phase >= PHASE_DRAIN;
		if (s->phase == PHASE_RUN)
			(void)!child_signal(s->init, sig);
		else
			r = give_up(s, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- output ---- */

/* A piece into the log and the recording; what the runtime itself says belongs to neither's payload. */
static void keep(struct session *s, const struct output *o)
{
	log_writer_put(&s->log, o->stream, o->data, o->len);
	if (s->phase > PHASE_CREATE || o->stream != LOG_STDERR)
		cast_output(&s->cast, o->data, o->len);
}

static void pump(struct session *s, struct output *o)
{
	bool ended = s->phase >= PHASE_DRAIN;

	for (int i = 0; i < PIECES_PER_ROUND && o->len == 0; i++) {
		if (output_read(o, ended) != OUTPUT_PIECE)
			return;
		keep(s, o);
		if (s->phase == PHASE_CREATE && o->stream == LOG_STDERR)
			create_hear(&s->create, o->data, o->len);
		clients_offer(&s->clients, o);
	}
}

static void poll_output(struct session *s, struct output *o)
{
	o->slot = -1;
	if (o->len > 0 || o->fd < 0)
		return;
	if (o->retry_ms > now_ms()) {
		pollset_wake_at(&s->set, o->retry_ms);
		return;
	}
	o->slot = pollset_add(&s->set, o->fd, POLLIN);
}

/* After the end: no more than what is in the pipe now, once the patience is over. */
static void limit_output(struct session *s, struct output *o)
{
	int64_t since = now_ms() - s->ended_ms;
	int n = 0;

	if (o->fd < 0)
		return;
	if (o->left < 0 && since >= DRAIN_TOTAL_MS)
		o->left = ioctl(o->fd, FIONREAD, &n) == 0 ? n : 0;
	if (o->len == 0 && since >= DRAIN_QUIET_MS && output_read(o, true) == OUTPUT_IDLE)
		output_close(o);
	else if (o->len > 0 && o->waiting == 0) {
		/* that read has found something after all */
		keep(s, o);
		clients_offer(&s->clients, o);
	}
}

/* ---- the end ---- */

/* Its zombie is the witness's proof, so before the reaping; what fails here leaves an end without a receipt. */
static void witness_end(struct session *s)
{
	_cleanup_close_ int pidfd = -EBADF;
	struct witness_reply reply;

	if (!s->at_exit || pidfd_open_pid(s->init, &pidfd) < 0)
		return;
	if (s->exit.reason == MONITOR_REASON_OOM || s->exit.reason == MONITOR_REASON_STARTER_DIED ||
	    s->exit.reason == MONITOR_REASON_TIMEOUT)
		witness_text(s->at_exit->claim[WITNESS_CLAIM_REASON], sizeof(s->at_exit->claim[0]),
			     exit_reason_name((enum monitor_exit_reason)s->exit.reason));
	if (witness_ask(s->at_exit, &pidfd, 1, &reply, NULL) == 0)
		s->exit.receipt = reply.receipt;
}

static void report(struct session *s)
{
	cast_close(&s->cast);
	witness_end(s);
	log_writer_end(&s->log);
	s->exit.log_lost_bytes = s->log.lost_bytes;
	/* what was never started has no end: the file is still that of the run before */
	if (!s->kept)
		(void)!exit_file_write(&s->exit_file, &s->exit);
	child_reap(s->init);
	if (say(s, MONITOR_EXITED, &s->exit, sizeof(s->exit)) < 0)
		fd_closep(&s->sync_fd); /* the end of file tells him to look at the exit file */
	s->phase = PHASE_REPORTED;
}

static void step_drain(struct session *s)
{
	int64_t since = now_ms() - s->ended_ms;
	bool done = true;

	for (size_t i = 0; i < 2; i++) {
		pump(s, &s->out[i]);
		limit_output(s, &s->out[i]);
		done = done && output_is_done(&s->out[i]);
	}
	done = done && s->trail.pid == 0;
	if ((done || since >= DRAIN_TOTAL_MS) && (s->helper.pid == 0 || since >= 2 * HELPER_KILL_MS)) {
		report(s);
		return;
	}
	if (!done && since < DRAIN_QUIET_MS)
		pollset_wake_at(&s->set, s->ended_ms + DRAIN_QUIET_MS);
	pollset_wake_at(&s->set, s->ended_ms + (since < DRAIN_TOTAL_MS ? DRAIN_TOTAL_MS : 2 * HELPER_KILL_MS));
}

/* Once, after those who wait have been told. */
static void sync_exit_file(struct session *s)
{
	if (!s->o->transient && !s->exit_synced && !s->kept)
		exit_file_sync(&s->exit_file);
	s->exit_synced = true;
}

static int start_other(char *const *argv, int *ret_pidfd)
{
	struct spawn sp = SPAWN_INIT;

	sp.path = argv[0];
	sp.argv = argv;
	for (size_t i = 0; i < 3; i++)
		sp.stdio[i] = -EBADF;
	return spawn_start(&sp, NULL, ret_pidfd, NULL);
}

static void run_on_exit(struct session *s)
{
	s->on_exit_done = true;
	if (s->o->on_exit && (!s->cleaned || s->o->on_exit_always))
		(void)!start_other(s->o->on_exit, NULL);
}

/*
 * Who starts it anew looks again whether it still shall be (engine/restart.h);
 * so a wait that is ended too late does no harm. We stay until he has ended:
 * whoever sees us knows that it is coming back (restart_is_pending()), and
 * without us there would be a moment, long on a busy machine, without a word of that.
 */
static void run_restart(struct session *s)
{
	int64_t due = s->ended_ms + (int64_t)backoff_ms(s->o->restart_previous_ms, s->ended_ms - s->run_ms);

	if (s->restart_fd >= 0) { /* readable: ended */
		s->restart_done = s->asked_to_end || pollset_got(&s->set, s->restart_slot);
		return;
	}
	if (!s->o->restart || s->cleaned || s->kept || s->starter_died || s->asked_to_end || s->restart_never ||
	    (s->restart_failed && s->exit.exit_code == 0)) {
		s->restart_done = true;
	} else if (now_ms() >= due) {
		s->restart_done = start_other(s->o->restart, &s->restart_fd) < 0;
	} else {
		pollset_wake_at(&s->set, due);
	}
}

/* SIGKILL, once. */
static void limit_time(struct session *s)
{
	int64_t due = s->run_ms + (int64_t)s->o->time_limit_ms;

	if (s->o->time_limit_ms == 0 || s->phase != PHASE_RUN || s->timed_out)
		return;
	s->timed_out = now_ms() >= due;
	if (s->timed_out)
		(void)!child_signal(s->init, SIGKILL);
	else
		pollset_wake_at(&s->set, due);
}

static void step_reported(struct session *s)
{
	bool done = true, told;

	for (size_t i = 0; i < 2; i++) {
		pump(s, &s->out[i]);
		limit_output(s, &s->out[i]);
		done = done && output_is_done(&s->out[i]);
	}
	if (!s->on_exit_done && (s->cleaned || s->sync_fd < 0 || s->let_go)) {
		sync_exit_file(s);
		run_on_exit(s);
	}
	if (s->on_exit_done && !s->restart_done)
		run_restart(s);
	told = done && clients_tell_exit(&s->clients, &s->exit) == 0;
	if ((told || s->let_go) && s->on_exit_done && s->restart_done)
		s->phase = PHASE_DONE;
	else if (!done)
		pollset_wake_at(&s->set, now_ms() + DRAIN_QUIET_MS);
}

/* ---- the loop ---- */

static void wait_for_something(struct session *s)
{
	s->signal_slot = pollset_add(&s->set, s->signal_fd, POLLIN);
	s->sync_slot = pollset_add(&s->set, s->sync_fd, POLLIN);
	s->restart_slot = pollset_add(&s->set, s->restart_done ? -EBADF : s->restart_fd, POLLIN);
	s->release_slot = pollset_add(&s->set, s->sync_fd < 0 ? s->release_fd : -EBADF, POLLIN);
	s->in.slot = pollset_add(&s->set, s->in.fd, s->in.len > 0 ? POLLOUT : 0);
	for (size_t i = 0; i < 2; i++)
		poll_output(s, &s->out[i]);
	if (s->phase == PHASE_CREATE)
		create_poll(&s->create, &s->set);
	helper_poll(&s->helper, &s->set);
	trail_poll(&s->trail, &s->set);
	clients_poll(&s->clients, &s->set, &s->in);
	pollset_wait(&s->set);
}

static int take_what_came(struct session *s, struct err *e)
{
	int r;

	r = hear_signals(s, e);
	while (r == 0 && (r = next_child(s, e)) > 0)
		r = 0;
	if (r == 0)
		r = hear_starter(s, e);
	if (r == 0)
		r = hear_release(s, e);
	if (r == 0 && s->phase == PHASE_CREATE)
		r = create_dispatch(&s->create, &s->set, s->out, &s->in, e);
	if (r == 0 && s->phase == PHASE_CREATE && create_is_done(&s->create))
		r = runtime_done(s, 0, e);
	if (r == 0) {
		r = helper_dispatch(&s->helper, &s->set, e);
		if (s->phase != PHASE_HELPER)
			r = 0;
	}
	if (r < 0)
		return r;
	if (s->phase == PHASE_HELPER && s->helper.is_ready) {
		r = say_created(s, e);
		if (r < 0)
			return r;
	}
	trail_dispatch(&s->trail, &s->set);
	if (pollset_got(&s->set, s->in.slot))
		input_flush(&s->in);
	for (size_t i = 0; i < 2; i++)
		if (pollset_got(&s->set, s->out[i].slot))
			pump(s, &s->out[i]);
	clients_dispatch(&s->clients, &s->set, s->out, &s->in, s->o->stdin_open || s->o->tty);
	return 0;
}

static int loop(struct session *s, struct err *e)
{
	while (s->phase != PHASE_DONE) {
		int r;

		pollset_reset(&s->set);
		limit_time(s);
		if (s->phase == PHASE_RUN)
			checks_step(&s->checks, s->o, &s->set);
		if (s->phase == PHASE_DRAIN)
			step_drain(s);
		if (s->phase == PHASE_REPORTED)
			step_reported(s);
		if (s->phase == PHASE_DONE)
			break;
		wait_for_something(s);
		r = take_what_came(s, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int open_log(struct session *s, struct err *e)
{
	const struct monitor_options *o = s->o;
	const struct log_target to = {
		.driver = o->log_journal ? LOG_JOURNALD : o->log_json ? LOG_JSON_FILE : LOG_K8S_FILE,
		.path = o->log,
		.max = o->log_max,
		.files = o->log_files,
		.attrs = o->log_attrs,
		.fields = o->log_journal,
	};

	return log_writer_open(&s->log, &to, e);
}

static int prepare(struct session *s, struct err *e)
{
	_cleanup_close_ int trail_fd = -EBADF;
	int r;

	s->run_dirfd = open(s->o->run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->run_dirfd < 0)
		return err_errno(e, errno, "run directory %s", s->o->run_dir);
	r = open_log(s, e);
	if (r == 0)
		r = cast_open(&s->cast, s->o->record, s->o->id, s->o->record_input, e);
	if (r == 0)
		r = exit_file_prepare(&s->exit_file, s->o->exit_file, e);
	if (r == 0)
		r = clients_listen(&s->clients, s->run_dirfd, e);
	if (r == 0)
		r = trail_start(&s->trail, s->o, s->run_dirfd, &trail_fd, e);
	if (r == 0)
		r = create_start(&s->create, s->o, s->run_dirfd, trail_fd, s->out, &s->in, e);
	return r;
}

/* Nothing half-made: all that came below us goes, then the starter hears why; if there is none, on-exit tidies up. */
static void fail(struct session *s, const struct err *e)
{
	children_kill_all(ABORT_MS);
	(void)unlink(s->o->pid_file);
	clients_unlisten(&s->clients, s->run_dirfd);
	(void)!say(s, MONITOR_FAILED, e, sizeof(*e)); /* or the end of file, which is next */
	if (s->sync_fd < 0)
		run_on_exit(s);
}

int session_run(struct session *s, int signal_fd, struct err *e)
{
	int r;

	s->signal_fd = signal_fd;
	for (size_t i = 0; i < MONITOR_CLIENTS_MAX; i++)
		s->clients.items[i].fd = -EBADF;
	r = prepare(s, e);
	if (r == 0)
		r = loop(s, e);
	if (r < 0) {
		fail(s, e);
	} else {
		clients_unlisten(&s->clients, s->run_dirfd);
		sync_exit_file(s);
	}
	unlisten(s);
	clients_close_all(&s->clients);
	exit_file_done(&s->exit_file);
	log_writer_done(&s->log);
	oom_watch_done(&s->oom);
	helper_done(&s->helper);
	trail_done(&s->trail);
	cast_close(&s->cast);
	create_done(&s->create);
	return r;
}
