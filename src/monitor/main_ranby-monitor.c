/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby-monitor - one per container and per exec session: the parent of the
 * payload once everybody who started it has gone.
 *
 * It lives as long as the payload, in numbers of thousands, so it is small
 * first of all: static, no library, no stdio, one loop, no buffer per client,
 * memory touched only when used. What needs more is another program that it
 * starts (options.h has its command line, launch.h makes it).
 *
 * It stays in the host's user namespace with its user's credentials, holds
 * the keeper's user namespace alive by the fd it was given, takes orphans in
 * as their subreaper, and cannot be ptraced or read by its own user's other
 * processes (PR_SET_DUMPABLE 0), because a container may be one of them.
 */
#include "monitor/options.h"
#include "monitor/orders.h"
#include "monitor/protocol.h"
#include "monitor/session.h"
#include "sys/fd.h"
#include "sys/self.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

static int block_signals(int *ret_fd, struct err *e)
{
	sigset_t all;
	int fd;

	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, NULL) < 0)
		return err_errno(e, errno, "signals");
	fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return err_errno(e, errno, "signals");
	*ret_fd = fd;
	return 0;
}

static int become_monitor(int *ret_signal_fd, struct err *e)
{
	int r;

	r = block_signals(ret_signal_fd, e);
	if (r < 0)
		return r;
	r = fd_guard_stdio();
	if (r == 0)
		r = fd_cloexec_from(3);
	if (r < 0)
		return err_errno(e, -r, "descriptors");
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_errno(e, errno, "prctl");
	if (chdir("/") < 0)
		return err_errno(e, errno, "/");
	return 0;
}

/*
 * The copy of ranby-init that the runtime will want (create.h), while there is
 * nothing else to do. Out of the way of what comes with the orders. -EBADF: it
 * is made when it is wanted.
 */
static int copy_init(int sock)
{
	struct pollfd p = {.fd = sock, .events = POLLIN};
	_cleanup_close_ int fd = -EBADF;
	int high;

	if (poll(&p, 1, 0) != 0 || self_seal_program("ranby-init", &fd, NULL) < 0)
		return -EBADF;
	high = fcntl(fd, F_DUPFD_CLOEXEC, ORDERS_FIRST_FD + ORDERS_FDS_MAX);
	return high < 0 ? -EBADF : high;
}

/* Its own words, when it was started before there were any: over *ret_sock, which is left as it was when there were. */
static int take_orders(int *argc, char ***argv, int *ret_sock, int *ret_init_fd, struct err *e)
{
	int sock;

	if (!orders_are_awaited(*argc, *argv, &sock))
		return ORDERS_CAME;
	*ret_sock = sock;
	/* it waits among the processes that it is to be safe from */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_errno(e, errno, "prctl");
	/* a limit on file sizes holds for copies in memory too: an error, and not our death */
	if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		return err_errno(e, errno, "signals");
	*ret_init_fd = copy_init(sock);
	return orders_receive(sock, *argv, argc, argv, e);
}

/* To the starter when there is one to hear it, as FAILED; else a person has called it. */
static int refuse(int sock, const struct err *e)
{
	struct {
		struct monitor_header h;
		struct err e;
	} failed = {.h = {.type = MONITOR_FAILED, .len = sizeof(*e)}, .e = *e};

	if (sock < 0 || send(sock, &failed, sizeof(failed), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		(void)!fd_write_all(2, e->text, strlen(e->text));
		(void)!fd_write_all(2, "\n", 1);
	}
	return EXIT_ENGINE;
}

int main(int argc, char **argv)
{
	_cleanup_close_ int signal_fd = -EBADF, init_fd = -EBADF;
	_cleanup_free_ struct session *s = NULL;
	struct monitor_options o = {.sync_fd = -EBADF};
	struct err e = {0};
	int sock = -EBADF, r = take_orders(&argc, &argv, &sock, &init_fd, &e);

	if (r == ORDERS_NEVER)
		return 0;
	if (r == ORDERS_CAME)
		r = monitor_options_parse(argc, argv, &o, &e);
	if (r < 0)
		return refuse(sock, &e);
	s = calloc(1, sizeof(*s));
	if (!s)
		r = err_errno(&e, ENOMEM, "ranby-monitor");
	if (r == 0) {
		session_init(s, &o);
		s->create.init_fd = TAKE_FD(init_fd);
		r = become_monitor(&signal_fd, &e);
	}
	if (r < 0)
		return refuse(o.sync_fd, &e);
	return session_run(s, signal_fd, &e) < 0 ? EXIT_ENGINE : 0;
}
