/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Maps are written as one write(2) each, as the kernel demands. gid_map comes
 * after setgroups, which can only be changed before it.
 */
#include "sys/userns.h"

#include "base/buf.h"
#include "sys/fd.h"
#include "sys/pidfd.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int write_file(int dirfd, const char *name, const char *text, size_t len)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

static int write_list(int dirfd, const char *name, const struct id_list *l, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r;

	id_list_text(l, &b);
	r = -buf_bad(&b);
	if (r == 0)
		r = write_file(dirfd, name, b.data, b.len);
	if (r == -EPERM)
		return err_set(e, EPERM, "%s: a line is not inside one mapped range of the caller's user namespace", name);
	return r < 0 ? err_errno(e, -r, "%s", name) : 0;
}

int userns_write_map(pid_t pid, const struct id_map *map, bool deny_setgroups, struct err *e)
{
	_cleanup_close_ int dir = -EBADF;
	char path[32];
	int r;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_errno(e, errno, "%s", path);
	r = write_list(dir, "uid_map", &map->uid, e);
	if (r == 0 && deny_setgroups) {
		r = write_file(dir, "setgroups", "deny", 4);
		if (r < 0)
			return err_errno(e, -r, "deny setgroups");
	}
	return r == 0 ? write_list(dir, "gid_map", &map->gid, e) : r;
}

int userns_setgroups_denied(pid_t pid, bool *ret)
{
	_cleanup_close_ int fd = -EBADF;
	char path[32] = "/proc/self/setgroups", text[8];
	ssize_t n;

	if (pid > 0)
		snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text));
	if (n < 0)
		return -errno;
	*ret = n >= 4 && memcmp(text, "deny", 4) == 0;
	return 0;
}

bool userns_is_privileged(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	uint32_t want = 1U << CAP_SYS_ADMIN | 1U << CAP_SETUID | 1U << CAP_SETGID;

	if (syscall(SYS_capget, &head, data) < 0)
		return false;
	return (data[0].effective & want) == want;
}

int userns_is_initial(bool *ret)
{
	_cleanup_close_ int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return proc < 0 ? -errno : userns_is_initial_at(proc, ret);
}

int userns_is_initial_at(int proc_fd, bool *ret)
{
	static const char whole[] = "0          0 4294967295\n";
	_cleanup_close_ int fd = openat(proc_fd, "self/uid_map", O_RDONLY | O_CLOEXEC);
	char text[64];
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	*ret = strcmp(text + strspn(text, " "), whole) == 0;
	return 0;
}

uid_t userns_nobody(void)
{
	_cleanup_close_ int fd = open("/proc/sys/kernel/overflowuid", O_RDONLY | O_CLOEXEC);
	char text[64] = "";
	bool is_initial;
	unsigned uid;

	if (userns_is_initial(&is_initial) == 0 && is_initial)
		return 0;
	/* where it cannot be read it is what it has been since Linux 2.4 */
	return fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && sscanf(text, "%u", &uid) == 1 ? uid : 65534;
}

int userns_enter_own(struct err *e)
{
	struct id_map map = {0};
	int r;

	r = id_list_add(&map.uid, geteuid(), geteuid(), 1);
	if (r == 0)
		r = id_list_add(&map.gid, getegid(), getegid(), 1);
	if (r < 0)
		return err_errno(e, -r, "user namespace");
	if (unshare(CLONE_NEWUSER) < 0) {
		r = err_errno(e, errno, "make a user namespace");
		err_hint(e, "user namespaces may be disabled: see sysctl user.max_user_namespaces and kernel.unprivileged_userns_clone");
		return r;
	}
	return userns_write_map(getpid(), &map, true, e);
}

/* Lives as long as its maps are written and its namespace is opened. */
static _Noreturn void stay(void)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	for (;;)
		(void)pause();
}

int userns_of_map(const struct id_map *map, int *ret_fd, struct err *e)
{
	_cleanup_close_ int pidfd = -EBADF;
	char path[32];
	int fd = -EBADF, r;
	long pid = syscall(SYS_clone, CLONE_NEWUSER | CLONE_PIDFD | SIGCHLD, NULL, &pidfd, NULL, 0);

	if (pid < 0)
		return err_errno(e, errno, "make a user namespace");
	if (pid == 0)
		stay();
	r = userns_write_map((pid_t)pid, map, false, e);
	if (r == 0) {
		snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		r = fd < 0 ? err_errno(e, errno, "%s", path) : 0;
	}
	(void)!pidfd_signal(pidfd, SIGKILL);
	while (waitpid((pid_t)pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (r == 0)
		*ret_fd = fd;
	return r;
}

int userns_parent(int nsfd, int *ret_fd)
{
	int fd = ioctl(nsfd, NS_GET_PARENT);

	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int userns_enter_parent_of(pid_t pid, struct err *e)
{
	_cleanup_close_ int ns = -EBADF, parent = -EBADF;
	char path[32];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	if (ns < 0)
		return err_errno(e, errno, "%s", path);
	r = userns_parent(ns, &parent);
	if (r == 0 && setns(parent, CLONE_NEWUSER) < 0)
		r = -errno;
	return r < 0 ? err_errno(e, -r, "enter the user namespace around the container") : 0;
}

int userns_owner(int nsfd, uid_t *ret_uid)
{
	return ioctl(nsfd, NS_GET_OWNER_UID, ret_uid) < 0 ? -errno : 0;
}
