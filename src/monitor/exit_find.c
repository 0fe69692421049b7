/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The order matters: the process first, then the file. A process that ends
 * in between has its file, because that comes before the reaping; asked the
 * other way round, a container could look lost that is merely just ending.
 */
#include "monitor/exit.h"

#include "base/parse.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/pidfd.h"

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

/* The `n`th field of /proc/PID/stat, 3 or more; NULL when there is none. Ends it with NUL. */
static char *stat_field(char *text, int n)
{
	char *p = strrchr(text, ')');

	for (int field = 2; p && field < n; field++) {
		p = strchr(p, ' ');
		if (p)
			p++;
	}
	if (p)
		p[strcspn(p, " \n")] = '\0';
	return p;
}

/*
 * 1: a zombie, its status in `x`; 0: alive, or a zombie that hides its status;
 * -ESRCH: not there. Any other error says nothing about the process: who took
 * it for "not there" would let go of a container that runs.
 */
static int look_at(pid_t pid, uint64_t start_ticks, struct monitor_exit *x)
{
	_cleanup_close_ int pidfd = -EBADF, fd = -EBADF;
	char path[32], text[2048];
	uint32_t status;
	char *code, *state;
	ssize_t n;
	int r;

	r = pidfd_open_identity(pid, start_ticks, &pidfd);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return n < 0 ? -errno : -EIO;
	text[n] = '\0';
	code = stat_field(text, 52);
	state = stat_field(text, 3);
	if (!code || !state || (*state != 'Z' && *state != 'X'))
		return 0;
	if (parse_u32(code, 0, 0xffff, &status) < 0)
		return -EIO;
	exit_from_status((int)status, x);
	return 1;
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
	r = from_file(dirfd, name, pid, start_ticks, ret);
	if (r == 0)
		return EXIT_FROM_FILE;
	if (r != -ENOENT && r != -EBADMSG && r != -EFBIG)
		return r;
	if (there < 0 && there != -ESRCH)
		return there;
	if (there == 0)
		return EXIT_STILL_RUNNING;
	if (there > 0) {
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
