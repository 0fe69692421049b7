/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * watch - inside a container, as its root with CAP_SYS_PTRACE: falls upon each
 * process that enters (CVE-2016-9962, CVE-2019-5736). Until /stop is there; then
 * prints what it got:
 *
 *	seen      processes that entered
 *	own       descriptors 0 to 2 of them that it could take: they are the payload's, so it is allowed
 *	              to trace, and the zeros beside it mean something
 *	written   programs that it could open for writing and that are not the container's
 *	foreign   roots, working directories and programs of them outside of the container's root
 *	taken     descriptors from 3 on that it could take
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

static unsigned long seen, own, written, foreign, taken;
static dev_t root_dev;
static ino_t root_ino;

static int is_ours(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 || st.st_dev == root_dev;
}

/* The root of one of the container's, or of one that has the same: its inode as well, for a root that is the host's filesystem. */
static int is_our_root(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 || (st.st_dev == root_dev && st.st_ino == root_ino);
}

static void look(int pid)
{
	static const char *const links[] = {"root", "cwd", "exe"};
	char path[64], again[64];
	int pidfd, fd, w;

	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, links[i]);
		fd = open(path, O_RDONLY | O_NONBLOCK);
		if (fd < 0)
			continue;
		if (i == 0 ? !is_our_root(fd) : !is_ours(fd)) {
			foreign++;
			printf("foreign %s of %d\n", links[i], pid);
			if (i == 2) {
				snprintf(again, sizeof(again), "/proc/self/fd/%d", fd);
				w = open(again, O_WRONLY);
				if (w >= 0)
					written++;
			}
		}
		close(fd);
	}
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	for (int n = 0; pidfd >= 0 && n < 24; n++) {
		fd = (int)syscall(SYS_pidfd_getfd, pidfd, n, 0);
		if (fd < 0)
			continue;
		if (n > 2 && !is_ours(fd)) {
			taken++;
			snprintf(again, sizeof(again), "/proc/self/fd/%d", fd);
			path[0] = '\0';
			if (readlink(again, path, sizeof(path) - 1) > 0)
				printf("taken %d: %.60s\n", n, path);
		} else if (n <= 2) {
			own++;
		}
		close(fd);
	}
	close(pidfd);
}

int main(void)
{
	static char known[1 << 22];
	struct stat st;
	int self = getpid();

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (stat("/", &st) == 0)
		root_dev = st.st_dev, root_ino = st.st_ino;
	puts("ready");
	while (access("/stop", F_OK) < 0) {
		DIR *d = opendir("/proc");
		struct dirent *e;

		while (d && (e = readdir(d))) {
			int pid = atoi(e->d_name);

			if (pid <= 1 || pid == self)
				continue;
			seen += !known[pid & ((1 << 22) - 1)];
			known[pid & ((1 << 22) - 1)] = 1;
			look(pid);
		}
		if (d)
			closedir(d);
	}
	printf("seen=%lu own=%lu written=%lu foreign=%lu taken=%lu\n", seen, own, written, foreign, taken);
	return 0;
}
