/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * musl - what the C library of the static programs lacks and glibc 2.36 has.
 *
 * ranby-init and ranby-monitor are linked with musl where it is there (see the
 * Makefile): glibc asks the processor some seventy questions before main(),
 * and each is a trap in a virtual machine; init, which is copied at every
 * start, has an eighth of the size, and an idle monitor takes a quarter of the
 * memory. This file is put before each source of theirs by the compiler's
 * -include, so that the sources know one library.
 */
#ifndef RANBY_SYS_MUSL_H
#define RANBY_SYS_MUSL_H

#include <errno.h>
#include <linux/mount.h>
#include <linux/stat.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

typedef int __rlimit_resource_t;

/* One error has one name in all programs: glibc's, which people know and search for. No locale and no buffer here either. */
static inline const char *strerrordesc_np(int error)
{
	static const struct {
		int error;
		const char *text;
	} others[] = {
		{EIO, "Input/output error"},
		{ENOMEM, "Cannot allocate memory"},
		{EBUSY, "Device or resource busy"},
		{EXDEV, "Invalid cross-device link"},
		{EMFILE, "Too many open files"},
		{ENOTTY, "Inappropriate ioctl for device"},
		{ENAMETOOLONG, "File name too long"},
		{ELOOP, "Too many levels of symbolic links"},
		{EOVERFLOW, "Value too large for defined data type"},
		{EUSERS, "Too many users"},
		{EOPNOTSUPP, "Operation not supported"},
		{EADDRINUSE, "Address already in use"},
		{ETIMEDOUT, "Connection timed out"},
		{ESTALE, "Stale file handle"},
		{EDQUOT, "Disk quota exceeded"},
		{ECHILD, "No child processes"},
		{ERANGE, "Numerical result out of range"},
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i].error == error)
			return others[i].text;
	return strerror(error);
}

static inline int execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags)
{
	return (int)syscall(SYS_execveat, dirfd, path, argv, envp, flags);
}

static inline int close_range(unsigned first, unsigned last, int flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

static inline int statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *ret)
{
	return (int)syscall(SYS_statx, dirfd, path, flags, mask, ret);
}

static inline int fsopen(const char *type, unsigned flags)
{
	return (int)syscall(SYS_fsopen, type, flags);
}

static inline int fsconfig(int fd, unsigned command, const char *key, const void *value, int aux)
{
	return (int)syscall(SYS_fsconfig, fd, command, key, value, aux);
}

static inline int fsmount(int fd, unsigned flags, unsigned attr)
{
	return (int)syscall(SYS_fsmount, fd, flags, attr);
}

static inline int move_mount(int from, const char *from_path, int to, const char *to_path, unsigned flags)
{
	return (int)syscall(SYS_move_mount, from, from_path, to, to_path, flags);
}

static inline int open_tree(int dirfd, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, dirfd, path, flags);
}

static inline int mount_setattr(int dirfd, const char *path, unsigned flags, struct mount_attr *attr, size_t size)
{
	return (int)syscall(SYS_mount_setattr, dirfd, path, flags, attr, size);
}

#endif
