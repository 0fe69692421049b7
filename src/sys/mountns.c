/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Flags of a copied mount can be locked when it came from a more privileged
 * user namespace (mount_namespaces(7)): what is set can then not be cleared,
 * and the kernel says EPERM. That is for the caller to judge, nothing here
 * retries with less.
 */
#include "sys/mountns.h"

#include "sys/fd.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

void mount_log(int fsfd, char *text, size_t size)
{
	ssize_t n;

	text[0] = '\0';
	/* each read is one message, "e text" an error, "w text" a warning */
	while ((n = read(fsfd, text, size - 1)) > 0) {
		text[n] = '\0';
		if (text[n - 1] == '\n')
			text[n - 1] = '\0';
		if (text[0] == 'e')
			break;
	}
	if (text[0] != '\0' && text[1] == ' ')
		memmove(text, text + 2, strlen(text + 2) + 1);
}

static int config_failed(int fsfd, int error, const char *what, struct err *e)
{
	char text[256];

	mount_log(fsfd, text, sizeof(text));
	return text[0] ? err_errno(e, error, "%s: %s", what, text) : err_errno(e, error, "%s", what);
}

int mount_begin(const char *fstype, int *ret_fsfd, struct err *e)
{
	int fd = fsopen(fstype, FSOPEN_CLOEXEC);

	if (fd < 0)
		return err_errno(e, errno, "filesystem %s", fstype);
	/* what mount(8) shows as the device; "none" otherwise */
	(void)!fsconfig(fd, FSCONFIG_SET_STRING, "source", fstype, 0);
	*ret_fsfd = fd;
	return 0;
}

int mount_config(int fsfd, const struct mount_option *o, struct err *e)
{
	int r;

	if (o->value)
		r = fsconfig(fsfd, FSCONFIG_SET_STRING, o->key, o->value, 0);
	else
		r = fsconfig(fsfd, FSCONFIG_SET_FLAG, o->key, NULL, 0);
	return r < 0 ? config_failed(fsfd, errno, o->key, e) : 0;
}

int mount_finish(int fsfd, uint64_t attr, int *ret_fd, struct err *e)
{
	int fd;

	if (fsconfig(fsfd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return config_failed(fsfd, errno, "create the filesystem", e);
	fd = fsmount(fsfd, FSMOUNT_CLOEXEC, (unsigned)attr);
	if (fd < 0)
		return config_failed(fsfd, errno, "fsmount", e);
	*ret_fd = fd;
	return 0;
}

int mount_new(const char *fstype, const struct mount_option *opts, size_t n, uint64_t attr, int *ret_fd,
	      struct err *e)
{
	_cleanup_close_ int fs = -EBADF;
	int r;

	r = mount_begin(fstype, &fs, e);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = mount_config(fs, &opts[i], e);
	return r == 0 ? mount_finish(fs, attr, ret_fd, e) : r;
}

int mount_clone(int dirfd, const char *path, bool recursive, int *ret_fd)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
	int fd = open_tree(dirfd, path, flags | (recursive ? AT_RECURSIVE : 0U));

	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int mount_idmap(int fd, int userns_fd, bool recursive)
{
	struct mount_attr a = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (unsigned)userns_fd};

	return mount_setattr(fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U), &a, sizeof(a)) < 0 ? -errno : 0;
}

int mount_set(int fd, uint64_t set, uint64_t clear, uint64_t propagation, bool recursive)
{
	struct mount_attr a = {.attr_set = set, .attr_clr = clear, .propagation = propagation};

	/* an enumeration among the flags: to set one is to clear all (mount_setattr(2)) */
	if (set & MOUNT_ATTR__ATIME)
		a.attr_clr |= MOUNT_ATTR__ATIME;
	return mount_setattr(fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U), &a, sizeof(a)) < 0 ? -errno : 0;
}

int mount_has(int fd, uint64_t wanted, uint64_t *ret)
{
	static const struct {
		unsigned long st;
		uint64_t attr;
	} pairs[] = {
		{ST_RDONLY, MOUNT_ATTR_RDONLY}, {ST_NOSUID, MOUNT_ATTR_NOSUID},     {ST_NODEV, MOUNT_ATTR_NODEV},
		{ST_NOEXEC, MOUNT_ATTR_NOEXEC}, {ST_NOATIME, MOUNT_ATTR_NOATIME}, {ST_NODIRATIME, MOUNT_ATTR_NODIRATIME},
	};
	struct statvfs st;
	uint64_t has = 0;

	if (fstatvfs(fd, &st) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (st.f_flag & pairs[i].st)
			has |= pairs[i].attr;
	*ret = has & wanted;
	return 0;
}

int mount_attach(int fd, int target_fd)
{
	return move_mount(fd, "", target_fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0 ? -errno : 0;
}

int mount_take_off(int fd)
{
	char link[32];

	/* by way of the working directory there may be no way back, where our user may not enter it */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return umount2(link, MNT_DETACH) < 0 ? -errno : 0;
}

int mount_pivot(int fd)
{
	if (fchdir(fd) < 0)
		return -errno;
	/* both names the same: the old root lies on top of the new one, and is taken off by the "." that is there then (pivot_root(2), NOTES) */
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return -errno;
	if (umount2(".", MNT_DETACH) < 0)
		return -errno;
	return chdir("/") < 0 ? -errno : 0;
}

int mount_magic(int fd, unsigned long *ret)
{
	struct statfs st;

	if (fstatfs(fd, &st) < 0)
		return -errno;
	*ret = (unsigned long)st.f_type;
	return 0;
}

int mount_id(int fd, uint64_t *ret)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0)
		return -errno;
	if (!(st.stx_mask & STATX_MNT_ID))
		return -ENOSYS;
	*ret = st.stx_mnt_id;
	return 0;
}
