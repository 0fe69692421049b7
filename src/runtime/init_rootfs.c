/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The root filesystem. Each place is opened once, inside the root
 * (sys/path.h), and a mount is attached to that descriptor: a name that is
 * swapped for a link in between leads nowhere (CVE-2021-30465, -2025-31133).
 *
 * All runs in the container's namespaces as their root, with the host's tree
 * still reachable by name until init_pivot(): only init_dev.c uses that, for
 * the nodes in /dev.
 */
#include "runtime/init.h"

#include "sys/copytree.h"
#include "sys/fd.h"
#include "sys/lsm_selinux.h"
#include "sys/mountns.h"
#include "sys/path.h"

#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>

/* Files of /proc that an engine may cover, because they only say something: lxcfs does. */
static const char *const proc_may_cover[] = {
	"/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat", "/proc/swaps", "/proc/uptime",
	"/proc/loadavg", "/proc/slabinfo", "/proc/sys/kernel/ns_last_pid", "/proc/sys/crypto/fips_enabled",
};

/* The root's mount onto our "/", so that it is in our tree and others can go on top. Our root stays what it was. */
int init_attach_root(struct init *i, struct err *e)
{
	/* not open(2): musl's marks it close-on-exec once more */
	_cleanup_close_ int here = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (here < 0)
		return err_errno(e, errno, "/");
	r = mount_attach(i->p->rootfs_fd, here);
	if (r < 0)
		return err_errno(e, -r, "attach the root filesystem");
	i->root = i->p->rootfs_fd;
	return 0;
}

static bool is_on_proc(int fd)
{
	unsigned long magic = 0;

	return mount_magic(fd, &magic) == 0 && magic == PROC_SUPER_MAGIC;
}

/* /proc and /sys must be directories of the image's own, reached over no link: what is mounted there is believed (CVE-2019-19921). */
static int open_plain_place(struct init *i, const char *destination, int *ret_fd, struct err *e)
{
	const char *below = destination + strspn(destination, "/");
	int made = -EBADF, r;

	r = path_own_open(i->root, below, O_PATH | O_DIRECTORY, 0, ret_fd);
	if (r == -ENOENT) {
		r = path_in_root_mountpoint(i->root, destination, true, 0755, &made);
		fd_closep(&made);
		if (r == 0)
			r = path_own_open(i->root, below, O_PATH | O_DIRECTORY, 0, ret_fd);
	}
	if (r == -ELOOP || r == -ENOTDIR)
		return err_set(e, -r, "mount on %s: not an ordinary directory in the image", destination);
	return r < 0 ? err_errno(e, -r, "mount on %s", destination) : 0;
}

static int open_place(struct init *i, const char *destination, bool is_dir, int *ret_fd, struct err *e)
{
	int r = path_in_root_mountpoint(i->root, destination, is_dir, 0755, ret_fd);

	return r < 0 ? err_errno(e, -r, "mount on %s", destination) : 0;
}

/* Nothing goes over a proc but a proc, and files that only inform: the label, the masks and the sysctls rely on it (CVE-2019-16884). */
static int check_cover(const char *destination, int mount_fd, int place, struct err *e)
{
	if (!is_on_proc(place) || is_on_proc(mount_fd))
		return 0;
	for (size_t k = 0; k < ARRAY_SIZE(proc_may_cover); k++)
		if (strcmp(destination, proc_may_cover[k]) == 0)
			return 0;
	return err_set(e, EPERM, "mount on %s: would hide part of /proc", destination);
}

/* "key=value" or "key" to the filesystem. */
static int give_option(int fs, const char *option, struct err *e)
{
	const char *eq = strchr(option, '=');
	struct mount_option o = {option, NULL};
	char key[64];

	if (eq) {
		size_t n = (size_t)(eq - option);

		if (n >= sizeof(key))
			return err_set(e, EINVAL, "option %.80s", option);
		memcpy(key, option, n);
		key[n] = '\0';
		o = (struct mount_option){key, eq + 1};
	}
	return mount_config(fs, &o, e);
}

static bool has_option(const struct plan *p, const struct plan_mount *m, const char *prefix)
{
	for (size_t k = 0; k < m->options.n; k++)
		if (strncmp(plan_str_at(p, m->options, k), prefix, strlen(prefix)) == 0)
			return true;
	return false;
}

/* With the content comes the directory's own mode and owner; what was asked for by name stays. */
static int keep_asked(const struct plan *p, const struct plan_mount *m, int fd, const struct stat *before)
{
	uid_t uid = has_option(p, m, "uid=") ? before->st_uid : (uid_t)-1;
	gid_t gid = has_option(p, m, "gid=") ? before->st_gid : (gid_t)-1;
	_cleanup_close_ int root = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root < 0 || fchown(root, uid, gid) < 0)
		return -errno;
	return has_option(p, m, "mode=") && fchmod(root, before->st_mode & 07777) < 0 ? -errno : 0;
}

/* The flags come after the content, which a read-only mount would not take. `place`: what the image has there, or -EBADF. */
static int copy_up(const struct plan *p, const struct plan_mount *m, int fd, int place)
{
	struct stat before;
	int r = 0;

	if (!m->copy_up)
		return 0;
	if (fstat(fd, &before) < 0)
		return -errno;
	if (place >= 0)
		r = copytree(place, fd);
	if (r == 0 && place >= 0)
		r = keep_asked(p, m, fd, &before);
	return r == 0 ? mount_set(fd, m->attr, 0, 0, false) : r;
}

/* mqueue takes no label as an option where a user namespace mounts it; its directory does, and what is made in it gets the same. */
static int label_root(int fd, const char *context, struct err *e)
{
	_cleanup_close_ int root = context ? openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -EBADF;
	int r = 0;

	if (context)
		r = root < 0 ? -errno : selinux_label_fd(root, context);
	return r < 0 ? err_errno(e, -r, "SELinux label %.200s", context) : 0;
}

static int new_filesystem(const struct plan *p, const struct plan_mount *m, bool without_gid, int *ret_fd, struct err *e)
{
	bool is_mqueue = strcmp(plan_str(p, m->type), "mqueue") == 0;
	_cleanup_close_ int fs = -EBADF;
	const char *context = NULL;
	int r;

	r = mount_begin(plan_str(p, m->type), &fs, e);
	for (size_t k = 0; r == 0 && k < m->options.n; k++) {
		const char *option = plan_str_at(p, m->options, k);

		if (is_mqueue && strncmp(option, "context=", 8) == 0)
			context = option + 8;
		else if (!without_gid || strncmp(option, "gid=", 4) != 0)
			r = give_option(fs, option, e);
	}
	if (r == 0)
		r = mount_finish(fs, m->copy_up ? 0 : m->attr, ret_fd, e);
	if (r == 0)
		r = label_root(*ret_fd, context, e);
	if (r == 0 && m->propagation)
		r = mount_set(*ret_fd, 0, 0, m->propagation, false);
	return r;
}

/* A mount of our own making: proc, sysfs, devpts, tmpfs, mqueue, cgroup2. */
static int mount_own(struct init *i, const struct plan_mount *m, struct err *e)
{
	const char *type = plan_str(i->p, m->type), *destination = plan_str(i->p, m->destination);
	bool is_proc = strcmp(type, "proc") == 0, is_devpts = strcmp(type, "devpts") == 0;
	_cleanup_close_ int fd = -EBADF, place = -EBADF;
	bool existed;
	int r;

	existed = m->copy_up && path_in_root_open(i->root, destination, O_PATH | O_DIRECTORY, &place) == 0;
	fd_closep(&place);
	r = new_filesystem(i->p, m, false, &fd, e);
	/* gid=5, tty, may not be mapped: then terminals belong to their users' own group */
	if (r == -EINVAL && is_devpts)
		r = new_filesystem(i->p, m, true, &fd, e);
	if (r < 0)
		return err_wrap(e, r, "mount %s on %s", type, destination);
	if (is_proc || strcmp(type, "sysfs") == 0)
		r = open_plain_place(i, destination, &place, e);
	else
		r = open_place(i, destination, true, &place, e);
	if (r == 0)
		r = check_cover(destination, fd, place, e);
	if (r < 0)
		return r;
	r = copy_up(i->p, m, fd, existed ? place : -EBADF);
	if (r == 0)
		r = mount_attach(fd, place);
	if (r < 0)
		return err_errno(e, -r, "mount %s on %s", type, destination);
	if (is_proc) {
		fd_closep(&i->proc);
		i->proc = TAKE_FD(fd);
		i->proc_is_ours = true;
	} else if (is_devpts && (i->devpts < 0 || strcmp(destination, "/dev/pts") == 0)) {
		fd_closep(&i->devpts);
		i->devpts = TAKE_FD(fd);
	}
	return 0;
}

/* A mount that the parent made: a bind, with its flags done. */
static int mount_given(struct init *i, const struct plan_mount *m, struct err *e)
{
	const char *destination = plan_str(i->p, m->destination);
	_cleanup_close_ int place = -EBADF;
	struct stat st;
	int r;

	if (fstat(m->fd, &st) < 0)
		return err_errno(e, errno, "mount on %s", destination);
	r = open_place(i, destination, S_ISDIR(st.st_mode), &place, e);
	if (r == 0)
		r = check_cover(destination, m->fd, place, e);
	if (r < 0)
		return r;
	r = mount_attach(m->fd, place);
	if (r < 0)
		return err_errno(e, -r, "mount on %s", destination);
	if (i->proc < 0 && is_on_proc(m->fd)) {
		i->proc = m->fd; /* the pid namespace is shared, and so is its proc */
		return 0;
	}
	close(m->fd);
	return 0;
}

int init_mount_all(struct init *i, struct err *e)
{
	const struct plan_mount *m = plan_at(i->p, i->p->mounts);
	int r = 0;

	for (size_t k = 0; r == 0 && k < i->p->mounts.n; k++)
		r = m[k].kind == PLAN_MOUNT_FD ? mount_given(i, &m[k], e) : mount_own(i, &m[k], e);
	return r;
}

/* What a program in the container finds at /proc must be the proc that we mounted. */
int init_check_proc(struct init *i, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	uint64_t ours, shown;
	int r;

	if (!i->proc_is_ours)
		return 0;
	if (!is_on_proc(i->proc))
		return err_set(e, EXDEV, "/proc: not a procfs");
	r = path_in_root_open(i->root, "/proc", O_PATH, &fd);
	if (r == 0)
		r = mount_id(i->proc, &ours);
	if (r == 0)
		r = mount_id(fd, &shown);
	if (r < 0)
		return err_errno(e, -r, "/proc");
	return ours == shown ? 0 : err_set(e, EXDEV, "/proc: something else is mounted over it");
}

/*
 * Values were checked when the config was read, and that the name is of a namespace of ours; here it is opened without
 * links, below our own proc or that of the parent: which network's and which IPC's it is goes by who opens it.
 */
int init_write_sysctls(struct init *i, struct err *e)
{
	const struct plan_pair *s = plan_at(i->p, i->p->sysctls);

	for (size_t k = 0; k < i->p->sysctls.n; k++) {
		const char *name = plan_str(i->p, s[k].name), *value = plan_str(i->p, s[k].value);
		_cleanup_close_ int dir = -EBADF, fd = -EBADF;
		int r;

		if (!is_on_proc(i->proc))
			return err_set(e, EXDEV, "sysctl %s: /proc is not a procfs", name);
		r = path_own_open(i->proc, "sys", O_PATH | O_DIRECTORY, 0, &dir);
		if (r == 0)
			r = path_own_open(dir, name, O_WRONLY, 0, &fd);
		if (r == 0)
			r = fd_write_all(fd, value, strlen(value));
		if (r < 0)
			return err_errno(e, -r, "sysctl %s=%s", name, value);
	}
	return 0;
}

int init_cover(struct cover *c, int target_fd)
{
	_cleanup_close_ int copy = -EBADF;
	int r;

	if (!c->attached) {
		r = mount_attach(c->fd, target_fd);
		c->attached = r == 0;
		return r;
	}
	r = mount_clone(c->fd, "", false, &copy);
	return r == 0 ? mount_attach(copy, target_fd) : r;
}

/* The one empty directory under all masks of directories. */
static int need_empty(struct init *i, struct err *e)
{
	static const struct mount_option options[] = {{"size", "0"}, {"nr_inodes", "1"}, {"mode", "0555"}};

	if (i->empty.fd >= 0)
		return 0;
	return mount_new("tmpfs", options, ARRAY_SIZE(options),
			 MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, &i->empty.fd, e);
}

static int mask_one(struct init *i, const char *path, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r;

	r = path_in_root_open(i->root, path, O_PATH, &fd);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0; /* nothing there to hide */
	if (r == 0 && fstat(fd, &st) < 0)
		r = -errno;
	if (r < 0)
		return err_errno(e, -r, "mask %s", path);
	if (S_ISDIR(st.st_mode)) {
		r = need_empty(i, e);
		if (r < 0)
			return err_wrap(e, r, "mask %s", path);
		r = init_cover(&i->empty, fd);
	} else {
		r = init_cover(&i->null, fd);
	}
	return r < 0 ? err_errno(e, -r, "mask %s", path) : 0;
}

/* maskedPaths: /dev/null over a file, an empty directory over a directory; both are ours, never the container's. */
int init_mask_paths(struct init *i, struct err *e)
{
	int r = 0;

	for (size_t k = 0; r == 0 && k < i->p->masked.n; k++)
		r = mask_one(i, plan_str_at(i->p, i->p->masked, k), e);
	return r;
}

static int protect_one(struct init *i, const char *path)
{
	_cleanup_close_ int fd = -EBADF, copy = -EBADF;
	int r;

	r = path_in_root_open(i->root, path, O_PATH, &fd);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r == 0)
		r = mount_clone(fd, "", true, &copy);
	if (r == 0)
		r = mount_set(copy, MOUNT_ATTR_RDONLY, 0, 0, true);
	return r == 0 ? mount_attach(copy, fd) : r;
}

/* readonlyPaths: a read-only copy of what is there, on top of it. */
int init_protect_paths(struct init *i, struct err *e)
{
	for (size_t k = 0; k < i->p->readonly.n; k++) {
		const char *path = plan_str_at(i->p, i->p->readonly, k);
		int r = protect_one(i, path);

		if (r < 0)
			return err_errno(e, -r, "make %s read-only", path);
	}
	return 0;
}

/* The working directory may be missing: made inside the root, over no link to the outside (CVE-2026-55686). */
int init_make_cwd(struct init *i, struct err *e)
{
	const char *cwd = plan_str(i->p, i->p->cwd);
	_cleanup_close_ int fd = -EBADF;
	int r;

	r = path_in_root_open(i->root, cwd, O_PATH | O_DIRECTORY, &fd);
	if (r == -ENOENT)
		r = path_in_root_mkdirs(i->root, cwd, 0755, &fd);
	/* whatever else is wrong with it is said by the step that enters it */
	if (r == -EROFS || r == -ENOSPC)
		return err_errno(e, -r, "working directory %s", cwd);
	return 0;
}

/* root.readonly for the root's own mount, not for those on top. */
int init_finish_root(struct init *i, struct err *e)
{
	uint64_t attr = (i->p->flags & PLAN_ROOT_READONLY ? MOUNT_ATTR_RDONLY : 0U) |
			/* no user namespace keeps the image's own device nodes from working */
			(i->p->flags & PLAN_MKNOD ? MOUNT_ATTR_NODEV : 0U);
	int r = attr ? mount_set(i->root, attr, 0, 0, false) : 0;

	return r < 0 ? err_errno(e, -r, "flags of the root filesystem") : 0;
}

/* From here on no name of the host can be reached. */
int init_pivot(struct init *i, struct err *e)
{
	int r = mount_pivot(i->root);

	return r < 0 ? err_errno(e, -r, "pivot_root") : 0;
}

/* linux.rootfsPropagation. After the pivot: a root that is shared cannot become one (pivot_root(2)). */
int init_propagate(struct init *i, struct err *e)
{
	uint64_t propagation = i->p->rootfs_propagation & ~(uint64_t)MS_REC;
	int r = propagation ? mount_set(i->root, 0, 0, propagation, (i->p->rootfs_propagation & MS_REC) != 0) : 0;

	return r < 0 ? err_errno(e, -r, "propagation of the root filesystem") : 0;
}
