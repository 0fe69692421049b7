/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A process of its own beside the monitor. Each exec of the container waits
 * for an answer from here, and the answer may itself have to wait: for a disk,
 * or for whoever serves the pages that the arguments lie in, which may be the
 * payload (FUSE). Log, attach and exit must not wait with it.
 *
 * Who gets no answer any more because this process was killed fails with
 * ENOSYS: the kernel's choice, and better than an exec that nobody saw.
 *
 * The kind of a descriptor and its number are all that is kept of it: in
 * epoll's own data, so there is no list to fall out of step.
 */
#include "monitor/trail_serve.h"

#include "monitor/trail_event.h"
#include "sys/fd.h"
#include "sys/notify.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define EVENTS 16
#define END_MS 500 /* for questions that still stand when the payload has ended */

enum kind { CONTROL, JOIN, CONNECTION, LISTENER };

struct server {
	struct trail_server *q;
	struct trail_watch watch;
	int epoll_fd;
	unsigned connections, listeners;
	bool alone;  /* the monitor has gone without END */
	bool ending; /* END was said */
	uint64_t execs;
};

static int add(struct server *s, enum kind kind, int fd)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u64 = (uint64_t)kind << 32 | (uint32_t)fd};

	return epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

static void drop(struct server *s, enum kind kind, int fd)
{
	s->connections -= kind == CONNECTION;
	s->listeners -= kind == LISTENER;
	(void)epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	close(fd);
}

static void accept_one(struct server *s, int join_fd)
{
	_cleanup_close_ int fd = accept4(join_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || peer.uid != geteuid())
		return;
	if (s->connections + s->listeners >= TRAIL_LISTENERS_MAX || add(s, CONNECTION, fd) < 0)
		return;
	s->connections++;
	(void)TAKE_FD(fd);
}

/* A listener has come: its owner's first question is about to. */
static void take_listener(struct server *s, int consume_fd, char kind)
{
	_cleanup_close_ int fd = consume_fd;
	struct buf *b;
	bool wakes;

	if (notify_check(fd) < 0)
		return;
	wakes = notify_sync_wake_up(fd);
	if (add(s, LISTENER, fd) < 0)
		return;
	s->listeners++;
	(void)TAKE_FD(fd);
	if (s->q->record)
		return;
	b = trail_file_begin(&s->q->file, "listener");
	buf_addf(b, ",\"once\":%s,\"syncWakeUp\":%s", kind == 'K' ? "true" : "false", wakes ? "true" : "false");
	trail_file_end(&s->q->file);
}

/* One message, or the end. Either way that was all. */
static void hear_connection(struct server *s, int conn)
{
	size_t n = 1;
	char kind = 0;
	int fd = -EBADF;
	ssize_t got = fd_recv(conn, &kind, 1, &fd, &n);

	if (got == -EAGAIN)
		return;
	if (got == 1 && n == 1)
		take_listener(s, fd, kind);
	else if (got >= 0 && n == 1)
		fd_closep(&fd);
	drop(s, CONNECTION, conn);
}

static void hear_listener(struct server *s, int fd, uint32_t events)
{
	struct seccomp_notif n;

	if (!(events & EPOLLIN)) {
		if (events & (EPOLLHUP | EPOLLERR))
			drop(s, LISTENER, fd);
		return;
	}
	if (notify_receive(fd, &n) < 0)
		return;
	if (s->q->record)
		record_call(s->q->record, &n);
	else
		s->execs += trail_event_exec(&s->watch, &s->q->file, fd, &n);
	/* whatever could be written: it is never ours to refuse */
	if (notify_continue(fd, n.id) == -ENOENT && !s->q->record) {
		trail_file_begin(&s->q->file, "interrupted");
		trail_file_end(&s->q->file);
	}
}

static void hear_control(struct server *s, int fd)
{
	char byte;

	if (recv(fd, &byte, 1, MSG_DONTWAIT) == 1) {
		s->ending = true;
	} else {
		s->alone = true;
		(void)epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	}
}

static void dispatch(struct server *s, const struct epoll_event *e)
{
	int fd = (int)(uint32_t)e->data.u64;

	switch ((enum kind)(e->data.u64 >> 32)) {
	case CONTROL:
		hear_control(s, fd);
		break;
	case JOIN:
		accept_one(s, fd);
		break;
	case CONNECTION:
		hear_connection(s, fd);
		break;
	case LISTENER:
		hear_listener(s, fd, e->events);
		break;
	}
}

/* One round; false when nothing came for `timeout_ms`. */
static bool serve_round(struct server *s, int timeout_ms)
{
	struct epoll_event e[EVENTS];
	int look = trail_event_look(&s->watch, &s->q->file), n;

	if (look >= 0 && (timeout_ms < 0 || look < timeout_ms))
		timeout_ms = look;
	n = epoll_wait(s->epoll_fd, e, EVENTS, timeout_ms);
	for (int i = 0; i < n; i++)
		dispatch(s, &e[i]);
	return n > 0 || look >= 0;
}

static void say_end(struct server *s)
{
	struct trail_end end = {.execs = s->execs};
	struct trail_file *f = &s->q->file;
	struct buf *b;

	if (s->q->record) {
		if (record_write(s->q->record, s->q->container) < 0)
			_exit(EXIT_ENGINE);
		return;
	}
	b = trail_file_begin(f, "end");
	buf_addf(b, ",\"execs\":%llu,\"monitor\":%s", (unsigned long long)s->execs, s->alone ? "\"gone\"" : "true");
	trail_file_end(f);
	end.lines = f->seq;
	memcpy(end.head, f->prev, sizeof(end.head));
	if (!s->alone)
		(void)!send(s->q->control_fd, &end, sizeof(end), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static int prepare(struct server *s)
{
	int r = trail_watch_init(&s->watch);
	struct buf *b;

	if (r < 0)
		return r;
	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll_fd < 0)
		return -errno;
	r = add(s, CONTROL, s->q->control_fd);
	if (r == 0)
		r = add(s, JOIN, s->q->join_fd);
	if (r == 0)
		r = add(s, CONNECTION, s->q->first_fd);
	if (r < 0)
		return r;
	s->connections = 1;
	if (s->q->record)
		return 0;
	b = trail_file_begin(&s->q->file, "begin");
	buf_addf(b, ",\"container\":\"%s\"", s->q->container);
	trail_file_end(&s->q->file);
	return 0;
}

_Noreturn void trail_serve(struct trail_server *q)
{
	struct server s = {.q = q};

	if (prepare(&s) < 0)
		_exit(EXIT_ENGINE);
	while (!s.ending && !(s.alone && s.connections + s.listeners == 0))
		(void)serve_round(&s, -1);
	/* processes of other pid namespaces may go on; the payload's have ended, and their last questions with them */
	for (int i = 0; i < END_MS && s.listeners > 0 && serve_round(&s, 1); i++)
		;
	say_end(&s);
	_exit(0);
}
