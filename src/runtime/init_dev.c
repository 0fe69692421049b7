/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * /dev: nodes, links, the terminal.
 *
 * A user namespace cannot make device nodes, so the host's own are bound,
 * each checked to be the device that it should be. The same descriptor of
 * /dev/null later covers masked files: never a node that the container has a
 * hand on (CVE-2025-31133).
 */
#include "runtime/init.h"

#include "sys/fd.h"
#include "sys/mountns.h"
#include "sys/path.h"
#include "sys/pty.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* config-linux.md, "Default Devices" */
static const struct {
	const char *name, *host;
	unsigned major, minor;
} defaults[] = {
	{"null", "/dev/null", 1, 3},     {"zero", "/dev/zero", 1, 5},       {"full", "/dev/full", 1, 7},
	{"random", "/dev/random", 1, 8}, {"urandom", "/dev/urandom", 1, 9}, {"tty", "/dev/tty", 5, 0},
};

/* A detached copy of the host's node, checked. Its name is the host's or the config's, not the image's. */
static int clone_node(const char *host, mode_t type, dev_t dev, int *ret_fd)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r;

	r = mount_clone(AT_FDCWD, host, false, &fd);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return -errno;
	if ((st.st_mode & S_IFMT) != type || st.st_rdev != dev)
		return -ENXIO;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int open_dev(struct init *i, struct err *e)
{
	int r;

	if (i->dev >= 0)
		return 0;
	r = path_in_root_mkdirs(i->root, "/dev", 0755, &i->dev);
	return r < 0 ? err_errno(e, -r, "/dev") : 0;
}

static int bind_node(int dev, const char *name, const char *host, mode_t type, dev_t rdev, int *ret_fd)
{
	_cleanup_close_ int node = -EBADF, place = -EBADF;
	int r;

	r = clone_node(host, type, rdev, &node);
	if (r == 0)
		r = path_in_root_mountpoint(dev, name, false, 0666, &place);
	if (r == 0)
		r = mount_attach(node, place);
	if (r == 0 && ret_fd)
		*ret_fd = TAKE_FD(node);
	return r;
}

/* Is `base` the node that it should be? It may be in a volume that others write in, so what is found is held, and no link is followed. */
static int check_node(int dir, const char *base, const struct plan_device *d, int *ret_fd)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r = path_own_open(dir, base, O_PATH, 0, &fd);

	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return -errno;
	if ((st.st_mode & S_IFMT) != (d->mode & S_IFMT) || st.st_rdev != makedev(d->major, d->minor))
		return -EEXIST;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* mknodat(2) in the directory that holds it, with its mode at once; an equal node that is there is left alone. */
static int make_node(int dev, const char *name, const struct plan_device *d)
{
	const char *slash = strrchr(name, '/');
	_cleanup_free_ char *parent = strndup(name, slash ? (size_t)(slash - name) : 0);
	_cleanup_close_ int dir = -EBADF, node = -EBADF;
	const char *base = slash ? slash + 1 : name;
	mode_t mask;
	int r;

	if (!parent)
		return -ENOMEM;
	r = path_in_root_mkdirs(dev, parent, 0755, &dir);
	if (r < 0)
		return r;
	mask = umask(0);
	r = mknodat(dir, base, d->mode, makedev(d->major, d->minor)) < 0 ? -errno : 0;
	(void)umask(mask);
	if (r == -EEXIST)
		return check_node(dir, base, d, &node);
	if (r == 0)
		r = check_node(dir, base, d, &node);
	return r == 0 && fchownat(node, "", d->uid, d->gid, AT_EMPTY_PATH) < 0 ? -errno : r;
}

/* True when the engine laid a whole /dev of its own choice there: it is left as it is. */
static bool dev_is_given(const struct plan *p)
{
	const struct plan_mount *m = plan_at(p, p->mounts);

	for (size_t k = 0; k < p->mounts.n; k++)
		if (m[k].kind == PLAN_MOUNT_FD && strcmp(plan_str(p, m[k].destination), "/dev") == 0)
			return true;
	return false;
}

static int make_defaults(struct init *i, struct err *e)
{
	for (size_t k = 0; k < ARRAY_SIZE(defaults); k++) {
		struct plan_device d = {.mode = S_IFCHR | 0666, .major = defaults[k].major, .minor = defaults[k].minor};
		int r;

		if (i->p->flags & PLAN_MKNOD)
			r = make_node(i->dev, defaults[k].name, &d);
		else
			r = bind_node(i->dev, defaults[k].name, defaults[k].host, S_IFCHR, makedev(d.major, d.minor),
				      k == 0 ? &i->null.fd : NULL);
		if (r < 0)
			return err_errno(e, -r, "/dev/%s", defaults[k].name);
	}
	i->null.attached = i->null.fd >= 0;
	return 0;
}

static int make_others(struct init *i, struct err *e)
{
	const struct plan_device *d = plan_at(i->p, i->p->devices);

	for (size_t k = 0; k < i->p->devices.n; k++) {
		const char *path = plan_str(i->p, d[k].path), *name = path + strlen("/dev/");
		int r;

		if (i->p->flags & PLAN_MKNOD)
			r = make_node(i->dev, name, &d[k]);
		else
			r = bind_node(i->dev, name, path, d[k].mode & S_IFMT, makedev(d[k].major, d[k].minor), NULL);
		if (r == -ENXIO)
			return err_set(e, ENXIO, "device %s: the host's is another one", path);
		if (r < 0)
			return err_errno(e, -r, "device %s", path);
	}
	return 0;
}

/* The six default devices and the config's. Sources are the host's /dev: must run before the pivot. */
int init_make_devices(struct init *i, struct err *e)
{
	int r = open_dev(i, e);

	if (r == 0 && !dev_is_given(i->p)) {
		r = make_defaults(i, e);
		if (r == 0)
			r = make_others(i, e);
	}
	if (r == 0 && i->null.fd < 0) {
		/* masks need one even so */
		r = clone_node("/dev/null", S_IFCHR, makedev(1, 3), &i->null.fd);
		if (r < 0)
			return err_errno(e, -r, "/dev/null");
	}
	return r;
}

/* config-linux.md, "/dev symbolic links". One that the image has is kept. */
int init_make_links(struct init *i, struct err *e)
{
	static const struct {
		const char *name, *target;
	} links[] = {
		{"fd", "/proc/self/fd"},         {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
		{"stderr", "/proc/self/fd/2"}, {"ptmx", "pts/ptmx"},
	};

	if (dev_is_given(i->p))
		return 0;
	for (size_t k = 0; k < ARRAY_SIZE(links); k++)
		if (symlinkat(links[k].target, i->dev, links[k].name) < 0 && errno != EEXIST)
			return err_errno(e, errno, "/dev/%s", links[k].name);
	return 0;
}

/* The container's devpts: the one that we mounted, or for exec what is at /dev/pts (pty_open() then checks that it is one). */
static int need_devpts(struct init *i, struct err *e)
{
	int r = 0;

	if (i->devpts < 0)
		r = path_in_root_open(i->root, "/dev/pts", O_RDONLY | O_DIRECTORY, &i->devpts);
	return r < 0 ? err_errno(e, -r, "terminal: /dev/pts") : 0;
}

/* /dev/console is a copy of the slave's own mount, not of a name. */
static int bind_console(struct init *i, int slave, struct err *e)
{
	_cleanup_close_ int copy = -EBADF, place = -EBADF;
	int r;

	r = mount_clone(slave, "", false, &copy);
	if (r == 0)
		r = path_in_root_mountpoint(i->dev, "console", false, 0600, &place);
	if (r == 0)
		r = mount_attach(copy, place);
	return r < 0 ? err_errno(e, -r, "/dev/console") : 0;
}

/* A terminal out of the container's devpts: master to the console socket, slave to us. Needs new_session before. */
int init_open_terminal(struct init *i, struct err *e)
{
	_cleanup_close_ int master = -EBADF, slave = -EBADF;
	const struct plan *p = i->p;
	int r;

	if (!(p->flags & PLAN_TERMINAL))
		return 0;
	r = need_devpts(i, e);
	if (r == 0)
		r = pty_open(i->devpts, &master, &slave, e);
	if (r < 0)
		return r;
	if (p->rows > 0 && p->cols > 0 && pty_set_size(slave, p->rows, p->cols) < 0)
		return err_errno(e, errno, "size of the terminal");
	/* it belongs to who will use it, as login(1) has it; an id that is not mapped leaves it to root */
	(void)!fchown(slave, p->uid, (gid_t)-1);
	if (!(p->flags & PLAN_JOIN)) {
		r = bind_console(i, slave, e);
		if (r < 0)
			return r;
	}
	r = pty_send_master(p->console_fd, master, e);
	if (r < 0)
		return r;
	close(p->console_fd);
	r = pty_take(slave);
	return r < 0 ? err_errno(e, -r, "take the terminal") : 0;
}
