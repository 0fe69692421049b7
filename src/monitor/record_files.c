/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A name is resolved once more, as the kernel will: below the root of who
 * asks, with O_PATH, by sys/path. What the kernel then calls the file is what
 * is noted: /etc/alternatives/x and the end of that link are one file.
 *
 * A name that is to be made or removed is noted below its directory's real
 * name. One that is not there, and is not to be made, is noted nowhere: to
 * be told so needs no right.
 *
 * The kernel opens more for an execve(2) than it is asked for: the
 * interpreter of a script, the loader of a program. They are read out of the
 * file's beginning (monitor/exec_head.h).
 */
#include "monitor/record.h"

#include "monitor/exec_head.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define NONE RECORD_NO_ARG
#define INTERPRETERS_MAX 5

enum what { OPEN, OPEN_HOW, USE, EXEC, ENTRY };

/* One name that a call takes. A call with two has two rows. */
static const struct call {
	int nr;
	enum what what;
	uint32_t bits;
	int dir, path, flags; /* arguments */
} calls[] = {
	{SYS_openat, OPEN, 0, 0, 1, 2},
	{SYS_openat2, OPEN_HOW, 0, 0, 1, 2},
	{SYS_execve, EXEC, RECORD_EXEC, NONE, 0, NONE},
	{SYS_execveat, EXEC, RECORD_EXEC, 0, 1, 4},
	{SYS_truncate, USE, RECORD_WRITE, NONE, 0, NONE},
	{SYS_mkdirat, ENTRY, RECORD_CREATE, 0, 1, NONE},
	{SYS_mknodat, ENTRY, RECORD_CREATE, 0, 1, NONE},
	{SYS_unlinkat, ENTRY, RECORD_REMOVE, 0, 1, NONE},
	{SYS_symlinkat, ENTRY, RECORD_CREATE, 1, 2, NONE},
	{SYS_linkat, ENTRY, RECORD_REMOVE, 0, 1, NONE}, /* the directories of both change hands (REFER) */
	{SYS_linkat, ENTRY, RECORD_CREATE, 2, 3, NONE},
	{SYS_renameat2, ENTRY, RECORD_REMOVE, 0, 1, NONE},
	{SYS_renameat2, ENTRY, RECORD_CREATE, 2, 3, NONE},
	{SYS_fchmodat, USE, RECORD_CHANGE, 0, 1, NONE},
	{SYS_fchownat, USE, RECORD_CHANGE, 0, 1, NONE},
	{SYS_utimensat, USE, RECORD_CHANGE, 0, 1, NONE},
	{SYS_newfstatat, USE, RECORD_LOOK, 0, 1, NONE},
	{SYS_statx, USE, RECORD_LOOK, 0, 1, NONE},
	{SYS_faccessat, USE, RECORD_LOOK, 0, 1, NONE},
	{SYS_readlinkat, USE, RECORD_LOOK, 0, 1, NONE},
#ifdef SYS_renameat
	{SYS_renameat, ENTRY, RECORD_REMOVE, 0, 1, NONE},
	{SYS_renameat, ENTRY, RECORD_CREATE, 2, 3, NONE},
#endif
#ifdef SYS_open
	{SYS_open, OPEN, 0, NONE, 0, 1},
	{SYS_creat, ENTRY, RECORD_CREATE | RECORD_WRITE, NONE, 0, NONE},
	{SYS_mkdir, ENTRY, RECORD_CREATE, NONE, 0, NONE},
	{SYS_mknod, ENTRY, RECORD_CREATE, NONE, 0, NONE},
	{SYS_rmdir, ENTRY, RECORD_REMOVE, NONE, 0, NONE},
	{SYS_unlink, ENTRY, RECORD_REMOVE, NONE, 0, NONE},
	{SYS_symlink, ENTRY, RECORD_CREATE, NONE, 1, NONE},
	{SYS_link, ENTRY, RECORD_REMOVE, NONE, 0, NONE},
	{SYS_link, ENTRY, RECORD_CREATE, NONE, 1, NONE},
	{SYS_rename, ENTRY, RECORD_REMOVE, NONE, 0, NONE},
	{SYS_rename, ENTRY, RECORD_CREATE, NONE, 1, NONE},
	{SYS_chmod, USE, RECORD_CHANGE, NONE, 0, NONE},
	{SYS_chown, USE, RECORD_CHANGE, NONE, 0, NONE},
	{SYS_lchown, USE, RECORD_CHANGE, NONE, 0, NONE},
	{SYS_stat, USE, RECORD_LOOK, NONE, 0, NONE},
	{SYS_lstat, USE, RECORD_LOOK, NONE, 0, NONE},
	{SYS_access, USE, RECORD_LOOK, NONE, 0, NONE},
	{SYS_readlink, USE, RECORD_LOOK, NONE, 0, NONE},
#endif
};

/* ---- from a name to what the kernel calls it ---- */

/* What the kernel calls an open file; -ENOENT for one without a name in the tree. */
static int name_of(int fd, char out[static PATH_MAX])
{
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, out, PATH_MAX - 1);
	if (n < 0)
		return -errno;
	out[n] = '\0';
	return out[0] == '/' ? 0 : -ENOENT;
}

/* ---- what is noted ---- */

static void need_mode(struct record_asker *a, const struct stat *st, uint32_t want, const char *path)
{
	const struct proc_status *status = asker_status(a);

	if (status && want && !asker_may(status, st->st_uid, st->st_gid, st->st_mode, want))
		record_need(a, CAP_DAC_OVERRIDE, path);
}

static uint32_t mode_of(uint32_t bits)
{
	return (bits & (RECORD_READ | RECORD_LIST) ? 4U : 0) | (bits & RECORD_WRITE ? 2U : 0) | (bits & RECORD_EXEC ? 1U : 0);
}

/* The directory that it lies in must be searched, and written for an entry of it. */
static void need_directory(struct record_asker *a, const char *name, uint32_t want)
{
	_cleanup_close_ int fd = -EBADF;
	char dir[PATH_MAX];
	struct stat st;
	char *slash;

	snprintf(dir, sizeof(dir), "%s", name);
	slash = strrchr(dir, '/');
	if (!slash)
		return;
	slash[slash == dir] = '\0';
	if (path_in_root_open(asker_root(a), dir, O_PATH | O_DIRECTORY, &fd) == 0 && fstat(fd, &st) == 0)
		need_mode(a, &st, want, dir);
}

static void note(struct record_asker *a, const char *name, uint32_t bits)
{
	(void)tally_add(&a->rec->files, name, bits);
}

/* Notes the interpreters, one after the other; `fd` is O_PATH. */
static void note_interpreters(struct record_asker *a, int fd)
{
	_cleanup_close_ int next = -EBADF;

	for (int i = 0; i < INTERPRETERS_MAX; i++) {
		_cleanup_close_ int file = -EBADF;
		char head[EXEC_HEAD_SIZE], path[EXEC_HEAD_PATH], link[32], name[PATH_MAX];
		struct stat st;
		ssize_t n;

		if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
			return;
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		file = open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		n = file < 0 ? -1 : pread(file, head, sizeof(head), 0);
		if (n <= 0 || exec_head_interpreter(head, (size_t)n, path) < 0)
			return;
		fd_closep(&next);
		if (path_in_root_open(asker_root(a), path, O_PATH, &next) < 0 || name_of(next, name) < 0)
			return;
		note(a, name, RECORD_EXEC);
		fd = next;
	}
}

static void note_file(struct record_asker *a, const struct call *c, const char *path, uint32_t bits)
{
	_cleanup_close_ int fd = -EBADF;
	char name[PATH_MAX];
	struct stat st;

	if (path_in_root_open(asker_root(a), path, O_PATH, &fd) < 0 || name_of(fd, name) < 0 || fstat(fd, &st) < 0)
		return;
	if (S_ISDIR(st.st_mode) && (bits & RECORD_READ))
		bits = (bits & ~(uint32_t)RECORD_READ) | RECORD_LIST;
	note(a, name, bits);
	need_mode(a, &st, mode_of(bits), name);
	need_directory(a, name, 1);
	if (c->what == EXEC)
		note_interpreters(a, fd);
}

/* A name to be made or removed: its directory as the kernel calls it, and the last part as it is. */
static void note_entry(struct record_asker *a, char *path, uint32_t bits)
{
	_cleanup_close_ int fd = -EBADF;
	char name[PATH_MAX], whole[PATH_MAX + NAME_MAX + 2];
	size_t len = strlen(path);
	char *slash, *last;

	while (len > 1 && path[len - 1] == '/')
		path[--len] = '\0';
	slash = strrchr(path, '/');
	last = slash ? slash + 1 : path;
	if (!slash || !*last || strlen(last) > NAME_MAX || strcmp(last, ".") == 0 || strcmp(last, "..") == 0)
		return;
	*slash = '\0';
	if (path_in_root_open(asker_root(a), *path ? path : "/", O_PATH | O_DIRECTORY, &fd) < 0 || name_of(fd, name) < 0)
		return;
	snprintf(whole, sizeof(whole), "%s/%s", strcmp(name, "/") == 0 ? "" : name, last);
	note(a, whole, bits);
	need_directory(a, whole, 3);
}

static uint32_t bits_of_open(uint64_t flags)
{
	uint32_t bits = (flags & O_ACCMODE) == O_RDONLY ? RECORD_READ : (flags & O_ACCMODE) == O_WRONLY ? RECORD_WRITE
											  : RECORD_READ | RECORD_WRITE;

	return (flags & O_PATH) ? RECORD_LOOK : bits | (flags & O_TRUNC ? RECORD_WRITE : 0U);
}

static void note_open(struct record_asker *a, const struct call *c, char *path, uint64_t flags)
{
	uint32_t bits = bits_of_open(flags);
	_cleanup_close_ int fd = -EBADF;

	if ((flags & O_TMPFILE) == O_TMPFILE) {
		size_t len = strlen(path);

		snprintf(path + len, PATH_MAX - len, "/#");
		note_entry(a, path, RECORD_CREATE | RECORD_WRITE);
		return;
	}
	if ((flags & O_CREAT) && path_in_root_open(asker_root(a), path, O_PATH, &fd) == -ENOENT)
		note_entry(a, path, RECORD_CREATE | bits);
	else
		note_file(a, c, path, bits);
}

static void note_call(struct record_asker *a, const struct call *c)
{
	const struct seccomp_data *d = &a->n->data;
	char path[PATH_MAX];
	uint64_t flags = c->flags == NONE ? 0 : d->args[c->flags];

	if (asker_path(a, c->dir, c->path, path) < 0 || asker_root(a) < 0)
		return;
	if (c->what == OPEN_HOW && memory_read(&a->memory, d->args[c->flags], &flags, sizeof(flags)) != (ssize_t)sizeof(flags))
		return;
	switch (c->what) {
	case OPEN:
	case OPEN_HOW:
		note_open(a, c, path, flags);
		break;
	case USE:
	case EXEC:
		note_file(a, c, path, c->bits);
		break;
	case ENTRY:
		note_entry(a, path, c->bits);
		break;
	}
}

void record_files(struct record_asker *a)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].nr == a->n->data.nr)
			note_call(a, &calls[i]);
}
