/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Three ways, tried in this order:
 *
 *  1. each layer by its descriptor: fsconfig(SET_FD, "lowerdir+") (Linux 6.13);
 *  2. the same by name, "/proc/self/fd/N", one "lowerdir+" each (6.8);
 *  3. one "lowerdir=" string of such names. fsconfig(2) takes strings up to
 *     255 bytes only, so from about twelve layers on this is mount(2) on a
 *     scratch directory of our own and open_tree(2) to get the mount as a
 *     descriptor: the one place in the project that calls mount(2), on no container path
 *     (5.11, the first with userxattr, to 6.7).
 *
 * The kernel resolves /proc/self/fd/N while it mounts, to exactly what the
 * descriptor holds: what was checked is what is mounted, in all three.
 */
#include "sys/overlay.h"

#include "base/buf.h"
#include "sys/fd.h"
#include "sys/mountns.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define FSCONFIG_STRING_MAX 255
#define OVERLAY_NEXT (OVERLAY_UNSUPPORTED + 1) /* of one way, within this file */

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

/* Layers one at a time. */
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

static int unsupported(int code)
{
	return code == ENODEV || code == EINVAL || code == EPERM || code == EOPNOTSUPP;
}

/*
 * Whether a failure may only mean that this kernel does not know the keys in
 * that form. Where overlay still has its text parser (to 6.4), a descriptor is
 * EOPNOTSUPP, and any key is taken and found wrong only at the end.
 */
static bool is_next_way(int r)
{
	return r == -EINVAL || r == -EBADF || r == -EOPNOTSUPP;
}

/* Ways 1 and 2. OVERLAY_NEXT: try the next. */
static int by_layer(const struct overlay *o, set_dir set, int *ret_fd, struct err *e)
{
	_cleanup_close_ int fs = -EBADF;
	int r;

	r = mount_begin("overlay", &fs, e);
	if (r < 0)
		return r == -ENODEV ? OVERLAY_UNSUPPORTED : r;
	r = set_layers(fs, o, set);
	if (r < 0)
		return is_next_way(r) ? OVERLAY_NEXT : err_errno(e, -r, "layers");
	r = set_flags(fs, o, e);
	if (r == 0)
		r = mount_finish(fs, 0, ret_fd, e);
	if (r < 0 && is_next_way(r))
		return OVERLAY_NEXT;
	return r < 0 && unsupported(-r) ? OVERLAY_UNSUPPORTED : r;
}

/* The options of way 3 as text. */
static int option_text(const struct overlay *o, struct buf *lower, struct buf *rest)
{
	for (size_t i = 0; i < o->n_lower; i++)
		buf_addf(lower, "%s/proc/self/fd/%d", i ? ":" : "", o->lower[i]);
	if (o->upper >= 0)
		buf_addf(rest, ",upperdir=/proc/self/fd/%d,workdir=/proc/self/fd/%d", o->upper, o->work);
	if (o->userxattr)
		buf_adds(rest, ",userxattr");
	if (o->is_volatile)
		buf_adds(rest, ",volatile");
	if (o->context)
		buf_addf(rest, ",context=\"%s\"", o->context);
	return -(buf_bad(lower) ? buf_bad(lower) : buf_bad(rest));
}

/* An empty tmpfs with a directory "o", attached where nothing of ours is looked up any more; the working directory is in it. */
static int enter_scratch(int *ret_scratch, struct err *e)
{
	_cleanup_close_ int m = -EBADF, root = -EBADF;
	int r;

	r = mount_new("tmpfs", NULL, 0, 0, &m, e);
	if (r < 0)
		return r;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || mkdirat(m, "o", 0700) < 0)
		return err_errno(e, errno, "scratch directory");
	r = mount_attach(m, root);
	if (r == 0 && fchdir(m) < 0)
		r = -errno;
	if (r < 0)
		return err_errno(e, -r, "scratch mount");
	*ret_scratch = TAKE_FD(m);
	return 0;
}

/* Way 3 for long lists: mount(2) on that scratch directory, then as a descriptor, and nothing stays attached. */
static int by_mount(const struct overlay *o, const char *lower, const char *rest, int *ret_fd, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT_MAX(4096);
	_cleanup_close_ int cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC), scratch = -EBADF;
	int r;

	buf_addf(&text, "lowerdir=%s%s", lower, rest);
	if (buf_bad(&text))
		return err_set(e, E2BIG, "overlay: too many layers for this kernel (%zu)", o->n_lower);
	r = cwd < 0 ? err_errno(e, errno, "working directory") : enter_scratch(&scratch, e);
	if (r < 0)
		return r;
	if (syscall(SYS_mount, "overlay", "o", "overlay", 0UL, text.data) < 0) {
		r = err_errno(e, errno, "overlay of %zu layers", o->n_lower);
	} else {
		r = mount_clone(AT_FDCWD, "o", false, ret_fd);
		if (r < 0)
			(void)err_errno(e, -r, "overlay of %zu layers", o->n_lower);
	}
	if ((umount2(".", MNT_DETACH) < 0 || fchdir(cwd) < 0) && r == 0) {
		r = err_errno(e, errno, "leave the scratch mount");
		fd_closep(ret_fd);
	}
	return r < 0 && unsupported(-r) ? OVERLAY_UNSUPPORTED : r;
}

static int by_string(const struct overlay *o, int *ret_fd, struct err *e)
{
	_cleanup_(buf_done) struct buf lower = BUF_INIT, rest = BUF_INIT;
	_cleanup_close_ int fs = -EBADF;
	int r;

	r = option_text(o, &lower, &rest);
	if (r < 0)
		return err_errno(e, -r, "overlay");
	if (lower.len > FSCONFIG_STRING_MAX)
		return by_mount(o, buf_str(&lower), buf_str(&rest), ret_fd, e);
	r = mount_begin("overlay", &fs, e);
	if (r == 0)
		r = mount_config(fs, &(struct mount_option){"lowerdir", lower.data}, e);
	if (r == 0 && o->upper >= 0 && (set_name(fs, "upperdir", o->upper) < 0 || set_name(fs, "workdir", o->work) < 0))
		r = err_errno(e, errno, "overlay: upperdir and workdir");
	if (r == 0)
		r = set_flags(fs, o, e);
	if (r == 0)
		r = mount_finish(fs, 0, ret_fd, e);
	return r < 0 && unsupported(-r) ? OVERLAY_UNSUPPORTED : r;
}

int overlay_mount(const struct overlay *o, int *ret_fd, struct err *e)
{
	static const set_dir ways[] = {set_fd, set_name};
	int r;

	if (o->n_lower == 0 || o->n_lower > OVERLAY_LOWER_MAX)
		return err_set(e, EINVAL, "overlay: %zu lower directories (1 to %d)", o->n_lower, OVERLAY_LOWER_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		r = by_layer(o, ways[i], ret_fd, e);
		if (r != OVERLAY_NEXT)
			return r < 0 ? err_wrap(e, r, "overlay") : r;
	}
	return by_string(o, ret_fd, e);
}
