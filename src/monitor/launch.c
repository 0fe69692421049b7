/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The command line made here is the one that options.h describes; its
 * descriptors are numbered as orders.h says.
 */
#include "monitor/launch.h"

#include "base/clock.h"
#include "base/strv.h"
#include "monitor/orders.h"
#include "sys/fd.h"
#include "sys/pidfd.h"
#include "sys/self.h"
#include "sys/spawn.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#define SYNC_FD 3
#define UNUSED_WAIT_MS 1000 /* for the end of one that was not needed */

void monitor_handle_done(struct monitor_handle *m)
{
	siginfo_t ended;

	fd_closep(&m->sync_fd);
	if (m->waits && m->pidfd >= 0)
		(void)!pidfd_wait(m->pidfd, UNUSED_WAIT_MS);
	/* one that has ended already; any other is left to init when we end */
	if (m->pidfd >= 0)
		(void)waitid(P_PIDFD, (id_t)m->pidfd, &ended, WEXITED | WNOHANG);
	fd_closep(&m->pidfd);
}

/* A growing command line; the first failure sticks. */
struct line {
	struct strv words;
	int fds[ORDERS_FDS_MAX];
	size_t n_fds;
	int error;
};

static void line_done(struct line *l)
{
	strv_done(&l->words);
}

static void add(struct line *l, const char *word)
{
	if (l->error == 0)
		l->error = strv_add(&l->words, word);
}

static void add_number(struct line *l, const char *name, uint64_t value)
{
	add(l, name);
	if (l->error == 0)
		l->error = strv_addf(&l->words, "%llu", (unsigned long long)value);
}

static void add_text(struct line *l, const char *name, const char *value)
{
	if (!value)
		return;
	add(l, name);
	add(l, value);
}

static void add_fd(struct line *l, const char *name, int fd)
{
	if (fd < 0)
		return;
	add_number(l, name, ORDERS_FIRST_FD + l->n_fds);
	l->fds[l->n_fds++] = fd;
}

static void add_list(struct line *l, const char *name, char *const *items)
{
	uint64_t n = 0;

	if (!items)
		return;
	while (items[n])
		n++;
	add_number(l, name, n);
	for (; *items; items++)
		add(l, *items);
	add(l, ";");
}

static void add_log(struct line *l, const struct monitor_launch *o)
{
	add_text(l, "--log", o->log_file);
	if (o->log_file && o->log_json)
		add(l, "--log-json");
	if (o->log_file)
		add_text(l, "--log-attrs", o->log_attrs);
	if (o->log_file && o->log_max_bytes > 0)
		add_number(l, "--log-max", o->log_max_bytes);
	if (o->log_file && o->log_files > 0)
		add_number(l, "--log-files", o->log_files);
	add_list(l, "--log-journal", o->log_journal);
}

/* The number of the first; the others follow it. */
static void add_stdio(struct line *l, const struct monitor_launch *o)
{
	if (!o->stdio_fds)
		return;
	add_number(l, "--stdio-fds", ORDERS_FIRST_FD + l->n_fds);
	for (size_t i = 0; i < 3; i++)
		l->fds[l->n_fds++] = o->stdio_fds[i];
}

/* One number, and how many follow: a hole has a descriptor too, the last one, which the runtime lets nobody have. */
static void add_passed(struct line *l, const struct monitor_launch *o)
{
	if (o->n_passed_fds == 0)
		return;
	add_number(l, "--passed-fds", ORDERS_FIRST_FD + l->n_fds);
	add_number(l, "--passed-count", o->n_passed_fds);
	for (size_t i = 0; i < o->n_passed_fds; i++)
		l->fds[l->n_fds++] = o->passed_fds[i] >= 0 ? o->passed_fds[i] : o->passed_fds[o->n_passed_fds - 1];
}

static void fill(struct line *l, const struct monitor_launch *o)
{
	add(l, "ranby-monitor");
	add_text(l, "--id", o->id);
	add_text(l, "--run-dir", o->run_dir);
	add_text(l, "--exit-file", o->exit_file);
	add_text(l, "--pid-file", o->pid_file);
	add_log(l, o);
	add_text(l, "--trail", o->trail_file);
	add_text(l, "--record-calls", o->record_calls);
	add_text(l, "--trail-of", o->trail_of);
	add_text(l, "--record", o->record_file);
	if (o->record_input)
		add(l, "--record-input");
	if (o->transient)
		add(l, "--transient");
	if (o->tty)
		add(l, "--tty");
	if (o->stdin_open)
		add(l, "--stdin");
	add_number(l, "--sync-fd", SYNC_FD);
	add_fd(l, "--userns-fd", o->userns_fd);
	add_fd(l, "--runtime-fd", o->runtime_fd);
	add_fd(l, "--secrets-fd", o->secrets_fd);
	add_fd(l, "--claim-fd", o->claim_fd);
	add_stdio(l, o);
	add_passed(l, o);
	add_text(l, "--file-label", o->labels.file);
	add_text(l, "--process-label", o->labels.process);
	if (o->helper_fd >= 0) {
		add_fd(l, "--helper-fd", o->helper_fd);
		add_list(l, "--helper", o->helper_argv);
		add_text(l, "--helper-pid-file", o->helper_pid_file);
	}
	add_list(l, "--on-exit", o->on_exit_argv);
	if (o->on_exit_argv && o->on_exit_always)
		add(l, "--on-exit-always");
	add_list(l, "--restart", o->restart_argv);
	if (o->restart_argv && o->restart_never)
		add(l, "--restart-never");
	if (o->restart_argv && o->restart_failed)
		add(l, "--restart-failed");
	if (o->restart_argv && o->restart_previous_ms > 0)
		add_number(l, "--restart-previous", o->restart_previous_ms);
	add_list(l, "--check", o->check_argv);
	if (o->check_argv && o->check_interval_ms)
		add_number(l, "--check-interval", o->check_interval_ms);
	if (o->check_argv && o->check_startup_interval_ms)
		add_number(l, "--check-startup-interval", o->check_startup_interval_ms);
	if (o->time_limit_ms > 0)
		add_number(l, "--time-limit", o->time_limit_ms);
	add(l, "--");
	for (char *const *w = o->runtime_argv; *w; w++)
		add(l, *w);
}

int monitor_await(const struct monitor_launch *l, struct monitor_handle *ret, struct err *e)
{
	_cleanup_close_ int ours = -EBADF, theirs = -EBADF, exe = -EBADF;
	struct spawn s = SPAWN_INIT;
	struct orders_wait wait;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(e, errno, "socket to the monitor");
	ours = pair[0];
	theirs = pair[1];
	if (l->program) {
		s.path = l->program;
	} else {
		r = self_open_program(l->own_session ? "ranby-session" : "ranby-monitor", &exe, NULL, e);
		if (r < 0)
			return r;
		s.exe_fd = exe;
	}
	orders_wait_argv(&wait, SYNC_FD);
	s.argv = wait.argv;
	s.envp = l->envp;
	s.fds = &theirs;
	s.n_fds = 1;
	for (size_t i = 0; i < 3; i++)
		s.stdio[i] = -EBADF;
	s.new_session = true;
	r = spawn_start(&s, NULL, &ret->pidfd, e);
	if (r < 0)
		return r;
	ret->sync_fd = TAKE_FD(ours);
	ret->waits = true;
	return 0;
}

int monitor_launch(const struct monitor_launch *l, struct monitor_handle *m, struct err *e)
{
	_cleanup_(line_done) struct line line = {0};
	int r;

	fill(&line, l);
	if (line.error < 0)
		return err_errno(e, -line.error, "command line of the monitor");
	r = m->waits ? 0 : monitor_await(l, m, e);
	if (r < 0)
		return r;
	r = orders_send(m->sync_fd, line.words.items, line.fds, line.n_fds);
	if (r < 0)
		return err_errno(e, -r, "command line of the monitor");
	m->waits = false;
	return 0;
}

/* One packet from the monitor. -ETIMEDOUT; -ECONNRESET at its end; -EPROTO for nonsense. */
static int receive(int fd, int timeout_ms, uint32_t *ret_type, void *data, size_t room, size_t *ret_len)
{
	int64_t until = clock_monotonic_ms() + timeout_ms;
	struct monitor_header h;
	struct iovec iov[] = {{&h, sizeof(h)}, {data, room}};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
	ssize_t n;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = timeout_ms < 0 ? -1 : until - clock_monotonic_ms();
		int ready = left < 0 && timeout_ms >= 0 ? 0 : poll(&p, 1, (int)left);

		if (ready == 0)
			return -ETIMEDOUT;
		if (ready < 0 && errno != EINTR)
			return -errno;
		if (ready > 0)
			break;
	}
	n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	if (n == 0)
		return -ECONNRESET;
	if (n < 0)
		return -errno;
	if ((size_t)n < sizeof(h) || h.len != (size_t)n - sizeof(h) || (msg.msg_flags & MSG_TRUNC))
		return -EPROTO;
	*ret_type = h.type;
	*ret_len = h.len;
	return 0;
}

int monitor_wait_created(struct monitor_handle *m, int timeout_ms, struct monitor_created *ret, struct err *e)
{
	union {
		struct monitor_created created;
		struct err failed;
	} data;
	uint32_t type;
	size_t len;
	int r;

	r = receive(m->sync_fd, timeout_ms, &type, &data, sizeof(data), &len);
	if (r == -ETIMEDOUT)
		return err_set(e, ETIMEDOUT, "the monitor has not created the container in time");
	if (r == -ECONNRESET)
		return err_set(e, ECONNRESET, "the monitor died while it created the container");
	if (r < 0)
		return err_errno(e, -r, "monitor");
	if (type == MONITOR_CREATED && len == sizeof(data.created)) {
		*ret = data.created;
		return 0;
	}
	if (type != MONITOR_FAILED || len != sizeof(data.failed))
		return err_set(e, EPROTO, "monitor: unexpected message");
	data.failed.text[sizeof(data.failed.text) - 1] = '\0';
	data.failed.hint[sizeof(data.failed.hint) - 1] = '\0';
	if (e)
		*e = data.failed;
	return data.failed.code > 0 ? -data.failed.code : -EIO;
}

int monitor_wait_exited(struct monitor_handle *m, int timeout_ms, struct monitor_exit *ret, struct err *e)
{
	struct monitor_exit x;
	uint32_t type;
	size_t len;
	int r;

	r = receive(m->sync_fd, timeout_ms, &type, &x, sizeof(x), &len);
	if (r == -ETIMEDOUT)
		return err_set(e, ETIMEDOUT, "the container has not ended in time");
	if (r == -ECONNRESET)
		return err_set(e, ECONNRESET, "the monitor died before the container ended");
	if (r == 0 && (type != MONITOR_EXITED || len != sizeof(x)))
		r = -EPROTO;
	if (r < 0)
		return err_errno(e, -r, "monitor");
	*ret = x;
	return 0;
}

static int say(struct monitor_handle *m, enum monitor_type type, const void *data, size_t len, struct err *e)
{
	struct monitor_header h = {.type = (uint32_t)type, .len = (uint32_t)len};
	struct iovec parts[] = {{&h, sizeof(h)}, {(void *)(uintptr_t)data, len}};
	struct msghdr msg = {.msg_iov = parts, .msg_iovlen = ARRAY_SIZE(parts)};
	ssize_t n;

	do
		n = sendmsg(m->sync_fd, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? err_errno(e, errno, "monitor") : 0;
}

int monitor_say_started(struct monitor_handle *m, const struct witness_request *at_exit, struct err *e)
{
	return say(m, MONITOR_STARTED, at_exit, at_exit ? sizeof(*at_exit) : 0, e);
}

int monitor_say_cleaned(struct monitor_handle *m, struct err *e)
{
	return say(m, MONITOR_CLEANED, NULL, 0, e);
}

int monitor_say_keep(struct monitor_handle *m, int timeout_ms, struct err *e)
{
	struct monitor_created again;
	int r = say(m, MONITOR_KEEP, NULL, 0, e);

	return r == 0 ? monitor_wait_created(m, timeout_ms, &again, e) : r;
}

int monitor_rejoin(int run_dirfd, int monitor_pidfd_consume_fd, struct monitor_handle *ret, struct err *e)
{
	_cleanup_close_ int pidfd = monitor_pidfd_consume_fd, fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/" MONITOR_RELEASE, run_dirfd);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
		return err_errno(e, errno, "the monitor that waits");
	*ret = (struct monitor_handle){.sync_fd = TAKE_FD(fd), .pidfd = TAKE_FD(pidfd)};
	return 0;
}
