/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A network helper holds the container's network namespace open, so that
 * namespace never ends before it, and Debian 12's pasta looks at nothing else.
 * The monitor ends it; one that is killed cannot. Tried and no use:
 * PR_SET_PDEATHSIG (is of the parent, which is the monitor, and is cleared when
 * the helper enters a user namespace), a pipe whose other end init holds (the
 * payload would have it), one more process that waits (is what can be killed
 * again).
 *
 * A container's root, though, is a filesystem of its own, which its mount
 * namespace alone keeps: it goes when the last process in there does, however
 * that comes. inotify tells (IN_UNMOUNT), and with O_ASYNC the kernel makes a
 * signal of it, whose receiver is kept as a process, not a number. Who holds
 * the descriptor does not matter, so the helper itself does, by inheritance.
 *
 * SIGTERM, not SIGKILL: pasta makes itself process 1 of a namespace of its own,
 * and from such a signal the kernel takes only what it has a handler for.
 */
#include "sys/root_end.h"

#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/vfs.h>

int root_end_watch(pid_t pid, int *ret_fd)
{
	_cleanup_close_ int root = -EBADF, dev = -EBADF, fd = -EBADF;
	char path[40];
	struct statfs st;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || fstatfs(root, &st) < 0)
		return -errno;
	if (st.f_type != OVERLAYFS_SUPER_MAGIC) {
		r = path_in_root_open(root, "dev", O_PATH | O_DIRECTORY, &dev);
		if (r < 0)
			return r;
	}
	fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", dev >= 0 ? dev : root);
	if (inotify_add_watch(fd, path, IN_UNMOUNT) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int root_end_signal(int fd, pid_t helper, int sig)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETSIG, sig) < 0 || fcntl(fd, F_SETOWN, helper) < 0 || fcntl(fd, F_SETFL, flags | O_ASYNC) < 0)
		return -errno;
	return 0;
}
