/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A stack of open directories instead of recursion; each has its names, sorted.
 * Everything is opened by one name below an open directory, with O_NOFOLLOW
 * and O_NONBLOCK, and looked at after that: in the tree of a container that
 * runs a name may be another file with each look, but never one outside.
 */
#include "tar/pack.h"

#include "base/buf.h"
#include "base/tar_writer.h"
#include "sys/dir.h"
#include "sys/fd.h"
#include "sys/mountns.h"
#include "sys/path.h"
#include "tar/pack_xattr.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define READ_SIZE (256U * 1024)
#define MEASURED_MAX (64U * 1024 * 1024)
#define WHITEOUT ".wh."
#define WHITEOUT_OPAQUE ".wh..wh..opq"

struct level {
	int fd;
	char **names;
	size_t n, next;
	size_t name_len; /* of the whole name before this directory's entries */
};

/* One with several links, and the name that the first of them has in the tar. */
struct linked {
	dev_t dev;
	ino_t ino;
	char *name;
};

struct packer {
	const struct pack_options *o;
	struct pack_counts *counts;
	struct buf name; /* of the entry at hand */
	struct buf out;
	char *data;
	struct level *levels;
	size_t depth;
	struct linked *links; /* open addressing; room is a power of two */
	size_t n_links, links_room;
	uint64_t mount;
};

/* ---- output ---- */

static int flush(struct packer *p, struct err *e)
{
	int r = -buf_bad(&p->out);

	if (r == 0)
		r = fd_write_all(p->o->out_fd, p->out.data, p->out.len);
	buf_reset(&p->out);
	return r < 0 ? err_errno(e, -r, "write the tar") : 0;
}

/* Exactly the announced length: what is cut off meanwhile is zeros, what is added is left out. */
static int put_content(struct packer *p, int fd, uint64_t size, struct err *e)
{
	uint64_t left = size;
	int r = flush(p, e);

	while (r == 0 && left > 0) {
		size_t want = left < READ_SIZE ? (size_t)left : READ_SIZE;
		ssize_t n = read(fd, p->data, want);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, errno, "read %s", buf_str(&p->name));
		if (n == 0) {
			memset(p->data, 0, want);
			n = (ssize_t)want;
		}
		r = fd_write_all(p->o->out_fd, p->data, (size_t)n);
		left -= (uint64_t)n;
	}
	if (r < 0)
		return e && e->code ? r : err_errno(e, -r, "write the tar");
	p->counts->file_bytes += size;
	tar_padding(size, &p->out);
	return 0;
}

/* ---- what an entry says ---- */

static uint32_t inner_id(const struct id_list *l, uint32_t id)
{
	uint32_t inside;

	return id_list_to_inside(l, id, &inside) == 0 ? inside : PACK_ID_OVERFLOW;
}

static void describe(const struct packer *p, const struct stat *st, struct tar_entry *t)
{
	const struct pack_times *times = p->o->times;
	const struct id_map *map = p->o->map;

	t->name = buf_str(&p->name);
	t->mode = st->st_mode & 07777;
	t->uid = map ? inner_id(&map->uid, st->st_uid) : st->st_uid;
	t->gid = map ? inner_id(&map->gid, st->st_gid) : st->st_gid;
	t->mtime_sec = st->st_mtim.tv_sec;
	t->mtime_nsec = (uint32_t)st->st_mtim.tv_nsec;
	if (times && (times->all || t->mtime_sec >= times->sec)) {
		t->mtime_sec = times->sec;
		t->mtime_nsec = 0;
	}
}

/* ---- links to what is there already ---- */

static size_t slot_of(const struct linked *links, size_t room, dev_t dev, ino_t ino)
{
	size_t i = (size_t)((ino * 0x9e3779b97f4a7c15ULL) ^ dev) & (room - 1);

	while (links[i].name && (links[i].dev != dev || links[i].ino != ino))
		i = (i + 1) & (room - 1);
	return i;
}

static int grow_links(struct packer *p)
{
	size_t room = p->links_room ? p->links_room * 2 : 64;
	struct linked *links = mem_array(room, sizeof(*links));

	if (!links)
		return -ENOMEM;
	for (size_t i = 0; i < p->links_room; i++)
		if (p->links[i].name)
			links[slot_of(links, room, p->links[i].dev, p->links[i].ino)] = p->links[i];
	free(p->links);
	p->links = links;
	p->links_room = room;
	return 0;
}

/* The name that it has already; NULL: it is the first of that file. -ENOMEM. */
static int find_link(struct packer *p, const struct stat *st, const char **ret)
{
	struct linked *l;
	int r = 2 * (p->n_links + 1) > p->links_room ? grow_links(p) : 0;

	if (r < 0)
		return r;
	l = &p->links[slot_of(p->links, p->links_room, st->st_dev, st->st_ino)];
	*ret = l->name;
	if (l->name)
		return 0;
	*l = (struct linked){st->st_dev, st->st_ino, strdup(buf_str(&p->name))};
	p->n_links += l->name != NULL;
	return l->name ? 0 : -ENOMEM;
}

/* ---- kinds of entries ---- */

static int put_file(struct packer *p, int fd, const struct stat *st, struct err *e)
{
	_cleanup_(buf_done) struct buf pax = BUF_INIT;
	struct tar_entry t = {.type = TAR_FILE, .size = (uint64_t)st->st_size, .pax = &pax};
	const char *first = NULL;
	int r = st->st_nlink > 1 ? find_link(p, st, &first) : 0;

	if (r < 0)
		return err_errno(e, -r, "pack");
	describe(p, st, &t);
	if (first) {
		t.type = TAR_HARD_LINK;
		t.link = first;
		tar_header(&t, &p->out);
		return 0;
	}
	pack_xattrs(fd, &pax);
	tar_header(&t, &p->out);
	return put_content(p, fd, t.size, e);
}

static int put_symlink(struct packer *p, int dir, const char *base, const struct stat *st, struct err *e)
{
	struct tar_entry t = {.type = TAR_SYMLINK};
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir, base, target, sizeof(target) - 1);

	if (n < 0)
		return errno == ENOENT || errno == EINVAL ? 0 : err_errno(e, errno, "%s", buf_str(&p->name));
	target[n] = '\0';
	describe(p, st, &t);
	t.mode = 0777;
	t.link = target;
	tar_header(&t, &p->out);
	return 0;
}

/* One without content and without a link. */
static void put_plain(struct packer *p, enum tar_type type, const struct stat *st)
{
	struct tar_entry t = {.type = type};

	describe(p, st, &t);
	tar_header(&t, &p->out);
}

/* A name that overlayfs hides is an empty file with a name before it. */
static void put_whiteout(struct packer *p, size_t base_at, const struct stat *st)
{
	_cleanup_(buf_done) struct buf name = BUF_INIT;
	struct tar_entry t = {.type = TAR_FILE};

	describe(p, st, &t);
	buf_addf(&name, "%.*s" WHITEOUT "%s", (int)base_at, buf_str(&p->name), buf_str(&p->name) + base_at);
	t.name = buf_str(&name);
	t.mode = 0;
	t.uid = t.gid = 0;
	tar_header(&t, &p->out);
}

static void put_opaque(struct packer *p, int fd)
{
	_cleanup_(buf_done) struct buf name = BUF_INIT;
	struct tar_entry t = {.type = TAR_FILE};
	char value;

	if (fgetxattr(fd, "user.overlay.opaque", &value, 1) != 1 || value != 'y')
		if (fgetxattr(fd, "trusted.overlay.opaque", &value, 1) != 1 || value != 'y')
			return;
	buf_addf(&name, "%s%s" WHITEOUT_OPAQUE, buf_str(&p->name), p->name.len ? "/" : "");
	t.name = buf_str(&name);
	tar_header(&t, &p->out);
}

/* ---- directories ---- */

static void level_done(struct level *l)
{
	dir_names_free(l->names, l->n);
	fd_closep(&l->fd);
}

/* Takes `fd`. The entry of the directory itself has been written. */
static int push(struct packer *p, int fd, struct err *e)
{
	struct level *l;
	int r;

	if (p->depth == PACK_DEPTH_MAX) {
		close(fd);
		return err_set(e, ELOOP, "%.200s: more than %d directories in each other", buf_str(&p->name), PACK_DEPTH_MAX);
	}
	l = &p->levels[p->depth++];
	*l = (struct level){.fd = fd, .name_len = p->name.len};
	r = dir_sorted(l->fd, PACK_DIRECTORY_MAX, &l->names, &l->n);
	return r < 0 ? err_errno(e, -r, "%s", buf_str(&p->name)) : 0;
}

/* Takes `fd`. */
static int put_directory(struct packer *p, int fd, const struct stat *st, struct err *e)
{
	_cleanup_(buf_done) struct buf pax = BUF_INIT;
	struct tar_entry t = {.type = TAR_DIRECTORY, .pax = &pax};

	pack_xattrs(fd, &pax);
	describe(p, st, &t);
	tar_header(&t, &p->out);
	if (p->o->layer)
		put_opaque(p, fd);
	return push(p, fd, e);
}

/* ---- the walk ---- */

/* What lies below a mount is not of this tree. */
static int put_mount_point(struct packer *p, const struct stat *st)
{
	struct stat own = *st;

	own.st_mode = S_ISDIR(st->st_mode) ? S_IFDIR | 0755 : S_IFREG | 0644;
	own.st_size = 0;
	own.st_uid = own.st_gid = 0;
	if (p->o->map) {
		(void)!id_list_to_outside(&p->o->map->uid, 0, &own.st_uid);
		(void)!id_list_to_outside(&p->o->map->gid, 0, &own.st_gid);
	}
	put_plain(p, S_ISDIR(st->st_mode) ? TAR_DIRECTORY : TAR_FILE, &own);
	return 0;
}

static int put_opened(struct packer *p, int dir, const char *base, mode_t type, struct err *e)
{
	int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (S_ISDIR(type) ? O_DIRECTORY : 0);
	_cleanup_close_ int fd = openat(dir, base, flags);
	struct stat st;

	/* gone, or another kind of thing by now */
	if (fd < 0 && (errno == ENOENT || errno == ELOOP || errno == ENOTDIR || errno == ENXIO))
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(e, errno, "%s", buf_str(&p->name));
	if (S_ISDIR(st.st_mode))
		return put_directory(p, TAKE_FD(fd), &st, e);
	return S_ISREG(st.st_mode) ? put_file(p, fd, &st, e) : 0;
}

static int put_entry(struct packer *p, int dir, const char *base, size_t base_at, struct err *e)
{
	struct statx id;
	struct stat st;

	if (fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_errno(e, errno, "%s", buf_str(&p->name));
	if (++p->counts->entries > PACK_ENTRIES_MAX)
		return err_set(e, E2BIG, "more than %d entries", PACK_ENTRIES_MAX);
	if (p->o->one_mount && statx(dir, base, AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &id) == 0 && id.stx_mnt_id != p->mount)
		return put_mount_point(p, &st);
	if (p->o->layer && S_ISCHR(st.st_mode) && st.st_rdev == 0) {
		put_whiteout(p, base_at, &st);
		return 0;
	}
	switch (st.st_mode & S_IFMT) {
	case S_IFDIR:
	case S_IFREG:
		return put_opened(p, dir, base, st.st_mode, e);
	case S_IFLNK:
		return put_symlink(p, dir, base, &st, e);
	case S_IFIFO:
		put_plain(p, TAR_FIFO, &st);
		return 0;
	default:
		p->counts->skipped++;
		return 0;
	}
}

static int put_next(struct packer *p, struct err *e)
{
	struct level *l = &p->levels[p->depth - 1];
	const char *base;
	int r;

	if (l->next == l->n) {
		level_done(l);
		p->depth--;
		return 0;
	}
	base = l->names[l->next++];
	p->name.len = l->name_len;
	if (p->name.len)
		buf_addc(&p->name, '/');
	size_t base_at = p->name.len;

	buf_adds(&p->name, base);
	/* whoever unpacks it would remove another file by it, and this one would not be there */
	if (p->o->layer && strncmp(base, WHITEOUT, strlen(WHITEOUT)) == 0)
		return err_set(e, EINVAL, "%s: a file of an image cannot be called so: \"" WHITEOUT "\" begins the names of what a layer removes",
			       buf_str(&p->name));
	r = buf_bad(&p->name) ? err_errno(e, buf_bad(&p->name), "pack") : put_entry(p, l->fd, base, base_at, e);
	return r == 0 && p->out.len > READ_SIZE ? flush(p, e) : r;
}

/* The kernel's files in /proc and /sys say that they have no length, or a page: how much there is is known at the end. */
static int measure(struct packer *p, int fd, struct stat *st, struct err *e)
{
	uint64_t n = 0;
	ssize_t got;

	do {
		got = read(fd, p->data, READ_SIZE);
		n += got > 0 ? (uint64_t)got : 0;
	} while ((got > 0 && n <= MEASURED_MAX) || (got < 0 && errno == EINTR));
	if (got < 0)
		return err_errno(e, errno, "read %s", p->o->path);
	if (got > 0 && st->st_size == 0)
		return err_set(e, EFBIG, "%s: longer than %u bytes, and the kernel does not say how long", p->o->path, MEASURED_MAX);
	/* another file without blocks: one of holes */
	if (got == 0)
		st->st_size = (off_t)n;
	return lseek(fd, 0, SEEK_SET) < 0 ? err_errno(e, errno, "read %s", p->o->path) : 0;
}

/* The one that was named. In a tree such files are as empty as they say: their number is not ours to read. */
static int put_top_file(struct packer *p, int fd, struct stat *st, struct err *e)
{
	int r = st->st_blocks == 0 ? measure(p, fd, st, e) : 0;

	return r == 0 ? put_file(p, fd, st, e) : r;
}

static int open_top(struct packer *p, int *ret_fd, struct stat *st, struct err *e)
{
	const char *path = *p->o->path ? p->o->path : ".";
	int r = path_in_root_open(p->o->root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, ret_fd);

	if (r == 0 && fstat(*ret_fd, st) < 0)
		r = -errno;
	if (r == 0 && p->o->one_mount)
		r = mount_id(*ret_fd, &p->mount);
	if (r < 0)
		return err_errno(e, -r, "%s", p->o->path);
	if (!S_ISDIR(st->st_mode) && !S_ISREG(st->st_mode))
		return err_set(e, EINVAL, "%s: neither a directory nor a regular file", p->o->path);
	return 0;
}

static int put_all(struct packer *p, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r = open_top(p, &fd, &st, e);

	if (r < 0)
		return r;
	buf_adds(&p->name, p->o->top ? p->o->top : "");
	if (S_ISREG(st.st_mode))
		r = p->o->top ? put_top_file(p, fd, &st, e) : err_set(e, ENOTDIR, "%s: not a directory", p->o->path);
	else if (p->o->top)
		r = put_directory(p, TAKE_FD(fd), &st, e);
	else
		r = push(p, TAKE_FD(fd), e);
	while (r == 0 && p->depth > 0)
		r = put_next(p, e);
	if (r == 0)
		tar_end(&p->out);
	return r == 0 ? flush(p, e) : r;
}

int pack(const struct pack_options *o, struct pack_counts *counts, struct err *e)
{
	struct packer p = {.o = o, .counts = counts, .name = BUF_INIT, .out = BUF_INIT};
	int r;

	p.data = malloc(READ_SIZE);
	p.levels = mem_array(PACK_DEPTH_MAX, sizeof(*p.levels));
	r = p.data && p.levels ? put_all(&p, e) : err_errno(e, ENOMEM, "pack");
	while (p.levels && p.depth > 0)
		level_done(&p.levels[--p.depth]);
	for (size_t i = 0; i < p.links_room; i++)
		free(p.links[i].name);
	free(p.links);
	free(p.levels);
	free(p.data);
	buf_done(&p.name);
	buf_done(&p.out);
	return r;
}
