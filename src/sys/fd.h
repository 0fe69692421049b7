/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * fd - file descriptors: close-on-exec from birth, -EBADF when empty.
 *
 *	_cleanup_close_ int fd = -EBADF;
 *	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
 *	...
 *	*ret_fd = TAKE_FD(fd);
 */
#ifndef RANBY_SYS_FD_H
#define RANBY_SYS_FD_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

static inline void fd_closep(int *fd)
{
	if (*fd >= 0) {
		int saved = errno;

		close(*fd);
		errno = saved;
	}
	*fd = -EBADF;
}
#define _cleanup_close_ _cleanup_(fd_closep)

/* Moves an fd out of its variable, leaving -EBADF. */
static inline int fd_take(int *fd)
{
	int v = *fd;

	*fd = -EBADF;
	return v;
}
#define TAKE_FD(fd) fd_take(&(fd))

/* Hands what there is, up to the end of file, to `take` in pieces, until that says other than 0. -errno of a read names `what`. */
int fd_read_each(int fd, const char *what, int (*take)(const char *data, size_t len, void *ctx), void *ctx, struct err *e) _must_check_;

/* Reads to the end of file, `max` bytes at most (-EFBIG past them). Appends to `b`. */
int fd_read_all(int fd, size_t max, struct buf *b) _must_check_;

/* The same of a regular file of `size` bytes (fstat(2)): a read that ends there and gives less than it could was the last. */
int fd_read_sized(int fd, size_t size, size_t max, struct buf *b) _must_check_;

/* Writes all of it, over short writes and EINTR. 0 or -errno. */
int fd_write_all(int fd, const void *data, size_t len) _must_check_;

/*
 * The same at `offset` of a regular file that has nothing there yet: what is
 * zeros is left out, for a hole. The file is as long as it should be after an
 * ftruncate(2) by the caller.
 */
int fd_write_sparse(int fd, const void *data, size_t len, uint64_t offset) _must_check_;

/* Reads exactly `len` bytes. 0, -errno, -ENODATA when the end came first. */
int fd_read_exact(int fd, void *data, size_t len) _must_check_;

/* Sets or clears FD_CLOEXEC. */
int fd_set_cloexec(int fd, bool on) _must_check_;

/* Makes every fd >= `first` close at exec (close_range(2), Linux 5.11), or closes them now. */
int fd_cloexec_from(unsigned first) _must_check_;
int fd_close_from(unsigned first) _must_check_;

/* Opens /dev/null on those of 0..2 that are closed. */
int fd_guard_stdio(void) _must_check_;

#define FD_PASS_MAX 64
/*
 * One message with up to FD_PASS_MAX descriptors over a unix socket
 * (SCM_RIGHTS, unix(7)). fd_recv() sets CLOEXEC on all; `*n_fds` is the
 * room on entry, the count on return. Returns bytes received (0: end),
 * -errno, -EMSGSIZE when data or descriptors were cut (all are closed then).
 */
int fd_send(int sock, const void *data, size_t len, const int *fds, size_t n_fds) _must_check_;
ssize_t fd_recv(int sock, void *data, size_t len, int *fds, size_t *n_fds) _must_check_;

#endif
