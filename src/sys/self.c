/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/self.h"

#include "sys/fd.h"
#include "sys/memfd.h"

#include <fcntl.h>
#include <limits.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAP_STEP (512 * 1024)

int self_settle(void)
{
	int r = fd_guard_stdio();

#ifdef __GLIBC__
	/* a heap that does not give each freed buffer back: the pages would be cleared again for the next one */
	(void)mallopt(M_TOP_PAD, HEAP_STEP);
	(void)mallopt(M_TRIM_THRESHOLD, 16 * HEAP_STEP);
#endif
	(void)signal(SIGCHLD, SIG_DFL);
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)umask(umask(0777) & 077);
	return r;
}

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

void self_expect_heap(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uintptr_t at, top;

	/* the heap begins with the first block, and is HEAP_STEP long then */
	free(malloc(1));
	top = (uintptr_t)sbrk(0) & ~(page - 1);
	at = top > HEAP_STEP ? top - HEAP_STEP : top;
	if (bytes < HEAP_STEP && at < top)
		(void)madvise((void *)at, bytes & ~(page - 1), MADV_POPULATE_WRITE);
}

/* PREFIX of the running program: its path less "/bin/NAME" or "/libexec/ranby/NAME". */
static int read_prefix(char out[static PATH_MAX])
{
	static const char *const tails[] = {"/bin", "/libexec/ranby"};
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
	char *slash;

	if (n < 0)
		return -errno;
	out[n] = '\0';
	slash = strrchr(out, '/');
	if (!slash)
		return -ENOENT;
	*slash = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(tails); i++) {
		size_t len = strlen(out), tail = strlen(tails[i]);

		if (len >= tail && strcmp(out + len - tail, tails[i]) == 0) {
			out[len - tail] = '\0';
			return 0;
		}
	}
	return -ENOENT;
}

/* Where it was when it was first asked: a new version that is installed meanwhile moves nothing. */
static const char *prefix(void)
{
	static char at[PATH_MAX];

	if (!at[0] && read_prefix(at) < 0)
		snprintf(at, sizeof(at), "/usr/local");
	return at;
}

static int open_at(const char *dir, const char *name, int *ret_fd, char **ret_path)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -EBADF;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return -ENOMEM;
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	if (ret_path)
		*ret_path = TAKE_PTR(path);
	return 0;
}

int self_open_program(const char *name, int *ret_fd, char **ret_path, struct err *e)
{
	static const char *const dirs[] = {"libexec/ranby", "bin"};
	const char *base = prefix();
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		_cleanup_free_ char *dir = NULL;

		if (asprintf(&dir, "%s/%s", base, dirs[i]) < 0)
			return err_errno(e, ENOMEM, "%s", name);
		r = open_at(dir, name, ret_fd, ret_path);
		if (r != -ENOENT)
			break;
	}
	return r < 0 ? err_errno(e, -r, "own program %s below %s", name, base) : 0;
}

int self_seal_program(const char *name, int *ret_fd, struct err *e)
{
	_cleanup_close_ int fd = -EBADF, file = -EBADF;
	char link[32];
	int r;

	r = self_open_program(name, &fd, NULL, e);
	if (r < 0)
		return r;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	file = open(link, O_RDONLY | O_CLOEXEC);
	r = file < 0 ? -errno : memfd_seal_program(name, file, ret_fd);
	return r < 0 ? err_errno(e, -r, "copy of %s", name) : 0;
}

uid_t self_host_root(void)
{
	struct stat st;

	/* only root of some namespace can be where the host's root has another number; the kernel's own files are always his */
	return getuid() == 0 && stat("/proc/sys/kernel", &st) == 0 ? st.st_uid : 0;
}

static int check_root_owned(int fd, const char *what, const char *name, mode_t type, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(e, errno, "%s", name);
	if ((st.st_mode & S_IFMT) != type)
		return err_set(e, EPERM, "%s %s: not of the right type", what, name);
	if (st.st_uid != self_host_root())
		return err_set(e, EPERM, "%s %s: not owned by root", what, name);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return err_set(e, EPERM, "%s %s: writable by others than root", what, name);
	return 0;
}

static const char *const helper_dirs[] = {
	"/usr/bin", "/usr/sbin", "/usr/local/bin", "/bin", "/usr/lib/podman", "/usr/libexec/podman",
};

bool self_is_helper_path(const char *path)
{
	const char *slash = strrchr(path, '/');

	for (size_t i = 0; slash && i < ARRAY_SIZE(helper_dirs); i++)
		if (strlen(helper_dirs[i]) == (size_t)(slash - path) && strncmp(path, helper_dirs[i], (size_t)(slash - path)) == 0)
			return true;
	return false;
}

int self_open_helper(const char *name, int *ret_fd, char **ret_path, struct err *e)
{
	_cleanup_close_ int fd = -EBADF, dir = -EBADF;
	_cleanup_free_ char *path = NULL;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(helper_dirs); i++) {
		r = open_at(helper_dirs[i], name, &fd, &path);
		if (r == -ENOENT)
			continue;
		if (r < 0)
			return err_errno(e, -r, "%s/%s", helper_dirs[i], name);
		dir = open(helper_dirs[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			return err_errno(e, errno, "%s", helper_dirs[i]);
		r = check_root_owned(dir, "directory", helper_dirs[i], S_IFDIR, e);
		if (r == 0)
			r = check_root_owned(fd, "program", path, S_IFREG, e);
		if (r < 0)
			return r;
		*ret_fd = TAKE_FD(fd);
		if (ret_path)
			*ret_path = TAKE_PTR(path);
		return 0;
	}
	return err_set(e, ENOENT, "%s: not installed", name);
}
