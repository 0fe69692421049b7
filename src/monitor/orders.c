/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The message is the words, each with its end, as in /proc/PID/cmdline. The
 * waiting one has nothing open above its socket, so that the descriptors of
 * the message get the numbers that the words call them by; that is checked.
 *
 * /proc/PID/cmdline is the memory of the first command line, one word behind
 * the other (proc_pid_cmdline(5)): the new one is written there.
 */
#include "monitor/orders.h"

#include "base/buf.h"
#include "base/parse.h"
#include "sys/fd.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static char await_word[] = "--await", program[] = "ranby-monitor";

void orders_wait_argv(struct orders_wait *place, int sock)
{
	char *argv[] = {program, await_word, place->fd, place->room, NULL};

	snprintf(place->fd, sizeof(place->fd), "%d", sock);
	memset(place->room, '.', sizeof(place->room) - 1);
	place->room[sizeof(place->room) - 1] = '\0';
	memcpy(place->argv, argv, sizeof(argv));
}

bool orders_are_awaited(int argc, char **argv, int *ret_sock)
{
	uint32_t fd;

	if (argc != 4 || strcmp(argv[1], await_word) != 0 || parse_u32(argv[2], 3, INT_MAX, &fd) < 0)
		return false;
	*ret_sock = (int)fd;
	return true;
}

int orders_send(int sock, char *const *words, const int *fds, size_t n_fds)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	for (; *words; words++)
		buf_add(&b, *words, strlen(*words) + 1);
	if (buf_bad(&b))
		return -buf_bad(&b);
	return b.len > ORDERS_MAX || n_fds > ORDERS_FDS_MAX ? -E2BIG : fd_send(sock, b.data, b.len, fds, n_fds);
}

/* The words of `text`, which ends with '\0', and pointers to them in front of it. */
static char **split(const char *text, size_t len, int *ret_argc)
{
	size_t n = 0, i = 0;
	char **argv, *copy;

	for (size_t k = 0; k < len; k++)
		n += text[k] == '\0';
	argv = malloc((n + 1) * sizeof(*argv) + len);
	if (!argv)
		return NULL;
	copy = (char *)(argv + n + 1);
	memcpy(copy, text, len);
	for (char *p = copy; p < copy + len; p += strlen(p) + 1)
		argv[i++] = p;
	argv[i] = NULL;
	*ret_argc = (int)n;
	return argv;
}

/* The last byte stays '\0': the kernel takes anything else for a title that goes on behind it. */
static void show(char **argv, const char *text, size_t len)
{
	char *end = argv[3] + strlen(argv[3]);
	size_t room = (size_t)(end - argv[0]);

	memset(argv[0], 0, room);
	memcpy(argv[0], text, len < room ? len : room);
}

static int receive(int sock, char *text, size_t size)
{
	int fds[ORDERS_FDS_MAX];
	size_t n_fds = ARRAY_SIZE(fds);
	ssize_t n = fd_recv(sock, text, size, fds, &n_fds);
	int r = n < 0 ? (int)n : 0;

	if (r == 0 && (n != (ssize_t)size || text[n - 1] != '\0'))
		r = -EPROTO;
	for (size_t i = 0; r == 0 && i < n_fds; i++)
		if (fds[i] != ORDERS_FIRST_FD + (int)i)
			r = -EBADF;
	return r;
}

int orders_receive(int sock, char **argv, int *ret_argc, char ***ret_argv, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	ssize_t n;
	int r;

	do
		n = recv(sock, NULL, 0, MSG_PEEK | MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return ORDERS_NEVER;
	if (n < 0)
		return err_errno(e, errno, "ranby-monitor: its orders");
	text = n <= (ssize_t)ORDERS_MAX ? malloc((size_t)n) : NULL;
	r = text ? receive(sock, text, (size_t)n) : -ENOMEM;
	/* what lies unread when we end is an error at the other end, before our words (unix(7), ECONNRESET) */
	if (!text)
		(void)!recv(sock, NULL, 0, MSG_DONTWAIT);
	if (r < 0)
		return err_errno(e, -r, "ranby-monitor: its orders");
	*ret_argv = split(text, (size_t)n, ret_argc);
	if (!*ret_argv)
		return err_errno(e, ENOMEM, "ranby-monitor: its orders");
	show(argv, text, (size_t)n);
	return ORDERS_CAME;
}
