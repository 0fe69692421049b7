/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * An unset loginuid is worse than none: any process of the container may
 * write it, and every later record of it bears the forged name. So it is
 * pinned before anything is started. What must hold: the value reported is
 * one that was read back, never one that was only written.
 */
#include "sys/loginuid.h"

#include "base/buf.h"
#include "base/parse.h"
#include "sys/fd.h"
#include "sys/userns.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

const char *loginuid_word(enum loginuid_how how)
{
	static const char *const words[] = {
		[LOGINUID_ABSENT] = "absent",   [LOGINUID_SET] = "set",         [LOGINUID_PINNED] = "pinned",
		[LOGINUID_REFUSED] = "refused", [LOGINUID_WAS_UNSET] = "unset", [LOGINUID_TRANSLATED] = "translated",
	};

	return words[how];
}

static int read_number(int dirfd, const char *name, uint32_t *ret)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	char text[16];
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return parse_u32(text, 0, UINT32_MAX, ret);
}

static int read_shown_at(int proc_pid_fd, struct loginuid *ret)
{
	struct loginuid l = {.auid = LOGINUID_UNSET, .session = LOGINUID_UNSET};
	int r;

	r = read_number(proc_pid_fd, "loginuid", &l.auid);
	if (r == -ENOENT) {
		*ret = l;
		return 0;
	}
	if (r < 0)
		return r;
	r = read_number(proc_pid_fd, "sessionid", &l.session);
	if (r < 0 && r != -ENOENT)
		return r;
	l.how = l.auid == LOGINUID_UNSET ? LOGINUID_WAS_UNSET : LOGINUID_SET;
	*ret = l;
	return 0;
}

/* Sessions have one number everywhere. A login that is not mapped reads as unset, and has its session all the same. */
static int forget_translated(struct loginuid *l)
{
	bool initial = true;
	int r = l->how == LOGINUID_ABSENT ? 0 : userns_is_initial(&initial);

	if (r < 0 || initial)
		return r;
	if (l->how == LOGINUID_SET || (l->how == LOGINUID_WAS_UNSET && l->session != LOGINUID_UNSET))
		l->how = LOGINUID_TRANSLATED;
	l->auid = LOGINUID_UNSET;
	return 0;
}

int loginuid_read_at(int proc_pid_fd, struct loginuid *ret)
{
	struct loginuid l;
	int r = read_shown_at(proc_pid_fd, &l);

	if (r == 0)
		r = forget_translated(&l);
	if (r == 0)
		*ret = l;
	return r;
}

static int read_own(int (*read_at)(int, struct loginuid *), struct loginuid *ret, struct err *e)
{
	_cleanup_close_ int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (self < 0)
		return err_errno(e, errno, "open /proc/self");
	r = read_at(self, ret);
	return r < 0 ? err_errno(e, -r, "read /proc/self/loginuid") : 0;
}

int loginuid_read(struct loginuid *ret, struct err *e)
{
	return read_own(loginuid_read_at, ret, e);
}

int loginuid_read_initial(struct loginuid *ret, struct err *e)
{
	return read_own(read_shown_at, ret, e);
}

int loginuid_pin(uid_t uid, struct loginuid *l, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct loginuid now;
	char text[16];
	int r, n;

	if (l->how != LOGINUID_WAS_UNSET)
		return 0;
	n = snprintf(text, sizeof(text), "%u", uid);
	fd = open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		(void)!write(fd, text, (size_t)n);
	r = read_own(read_shown_at, &now, e);
	if (r < 0)
		return r;
	now.how = now.auid == uid ? LOGINUID_PINNED : LOGINUID_REFUSED;
	r = forget_translated(&now);
	if (r < 0)
		return err_errno(e, -r, "user namespace");
	*l = now;
	return 0;
}
