/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* The relay (attach.c) without a person: no terminal, no signals, no input. */
#include "monitor/collect.h"

#include "monitor/pollset.h"

#include <string.h>
#include <sys/socket.h>

struct packet {
	struct monitor_header h;
	char data[MONITOR_DATA_MAX];
};

/* 0 to go on; 1: it has ended; or -errno. */
static int take(const struct attach *a, struct packet *p, size_t max, struct buf *out, struct monitor_exit *ret)
{
	ssize_t n = recv(a->sock, p, sizeof(*p), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return n < 0 ? -errno : -ECONNRESET;
	if ((size_t)n < sizeof(p->h) || p->h.len != (size_t)n - sizeof(p->h))
		return -EPROTO;
	if (p->h.type == MONITOR_OUTPUT_STDOUT || p->h.type == MONITOR_OUTPUT_STDERR) {
		size_t room = out->len < max ? max - out->len : 0;

		buf_add(out, p->data, p->h.len < room ? p->h.len : room);
		return 0;
	}
	if (p->h.type != MONITOR_EXITED || p->h.len != sizeof(*ret))
		return -EPROTO;
	memcpy(ret, p->data, sizeof(*ret));
	return 1;
}

int collect_output(const struct attach *a, int timeout_ms, size_t max, struct buf *out, struct monitor_exit *ret, struct err *e)
{
	int64_t until = now_ms() + timeout_ms;
	_cleanup_free_ struct packet *p = malloc(sizeof(*p));
	int r = p ? 0 : -ENOMEM;

	while (r == 0) {
		struct pollfd fd = {.fd = a->sock, .events = POLLIN};
		int64_t left = timeout_ms < 0 ? -1 : until - now_ms();

		if (timeout_ms >= 0 && left <= 0)
			return -ETIMEDOUT;
		if (poll(&fd, 1, (int)left) > 0)
			r = take(a, p, max, out, ret);
	}
	return r < 0 ? err_errno(e, -r, "output of the session") : 0;
}
