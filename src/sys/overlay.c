/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Three ways, tried in this order:
 *
 *  1. each layer by its descriptor: fsconfig(SET_FD, "lowerdir+") (Linux 6.13);
 *  2. the same by name, "/proc/self/fd/N", one "lowerdir+" each (6.7);
 *  3. one "lowerdir=" string of such names. fsconfig(2) takes strings up to
 *     255 bytes only, so from about twelve layers on this is mount(2) on a
 *     scratch directory of our own and open_tree(2) to get the mount as a
 *     descriptor: the one place in the project that calls mount(2), on no container path
 *     (5.11, the first with userxattr, to 6.6). mount(2) takes a page of
 *     text; so that 500 layers fit, they are links in that directory, named
 *     by a number.
 *
 * The kernel resolves /proc/self/fd/N while it mounts, to exactly what the
 * descriptor holds: what was checked is what is mounted, in all three, and no
 * name of a directory is ever part of an option's text, so nothing in it
 * needs an escape.
 *
 * Whether a way is known shows late: up to 6.4 overlayfs takes its options
 * through the kernel's old mount code, which accepts any key as a string and
 * judges it when the filesystem is created. So EINVAL of any step means the
 * next way, and only the last one's answer is believed. (Tried on Debian 12's
 * 6.1.)
 */
#include "sys/overlay.h"

#include "base/buf.h"
#include "sys/fd.h"
#include "sys/mountns.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define FSCONFIG_STRING_MAX 255

static int set_fd(int fsfd, const char *key, int fd)
{
	return fsconfig(fsfd, FSCONFIG_SET_FD, key, NULL, fd) < 0 ? -errno : 0;
}

static int set_name(int fsfd, const char *key, int fd)
{
	char name[32];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return fsconfig(fsfd, FSCONFIG_SET_STRING, key, name, 0) < 0 ? -errno : 0;
}

typedef int (*set_dir)(int fsfd, const char *key, int fd);

/* Layers one at a time. -EINVAL: this kernel does not know the keys in this form. */
static int set_layers(int fsfd, const struct overlay *o, set_dir set)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->n_lower; i++)
		r = set(fsfd, "lowerdir+", o->lower[i]);
	if (r == 0 && o->upper >= 0)
		r = set(fsfd, "upperdir", o->upper);
	if (r == 0 && o->upper >= 0)
		r = set(fsfd, "workdir", o->work);
	return r;
}

static int set_flags(int fsfd, const struct overlay *o, struct err *e)
{
	int r = 0;

	if (o->userxattr)
		r = mount_config(fsfd, &(struct mount_option){"userxattr", NULL}, e);
	if (r == 0 && o->is_volatile)
		r = mount_config(fsfd, &(struct mount_option){"volatile", NULL}, e);
	if (r == 0 && o->context)
		r = mount_config(fsfd, &(struct mount_option){"context", o->context}, e);
	return r;
}

/* Ways 1 and 2. */
static int by_layer(const struct overlay *o, set_dir set, int *ret_fd, struct err *e)
{
	_cleanup_close_ int fs = -EBADF;
	int r;

	r = mount_begin("overlay", &fs, e);
	if (r < 0)
		return r;
	r = set_layers(fs, o, set);
	if (r < 0)
		return err_errno(e, -r, "layers");
	r = set_flags(fs, o, e);
	return r == 0 ? mount_finish(fs, 0, ret_fd, e) : r;
}

static int by_fd(const struct overlay *o, int *ret_fd, struct err *e)
{
	return by_layer(o, set_fd, ret_fd, e);
}

static int by_name(const struct overlay *o, int *ret_fd, struct err *e)
{
	return by_layer(o, set_name, ret_fd, e);
}

/* An empty tmpfs, attached where nothing of ours is looked up any more; the working directory is in it. */
static int enter_scratch(int *ret_scratch, struct err *e)
{
	_cleanup_close_ int m = -EBADF, root = -EBADF;
	int r;

	r = mount_new("tmpfs", NULL, 0, 0, &m, e);
	if (r < 0)
		return r;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_errno(e, errno, "scratch directory");
	r = mount_attach(m, root);
	if (r == 0 && fchdir(m) < 0)
		r = -errno;
	if (r < 0)
		return err_errno(e, -r, "scratch mount");
	*ret_scratch = TAKE_FD(m);
	return 0;
}

/* A link `name` in the scratch directory to what `fd` holds. */
static int link_to(int scratch, const char *name, int fd)
{
	char target[32];

	snprintf(target, sizeof(target), "/proc/self/fd/%d", fd);
	return symlinkat(target, scratch, name) < 0 ? -errno : 0;
}

/* The options of mount(2), and the links that they name; "o" is where it is mounted. */
static int fill_scratch(const struct overlay *o, int scratch, struct buf *text)
{
	int r = mkdirat(scratch, "o", 0700) < 0 ? -errno : 0;

	buf_adds(text, "lowerdir=");
	for (size_t i = 0; r == 0 && i < o->n_lower; i++) {
		char name[8];

		snprintf(name, sizeof(name), "%u", (unsigned)i);
		r = link_to(scratch, name, o->lower[i]);
		buf_addf(text, "%s%s", i ? ":" : "", name);
	}
	if (r == 0 && o->upper >= 0) {
		r = link_to(scratch, "u", o->upper);
		if (r == 0)
			r = link_to(scratch, "w", o->work);
		buf_adds(text, ",upperdir=u,workdir=w");
	}
	if (o->userxattr)
		buf_adds(text, ",userxattr");
	if (o->is_volatile)
		buf_adds(text, ",volatile");
	if (o->context)
		buf_addf(text, ",context=\"%s\"", o->context);
	return r == 0 && buf_bad(text) ? -buf_bad(text) : r;
}

static int mount_in_scratch(const struct overlay *o, int scratch, int *ret_fd, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT_MAX(4096);
	int r = fill_scratch(o, scratch, &text);

	if (r == 0 && syscall(SYS_mount, "overlay", "o", "overlay", 0UL, text.data) < 0)
		r = -errno;
	if (r == 0)
		r = mount_clone(scratch, "o", false, ret_fd);
	return r < 0 ? err_errno(e, -r, "overlay of %zu layers", o->n_lower) : 0;
}

/* Way 3 for long lists. Nothing stays attached. */
static int by_mount(const struct overlay *o, int *ret_fd, struct err *e)
{
	_cleanup_close_ int cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC), scratch = -EBADF;
	int r;

	r = cwd < 0 ? err_errno(e, errno, "working directory") : enter_scratch(&scratch, e);
	if (r < 0)
		return r;
	r = mount_in_scratch(o, scratch, ret_fd, e);
	if ((umount2(".", MNT_DETACH) < 0 || fchdir(cwd) < 0) && r == 0) {
		r = err_errno(e, errno, "leave the scratch mount");
		fd_closep(ret_fd);
	}
	return r;
}

static int by_string(const struct overlay *o, int *ret_fd, struct err *e)
{
	_cleanup_(buf_done) struct buf lower = BUF_INIT;
	_cleanup_close_ int fs = -EBADF;
	int r;

	for (size_t i = 0; i < o->n_lower; i++)
		buf_addf(&lower, "%s/proc/self/fd/%d", i ? ":" : "", o->lower[i]);
	if (buf_bad(&lower))
		return err_errno(e, buf_bad(&lower), "layers");
	if (lower.len > FSCONFIG_STRING_MAX)
		return by_mount(o, ret_fd, e);
	r = mount_begin("overlay", &fs, e);
	if (r == 0)
		r = mount_config(fs, &(struct mount_option){"lowerdir", lower.data}, e);
	if (r == 0 && o->upper >= 0 && (set_name(fs, "upperdir", o->upper) < 0 || set_name(fs, "workdir", o->work) < 0))
		r = err_errno(e, errno, "upperdir and workdir");
	if (r == 0)
		r = set_flags(fs, o, e);
	return r == 0 ? mount_finish(fs, 0, ret_fd, e) : r;
}

/* Whether a failure may only mean that the kernel does not know this way. EOPNOTSUPP: a descriptor, where the old mount code is (to 6.4). */
static bool next_may_know(int r)
{
	return r == -EINVAL || r == -EBADF || r == -EOPNOTSUPP;
}

/* ENODEV: no overlay in this kernel. EPERM, EINVAL, EOPNOTSUPP: not for us, or not on this filesystem. */
static bool unsupported(int r)
{
	return r == -ENODEV || r == -EINVAL || r == -EPERM || r == -EOPNOTSUPP;
}

int overlay_mount(const struct overlay *o, int *ret_fd, struct err *e)
{
	static int (*const ways[])(const struct overlay *, int *, struct err *) = {by_fd, by_name, by_string};
	int r = -EINVAL;

	if (o->n_lower == 0 || o->n_lower > OVERLAY_LOWER_MAX)
		return err_set(e, EINVAL, "overlay: %zu lower directories (1 to %d)", o->n_lower, OVERLAY_LOWER_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(ways) && next_may_know(r); i++)
		r = ways[i](o, ret_fd, e);
	if (r < 0)
		(void)err_wrap(e, r, "overlay");
	return unsupported(r) ? OVERLAY_UNSUPPORTED : r;
}
