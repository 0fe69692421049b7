/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * No client has a buffer here. A piece of output stays in its stream until
 * each client has taken it, and a message of a client stays in its socket
 * until the payload's input has room for it. Both are the kernel's memory,
 * bounded by the socket's buffer and charged to who made it.
 */
#include "monitor/clients.h"

#include "sys/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define NAME "attach"

/* A name below a directory fd that fits sun_path, however long the directory's path is. */
static void address(struct sockaddr_un *a, int dirfd, const char *name)
{
	char digits[12];
	size_t n = 0;
	char *p = a->sun_path;

	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	p = (char *)memcpy(p, "/proc/self/fd/", 14) + 14;
	do
		digits[n++] = (char)('0' + dirfd % 10);
	while (dirfd /= 10);
	while (n > 0)
		*p++ = digits[--n];
	*p++ = '/';
	memcpy(p, name, strlen(name) + 1);
}

int clients_socket(int run_dirfd, const char *name, int *ret, struct err *e)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un a;
	mode_t old;
	int r;

	if (fd < 0)
		return err_errno(e, errno, "%s socket", name);
	if (unlinkat(run_dirfd, name, 0) < 0 && errno != ENOENT)
		return err_errno(e, errno, "old %s socket", name);
	address(&a, run_dirfd, name);
	old = umask(0177);
	r = bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0 ? -errno : 0;
	umask(old);
	if (r == 0 && listen(fd, MONITOR_CLIENTS_MAX) < 0)
		r = -errno;
	if (r < 0)
		return err_errno(e, -r, "%s socket", name);
	*ret = TAKE_FD(fd);
	return 0;
}

int clients_listen(struct clients *c, int run_dirfd, struct err *e)
{
	for (size_t i = 0; i < MONITOR_CLIENTS_MAX; i++)
		c->items[i] = (struct client){.fd = -EBADF, .slot = -1};
	return clients_socket(run_dirfd, NAME, &c->listen_fd, e);
}

void clients_unlisten(struct clients *c, int run_dirfd)
{
	if (c->listen_fd < 0)
		return;
	fd_closep(&c->listen_fd);
	(void)unlinkat(run_dirfd, NAME, 0);
}

/* 0, -EAGAIN, or another -errno after which the client is of no use. */
static int say(int fd, enum monitor_type type, const void *data, size_t len)
{
	struct monitor_header h = {.type = (uint32_t)type, .len = (uint32_t)len};
	struct iovec iov[] = {
		{.iov_base = &h, .iov_len = sizeof(h)},
		{.iov_base = (void *)(uintptr_t)data, .iov_len = len},
	};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = len > 0 ? 2 : 1};
	ssize_t n;

	do
		n = sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static void drop(struct client *k, struct output out[static 2], struct input *in)
{
	for (size_t s = 0; s < 2; s++) {
		if (k->owes[s] && --out[s].waiting == 0)
			out[s].len = 0;
		k->owes[s] = false;
	}
	if (k->attached && (k->flags & MONITOR_STDIN_ONCE) && !in->is_tty)
		input_end(in);
	fd_closep(&k->fd);
	*k = (struct client){.fd = -EBADF, .slot = -1};
}

static void send_piece(struct client *k, struct output *o, struct output out[static 2], struct input *in)
{
	int r = say(k->fd, o->stream == LOG_STDERR ? MONITOR_OUTPUT_STDERR : MONITOR_OUTPUT_STDOUT, o->data, o->len);

	if (r == -EAGAIN || r == -ENOBUFS || r == -ENOMEM)
		return;
	if (r < 0) {
		drop(k, out, in);
		return;
	}
	k->owes[o->stream] = false;
	if (--o->waiting == 0)
		o->len = 0;
}

static bool wants(const struct client *k, enum log_stream stream)
{
	return k->fd >= 0 && k->attached && (k->flags & (stream == LOG_STDERR ? MONITOR_WANT_STDERR : MONITOR_WANT_STDOUT));
}

void clients_offer(struct clients *c, struct output *o)
{
	for (size_t i = 0; i < MONITOR_CLIENTS_MAX; i++)
		if (wants(&c->items[i], o->stream)) {
			c->items[i].owes[o->stream] = true;
			o->waiting++;
		}
	if (o->waiting == 0)
		o->len = 0;
}

int clients_accept(int listen_fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	_cleanup_close_ int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || peer.uid != geteuid())
		return -EPERM;
	return TAKE_FD(fd);
}

static void accept_one(struct clients *c)
{
	int room = 4 * MONITOR_DATA_MAX;
	_cleanup_close_ int fd = clients_accept(c->listen_fd);

	if (fd < 0)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	for (size_t i = 0; i < MONITOR_CLIENTS_MAX; i++)
		if (c->items[i].fd < 0) {
			c->items[i] = (struct client){.fd = TAKE_FD(fd), .slot = -1};
			return;
		}
}

/* One message; false: it is not one that the protocol allows here. */
static bool handle(struct client *k, const struct monitor_header *h, const char *data, const struct output *out, struct input *in,
		   bool has_stdin)
{
	struct monitor_attached answer = {.has_tty = out[LOG_STDOUT].is_tty, .has_stdin = has_stdin};
	struct monitor_attach attach;
	struct monitor_winsize size;

	if (!k->attached) {
		if (h->type != MONITOR_ATTACH || h->len != sizeof(attach))
			return false;
		memcpy(&attach, data, sizeof(attach));
		k->flags = attach.flags;
		k->attached = true;
		return say(k->fd, MONITOR_ATTACHED, &answer, sizeof(answer)) == 0;
	}
	switch (h->type) {
	case MONITOR_INPUT:
		if (k->flags & MONITOR_WANT_STDIN)
			input_put(in, data, h->len);
		return k->flags & MONITOR_WANT_STDIN;
	case MONITOR_INPUT_EOF:
		if (k->flags & MONITOR_WANT_STDIN)
			input_end(in);
		return (k->flags & MONITOR_WANT_STDIN) && h->len == 0;
	case MONITOR_RESIZE:
		if (h->len != sizeof(size))
			return false;
		memcpy(&size, data, sizeof(size));
		input_resize(in, &size);
		return true;
	default:
		return false;
	}
}

/* Reads one message; false: drop the client. */
static bool receive(struct clients *c, struct client *k, const struct output *out, struct input *in, bool has_stdin)
{
	struct monitor_header h;
	ssize_t n;

	do
		n = recv(k->fd, c->packet, sizeof(c->packet), MSG_DONTWAIT | MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN;
	if ((size_t)n < sizeof(h) || (size_t)n > sizeof(c->packet))
		return false;
	memcpy(&h, c->packet, sizeof(h));
	if (h.len != (size_t)n - sizeof(h))
		return false;
	return handle(k, &h, c->packet + sizeof(h), out, in, has_stdin);
}

void clients_poll(struct clients *c, struct pollset *set, const struct input *in)
{
	c->listen_slot = pollset_add(set, c->listen_fd, POLLIN);
	for (size_t i = 0; i < MONITOR_CLIENTS_MAX; i++) {
		struct client *k = &c->items[i];
		short events = 0;

		if (input_has_room(in))
			events |= POLLIN;
		if (k->owes[LOG_STDOUT] || k->owes[LOG_STDERR])
			events |= POLLOUT;
		k->slot = pollset_add(set, k->fd, events);
	}
}

void clients_dispatch(struct clients *c, const struct pollset *set, struct output out[static 2], struct input *in, bool has_stdin)
{
	for (size_t i = 0; i < MONITOR_CLIENTS_MAX; i++) {
		struct client *k = &c->items[i];
		short got = pollset_got(set, k->slot);

		for (size_t s = 0; s < 2; s++)
			if ((got & (POLLOUT | POLLERR | POLLHUP)) && k->fd >= 0 && k->owes[s])
				send_piece(k, &out[s], out, in);
		if ((got & (POLLIN | POLLERR | POLLHUP)) && k->fd >= 0 && input_has_room(in) && !receive(c, k, out, in, has_stdin))
			drop(k, out, in);
	}
	if (pollset_got(set, c->listen_slot))
		accept_one(c);
}

int clients_tell_exit(struct clients *c, const struct monitor_exit *x)
{
	int left = 0;

	for (size_t i = 0; i < MONITOR_CLIENTS_MAX; i++) {
		struct client *k = &c->items[i];

		if (k->fd < 0 || !k->attached || k->told)
			continue;
		if (!k->owes[LOG_STDOUT] && !k->owes[LOG_STDERR])
			k->told = say(k->fd, MONITOR_EXITED, x, sizeof(*x)) != -EAGAIN;
		left += !k->told;
	}
	return left;
}

/* What a client sent and nobody read would make its next recv() fail before it has read our last words. */
static void drain(int fd)
{
	char byte;

	for (int i = 0; i < 1024 && recv(fd, &byte, 1, MSG_DONTWAIT) > 0; i++)
		;
}

void clients_close_all(struct clients *c)
{
	for (size_t i = 0; i < MONITOR_CLIENTS_MAX; i++)
		if (c->items[i].fd >= 0) {
			drain(c->items[i].fd);
			fd_closep(&c->items[i].fd);
		}
}
