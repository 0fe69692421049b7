/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/fd.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define SPARSE_UNIT 16384 /* of zeros: a shorter hole is not worth a write of its own */

int fd_read_each(int fd, const char *what, int (*take)(const char *data, size_t len, void *ctx), void *ctx, struct err *e)
{
	char data[65536];
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = read(fd, data, sizeof(data))) != 0) {
		if (n < 0 && errno != EINTR)
			return err_errno(e, errno, "%s", what);
		r = n < 0 ? 0 : take(data, (size_t)n, ctx);
	}
	return r;
}

int fd_read_sized(int fd, size_t size, size_t max, struct buf *b)
{
	size_t start = b->len;

	for (;;) {
		/* one byte more than allowed tells a file of `max` bytes from a longer one */
		size_t got = b->len - start, want = max - got < 8192 ? max - got + 1 : 8192;
		char *p = buf_reserve(b, want);
		ssize_t n;

		if (!p)
			return -buf_bad(b);
		n = read(fd, p, want);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		buf_commit(b, (size_t)n);
		if (b->len - start > max)
			return -EFBIG;
		if (b->len - start == size && (size_t)n < want)
			return 0;
	}
}

int fd_read_all(int fd, size_t max, struct buf *b)
{
	return fd_read_sized(fd, SIZE_MAX, max, b);
}

int fd_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_all_at(int fd, const char *p, size_t len, uint64_t offset)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, p, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
		offset += (size_t)n;
	}
	return 0;
}

static bool is_zeros(const char *p, size_t len)
{
	return *p == 0 && memcmp(p, p + 1, len - 1) == 0;
}

int fd_write_sparse(int fd, const void *data, size_t len, uint64_t offset)
{
	const char *p = data;
	size_t at = 0, from = 0;
	int r = 0;

	while (r == 0 && at < len) {
		/* to the next multiple of that many bytes of the file */
		size_t n = SPARSE_UNIT - (size_t)((offset + at) % SPARSE_UNIT);

		if (n > len - at)
			n = len - at;
		if (is_zeros(p + at, n)) {
			r = write_all_at(fd, p + from, at - from, offset + from);
			from = at + n;
		}
		at += n;
	}
	return r < 0 ? r : write_all_at(fd, p + from, at - from, offset + from);
}

int fd_read_exact(int fd, void *data, size_t len)
{
	char *p = data;

	while (len > 0) {
		ssize_t n = read(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ENODATA;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int fd_set_cloexec(int fd, bool on)
{
	return fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0) < 0 ? -errno : 0;
}

int fd_cloexec_from(unsigned first)
{
	return syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) < 0 ? -errno : 0;
}

int fd_close_from(unsigned first)
{
	return syscall(SYS_close_range, first, ~0U, 0) < 0 ? -errno : 0;
}

int fd_guard_stdio(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR); /* stdio is inherited on purpose: no O_CLOEXEC */
		if (fd < 0)
			return -errno;
	} while (fd <= 2);
	close(fd);
	return 0;
}

int fd_send(int sock, const void *data, size_t len, const int *fds, size_t n_fds)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * FD_PASS_MAX)];
		struct cmsghdr align;
	} control;
	struct iovec iov = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	if (n_fds > FD_PASS_MAX)
		return -E2BIG;
	if (n_fds > 0) {
		struct cmsghdr *c;

		memset(&control, 0, sizeof(control));
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
	}
	do
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EMSGSIZE;
}

static size_t take_rights(struct msghdr *msg, int *fds, size_t room, bool *cut)
{
	size_t got = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (got < room) {
				fds[got++] = fd;
			} else {
				close(fd);
				*cut = true;
			}
		}
	}
	return got;
}

ssize_t fd_recv(int sock, void *data, size_t len, int *fds, size_t *n_fds)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * FD_PASS_MAX)];
		struct cmsghdr align;
	} control;
	struct iovec iov = {.iov_base = data, .iov_len = len};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	size_t got;
	bool cut = false;
	ssize_t n;

	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	got = take_rights(&msg, fds, n_fds ? *n_fds : 0, &cut);
	if (cut || (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		while (got > 0)
			close(fds[--got]);
		return -EMSGSIZE;
	}
	if (n_fds)
		*n_fds = got;
	return n;
}
