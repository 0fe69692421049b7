/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The order matters: the process first, then the file. A process that ends
 * in between has its file, because that comes before the reaping; asked the
 * other way round, a container could look lost that is merely just ending.
 */
#include "monitor/exit.h"

#include "sys/fd.h"
#include "sys/path.h"
#include "sys/procfs.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

/* Linux 6.15, include/uapi/linux/pidfd.h; Debian 12's headers have none of it. */
struct info_of_pidfd {
	uint64_t mask;
	uint64_t cgroupid;
	uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
	int32_t exit_code;
};
#define INFO_EXIT (1ULL << 3)
#define GET_INFO _IOWR(0xFF, 11, struct info_of_pidfd)

static int from_pidfd(int pidfd, struct monitor_exit *x)
{
	struct info_of_pidfd info = {.mask = INFO_EXIT};

	if (pidfd < 0)
		return -ENODATA;
	if (ioctl(pidfd, GET_INFO, &info) < 0)
		return -errno;
	if (!(info.mask & INFO_EXIT))
		return -ENODATA;
	exit_from_status(info.exit_code, x);
	return 0;
}

enum { ALIVE, ZOMBIE };

/*
 * One read of its stat says all of one moment, and by the start time whose
 * number it is: a pidfd would add nothing. A ZOMBIE's status goes into `x`.
 * -ESRCH: not there. Any other error says nothing about the process: who took
 * it for "not there" would let go of a container that runs.
 */
static int look_at(pid_t pid, uint64_t start_ticks, struct monitor_exit *x)
{
	_cleanup_close_ int fd = -EBADF;
	char path[32], text[2048];
	struct proc_stat st;
	ssize_t n;

	if (pid <= 0)
		return -ESRCH;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	n = read(fd, text, sizeof(text));
	if (n <= 0)
		return n < 0 ? -errno : -EIO;
	if (proc_stat_parse(text, (size_t)n, &st) < 0)
		return -EIO;
	if (st.start_ticks != start_ticks)
		return -ESRCH;
	if (st.state != 'Z' && st.state != 'X')
		return ALIVE;
	if (st.exit_code > 0xffff)
		return -EIO;
	exit_from_status((int)st.exit_code, x);
	return ZOMBIE;
}

static int from_file(int dirfd, const char *name, pid_t pid, uint64_t start_ticks, struct monitor_exit *x)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct monitor_exit found;
	int r;

	r = path_own_read(dirfd, name, EXIT_TEXT_MAX, &b);
	if (r == 0)
		r = exit_parse(buf_str(&b), b.len, &found);
	if (r == 0 && (found.pid != pid || found.start_ticks != start_ticks))
		r = -ENOENT;
	if (r == 0)
		*x = found;
	return r;
}

int exit_find(int dirfd, const char *name, pid_t pid, uint64_t start_ticks, int pidfd, struct monitor_exit *ret)
{
	struct monitor_exit x = {.pid = pid, .start_ticks = start_ticks};
	struct monitor_exit zombie = x;
	int there, r;

	there = look_at(pid, start_ticks, &zombie);
	if (there == ALIVE)
		return EXIT_STILL_RUNNING;
	r = from_file(dirfd, name, pid, start_ticks, ret);
	if (r == 0)
		return EXIT_FROM_FILE;
	if (r != -ENOENT && r != -EBADMSG && r != -EFBIG)
		return r;
	if (there < 0 && there != -ESRCH)
		return there;
	if (there == ZOMBIE) {
		*ret = zombie;
		return EXIT_FROM_ZOMBIE;
	}
	if (from_pidfd(pidfd, &x) == 0) {
		*ret = x;
		return EXIT_FROM_PIDFD;
	}
	x.reason = MONITOR_REASON_LOST;
	x.exit_code = -1;
	*ret = x;
	return EXIT_LOST;
}
