/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * watch - inside a container, as its root with CAP_SYS_PTRACE: falls upon each
 * process that enters (CVE-2016-9962, CVE-2019-5736). Until /stop is there; then
 * prints what it got:
 *
 *	seen      processes that entered
 *	maps_read maps that it could read at all
 *	own       descriptors 0 to 2 of them that it could take: they are the payload's, so it is allowed
 *	              to trace, and the zeros beside it mean something
 *	written   programs that it could open for writing and that are not the container's
 *	foreign   roots, working directories and programs of them outside of the container's root
 *	taken     descriptors from 3 on that it could take
 *	memory    memory of them, open for writing, that was mapped from another program than the container's
 *	maps      the same, its map only
 *	fds       names of descriptors from 3 on, but those of the container's own programs to its own files
 *	env       environments with WATCHED in them, which only the caller has
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

static unsigned long seen, own, written, foreign, taken, memory, maps, fds, env, read_maps;
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

static ssize_t slurp(int pid, const char *name, char *text, size_t room)
{
	char path[64];
	ssize_t n, all = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		return -1;
	while ((size_t)all < room - 1 && (n = read(fd, text + all, room - 1 - (size_t)all)) > 0)
		all += n;
	close(fd);
	text[all] = '\0';
	return all;
}

/* The map names the program: what enters is a sealed copy (memfd) of ours. */
static int is_foreign_map(const char *text)
{
	return strstr(text, "memfd:") || strstr(text, "ranby");
}

/* It has executed the payload, and never goes back. */
static int is_payload(int pid)
{
	char path[64], exe[256];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	exe[n > 0 ? n : 0] = '\0';
	return n > 0 && !is_foreign_map(exe);
}

/* The shell reads /etc/passwd, as it may. */
static int is_same(const char *a, const char *b)
{
	struct stat x, y;

	/* it has ended: nobody reads anything of it */
	return stat(a, &x) < 0 || (stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino);
}

static void look_inside(int pid)
{
	static char text[1 << 16];
	char path[300], target[64];
	struct dirent *e;
	ssize_t n;
	DIR *d;
	int mem, is_foreign, payload = is_payload(pid);

	/* first, so that a map that says whose it is was read after it was open */
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	mem = open(path, O_RDWR);
	n = slurp(pid, "maps", text, sizeof(text));
	read_maps += n > 0;
	is_foreign = n > 0 && is_foreign_map(text);
	maps += (unsigned)is_foreign;
	if (mem >= 0 && is_foreign && pread(mem, target, 1, (off_t)strtoull(text, NULL, 16)) == 1)
		memory++;
	if (mem >= 0)
		close(mem);
	n = slurp(pid, "environ", text, sizeof(text));
	env += n > 0 && memmem(text, (size_t)n, "WATCHED", 7);
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.' || atoi(e->d_name) < 3)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/fd/%s", pid, e->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		if (n <= 0)
			continue;
		target[n] = '\0';
		/* it may have become the payload since */
		if ((payload || is_payload(pid)) && is_same(path, target))
			continue;
		fds++;
		printf("fd %s of %d: %s\n", e->d_name, pid, target);
	}
	if (d)
		closedir(d);
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
	look_inside(pid);
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
	printf("seen=%lu own=%lu maps_read=%lu written=%lu foreign=%lu taken=%lu memory=%lu maps=%lu fds=%lu env=%lu\n", seen, own, read_maps,
	       written, foreign, taken, memory, maps, fds, env);
	return 0;
}
