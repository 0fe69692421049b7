/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * lock - locks that die with their holder.
 *
 *	_cleanup_close_ int lock = -EBADF;
 *	r = lock_take(dirfd, "name.lock", 5000, &lock);
 *	...			// held until the fd is closed, by exit or kill -9 too
 *
 * Open file description locks (fcntl(2) F_OFD_SETLK, Linux 3.15): bound to
 * the fd and not to the process, so they can be passed on, and a second
 * open of the same file in the same process conflicts as it should.
 */
#ifndef RANBY_SYS_LOCK_H
#define RANBY_SYS_LOCK_H

#include "base/mem.h"

/*
 * Opens (makes, 0600) the file and takes the whole of it for itself.
 * timeout_ms 0: do not wait; -1: for ever. -EAGAIN: it is held by another.
 * Locks of a file that was removed meanwhile are never returned.
 */
int lock_take(int dirfd, const char *name, int timeout_ms, int *ret_fd) _must_check_;

/* The same with others who share it: none of them while one has it for itself, and the other way round. */
int lock_share(int dirfd, const char *name, int timeout_ms, int *ret_fd) _must_check_;

/*
 * lock_take() of a directory that one has open, without a file in it (flock(2)):
 * other openers of the directory are excluded who lock it so. -ENOENT: it has
 * been removed. Where the file system locks no directories (NFS), a file
 * ".lock" is taken in it.
 */
int lock_take_dir(int dirfd, int timeout_ms, int *ret_fd) _must_check_;

/* The same on an open file of one's own (opened for writing). */
int lock_take_fd(int fd, int timeout_ms) _must_check_;

#endif
