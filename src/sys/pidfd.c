/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/pidfd.h"

#include "base/clock.h"
#include "base/parse.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

int pidfd_open_pid(pid_t pid, int *ret_pidfd)
{
	long fd = syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0)
		return errno == EINVAL ? -ESRCH : -errno;
	*ret_pidfd = (int)fd;
	return 0;
}

int pidfd_pid(int pidfd, pid_t *ret_pid)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	char path[64];
	uint32_t pid;
	char *at;
	int r;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = fd_read_all(fd, 4096, &b);
	if (r < 0)
		return r;
	at = b.data ? strstr(b.data, "\nPid:\t") : NULL;
	if (!at)
		return -EINVAL;
	at += strlen("\nPid:\t");
	at[strcspn(at, "\n")] = '\0';
	if (parse_u32(at, 1, INT32_MAX, &pid) < 0) /* -1: it has been reaped; 0: of another pid namespace */
		return -ESRCH;
	*ret_pid = (pid_t)pid;
	return 0;
}

/* Field `which`, from 4 on, of /proc/PID/stat. */
static int stat_field(pid_t pid, int which, uint64_t *ret)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	char path[32];
	char *p;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	r = fd_read_all(fd, 4096, &b);
	if (r < 0)
		return r;
	p = b.data ? strrchr(b.data, ')') : NULL;
	/* after ") " come the fields from 3 on */
	for (int field = 2; p && field < which; field++) {
		p = strchr(p, ' ');
		if (p)
			p++;
	}
	if (!p)
		return -EIO;
	p[strcspn(p, " \n")] = '\0';
	return parse_u64(p, 0, UINT64_MAX, ret);
}

int pid_start_ticks(pid_t pid, uint64_t *ret_ticks)
{
	return stat_field(pid, 22, ret_ticks);
}

int pid_parent(pid_t pid, pid_t *ret_parent)
{
	uint64_t parent;
	int r = stat_field(pid, 4, &parent);

	if (r == 0)
		*ret_parent = (pid_t)parent;
	return r;
}

int pidfd_open_identity(pid_t pid, uint64_t start_ticks, int *ret_pidfd)
{
	_cleanup_close_ int fd = -EBADF;
	uint64_t ticks;
	int r;

	if (pid <= 0)
		return -ESRCH;
	r = pidfd_open_pid(pid, &fd);
	if (r == 0)
		r = pid_start_ticks(pid, &ticks);
	if (r < 0)
		return r;
	if (ticks != start_ticks)
		return -ESRCH;
	*ret_pidfd = TAKE_FD(fd);
	return 0;
}

int pidfd_signal(int pidfd, int sig)
{
	return syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) < 0 ? -errno : 0;
}

int pidfd_wait(int pidfd, int timeout_ms)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int64_t end = clock_monotonic_ms() + timeout_ms, left;
	int n;

	for (;;) {
		left = timeout_ms < 0 ? -1 : end - clock_monotonic_ms();
		n = poll(&p, 1, timeout_ms < 0 ? -1 : left > 0 ? (int)left : 0);
		if (n == 0)
			return -ETIMEDOUT;
		if (n > 0)
			return p.revents & POLLNVAL ? -EBADF : 0;
		if (errno != EINTR)
			return -errno;
	}
}

bool pidfd_has_ended(int pidfd)
{
	return pidfd_wait(pidfd, 0) == 0;
}
