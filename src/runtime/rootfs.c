/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "runtime/rootfs.h"

#include "runtime/secrets.h"
#include "sys/fd.h"
#include "sys/mountns.h"
#include "sys/overlay.h"
#include "sys/path.h"
#include "sys/userns.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

void kept_fds_done(struct kept_fds *k)
{
	while (k->n > 0)
		close(k->fds[--k->n]);
}

int kept_fds_consume_fd(struct kept_fds *k, int fd)
{
	if (k->n == ROOTFS_FDS_MAX) {
		close(fd);
		return -E2BIG;
	}
	k->fds[k->n++] = fd;
	return 0;
}

int rootfs_unshare(struct err *e)
{
	_cleanup_close_ int root = -EBADF;
	int r;

	if (unshare(CLONE_NEWNS) < 0)
		return err_errno(e, errno, "make a mount namespace");
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = root < 0 ? -errno : mount_set(root, 0, 0, MS_SLAVE, true);
	return r < 0 ? err_errno(e, -r, "make the mount namespace private") : 0;
}

/* ---- subpaths ---- */

/* What of a tree is mounted. Whoever writes in the tree may have put a link there: it is resolved as if the tree were all there is. */
static int open_subpath(int tree, const char *path, int *ret_fd, struct err *e)
{
	int r = path_in_root_open(tree, path, O_PATH, ret_fd);

	return r < 0 ? err_errno(e, -r, "subpath %s", path) : 0;
}

/* open_tree(2) takes a place of this mount namespace alone (until Linux 6.15), so the whole is attached first, where it goes with us. */
static int take_subpath(int bundle_fd, const char *path, int *fd, struct err *e)
{
	_cleanup_close_ int place = -EBADF, sub = -EBADF;
	int part = -EBADF, r = path_own_mkdirs(bundle_fd, "whole", &place);

	if (r == 0)
		r = mount_attach(*fd, place);
	if (r < 0)
		return err_errno(e, -r, "subpath %s", path);
	r = open_subpath(*fd, path, &sub, e);
	if (r < 0)
		return r;
	r = mount_clone(sub, "", false, &part);
	if (r < 0)
		return err_errno(e, -r, "subpath %s", path);
	close(*fd);
	*fd = part;
	return 0;
}

/* ---- overlay ---- */

struct layers {
	int lower[OVERLAY_LOWER_MAX];
	struct overlay o;
	bool by_program; /* by fuse-overlayfs in any case */
};

static void layers_done(struct layers *l)
{
	for (size_t i = 0; i < l->o.n_lower; i++)
		close(l->lower[i]);
	fd_closep(&l->o.upper);
	fd_closep(&l->o.work);
}

/* Names out of the config: the engine's own directories, absolute or below the bundle. */
static int open_layer(int bundle_fd, const char *path, int *ret_fd, struct err *e)
{
	int fd = openat(bundle_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(e, errno, "layer %s", path);
	*ret_fd = fd;
	return 0;
}

/* "A:B:C", topmost first; "\\:" is a colon in a name. */
static int open_lower(int bundle_fd, const char *list, struct layers *l, struct err *e)
{
	char path[4096];
	size_t n = 0;

	for (const char *p = list;; p++) {
		if (*p == '\\' && p[1]) {
			p++;
		} else if (*p == ':' || *p == '\0') {
			int r;

			path[n] = '\0';
			if (l->o.n_lower == OVERLAY_LOWER_MAX)
				return err_set(e, E2BIG, "lowerdir: more than %d layers", OVERLAY_LOWER_MAX);
			r = open_layer(bundle_fd, path, &l->lower[l->o.n_lower], e);
			if (r < 0)
				return r;
			l->o.n_lower++;
			n = 0;
			if (*p == '\0')
				return 0;
			continue;
		}
		if (n + 1 >= sizeof(path))
			return err_errno(e, ENAMETOOLONG, "lowerdir");
		path[n++] = *p;
	}
}

static int overlay_option(int bundle_fd, const char *option, struct layers *l, struct err *e)
{
	if (strncmp(option, "lowerdir=", 9) == 0)
		return open_lower(bundle_fd, option + 9, l, e);
	if (strncmp(option, "upperdir=", 9) == 0)
		return open_layer(bundle_fd, option + 9, &l->o.upper, e);
	if (strncmp(option, "workdir=", 8) == 0)
		return open_layer(bundle_fd, option + 8, &l->o.work, e);
	if (strcmp(option, "userxattr") == 0)
		l->o.userxattr = true;
	else if (strcmp(option, "volatile") == 0)
		l->o.is_volatile = true;
	else if (strncmp(option, "mount_program=", 14) == 0)
		l->by_program = true; /* there is one only, and who calls us has passed it */
	else
		return err_set(e, EINVAL, "overlay option %.100s is not supported", option);
	return 0;
}

static int make_overlay(const struct runtime_config *c, int bundle_fd, const struct config_mount *m,
			struct rootfs_servers *servers, int *ret_fd, struct err *e)
{
	struct fuse_program program = {.exe_fd = servers->fuse_fd};
	struct fuse_server server;
	_cleanup_(layers_done) struct layers l = {.o = {.upper = -EBADF, .work = -EBADF}};
	int r = 0;

	l.o.lower = l.lower;
	l.o.context = c->mount_label;
	for (size_t i = 0; r == 0 && i < m->options.n; i++)
		r = overlay_option(bundle_fd, m->options.items[i], &l, e);
	if (r == 0 && (l.o.upper >= 0) != (l.o.work >= 0))
		r = err_set(e, EINVAL, "overlay: upperdir and workdir go together");
	if (r == 0 && servers->n == ROOTFS_SERVERS_MAX)
		r = err_set(e, E2BIG, "overlay: more than %d in one container", ROOTFS_SERVERS_MAX);
	program.forced = l.by_program;
	if (r == 0)
		r = overlay_mount_any(&l.o, &program, ret_fd, &server, e);
	if (r == 0 && server.pid > 0)
		servers->items[servers->n++] = server;
	return r;
}

/* With its flags, and of it what is wanted. */
static int make_whole_overlay(const struct runtime_config *c, int bundle_fd, const struct config_mount *m, struct rootfs_servers *servers,
			      int *ret_fd, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r = make_overlay(c, bundle_fd, m, servers, &fd, e);

	if (r == 0 && m->subpath)
		r = take_subpath(bundle_fd, m->subpath, &fd, e);
	if (r == 0 && (m->set || m->set_rec || m->propagation)) {
		r = mount_set(fd, m->set | m->set_rec, 0, m->propagation, false);
		if (r < 0)
			err_errno(e, -r, "set its flags");
	}
	if (r == 0)
		*ret_fd = TAKE_FD(fd);
	return r;
}

/* ---- binds ---- */

/*
 * Flags of a copied mount. What the host mounted with nosuid and the like
 * stays so inside a user namespace (the kernel locks it): a word such as
 * "exec" that would take it away then fails here, and is not dropped.
 */
static int set_flags(int fd, const struct config_mount *m, struct err *e)
{
	uint64_t propagation = m->propagation ? m->propagation : MS_PRIVATE;
	bool propagation_rec = m->propagation ? m->propagation_rec : true;
	uint64_t clear = 0;
	int r;

	r = mount_set(fd, m->set_rec, m->clear_rec, propagation_rec ? propagation : 0, m->recursive);
	if (r == 0 && !propagation_rec)
		r = mount_set(fd, 0, 0, propagation, false);
	if (r == 0 && m->clear)
		r = mount_has(fd, m->clear, &clear);
	if (r == 0 && (m->set || clear))
		r = mount_set(fd, m->set, clear, 0, false);
	if (r == -EPERM && ((m->set | m->set_rec) & (MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME)))
		return err_set(e, EPERM, "its access times are noted as whoever mounted it wants it; a user cannot change that");
	if (r == -EPERM && (clear || m->clear_rec))
		return err_set(e, EPERM, "the host mounted it with a flag that cannot be taken away here");
	return r < 0 ? err_errno(e, -r, "set its flags") : 0;
}

/* The container's own map when the mount has none, or that of the user namespace that it joins. */
static int open_map(const struct runtime_config *c, const struct config_mount *m, int *ret_fd, struct err *e)
{
	const struct config_namespace *user = runtime_config_namespace(c, CLONE_NEWUSER);
	const struct id_map *map = m->map ? m->map : c->map;

	if (map)
		return userns_of_map(map, ret_fd, e);
	if (!user)
		return err_set(e, EINVAL, "idmap: neither the mount nor the container has a map");
	*ret_fd = open(user->path, O_RDONLY | O_CLOEXEC);
	return *ret_fd < 0 ? err_errno(e, errno, "%s", user->path) : 0;
}

static int set_map(const struct runtime_config *c, const struct config_mount *m, int fd, struct err *e)
{
	_cleanup_close_ int ns = -EBADF;
	int r = m->idmap ? open_map(c, m, &ns, e) : 0;

	if (r < 0 || !m->idmap)
		return r;
	r = mount_idmap(fd, ns, m->idmap_rec);
	if (r == -EPERM)
		return err_set(e, EPERM, "idmap: only who owns the filesystem may map it, root for one of the host's");
	if (r == -EINVAL)
		return err_set(e, EINVAL, "idmap: the filesystem has no idmapped mounts");
	return r < 0 ? err_errno(e, -r, "idmap") : 0;
}

static int make_bind(const struct runtime_config *c, int bundle_fd, const struct config_mount *m, int *ret_fd, struct err *e)
{
	_cleanup_close_ int fd = -EBADF, tree = -EBADF, sub = -EBADF;
	int r;

	if (m->subpath) {
		tree = openat(bundle_fd, m->source, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (tree < 0)
			return err_errno(e, errno, "%s", m->source);
		r = open_subpath(tree, m->subpath, &sub, e);
		if (r < 0)
			return err_wrap(e, r, "%s", m->source);
	}
	r = mount_clone(m->subpath ? sub : bundle_fd, m->subpath ? "" : m->source, m->recursive, &fd);
	if (r == -EINVAL && !m->recursive) {
		r = err_set(e, EINVAL, "%s: other mounts lie below it, which must come along", m->source);
		err_hint(e, "use rbind");
		return r;
	}
	if (r < 0)
		return err_errno(e, -r, "%s", m->source);
	r = set_map(c, m, fd, e);
	if (r == 0)
		r = set_flags(fd, m, e);
	if (r < 0)
		return err_wrap(e, r, "%s", m->source);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/*
 * Without a cgroup namespace of its own the container could otherwise see and,
 * being the same user, change the groups of everything that its user runs
 * (CVE-2023-25809): the host's view then, read-only with all below it.
 */
static int make_host_cgroup(const struct runtime_config *c, int bundle_fd, int *ret_fd, struct err *e)
{
	const struct config_mount host = {
		.kind = CONFIG_MOUNT_BIND, .recursive = true, .source = "/sys/fs/cgroup",
		.set_rec = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
	};

	return make_bind(c, bundle_fd, &host, ret_fd, e);
}

/* ---- the plan ---- */

/* SELinux: the label of everything in a filesystem of ours. proc and sysfs have their own. */
static struct plan_list plan_options(struct plan_writer *w, const struct runtime_config *c, const struct config_mount *m)
{
	_cleanup_(strv_done) struct strv all = {0};
	bool is_tmpfs = strcmp(m->type, "tmpfs") == 0;
	bool labelled = is_tmpfs || strcmp(m->type, "devpts") == 0 || strcmp(m->type, "mqueue") == 0;

	const char *option = c->label_root_only && is_tmpfs ? "rootcontext" : "context";

	if (strv_add_all(&all, m->options.items) < 0 ||
	    (labelled && c->mount_label && strv_addf(&all, "%s=%s", option, c->mount_label) < 0))
		w->body.error = ENOMEM;
	return plan_strings(w, all.items, all.n);
}

/* Joining a user namespace comes first, and leaves nothing of the rights around it: then init mounts it, as far as it may. */
static bool is_late(const struct runtime_config *c, const struct config_mount *m)
{
	const struct config_namespace *net = runtime_config_namespace(c, CLONE_NEWNET), *user = runtime_config_namespace(c, CLONE_NEWUSER);

	return m->kind == CONFIG_MOUNT_NEW && strcmp(m->type, "sysfs") == 0 && net && net->path && user && !user->path;
}

static int plan_late(const struct config_mount *m, struct rootfs_late *late, int *ret_fd, struct err *e)
{
	int fd;

	if (late->n == ROOTFS_LATE_MAX)
		return err_set(e, E2BIG, "more than %d of sysfs", ROOTFS_LATE_MAX);
	fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, errno, "sysfs");
	late->items[late->n].fd = fd;
	late->items[late->n++].m = m;
	*ret_fd = fd;
	return 0;
}

static int mount_late(int placeholder, const struct config_mount *m, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r = mount_new("sysfs", NULL, 0, m->set | m->set_rec, &fd, e);

	if (r < 0)
		return err_wrap(e, r, "mount sysfs on %s", m->destination);
	r = mount_set(fd, 0, 0, m->propagation ? m->propagation : MS_PRIVATE, false);
	if (r == 0 && dup3(fd, placeholder, O_CLOEXEC) < 0)
		r = -errno;
	return r < 0 ? err_errno(e, -r, "mount sysfs on %s", m->destination) : 0;
}

int rootfs_mount_late(const struct rootfs_late *late, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < late->n; i++)
		r = mount_late(late->items[i].fd, late->items[i].m, e);
	return r;
}

static int plan_mount(const struct rootfs_input *in, const struct config_mount *m, struct plan_writer *w, struct plan_mount *ret,
		      struct kept_fds *k, struct rootfs_servers *servers, struct err *e)
{
	const struct runtime_config *c = in->c;
	bool own = m->kind == CONFIG_MOUNT_NEW, overlay = own && strcmp(m->type, "overlay") == 0;
	bool cgroup = own && strcmp(m->type, "cgroup") == 0;
	int fd = -EBADF, r = 0;

	*ret = (struct plan_mount){.kind = PLAN_MOUNT_FD, .fd = -1, .destination = plan_string(w, m->destination)};
	if (overlay) {
		r = make_whole_overlay(c, in->bundle_fd, m, servers, &fd, e);
	} else if (m->kind == CONFIG_MOUNT_BIND) {
		r = make_bind(c, in->bundle_fd, m, &fd, e);
	} else if (cgroup && !runtime_config_namespace(c, CLONE_NEWCGROUP)) {
		r = make_host_cgroup(c, in->bundle_fd, &fd, e);
	} else if (is_late(c, m)) {
		r = plan_late(m, in->late, &fd, e);
	} else {
		ret->kind = PLAN_MOUNT_NEW;
		ret->type = plan_string(w, cgroup ? "cgroup2" : m->type);
		ret->attr = m->set | m->set_rec;
		ret->propagation = m->propagation;
		ret->copy_up = m->copy_up;
		ret->options = plan_options(w, c, m);
	}
	if (r == 0 && fd >= 0)
		r = kept_fds_consume_fd(k, fd);
	if (r < 0)
		return err_wrap(e, r, "mount on %s", m->destination);
	ret->fd = fd >= 0 ? fd : -1;
	return 0;
}

/* The root as a directory that is there, with what is mounted below it. */
static int clone_root(const struct runtime_config *c, int bundle_fd, struct plan_writer *w, struct kept_fds *k,
		      struct err *e)
{
	int fd = -EBADF;
	int r = mount_clone(bundle_fd, c->root_path, true, &fd);

	if (r == 0) {
		r = kept_fds_consume_fd(k, fd);
		w->head.rootfs_fd = fd;
	}
	if (r == 0)
		r = mount_set(fd, 0, 0, MS_PRIVATE, true);
	return r < 0 ? err_errno(e, -r, "root filesystem %s", c->root_path) : 0;
}

int rootfs_prepare(const struct rootfs_input *in, struct plan_writer *w, struct kept_fds *k, struct rootfs_servers *servers,
		   struct err *e)
{
	const struct runtime_config *c = in->c;
	const struct secrets_place where = {.map = c->map, .label = c->mount_label, .place = in->bundle_fd};
	size_t n = c->n_mounts + in->secrets->n, n_secrets = 0;
	_cleanup_free_ struct plan_mount *mounts = mem_array(n, sizeof(*mounts));
	bool own_root = c->n_mounts > 0 && strcmp(c->mounts[0].destination, "/") == 0;
	size_t first = own_root ? 1 : 0;
	int r = 0;

	if (!mounts)
		return err_errno(e, ENOMEM, "mounts");
	for (size_t i = 0; r == 0 && i < c->n_mounts; i++)
		r = plan_mount(in, &c->mounts[i], w, &mounts[i], k, servers, e);
	if (r < 0)
		return r;
	if (own_root && mounts[0].kind != PLAN_MOUNT_FD)
		return err_set(e, ENOTSUP, "mount on /: type %s is not supported there", c->mounts[0].type);
	if (own_root)
		w->head.rootfs_fd = mounts[0].fd;
	else
		r = clone_root(c, in->bundle_fd, w, k, e);
	/* last: nothing of the bundle is opened by name any more */
	if (r == 0)
		r = secrets_to_mounts(in->secrets, &where, w, k, mounts + c->n_mounts, &n_secrets, e);
	w->head.mounts = plan_items(w, mounts + first, c->n_mounts + n_secrets - first, sizeof(*mounts));
	return r;
}

/* ---- without a process ---- */

static bool is_kernels(const char *destination)
{
	static const char *const trees[] = {"/dev", "/proc", "/sys"};

	for (size_t i = 0; i < ARRAY_SIZE(trees); i++) {
		size_t len = strlen(trees[i]);

		if (strncmp(destination, trees[i], len) == 0 && (destination[len] == '/' || destination[len] == '\0'))
			return true;
	}
	return false;
}

static int attach_given(const struct config_mount *m, int fd, int root, struct err *e)
{
	_cleanup_close_ int target = -EBADF;
	struct stat st;
	int r = fstat(fd, &st) < 0 ? -errno : path_in_root_mountpoint(root, m->destination, S_ISDIR(st.st_mode), 0755, &target);

	if (r == 0)
		r = mount_attach(fd, target);
	return r < 0 ? err_errno(e, -r, "mount on %s", m->destination) : 0;
}

static bool is_overlay(const struct config_mount *m)
{
	return m->kind == CONFIG_MOUNT_NEW && strcmp(m->type, "overlay") == 0;
}

bool rootfs_has_overlay(const struct runtime_config *c)
{
	for (size_t i = 0; i < c->n_mounts; i++)
		if (c->mounts[i].type && strcmp(c->mounts[i].type, "overlay") == 0)
			return true;
	return false;
}

static bool is_wanted(const struct config_mount *m)
{
	return (m->kind == CONFIG_MOUNT_BIND || is_overlay(m)) && strcmp(m->destination, "/") != 0 && !is_kernels(m->destination);
}

/* All are made before the first is attached: that may hide what the others come from. */
static int make_given(const struct runtime_config *c, int bundle_fd, struct rootfs_servers *servers, int *fds, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->n_mounts; i++) {
		const struct config_mount *m = &c->mounts[i];

		if (is_wanted(m))
			r = is_overlay(m) ? make_whole_overlay(c, bundle_fd, m, servers, &fds[i], e) : make_bind(c, bundle_fd, m, &fds[i], e);
	}
	return r;
}

int rootfs_root(const struct runtime_config *c, int bundle_fd, struct rootfs_servers *servers, int *ret_fd, struct err *e)
{
	int r;

	if (c->n_mounts > 0 && strcmp(c->mounts[0].destination, "/") == 0 && c->mounts[0].type && strcmp(c->mounts[0].type, "overlay") == 0)
		return make_overlay(c, bundle_fd, &c->mounts[0], servers, ret_fd, e);
	r = mount_clone(bundle_fd, c->root_path, true, ret_fd);
	return r < 0 ? err_errno(e, -r, "root filesystem %s", c->root_path) : 0;
}

static int assemble(const struct runtime_config *c, int bundle_fd, struct rootfs_servers *servers, int at_fd, int *fds, int *ret_fd,
		    struct err *e)
{
	_cleanup_close_ int root = -EBADF;
	int r = rootfs_root(c, bundle_fd, servers, &root, e);

	if (r == 0)
		r = make_given(c, bundle_fd, servers, fds, e);
	if (r < 0)
		return r;
	r = mount_attach(root, at_fd);
	if (r < 0)
		return err_errno(e, -r, "root filesystem");
	for (size_t i = 0; r == 0 && i < c->n_mounts; i++)
		if (fds[i] >= 0)
			r = attach_given(&c->mounts[i], fds[i], root, e);
	if (r == 0)
		*ret_fd = TAKE_FD(root);
	return r;
}

int rootfs_assemble(const struct runtime_config *c, int bundle_fd, struct rootfs_servers *servers, int at_fd, int *ret_fd,
		    struct err *e)
{
	_cleanup_free_ int *binds = mem_array(c->n_mounts + 1, sizeof(*binds));
	int r;

	if (!binds)
		return err_errno(e, ENOMEM, "mounts");
	for (size_t i = 0; i < c->n_mounts; i++)
		binds[i] = -EBADF;
	r = assemble(c, bundle_fd, servers, at_fd, binds, ret_fd, e);
	for (size_t i = 0; i < c->n_mounts; i++)
		fd_closep(&binds[i]);
	return r;
}
