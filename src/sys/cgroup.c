/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Every name here is the kernel's or ours, and cgroupfs knows no links, so
 * groups are opened by path_own_open() below the mount.
 *
 * Two rules of the kernel shape it (cgroup-v2, "No Internal Process
 * Constraint" and "Delegation"): a group whose controllers are enabled for
 * groups below must have no processes of its own, and a process can be moved
 * only where whoever moves it may write to the nearest group that is above
 * both places. The second is why a login's process cannot be moved to its
 * user's delegated groups but by the service manager.
 */
#include "sys/cgroup.h"

#include "base/parse.h"
#include "sys/dir.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <time.h>

#define MOUNTINFO_MAX (4U << 20)
#define VACATE_TRIES 16
#define FILE_MAX (1U << 20)
#define DEPTH_MAX 32
#define MOVE_ROUNDS 16
#define REMOVE_ROUNDS 200 /* of 10 ms */

static const struct {
	const char *name;
	unsigned bit;
} controllers[] = {
	{"cpuset", CGROUP_CPUSET}, {"cpu", CGROUP_CPU},   {"io", CGROUP_IO},
	{"memory", CGROUP_MEMORY}, {"hugetlb", CGROUP_HUGETLB}, {"pids", CGROUP_PIDS},
	{"rdma", CGROUP_RDMA},
};

void cgroup_names(unsigned set, const char *before, struct buf *out)
{
	const char *blank = "";

	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++)
		if (set & controllers[i].bit) {
			buf_addf(out, "%s%s%s", blank, before, controllers[i].name);
			blank = " ";
		}
}

static unsigned bit_of(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++)
		if (strlen(controllers[i].name) == len && memcmp(controllers[i].name, name, len) == 0)
			return controllers[i].bit;
	return 0;
}

unsigned cgroup_controller_of(const char *file)
{
	const char *dot = strchr(file, '.');

	return dot ? bit_of(file, (size_t)(dot - file)) : 0;
}

int cgroup_mount_open(int *ret_fd)
{
	_cleanup_close_ int fd = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return errno == ENOENT ? -ENOTSUP : -errno;
	if (fs.f_type != CGROUP2_SUPER_MAGIC)
		return -ENOTSUP;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

bool cgroup_is_bounded_by_namespace(void)
{
	_cleanup_close_ int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	if (fd < 0 || fd_read_all(fd, MOUNTINFO_MAX, &b) < 0)
		return false;
	for (const char *line = buf_str(&b); *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t n = strcspn(line, "\n");
		const char *type = memmem(line, n, " - cgroup2 ", 11);

		if (type && memmem(line, n, " /sys/fs/cgroup ", 16))
			return memmem(type, n - (size_t)(type - line), "nsdelegate", 10) != NULL;
	}
	return false;
}

int cgroup_of(pid_t pid, char ret[static PATH_MAX])
{
	char name[32], text[PATH_MAX];
	_cleanup_close_ int fd = -EBADF;
	ssize_t n;
	char *line;

	if (pid > 0)
		snprintf(name, sizeof(name), "/proc/%d/cgroup", (int)pid);
	else
		snprintf(name, sizeof(name), "/proc/self/cgroup");
	fd = open(name, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (!line)
		return -ENOENT;
	line += line[0] == '\n' ? 4 : 3;
	line[strcspn(line, "\n")] = '\0';
	/* above our namespace's root it begins with "/..", and there is nothing to open */
	if (line[0] != '/' || strncmp(line, "/..", 3) == 0)
		return -ENOENT;
	memcpy(ret, line, strlen(line) + 1);
	return 0;
}

int cgroup_open(int mount_fd, const char *path, int *ret_fd)
{
	return path_own_open(mount_fd, path[1] ? path + 1 : ".", O_RDONLY | O_DIRECTORY, 0, ret_fd);
}

bool cgroup_is_ours(int fd)
{
	return faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) == 0 && faccessat(fd, "cgroup.procs", W_OK, AT_EACCESS) == 0 &&
	       faccessat(fd, "cgroup.subtree_control", W_OK, AT_EACCESS) == 0;
}

bool cgroup_is_delegated(int fd)
{
	char value = '0';

	return fgetxattr(fd, "user.delegate", &value, 1) == 1 && value == '1';
}

int cgroup_read(int fd, const char *file, struct buf *out)
{
	int r = path_own_read(fd, file, FILE_MAX, out);

	if (r == 0 && out->len > 0 && out->data[out->len - 1] == '\n')
		out->data[--out->len] = '\0';
	return r;
}

static int read_set(int fd, const char *file, unsigned *ret)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = cgroup_read(fd, file, &b);
	unsigned set = 0;

	if (r < 0)
		return r;
	for (const char *p = buf_str(&b); *p;) {
		size_t n = strcspn(p, " ");

		set |= bit_of(p, n);
		p += n + strspn(p + n, " ");
	}
	*ret = set;
	return 0;
}

int cgroup_controllers(int fd, unsigned *ret)
{
	return read_set(fd, "cgroup.controllers", ret);
}

int cgroup_enabled(int fd, unsigned *ret)
{
	return read_set(fd, "cgroup.subtree_control", ret);
}

int cgroup_write(int fd, const char *file, const char *value)
{
	_cleanup_close_ int f = -EBADF;
	int r = path_own_open(fd, file, O_WRONLY, 0, &f);

	/* one write: the kernel takes each as a whole value */
	if (r == 0 && write(f, value, strlen(value)) < 0)
		r = -errno;
	return r;
}

/* What both begin with, in whole names. */
static void common_above(const char *a, const char *b, char ret[static PATH_MAX])
{
	size_t n = 0, end = 0;

	for (; a[n] == b[n] && a[n]; n++)
		if (a[n] == '/')
			end = n;
	if ((!a[n] || a[n] == '/') && (!b[n] || b[n] == '/'))
		end = n;
	snprintf(ret, PATH_MAX, "%.*s", end > 0 ? (int)end : 1, end > 0 ? a : "/");
}

bool cgroup_may_move(int mount_fd, const char *from, const char *to)
{
	_cleanup_close_ int fd = -EBADF;
	char path[PATH_MAX];

	common_above(from, to, path);
	return cgroup_open(mount_fd, path, &fd) == 0 && faccessat(fd, "cgroup.procs", W_OK, AT_EACCESS) == 0;
}

int cgroup_add(int fd, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	return cgroup_write(fd, "cgroup.procs", text);
}

/* All that are in it now, from a text with a number on each line. */
static int move_listed(char *text, int to)
{
	uint32_t pid;
	int r = 0;

	for (char *line = text, *end; r == 0 && *line; line = end) {
		size_t n = strcspn(line, "\n");

		end = line + n + (line[n] == '\n');
		line[n] = '\0';
		/* "0": of a pid namespace that we do not see into */
		if (parse_u32(line, 1, INT_MAX, &pid) < 0)
			return -EBUSY;
		r = cgroup_add(to, (pid_t)pid);
		if (r == -ESRCH)
			r = 0;
	}
	return r;
}

/* Empties a group of its processes. They may fork meanwhile, so more than once. */
static int vacate(int fd)
{
	_cleanup_close_ int to = -EBADF;
	int r = path_own_mkdirs(fd, CGROUP_SUPERVISOR, &to);

	for (int i = 0; r == 0 && i < MOVE_ROUNDS; i++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT;

		r = cgroup_read(fd, "cgroup.procs", &b);
		if (r < 0 || b.len == 0)
			return r;
		r = move_listed(b.data, to);
	}
	return r < 0 ? r : -EBUSY;
}

static int enable(int fd, unsigned set)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	cgroup_names(set, "+", &b);
	return buf_bad(&b) ? -buf_bad(&b) : cgroup_write(fd, "cgroup.subtree_control", buf_str(&b));
}

static int enable_or_move(int fd, unsigned needed, unsigned wanted, int tries)
{
	unsigned there, enabled;
	int r = cgroup_controllers(fd, &there);

	if (r == 0)
		r = cgroup_enabled(fd, &enabled);
	if (r < 0)
		return r;
	if (needed & ~there)
		return -ENODEV;
	wanted = (wanted | needed) & there & ~enabled;
	if (!wanted)
		return 0;
	r = enable(fd, wanted);
	/* whoever forks meanwhile has a child in it again */
	for (int i = 0; r == -EBUSY && i < tries; i++) {
		r = vacate(fd);
		if (r == 0)
			r = enable(fd, wanted);
	}
	/* one that is only wanted may not be had, as cpu where there are realtime processes */
	if (r < 0 && (wanted & ~needed) && (needed & ~enabled))
		r = enable(fd, needed & ~enabled);
	return r < 0 && !(needed & ~enabled) ? 0 : r;
}

int cgroup_enable(int fd, unsigned needed, unsigned wanted)
{
	return enable_or_move(fd, needed, wanted, VACATE_TRIES);
}

int cgroup_enable_in_place(int fd, unsigned needed, unsigned wanted)
{
	return enable_or_move(fd, needed, wanted, 0);
}

bool cgroup_is_frozen(int fd)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	return cgroup_read(fd, "cgroup.freeze", &b) == 0 && strcmp(buf_str(&b), "1") == 0;
}

/* "populated 1\nfrozen 0" */
static bool says_frozen(int fd, bool frozen)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	return cgroup_read(fd, "cgroup.events", &b) == 0 && strstr(buf_str(&b), frozen ? "frozen 1" : "frozen 0");
}

int cgroup_freeze(int fd, bool frozen, int timeout_ms)
{
	static const struct timespec pause = {.tv_nsec = 2000000};
	int r = cgroup_write(fd, "cgroup.freeze", frozen ? "1" : "0");

	for (int left = timeout_ms / 2; r == 0 && !says_frozen(fd, frozen); left--) {
		if (left <= 0) {
			(void)!cgroup_write(fd, "cgroup.freeze", frozen ? "0" : "1");
			return -ETIMEDOUT;
		}
		(void)nanosleep(&pause, NULL);
	}
	return r;
}

static int remove_below(int parent, const char *name, unsigned depth)
{
	int fd = -EBADF, r = path_own_open(parent, name, O_RDONLY | O_DIRECTORY, 0, &fd);
	struct dirent *d;
	DIR *dir;

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	dir = fdopendir(fd);
	if (!dir) {
		fd_closep(&fd);
		return -ENOMEM;
	}
	while (r == 0 && (d = dir_next(dir, &r)))
		if (d->d_type == DT_DIR)
			r = depth > 0 ? remove_below(dirfd(dir), d->d_name, depth - 1) : -ELOOP;
	closedir(dir);
	if (r == 0 && unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = -errno;
	return r;
}

int cgroup_remove_tree(int parent, const char *name)
{
	static const struct timespec pause = {.tv_nsec = 10000000};
	_cleanup_close_ int fd = -EBADF;
	int r;

	/* as it mostly is: without processes and groups below */
	if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	r = path_own_open(parent, name, O_RDONLY | O_DIRECTORY, 0, &fd);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = remove_below(parent, name, DEPTH_MAX);
	if (r != -EBUSY)
		return r;
	/* Linux 5.14; on an older one whoever is left there must end by himself */
	(void)!cgroup_write(fd, "cgroup.kill", "1");
	for (int i = 0; r == -EBUSY && i < REMOVE_ROUNDS; i++) {
		(void)nanosleep(&pause, NULL);
		r = remove_below(parent, name, DEPTH_MAX);
	}
	return r;
}
