/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Process numbers are reused, and a view that mixes two processes in one
 * row is worse than none. So a process is opened once: first a pidfd, then
 * its directory, then it is asked whether the pidfd's process is still
 * there. If it is, the number was its own all the time in between, and both
 * descriptors are of one process; from then on the directory alone keeps
 * the identity, because its inode refers to the process and not the number.
 *
 * Not the reaped state but the ended one is what a pidfd's poll() shows, and
 * a zombie has a row in `top` too; hence signal 0 (-EPERM is an answer as
 * well: there is somebody).
 *
 * /proc is only used when it is a procfs of the caller's own pid namespace:
 * in another one's the numbers mean something else to pidfd_open(2).
 */
#include "sys/procfs.h"

#include "base/parse.h"
#include "sys/fd.h"
#include "sys/pidfd.h"
#include "sys/userns.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

/* ---- the tree ---- */

static int open_tree_fd(int dirfd, const char *path, struct procfs *ret)
{
	_cleanup_close_ int fd = -EBADF;
	bool on_host = false;
	struct statfs sf;

	fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstatfs(fd, &sf) < 0)
		return -errno;
	ret->live = sf.f_type == PROC_SUPER_MAGIC;
	ret->on_host = userns_is_initial_at(fd, &on_host) == 0 && on_host;
	ret->fd = TAKE_FD(fd);
	return 0;
}

int procfs_open(struct procfs *ret)
{
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	char self[16];
	uint32_t pid;
	ssize_t n;
	int r;

	r = open_tree_fd(AT_FDCWD, "/proc", &fs);
	if (r < 0)
		return r;
	n = fs.live ? readlinkat(fs.fd, "self", self, sizeof(self) - 1) : 0;
	if (n <= 0)
		return -ENOTSUP;
	self[n] = '\0';
	if (parse_u32(self, 1, INT32_MAX, &pid) < 0 || (pid_t)pid != getpid())
		return -ENOTSUP;
	*ret = fs;
	fs.fd = -EBADF;
	return 0;
}

int procfs_open_tree(int dirfd, struct procfs *ret)
{
	return open_tree_fd(dirfd, ".", ret);
}

void procfs_close(struct procfs *fs)
{
	fd_closep(&fs->fd);
}

static int by_number(const void *a, const void *b)
{
	const pid_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

struct pid_list {
	pid_t *items;
	size_t n, cap;
};

static int pid_list_add(struct pid_list *l, pid_t pid)
{
	if (l->n == PROC_PIDS_MAX)
		return -E2BIG;
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 512;
		pid_t *grown = mem_regrow(l->items, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		l->items = grown;
		l->cap = cap;
	}
	l->items[l->n++] = pid;
	return 0;
}

static int pids_of(DIR *dir, struct pid_list *l)
{
	struct dirent *d;
	uint32_t pid;
	int r = 0;

	while (r == 0 && (errno = 0, d = readdir(dir)))
		if (parse_u32(d->d_name, 1, INT32_MAX, &pid) == 0)
			r = pid_list_add(l, (pid_t)pid);
	return r < 0 ? r : -errno;
}

int procfs_pids(const struct procfs *fs, pid_t **ret_pids, size_t *ret_n)
{
	struct pid_list l = {0};
	DIR *dir;
	int fd, r;

	/* opened anew: a directory's position is shared by duplicates */
	fd = openat(fs->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir) {
		r = -errno;
		fd_closep(&fd);
		return r;
	}
	r = pids_of(dir, &l);
	closedir(dir);
	if (r < 0) {
		free(l.items);
		return r;
	}
	if (l.n > 1)
		qsort(l.items, l.n, sizeof(*l.items), by_number);
	*ret_pids = l.items;
	*ret_n = l.n;
	return 0;
}

static int read_at(int dirfd, const char *name, size_t max, struct buf *b)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	return fd < 0 ? -errno : fd_read_all(fd, max, b);
}

int procfs_read_line(const struct procfs *fs, const char *path, char *out, size_t size)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = read_at(fs->fd, path, size, &b);
	size_t len;

	if (r < 0)
		return r;
	len = strcspn(buf_str(&b), "\n");
	if (len >= size)
		return -EFBIG;
	memcpy(out, buf_str(&b), len);
	out[len] = '\0';
	return 0;
}

int procfs_uptime_ns(const struct procfs *fs, uint64_t *ret_ns)
{
	char line[64], *dot, *end;
	uint64_t sec, hundredths;
	struct timespec ts;
	int r;

	if (fs->live) {
		if (clock_gettime(CLOCK_BOOTTIME, &ts) < 0)
			return -errno;
		*ret_ns = (uint64_t)ts.tv_sec * 1000000000U + (uint64_t)ts.tv_nsec;
		return 0;
	}
	r = procfs_read_line(fs, "uptime", line, sizeof(line));
	if (r < 0)
		return r;
	/* "12345.67 ...": leading zeros of the fraction are no number to the strict parser */
	dot = strchr(line, '.');
	end = dot ? strchr(dot, ' ') : NULL;
	if (!dot || !end || end - dot != 3)
		return -EINVAL;
	*dot = *end = '\0';
	if (dot[1] < '0' || dot[1] > '9' || dot[2] < '0' || dot[2] > '9')
		return -EINVAL;
	hundredths = (uint64_t)(dot[1] - '0') * 10 + (uint64_t)(dot[2] - '0');
	r = parse_u64(line, 0, UINT32_MAX, &sec);
	if (r < 0)
		return r;
	*ret_ns = sec * 1000000000U + hundredths * 10000000U;
	return 0;
}

/* ---- one process ---- */

/* Its directory is gone, or it is going: one answer for both. */
static int gone(int r)
{
	return r == -ENOENT ? -ESRCH : r;
}

void proc_close(struct proc *p)
{
	fd_closep(&p->dirfd);
	fd_closep(&p->pidfd);
}

bool proc_is_there(const struct proc *p)
{
	struct stat st;

	if (p->pidfd >= 0)
		return pidfd_signal(p->pidfd, 0) != -ESRCH;
	return fstatat(p->dirfd, "stat", &st, 0) == 0;
}

int proc_open(const struct procfs *fs, pid_t pid, struct proc *ret)
{
	_cleanup_(proc_close) struct proc p = PROC_INIT;
	struct proc_stat st;
	char name[16];
	int r;

	p.pid = pid;
	if (fs->live) {
		r = pidfd_open_pid(pid, &p.pidfd);
		if (r < 0)
			return r;
	}
	snprintf(name, sizeof(name), "%d", (int)pid);
	p.dirfd = openat(fs->fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (p.dirfd < 0)
		return gone(-errno);
	r = proc_read_stat(&p, &st);
	if (r < 0)
		return r;
	if (st.pid != pid || !proc_is_there(&p))
		return -ESRCH;
	p.start_ticks = st.start_ticks;
	*ret = p;
	p.dirfd = p.pidfd = -EBADF;
	return 0;
}

int proc_open_identity(const struct procfs *fs, pid_t pid, uint64_t start_ticks, struct proc *ret)
{
	_cleanup_(proc_close) struct proc p = PROC_INIT;
	int r;

	if (pid <= 0)
		return -ESRCH;
	r = proc_open(fs, pid, &p);
	if (r < 0)
		return r;
	if (p.start_ticks != start_ticks)
		return -ESRCH;
	*ret = p;
	p.dirfd = p.pidfd = -EBADF;
	return 0;
}

int proc_read(const struct proc *p, const char *name, size_t max, struct buf *b)
{
	return gone(read_at(p->dirfd, name, max, b));
}

int proc_read_stat(const struct proc *p, struct proc_stat *ret)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = proc_read(p, "stat", PROC_TEXT_MAX, &b);

	return r < 0 ? r : proc_stat_parse(buf_str(&b), b.len, ret);
}

int proc_read_status(const struct proc *p, struct proc_status *ret)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = proc_read(p, "status", PROC_TEXT_MAX, &b);

	return r < 0 ? r : proc_status_parse(buf_str(&b), b.len, ret);
}

int proc_read_cmdline(const struct proc *p, size_t max, struct buf *b, bool *ret_cut)
{
	_cleanup_close_ int fd = -EBADF;
	size_t start = b->len;
	bool cut = false;

	fd = openat(p->dirfd, "cmdline", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return gone(-errno);
	for (;;) {
		size_t room = max + 1 - (b->len - start);
		char *at = buf_reserve(b, room < 4096 ? room : 4096);
		ssize_t n;

		if (!at)
			return -ENOMEM;
		n = read(fd, at, room < 4096 ? room : 4096);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		buf_commit(b, (size_t)n);
		cut = b->len - start > max;
		if (cut)
			break;
	}
	if (cut)
		b->data[--b->len] = '\0';
	*ret_cut = cut;
	return 0;
}

int proc_read_id(const struct proc *p, const char *name, uint32_t *ret)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = proc_read(p, name, 64, &b);

	if (r < 0)
		return r;
	if (!b.data)
		return -EINVAL;
	b.data[strcspn(b.data, "\n")] = '\0';
	return parse_u32(b.data, 0, UINT32_MAX, ret);
}

int proc_read_label(const struct proc *p, const char *name, char out[static PROC_LABEL_MAX])
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	char path[64];
	size_t len;
	int r;

	snprintf(path, sizeof(path), "attr/%s", name);
	r = read_at(p->dirfd, path, PROC_LABEL_MAX - 1, &b);
	/* a missing attr/LSM directory is a missing LSM, not a missing process */
	if (r == -ENOENT)
		return proc_is_there(p) ? -EINVAL : -ESRCH;
	if (r < 0)
		return r;
	len = strcspn(buf_str(&b), "\n");
	memcpy(out, buf_str(&b), len);
	out[len] = '\0';
	return len ? 0 : -EINVAL;
}

int proc_read_cgroup(const struct proc *p, struct buf *out)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = proc_read(p, "cgroup", PROC_TEXT_MAX, &b);

	return r < 0 ? r : proc_cgroup_parse(buf_str(&b), "memory", out);
}

/* ---- namespaces ---- */

int proc_ns_inode(const struct proc *p, const char *ns, uint64_t *ret)
{
	char path[32], text[64], *start, *end;
	ssize_t n;

	snprintf(path, sizeof(path), "ns/%s", ns);
	n = readlinkat(p->dirfd, path, text, sizeof(text) - 1);
	if (n < 0)
		return gone(-errno);
	text[n] = '\0';
	start = strchr(text, '[');
	end = start ? strchr(start, ']') : NULL;
	if (!end)
		return -EINVAL;
	*end = '\0';
	return parse_u64(start + 1, 1, UINT64_MAX, ret);
}

int proc_ns_open(const struct proc *p, const char *ns, int *ret_fd)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "ns/%s", ns);
	fd = openat(p->dirfd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return gone(-errno);
	*ret_fd = fd;
	return 0;
}

int ns_inode(int nsfd, uint64_t *ret)
{
	struct stat st;

	if (fstat(nsfd, &st) < 0)
		return -errno;
	*ret = st.st_ino;
	return 0;
}

int ns_parent(int nsfd, int *ret_fd)
{
	int fd = ioctl(nsfd, NS_GET_PARENT);

	if (fd < 0)
		return -errno;
	*ret_fd = fd; /* the kernel opens it close-on-exec */
	return 0;
}
