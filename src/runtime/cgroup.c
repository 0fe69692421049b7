/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The group is made below our own: the caller has seen to it that we run in
 * one that was given to him (a scope of the service manager's, a job of a
 * batch system, a container), so the bounds he was given hold for what he
 * starts. Where the group's own processes stand in the way they go beside the
 * container's, to CGROUP_SUPERVISOR; who finds himself there means the group above.
 *
 * The note in RROOT/ID comes first, and the group is removed before the note,
 * so that whoever is killed in between leaves nothing that nobody finds.
 */
#include "runtime/cgroup.h"

#include "base/parse.h"
#include "oci/cgroup_limits.h"
#include "sys/cgroup.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define NOTE "cgroup"
#define DELEGATE_MAX 4096

void cgroup_done(struct cgroup *g)
{
	fd_closep(&g->dir);
	free(g->path);
	g->path = NULL;
}

/* ---- where ---- */

/* The group below which ours go. -ENOENT, -ENOTSUP, -EACCES: there is none, see explain(). */
static int find_parent(char path[static PATH_MAX], int *ret_fd)
{
	_cleanup_close_ int mount = -EBADF, fd = -EBADF;
	int r = cgroup_mount_open(&mount);
	char *slash;

	if (r == 0)
		r = cgroup_of(0, path);
	if (r < 0)
		return r;
	slash = strrchr(path, '/');
	if (strcmp(slash + 1, CGROUP_SUPERVISOR) == 0)
		slash[slash == path] = '\0';
	r = cgroup_open(mount, path, &fd);
	if (r == 0 && !cgroup_is_ours(fd))
		r = -EACCES;
	if (r == 0)
		*ret_fd = TAKE_FD(fd);
	return r;
}

static int explain(int r, const char *limit, const char *path, struct err *e)
{
	const char *why = r == -ENOTSUP ? "this host has no cgroup v2, or not alone"
			  : r == -ENOENT ? "our cgroup is out of sight from here"
			  : r == -EACCES ? "no cgroup was delegated to this user"
					 : NULL;

	if (!why)
		return err_errno(e, -r, "cgroup %s", path);
	(void)err_set(e, ENOTSUP, "linux.resources.%s: %s", limit, why);
	err_hint(e, "resource limits need cgroup v2 with a delegated subtree");
	return -ENOTSUP;
}

/* ---- what ---- */

/* No limit, by a file that says so of each new group: where there is no such file, or no group, it is so all the same. */
static bool asks_nothing(const struct cgroup_limit *x)
{
	const char *name = strrchr(x->file, '.');

	return name && strcmp(x->value, "max") == 0 && (strcmp(name, ".max") == 0 || strcmp(x->file, "memory.high") == 0);
}

/* The key of the first that asks for something; NULL: none does. */
static const char *asking(const struct cgroup_limits *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (!asks_nothing(&l->items[i]))
			return l->items[i].from;
	return NULL;
}

static unsigned needed(const struct cgroup_limits *l)
{
	unsigned set = 0;

	for (size_t i = 0; i < l->n; i++)
		if (!asks_nothing(&l->items[i]))
			set |= cgroup_controller_of(l->items[i].file);
	return set;
}

static int lacking(int parent, const struct cgroup_limits *l, const char *path, struct err *e)
{
	unsigned there = 0;
	int r = cgroup_controllers(parent, &there);

	for (size_t i = 0; r == 0 && i < l->n; i++) {
		unsigned bit = cgroup_controller_of(l->items[i].file);

		if (!bit || (bit & there) || asks_nothing(&l->items[i]))
			continue;
		(void)err_set(e, ENOTSUP, "%s: the cgroup controller \"%.*s\" is not delegated to this user (%s)", l->items[i].file,
			      (int)strcspn(l->items[i].file, "."), l->items[i].file, path);
		err_hint(e, "an administrator can: systemctl edit user@.service, with [Service] Delegate=cpu cpuset io memory pids");
		return -ENOTSUP;
	}
	return err_errno(e, r < 0 ? -r : ENODEV, "cgroup %s", path);
}

static int write_limits(int dir, const struct cgroup_limits *l, struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct cgroup_limit *x = &l->items[i];
		int r = cgroup_write(dir, x->file, x->value);

		/* without swap accounting there is no swap to limit */
		if (r == -ENOENT && (strcmp(x->file, "memory.swap.max") == 0 || asks_nothing(x)))
			continue;
		if (r == -ENOENT)
			return err_set(e, ENOTSUP, "%s: this kernel has no such limit", x->file);
		if (r < 0)
			return err_errno(e, -r, "%s = %s", x->file, x->value);
	}
	return 0;
}

/* ---- the whole ---- */

/* Only its own container is in a group that has its ID in its name; and paths are read by people and cut by records. */
static int name_path(const char *above, const char *id, char **ret)
{
	const char *base = strcmp(above, "/") == 0 ? "" : above;
	bool alone = strstr(strrchr(above, '/'), id) != NULL;

	return asprintf(ret, "%s/%s%s", base, alone ? CGROUP_NAME_ALONE : CGROUP_NAME_PREFIX, alone ? "" : id) < 0 ? -ENOMEM : 0;
}

static int make(int dir, int parent, const char *above, const char *id, struct cgroup *ret, struct err *e)
{
	_cleanup_free_ char *path = NULL;
	const char *name;
	int fd = -EBADF, r;

	if (name_path(above, id, &path) < 0)
		return err_errno(e, ENOMEM, "cgroup");
	name = strrchr(path, '/') + 1;
	/* half a note is nobody's group, and there is none yet */
	r = path_own_write(dir, NOTE, path, strlen(path), 0600, PATH_SYNC_UNSEEN);
	if (r < 0)
		return err_errno(e, -r, "note the cgroup");
	/* of one that was killed, and whose note is lost */
	r = cgroup_remove_tree(parent, name);
	if (r == 0 && mkdirat(parent, name, 0755) < 0)
		r = -errno;
	if (r == 0)
		r = path_own_open(parent, name, O_RDONLY | O_DIRECTORY, 0, &fd);
	if (r < 0)
		return err_errno(e, -r, "make the cgroup %s", path);
	ret->dir = fd;
	ret->path = TAKE_PTR(path);
	return 0;
}

/* Goes on to the pod's group, when there is to be one. Not in a scope that is the container's alone: one of a pod with limits has the pod's name. */
static int enter_pod_group(const char *path, const char *id, char above[static PATH_MAX], int *parent, const struct cgroup_limits *l)
{
	const char *name = path && strncmp(path, "ranby/" CGROUP_POD_PREFIX, sizeof("ranby/" CGROUP_POD_PREFIX) - 1) == 0 ? path + 6 : NULL;
	size_t len = strlen(above);
	int fd = -EBADF, r;

	if (!name || strchr(name, '/') || strstr(strrchr(above, '/'), id))
		return 0;
	if (snprintf(above + len, PATH_MAX - len, "%s%s", above[1] ? "/" : "", name) >= (int)(PATH_MAX - len))
		return -ENAMETOOLONG;
	if (mkdirat(*parent, name, 0755) < 0 && errno != EEXIST)
		return -errno;
	r = path_own_open(*parent, name, O_RDONLY | O_DIRECTORY, 0, &fd);
	if (r < 0)
		return r;
	fd_closep(parent);
	*parent = fd;
	return cgroup_enable(fd, needed(l), CGROUP_ALL);
}

/* ---- where another engine wants it ---- */

/* Names below the mount, none of them "..", "." or empty. */
static bool is_plain_path(const char *path)
{
	for (const char *p = path; *p;) {
		size_t n;

		if (*p++ != '/')
			return false;
		n = strcspn(p, "/");
		if (n == 0 || n > NAME_MAX || (p[0] == '.' && (n == 1 || (n == 2 && p[1] == '.'))))
			return false;
		p += n;
	}
	return path[0] == '/' && strlen(path) < PATH_MAX;
}

/* Goes down one group, and makes it when it is not there (*made); what is needed below is enabled where we come from. */
static int go_down(int *fd, const char *name, size_t len, const struct cgroup_limits *l, bool *made)
{
	_cleanup_free_ char *copy = strndup(name, len);
	int below = -EBADF, r = copy ? cgroup_enable_in_place(*fd, needed(l), CGROUP_ALL) : -ENOMEM;

	*made = r == 0 && mkdirat(*fd, copy, 0755) == 0;
	if (r == 0 && !*made && errno != EEXIST)
		r = -errno;
	if (r == 0)
		r = path_own_open(*fd, copy, O_RDONLY | O_DIRECTORY, 0, &below);
	if (r < 0)
		return r;
	fd_closep(fd);
	*fd = below;
	return 0;
}

static bool is_populated(int fd)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	return cgroup_read(fd, "cgroup.events", &b) < 0 || strstr(buf_str(&b), "populated 1");
}

/* A group's number is not given again while the kernel runs; 0: it has none. */
static uint64_t number_of(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 ? st.st_ino : 0;
}

int cgroup_note_given(int dir, const char *path, int fd, struct err *e)
{
	_cleanup_free_ char *note = NULL;
	int r = asprintf(&note, "=%s\n%" PRIu64, path, number_of(fd)) < 0
			? -ENOMEM
			: path_own_write(dir, NOTE, note, strlen(note), 0600, PATH_SYNC_NONE);

	return r < 0 ? err_errno(e, -r, "note the cgroup") : 0;
}

static int make_given(int dir, const char *path, const struct cgroup_limits *l, struct cgroup *ret)
{
	_cleanup_close_ int fd = -EBADF;
	int r = cgroup_mount_open(&fd);
	bool made = false;

	for (const char *p = path; r == 0 && *p;) {
		size_t n = strcspn(++p, "/");

		r = go_down(&fd, p, n, l, &made);
		if (r == -EBUSY)
			r = -ENOTEMPTY;
		p += n;
	}
	if (r == 0 && !made && is_populated(fd))
		return -EBUSY;
	if (r < 0)
		return r;
	r = cgroup_note_given(dir, path, fd, NULL);
	ret->path = r == 0 ? strdup(path) : NULL;
	if (r == 0 && !ret->path)
		r = -ENOMEM;
	if (r == 0)
		ret->dir = TAKE_FD(fd);
	return r;
}

static int prepare_given(int dir, const char *path, const struct cgroup_limits *l, struct cgroup *ret, struct err *e)
{
	int r = is_plain_path(path) ? make_given(dir, path, l, ret) : -EINVAL;

	if (r == -EINVAL)
		return err_set(e, EINVAL, "linux.cgroupsPath: %.200s is no path of a cgroup", path);
	if (r == -EBUSY)
		return err_set(e, EBUSY, "linux.cgroupsPath: %.200s has processes of others in it", path);
	if (r < 0 && !asking(l))
		return 0;
	if (r == -ENOTEMPTY)
		return err_set(e, ENOTSUP, "linux.resources.%s: a group above %s has processes, so no controller can be enabled below it",
			       asking(l), path);
	if (r == -ENODEV) {
		_cleanup_close_ int mount = -EBADF;

		r = cgroup_mount_open(&mount);
		return r == 0 ? lacking(mount, l, path, e) : explain(r, asking(l), path, e);
	}
	if (r == -EROFS || r == -EPERM)
		r = -EACCES;
	return r < 0 ? explain(r, asking(l), path, e) : write_limits(ret->dir, l, e);
}

int cgroup_prepare(int dir, const char *path, struct json_object *resources, const char *id, struct cgroup *ret, struct err *e)
{
	_cleanup_(cgroup_limits_done) struct cgroup_limits l = {0};
	_cleanup_close_ int parent = -EBADF;
	char above[PATH_MAX] = "";
	int r = cgroup_limits_read(resources, &l, e);

	if (r < 0 || (l.n == 0 && (!path || strchr(path, ':'))))
		return r;
	if (path && path[0] == '/')
		return prepare_given(dir, path, &l, ret, e);
	r = find_parent(above, &parent);
	if (r < 0)
		return !asking(&l) ? 0 : explain(r, asking(&l), above, e);
	r = cgroup_enable(parent, needed(&l), CGROUP_ALL);
	if (r == -ENODEV)
		return lacking(parent, &l, above, e);
	if (r < 0)
		return err_errno(e, -r, "delegate controllers in the cgroup %s", above);
	r = enter_pod_group(path, id, above, &parent, &l);
	if (r < 0)
		return err_errno(e, -r, "cgroup of the pod, below %s", above);
	r = make(dir, parent, above, id, ret, e);
	return r == 0 ? write_limits(ret->dir, &l, e) : r;
}

int cgroup_none(struct json_object *resources, struct err *e)
{
	_cleanup_(cgroup_limits_done) struct cgroup_limits l = {0};
	int r = cgroup_limits_read(resources, &l, e);

	return r == 0 && asking(&l) ? err_set(e, ENOTSUP, "linux.resources.%s: --cgroup-manager=disabled leaves it no cgroup", asking(&l)) : r;
}

int cgroup_can_limit(const struct cgroup_limits *l, struct err *e)
{
	_cleanup_close_ int mount = -EBADF;
	int r = cgroup_mount_open(&mount);

	return r < 0 && asking(l) ? explain(r, asking(l), "/", e) : 0;
}

int cgroup_limit(const struct cgroup *g, const struct cgroup_limits *l, struct err *e)
{
	unsigned there = 0;
	int r = cgroup_controllers(g->dir, &there);

	if (r == 0 && (needed(l) & ~there))
		return lacking(g->dir, l, g->path, e);
	return r < 0 ? err_errno(e, -r, "cgroup %s", g->path) : write_limits(g->dir, l, e);
}

/* Files that a kernel has none of are passed over. */
static int give_file(int dir, const char *name, uid_t uid, gid_t gid)
{
	if (!*name || strchr(name, '/'))
		return 0;
	return fchownat(dir, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT ? -errno : 0;
}

int cgroup_give(const struct cgroup *g, uid_t uid, gid_t gid, struct err *e)
{
	static const char usual[] = "cgroup.procs\ncgroup.threads\ncgroup.subtree_control\n";
	_cleanup_close_ int fd = open("/sys/kernel/cgroup/delegate", O_RDONLY | O_CLOEXEC);
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = 0;

	if (g->dir < 0)
		return 0;
	if (fd < 0 || fd_read_all(fd, DELEGATE_MAX, &b) < 0 || b.len == 0) {
		buf_done(&b);
		buf_adds(&b, usual);
	}
	if (buf_bad(&b))
		return err_errno(e, ENOMEM, "cgroup %s", g->path);
	if (fchown(g->dir, uid, gid) < 0)
		r = -errno;
	for (char *line = b.data, *next; r == 0 && line && *line; line = next) {
		next = strchrnul(line, '\n');
		if (*next)
			*next++ = '\0';
		r = give_file(g->dir, line, uid, gid);
	}
	return r < 0 ? err_errno(e, -r, "give the cgroup %s to the container", g->path) : 0;
}

/* -EBUSY: not below the container's group, or not to be entered either. */
static int enter_of(const struct cgroup *g, pid_t init, pid_t pid)
{
	_cleanup_close_ int mount = -EBADF, fd = -EBADF;
	size_t len = strlen(g->path);
	char path[PATH_MAX];
	int r = cgroup_of(init, path);

	if (r < 0 || strncmp(path, g->path, len) != 0 || path[len] != '/')
		return -EBUSY;
	r = cgroup_mount_open(&mount);
	if (r == 0)
		r = cgroup_open(mount, path, &fd);
	return r == 0 ? cgroup_add(fd, pid) : r;
}

static int add(const struct cgroup *g, pid_t init, pid_t pid)
{
	int r = g->dir < 0 ? 0 : cgroup_add(g->dir, pid);

	return r == -EBUSY && init > 0 ? enter_of(g, init, pid) : r;
}

int cgroup_enter(const struct cgroup *g, pid_t pid, struct err *e)
{
	return cgroup_enter_beside(g, 0, pid, e);
}

int cgroup_enter_beside(const struct cgroup *g, pid_t init, pid_t pid, struct err *e)
{
	int r = add(g, init, pid);

	if (r == -EACCES || r == -EPERM) {
		(void)err_errno(e, -r, "enter the container's cgroup %s", g->path);
		err_hint(e, "from outside of its scope that is the service manager's to do");
		return r;
	}
	return r < 0 ? err_errno(e, -r, "enter the cgroup %s", g->path) : 0;
}

int cgroup_find(const char *path, struct cgroup *ret, struct err *e)
{
	_cleanup_close_ int mount = -EBADF;
	int fd = -EBADF, r;

	if (!path)
		return 0;
	r = cgroup_mount_open(&mount);
	if (r == 0)
		r = cgroup_open(mount, path, &fd);
	if (r < 0)
		return err_errno(e, -r, "the container's cgroup %s", path);
	ret->dir = fd;
	ret->path = strdup(path);
	return ret->path ? 0 : err_errno(e, ENOMEM, "cgroup");
}

/* A path that make() may have written. */
static bool is_of(const char *path, const char *id)
{
	_cleanup_free_ char *above = strdup(path), *ours = NULL;
	char *slash = above ? strrchr(above, '/') : NULL;

	if (!slash || path[0] != '/')
		return false;
	slash[slash == above] = '\0';
	return name_path(above, id, &ours) == 0 && strcmp(ours, path) == 0;
}

/* What the note says, when it is ours; -ENOENT. `*number`: the group's, 0: whichever is of that path. */
static int read_note(int rroot, const char *id, struct buf *path, uint64_t *number)
{
	char note[PATH_MAX], *line;

	*number = 0;

	snprintf(note, sizeof(note), "%s/" NOTE, id);
	if (path_own_read(rroot, note, PATH_MAX + 24, path) < 0)
		return -ENOENT;
	if (buf_str(path)[0] != '=')
		return is_of(buf_str(path), id) ? 0 : -ENOENT;
	line = strchr(path->data, '\n');
	if (line) {
		if (parse_u64(line + 1, 0, UINT64_MAX, number) < 0)
			return -ENOENT;
		*line = '\0';
		path->len = (size_t)(line - path->data);
	}
	memmove(path->data, path->data + 1, path->len--);
	return is_plain_path(buf_str(path)) ? 0 : -ENOENT;
}

int cgroup_own(int rroot, const char *id, int *ret_fd)
{
	_cleanup_(buf_done) struct buf path = BUF_INIT;
	_cleanup_close_ int mount = -EBADF, fd = -EBADF;
	uint64_t number;
	int r = read_note(rroot, id, &path, &number);

	if (r == 0)
		r = cgroup_mount_open(&mount);
	if (r == 0)
		r = cgroup_open(mount, buf_str(&path), &fd);
	if (r == 0 && number && number_of(fd) != number)
		r = -ENOENT;
	if (r == 0)
		*ret_fd = TAKE_FD(fd);
	return r == -ENOTSUP ? -ENOENT : r;
}

/* Of a note's path that of the group above, when that is a pod's. */
static bool pod_path(struct buf *path)
{
	char *slash = strrchr(path->data, '/'), *name;

	if (!slash || slash == path->data)
		return false;
	*slash = '\0';
	name = strrchr(path->data, '/');
	return name && strncmp(name + 1, CGROUP_POD_PREFIX, sizeof(CGROUP_POD_PREFIX) - 1) == 0;
}

int cgroup_limit_pod(int rroot, const char *id, struct json_object *resources, struct err *e)
{
	_cleanup_(cgroup_limits_done) struct cgroup_limits l = {0};
	_cleanup_close_ int mount = -EBADF, fd = -EBADF, up = -EBADF;
	_cleanup_(buf_done) struct buf path = BUF_INIT;
	uint64_t number;
	int r = cgroup_limits_read(resources, &l, e);

	if (r < 0)
		return r;
	if (read_note(rroot, id, &path, &number) < 0 || !pod_path(&path))
		return err_set(e, ENOTSUP, "limits of a pod: it has no cgroup of its own");
	r = cgroup_mount_open(&mount);
	if (r == 0)
		r = cgroup_open(mount, buf_str(&path), &fd);
	if (r == 0) {
		up = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		r = up < 0 ? -errno : cgroup_enable(up, needed(&l), CGROUP_ALL);
	}
	if (r == -ENODEV)
		return lacking(up, &l, buf_str(&path), e);
	return r < 0 ? err_errno(e, -r, "cgroup %s", buf_str(&path)) : write_limits(fd, &l, e);
}

int cgroup_update(int fd, const char *path, struct json_object *resources, struct err *e)
{
	_cleanup_(cgroup_limits_done) struct cgroup_limits l = {0};
	_cleanup_close_ int up = -EBADF;
	int r = cgroup_limits_read(resources, &l, e);

	if (r < 0)
		return r;
	up = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = up < 0 ? -errno : cgroup_enable_in_place(up, needed(&l), needed(&l));
	if (r == -ENODEV)
		return lacking(up, &l, path ? path : "", e);
	return r < 0 ? err_errno(e, -r, "cgroup %s", path ? path : "") : write_limits(fd, &l, e);
}

bool cgroup_same_pod(int rroot, const char *id, const char *other)
{
	_cleanup_(buf_done) struct buf a = BUF_INIT, b = BUF_INIT;
	uint64_t number;

	return read_note(rroot, id, &a, &number) == 0 && read_note(rroot, other, &b, &number) == 0 && pod_path(&a) && pod_path(&b) &&
	       strcmp(buf_str(&a), buf_str(&b)) == 0;
}

/* Whoever is the last takes the group of the pod along; the kernel keeps it while there is another. */
static void leave_pod_group(int group, const char *path)
{
	const char *name = strrchr(path, '/');
	_cleanup_close_ int up = -EBADF;

	if (!name || strncmp(name + 1, CGROUP_POD_PREFIX, sizeof(CGROUP_POD_PREFIX) - 1) != 0)
		return;
	up = openat(group, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (up >= 0)
		(void)unlinkat(up, name + 1, AT_REMOVEDIR);
}

/* Else it is gone, and one of that name is another container's. */
static bool is_number(int parent, const char *name, uint64_t number)
{
	struct stat st;

	return fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == number;
}

int cgroup_remove(int rroot, const char *id, struct err *e)
{
	_cleanup_close_ int mount = -EBADF, parent = -EBADF;
	_cleanup_(buf_done) struct buf path = BUF_INIT;
	uint64_t number;
	char *slash;
	int r;

	if (read_note(rroot, id, &path, &number) < 0)
		return 0;
	slash = strrchr(path.data, '/');
	*slash = '\0';
	r = cgroup_mount_open(&mount);
	if (r == 0)
		r = cgroup_open(mount, path.data[0] ? path.data : "/", &parent);
	if (r == 0 && number && !is_number(parent, slash + 1, number))
		return 0;
	if (r == 0)
		r = cgroup_remove_tree(parent, slash + 1);
	if (r == 0)
		leave_pod_group(parent, path.data);
	/* gone with its scope; or seen from a place where it never was */
	if (r == -ENOENT || r == -ENOTSUP)
		return 0;
	return r < 0 ? err_errno(e, -r, "remove the cgroup %s/%s", path.data, slash + 1) : 0;
}
