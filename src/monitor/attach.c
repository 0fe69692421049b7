/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * One loop over four descriptors: the monitor, the user's input, the user's
 * output, and a signalfd. At most one piece is held each way, and nothing is
 * read that cannot be given on: the backpressure goes through us.
 *
 * The user's descriptors are not made non-blocking, because that would be
 * seen by everybody who shares them, the shell first. Instead output is
 * polled for and written in pieces of at most PIPE_BUF, which a writable pipe
 * takes at once. So a stopped terminal (ctrl-S) or a full pipe keeps neither
 * signals nor window sizes from being forwarded.
 */
#include "monitor/attach.h"

#include "sys/fd.h"
#include "sys/tty.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#define CONNECT_MS 5000
#define PACKET_MAX (sizeof(struct monitor_header) + MONITOR_DATA_MAX)

void attach_done(struct attach *a)
{
	fd_closep(&a->sock);
}

static int send_packet(int sock, enum monitor_type type, const void *data, size_t len)
{
	struct monitor_header h = {.type = (uint32_t)type, .len = (uint32_t)len};
	struct iovec iov[] = {{&h, sizeof(h)}, {(void *)(uintptr_t)data, len}};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = len > 0 ? 2 : 1};
	ssize_t n;

	do
		n = sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* The user's terminal, or -EBADF. */
static int user_tty(const struct attach_options *o)
{
	if (tty_is(o->stdin_fd))
		return o->stdin_fd;
	return tty_is(o->stdout_fd) ? o->stdout_fd : -EBADF;
}

static void send_size(const struct attach *a, const struct attach_options *o)
{
	struct monitor_winsize w;

	/* lost when the socket is full of input: then nobody reads what is typed either */
	if (a->has_tty && user_tty(o) >= 0 && tty_size(user_tty(o), &w.rows, &w.cols) == 0 && w.rows > 0)
		(void)!send_packet(a->sock, MONITOR_RESIZE, &w, sizeof(w));
}

static int connect_to(int run_dirfd, int *ret_sock)
{
	_cleanup_close_ int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct timeval patience = {.tv_sec = CONNECT_MS / 1000};
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (sock < 0 || setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
		return -errno;
	/* through the fd: the directory's own path may be longer than sun_path */
	snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/attach", run_dirfd);
	if (connect(sock, (const struct sockaddr *)&a, sizeof(a)) < 0)
		return -errno;
	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -errno;
	if (peer.uid != geteuid())
		return -EPERM;
	*ret_sock = TAKE_FD(sock);
	return 0;
}

static int shake_hands(int sock, uint32_t flags, struct monitor_attached *ret)
{
	struct monitor_attach attach = {.flags = flags};
	struct {
		struct monitor_header h;
		struct monitor_attached body;
	} answer;
	struct pollfd p = {.fd = sock, .events = POLLIN};
	int r;

	r = send_packet(sock, MONITOR_ATTACH, &attach, sizeof(attach));
	if (r < 0)
		return r;
	do
		r = poll(&p, 1, CONNECT_MS);
	while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r == 0 ? -ETIMEDOUT : -errno;
	if (recv(sock, &answer, sizeof(answer), 0) != (ssize_t)sizeof(answer) || answer.h.type != MONITOR_ATTACHED)
		return -ECONNREFUSED;
	*ret = answer.body;
	return 0;
}

int attach_connect(int run_dirfd, const struct attach_options *o, struct attach *ret, struct err *e)
{
	_cleanup_close_ int sock = -EBADF;
	struct monitor_attached answer = {0};
	int r;

	r = connect_to(run_dirfd, &sock);
	if (r == 0)
		r = shake_hands(sock, o->flags, &answer);
	if (r < 0)
		return err_errno(e, -r, "attach to the container's monitor");
	ret->sock = TAKE_FD(sock);
	ret->has_tty = answer.has_tty;
	ret->has_stdin = answer.has_stdin;
	send_size(ret, o);
	return 0;
}

/* ---- the relay ---- */

struct relay {
	const struct attach *a;
	const struct attach_options *o;
	struct tty_saved saved;
	int signal_fd;
	bool want_raw;
	bool reading; /* the user's input */
	bool eof_due; /* INPUT_EOF is still to be sent */
	size_t matched;
	size_t in_len; /* to the monitor */
	int out_fd;    /* where the piece goes */
	size_t out_at, out_len;
	int resets;
	int fatal_signal;
	const char *failed_at; /* NULL: at the monitor */
	struct monitor_exit *exit;
	char in[MONITOR_DATA_MAX];
	char out[PACKET_MAX];
};

enum { SLOT_SIGNAL, SLOT_SOCK, SLOT_IN, SLOT_OUT, N_SLOTS };

static const int proxied[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT,
};

static void make_raw(struct relay *r)
{
	if (r->want_raw && tty_make_raw(r->o->stdin_fd, &r->saved) < 0)
		r->want_raw = false;
}

/* SIGTSTP: stop as anybody would, but leave the shell a terminal it can use. */
static void stop(struct relay *r)
{
	tty_restore(&r->saved);
	(void)raise(SIGSTOP);
}

static void take_signals(struct relay *r)
{
	struct signalfd_siginfo si;

	while (read(r->signal_fd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		int sig = (int)si.ssi_signo;

		if (sig == SIGTSTP) {
			stop(r);
		} else if (sig == SIGCONT) {
			/* in the background the terminal is somebody else's; another SIGCONT comes with the foreground */
			if (r->want_raw && tty_is_foreground(r->o->stdin_fd))
				make_raw(r);
			send_size(r->a, r->o);
		} else if (sig == SIGWINCH) {
			send_size(r->a, r->o);
		} else if (r->o->on_signal) {
			r->o->on_signal(sig, r->o->data);
		} else {
			r->fatal_signal = sig;
		}
	}
}

/* 0, or ATTACH_DETACHED. */
static int take_input(struct relay *r)
{
	unsigned char raw[MONITOR_DATA_MAX - DETACH_KEYS_MAX];
	ssize_t n = read(r->o->stdin_fd, raw, sizeof(raw));
	int found = 0;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0) {
		r->reading = false;
		r->eof_due = true;
		return 0;
	}
	if (r->want_raw) {
		found = detach_keys_filter(&r->o->keys, &r->matched, raw, (size_t)n, (unsigned char *)r->in, &r->in_len);
	} else {
		memcpy(r->in, raw, (size_t)n);
		r->in_len = (size_t)n;
	}
	return found ? ATTACH_DETACHED : 0;
}

/* What is due to the monitor. 0, or ATTACH_LOST. */
static int send_due(struct relay *r)
{
	int e = 0;

	if (r->in_len > 0) {
		e = send_packet(r->a->sock, MONITOR_INPUT, r->in, r->in_len);
		if (e == 0)
			r->in_len = 0;
	}
	if (e == 0 && r->eof_due) {
		e = send_packet(r->a->sock, MONITOR_INPUT_EOF, NULL, 0);
		if (e == 0)
			r->eof_due = false;
	}
	if (e == 0 || e == -EAGAIN)
		return 0;
	/* it has gone; what it still said is in our queue, and its end says the rest */
	r->in_len = 0;
	r->eof_due = false;
	r->reading = false;
	return 0;
}

/* One message of the monitor. 0, an outcome, or -errno. */
static int take_message(struct relay *r)
{
	struct monitor_header h;
	ssize_t n = recv(r->a->sock, r->out, sizeof(r->out), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	/* said once when the monitor closed with input unread, before what is still queued for us */
	if (n < 0 && errno == ECONNRESET && r->resets++ < 2)
		return 0;
	if (n <= 0)
		return ATTACH_LOST;
	if ((size_t)n < sizeof(h))
		return -EPROTO;
	memcpy(&h, r->out, sizeof(h));
	if (h.len != (size_t)n - sizeof(h))
		return -EPROTO;
	switch (h.type) {
	case MONITOR_OUTPUT_STDOUT:
	case MONITOR_OUTPUT_STDERR:
		r->out_fd = h.type == MONITOR_OUTPUT_STDOUT ? r->o->stdout_fd : r->o->stderr_fd;
		r->out_at = sizeof(h);
		r->out_len = h.len;
		return 0;
	case MONITOR_EXITED:
		if (h.len != sizeof(*r->exit))
			return -EPROTO;
		memcpy(r->exit, r->out + sizeof(h), sizeof(*r->exit));
		return ATTACH_EXITED;
	default:
		return -EPROTO;
	}
}

/* 0, ATTACH_BROKEN_PIPE, or -errno. */
static int write_out(struct relay *r)
{
	ssize_t n = write(r->out_fd, r->out + r->out_at, r->out_len < PIPE_BUF ? r->out_len : PIPE_BUF);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n < 0 && errno == EPIPE && r->out_fd == r->o->stdout_fd)
		return ATTACH_BROKEN_PIPE;
	/* a closed standard error, or a closed standard output, is a way to say that one does not want to know */
	if (n < 0 && (errno == EPIPE || errno == EBADF))
		n = (ssize_t)r->out_len;
	if (n < 0) {
		int x = -errno;

		r->failed_at = r->out_fd == r->o->stdout_fd ? "write to standard output" : "write to standard error";
		return x;
	}
	r->out_at += (size_t)n;
	r->out_len -= (size_t)n;
	return 0;
}

static void want(struct relay *r, struct pollfd p[static N_SLOTS])
{
	bool sending = r->in_len > 0 || r->eof_due;
	short sock = 0;

	if (r->out_len == 0)
		sock |= POLLIN;
	if (sending)
		sock |= POLLOUT;
	p[SLOT_SIGNAL] = (struct pollfd){.fd = r->signal_fd, .events = POLLIN};
	p[SLOT_SOCK] = (struct pollfd){.fd = sock ? r->a->sock : -1, .events = sock};
	p[SLOT_IN] = (struct pollfd){.fd = r->reading && !sending ? r->o->stdin_fd : -1, .events = POLLIN};
	p[SLOT_OUT] = (struct pollfd){.fd = r->out_len > 0 ? r->out_fd : -1, .events = POLLOUT};
}

/* One round: 0 to go on, an outcome, or -errno. */
static int turn(struct relay *r)
{
	struct pollfd p[N_SLOTS];
	int x = 0;

	want(r, p);
	if (poll(p, N_SLOTS, -1) < 0)
		return errno == EINTR ? 0 : -errno;
	if (p[SLOT_SIGNAL].revents)
		take_signals(r);
	if (r->fatal_signal)
		return -EINTR;
	if (p[SLOT_OUT].revents)
		x = write_out(r);
	if (x == 0 && p[SLOT_SOCK].revents && r->out_len == 0)
		x = take_message(r);
	if (x == 0 && p[SLOT_IN].revents)
		x = take_input(r);
	if (x == 0 || x == ATTACH_DETACHED) {
		int lost = send_due(r);

		x = x ? x : lost;
	}
	return x;
}

/* Blocks what the signalfd takes. SIGPIPE is ignored: a reader that goes is an outcome here. */
static int hold_signals(struct relay *r, sigset_t *old_mask, struct sigaction *old_pipe)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(proxied); i++)
		sigaddset(&set, proxied[i]);
	for (int sig = SIGRTMIN; sig <= SIGRTMAX; sig++)
		sigaddset(&set, sig);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGTSTP);
	sigaddset(&set, SIGCONT);
	r->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (r->signal_fd < 0)
		return -errno;
	(void)sigaction(SIGPIPE, &ignore, old_pipe);
	(void)sigprocmask(SIG_BLOCK, &set, old_mask);
	return 0;
}

/* The terminal is in order again: now the signal may have its way. */
static void die_of(int sig)
{
	sigset_t one;

	(void)signal(sig, SIG_DFL);
	sigemptyset(&one);
	sigaddset(&one, sig);
	(void)raise(sig);
	(void)sigprocmask(SIG_UNBLOCK, &one, NULL);
}

int attach_relay(struct attach *a, const struct attach_options *o, struct monitor_exit *ret_exit, struct err *e)
{
	_cleanup_free_ struct relay *r = calloc(1, sizeof(*r));
	struct sigaction old_pipe;
	sigset_t old_mask;
	int x;

	if (!r)
		return err_errno(e, ENOMEM, "attach");
	r->a = a;
	r->o = o;
	r->saved = (struct tty_saved)TTY_SAVED_INIT;
	r->exit = ret_exit;
	r->reading = (o->flags & MONITOR_WANT_STDIN) && o->stdin_fd >= 0;
	r->want_raw = r->reading && a->has_tty && tty_is(o->stdin_fd);
	x = hold_signals(r, &old_mask, &old_pipe);
	if (x < 0)
		return err_errno(e, -x, "attach: signals");
	make_raw(r);
	/* the size may have changed since attach_connect() */
	send_size(a, o);
	while ((x = turn(r)) == 0)
		;
	tty_restore(&r->saved);
	(void)sigaction(SIGPIPE, &old_pipe, NULL);
	if (r->fatal_signal)
		die_of(r->fatal_signal);
	fd_closep(&r->signal_fd);
	(void)sigprocmask(SIG_SETMASK, &old_mask, NULL);
	return x < 0 ? err_errno(e, -x, "%s", r->failed_at ? r->failed_at : "attach") : x;
}
