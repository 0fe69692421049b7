/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Two sockets, because a socket in the multicast group hears so much that the
 * answer to its own message could be lost among it. What is received counts only
 * when the kernel sent it (port 0): unlike other netlink families, audit lets no
 * user send to others, and this is checked all the same.
 */
#include "sys/kaudit.h"

#include "sys/fd.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define ANSWER_TIMEOUT_MS 5000
#define LOG_ROOM (1 << 20) /* bytes of records that may wait for us */

static int open_groups(uint32_t groups, int *ret_fd)
{
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	struct sockaddr_nl self = {.nl_family = AF_NETLINK, .nl_groups = groups};
	int room = LOG_ROOM;

	if (fd < 0)
		return -errno;
	/* for the stream only; the kernel's limit may make it less */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int kaudit_open(int *ret_fd)
{
	return open_groups(0, ret_fd);
}

int kaudit_open_log(int *ret_fd)
{
	return open_groups(1U << (AUDIT_NLGRP_READLOG - 1), ret_fd);
}

/* One message of the kernel into `m`, its payload as text. */
static int receive(int fd, int timeout_ms, struct kaudit_message *m)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct sockaddr_nl from = {0};
	struct nlmsghdr head;
	struct iovec parts[2] = {{&head, sizeof(head)}, {m->text, KAUDIT_TEXT_MAX}};
	struct msghdr msg = {.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = parts, .msg_iovlen = 2};
	ssize_t n;
	int ready = poll(&p, 1, timeout_ms);

	if (ready < 0)
		return -errno;
	if (ready == 0)
		return -ETIMEDOUT;
	n = recvmsg(fd, &msg, MSG_DONTWAIT);
	if (n < 0)
		return -errno;
	if (from.nl_pid != 0 || (size_t)n < sizeof(head))
		return -EBADMSG;
	m->type = head.nlmsg_type;
	m->len = (size_t)n - sizeof(head);
	m->text[m->len] = '\0';
	return 0;
}

int kaudit_send(int fd, uint16_t type, const char *text)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	size_t len = strlen(text) + 1;
	struct nlmsghdr head = {
		.nlmsg_len = (uint32_t)(sizeof(head) + len), .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK, .nlmsg_seq = 1,
	};
	struct iovec parts[2] = {{&head, sizeof(head)}, {(void *)(uintptr_t)text, len}};
	struct msghdr msg = {.msg_name = &kernel, .msg_namelen = sizeof(kernel), .msg_iov = parts, .msg_iovlen = 2};
	struct kaudit_message answer;
	int error, r;

	if (len > KAUDIT_TEXT_MAX)
		return -EMSGSIZE;
	if (sendmsg(fd, &msg, 0) < 0)
		return -errno;
	do
		r = receive(fd, ANSWER_TIMEOUT_MS, &answer);
	while (r == 0 && answer.type != NLMSG_ERROR);
	if (r < 0)
		return r;
	memcpy(&error, answer.text, sizeof(error));
	return error;
}

int kaudit_receive(int fd, int timeout_ms, struct kaudit_message *ret)
{
	return receive(fd, timeout_ms, ret);
}
