/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A datagram each. What does not fit into one goes as a sealed memfd, as
 * sd_journal_sendv(3) does it. The socket is not blocking: a journal that has
 * been stopped, and not ended, would hold the sender for ever.
 */
#include "sys/journal.h"

#include "sys/fd.h"

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

void journal_field(struct buf *b, const char *name, const char *value, size_t len)
{
	buf_adds(b, name);
	if (memchr(value, '\n', len)) {
		unsigned char size[8];

		/* little endian everywhere */
		for (size_t i = 0; i < sizeof(size); i++)
			size[i] = (unsigned char)((uint64_t)len >> (8 * i));
		buf_addc(b, '\n');
		buf_add(b, size, sizeof(size));
	} else {
		buf_addc(b, '=');
	}
	buf_add(b, value, len);
	buf_addc(b, '\n');
}

static int connect_to(struct journal *j)
{
	static const struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	j->fd = TAKE_FD(fd);
	return 0;
}

/* All parts in a file in memory that nobody can change any more. */
static int seal(const struct iovec *iov, size_t n, int *ret_fd)
{
	_cleanup_close_ int fd = memfd_create("journal", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < n; i++) {
		int r = fd_write_all(fd, iov[i].iov_base, iov[i].iov_len);

		if (r < 0)
			return r;
	}
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int send_once(int fd, const struct msghdr *msg)
{
	ssize_t n;

	do
		n = sendmsg(fd, msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* A journal that is slow is waited for; one that was waited for in vain is not, until it takes something. */
static int send_patiently(struct journal *j, const struct msghdr *msg)
{
	struct pollfd p = {.fd = j->fd, .events = POLLOUT};
	int r = send_once(j->fd, msg);

	if (r == -EAGAIN && !j->stalled) {
		if (poll(&p, 1, JOURNAL_WAIT_MS) > 0)
			r = send_once(j->fd, msg);
	}
	j->stalled = r == -EAGAIN;
	return r;
}

static int send_large(struct journal *j, const struct iovec *iov, size_t n)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.room = {0}};
	struct msghdr msg = {.msg_control = control.room, .msg_controllen = sizeof(control.room)};
	_cleanup_close_ int fd = -EBADF;
	int r = seal(iov, n, &fd);

	if (r < 0)
		return r;
	control.head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	return send_patiently(j, &msg);
}

int journal_send(struct journal *j, const struct iovec *iov, size_t n)
{
	struct msghdr msg = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (unsigned)n};
	int r = 0;

	/* one that was started anew has another socket of that name */
	for (int i = 0; i < 2; i++) {
		r = j->fd < 0 ? connect_to(j) : 0;
		if (r == 0)
			r = send_patiently(j, &msg);
		if (r == -EMSGSIZE || r == -ENOBUFS)
			r = send_large(j, iov, n);
		if (r != -ECONNREFUSED && r != -ENOTCONN && r != -ECONNRESET)
			break;
		fd_closep(&j->fd);
	}
	return r;
}

void journal_done(struct journal *j)
{
	fd_closep(&j->fd);
}
