/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/lsm.h"

#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

static const char *const lsm_names[] = {[LSM_APPARMOR] = "AppArmor", [LSM_SELINUX] = "SELinux"};

bool lsm_is_enabled(enum lsm lsm)
{
	_cleanup_close_ int fd = -EBADF;
	struct statfs st;
	char c = 'N';

	if (lsm == LSM_SELINUX)
		return statfs("/sys/fs/selinux", &st) == 0 && (unsigned long)st.f_type == SELINUX_MAGIC;
	fd = open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read(fd, &c, 1) == 1 && c == 'Y';
}

/* "PID/attr/..." with the pid as that procfs counts: "self" is a link, and links are not followed here. */
static int open_attr(int procfd, const char *name, int flags, int *ret_fd)
{
	char self[16], path[64];
	ssize_t n = readlinkat(procfd, "self", self, sizeof(self) - 1);
	struct statfs st;
	int r;

	if (n < 0)
		return -errno;
	self[n] = '\0';
	snprintf(path, sizeof(path), "%s/attr/%s", self, name);
	r = path_own_open(procfd, path, flags, 0, ret_fd);
	if (r < 0)
		return r;
	if (fstatfs(*ret_fd, &st) < 0 || st.f_type != PROC_SUPER_MAGIC) {
		fd_closep(ret_fd);
		return -EXDEV;
	}
	return 0;
}

/* The first word of what is written: how the profile is taken on. */
static const char *apparmor_verb(int procfd)
{
	_cleanup_close_ int fd = -EBADF;
	char label[1024] = "";

	if (open_attr(procfd, "apparmor/current", O_RDONLY, &fd) < 0 && open_attr(procfd, "current", O_RDONLY, &fd) < 0)
		return "exec";
	/* also "ranby (unconfined)": a profile that only gives a name (policies/apparmor/ranby) */
	if (read(fd, label, sizeof(label) - 1) < 0 || strncmp(label, "unconfined", 10) == 0 ||
	    (strstr(label, "(unconfined)") && !strstr(label, "//&")))
		return "exec";
	return "stack";
}

int lsm_set_exec_label(int procfd, enum lsm lsm, const char *label, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char text[1024];
	int r, n;

	r = lsm == LSM_APPARMOR ? open_attr(procfd, "apparmor/exec", O_WRONLY, &fd) : open_attr(procfd, "exec", O_WRONLY, &fd);
	if (r == -ENOENT && lsm == LSM_APPARMOR)
		r = open_attr(procfd, "exec", O_WRONLY, &fd);
	if (r < 0)
		return err_errno(e, -r, "%s label: /proc/self/attr", lsm_names[lsm]);
	n = lsm == LSM_APPARMOR ? snprintf(text, sizeof(text), "%s %s", apparmor_verb(procfd), label)
				: snprintf(text, sizeof(text), "%s", label);
	if (n < 0 || (size_t)n >= sizeof(text))
		return err_errno(e, ENAMETOOLONG, "%s label", lsm_names[lsm]);
	if (write(fd, text, (size_t)n) != n) {
		if (errno == ENOENT)
			return err_set(e, ENOENT, "AppArmor profile %.200s is not loaded", label);
		return err_errno(e, errno, "%s label %.200s", lsm_names[lsm], label);
	}
	return 0;
}
