/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The rules of the header as one table of kinds. Each maker finds nothing at
 * the name (place_clear() saw to it) and creates exclusively, so that two
 * entries of one name can never write through each other.
 *
 * A whiteout hides what lower layers have, never what this layer has: where
 * the layer brings the name itself, a directory becomes opaque instead, and a
 * file hides the lower one anyway. In the other order, a directory that comes
 * after its whiteout is made opaque.
 */
#include "tar/untar.h"

#include "sys/fd.h"
#include "tar/tar_reader.h"
#include "tar/untar_meta.h"
#include "tar/untar_place.h"

#include <archive_entry.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define WHITEOUT_PREFIX ".wh."
#define WHITEOUT_META ".wh..wh."
#define WHITEOUT_OPAQUE ".wh..wh..opq"

struct untar {
	const struct untar_options *o;
	struct untar_counts *counts;
	struct tar_reader *tar;
	struct place place;
	struct meta_dirs dirs;
};

/* What a maker gets. */
struct target {
	struct archive_entry *entry;
	int parent;
	const char *base;
	struct meta meta;
	enum place_was was;
};

static int make_directory(struct untar *u, const struct target *t, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char path[PATH_MAX];
	int r;

	if (*t->base && t->was != PLACE_KEPT_DIR && mkdirat(t->parent, t->base, 0700) < 0)
		return err_errno(e, errno, "make the directory");
	r = place_open_dir(t->parent, t->base, &fd);
	if (r < 0)
		return err_errno(e, -r, "open the directory");
	if (t->was == PLACE_WHITEOUT && (r = place_set_opaque(fd)) < 0)
		return err_errno(e, -r, "mark as opaque");
	r = meta_apply_fd(fd, &t->meta, t->entry, u->o, u->counts, e);
	if (r < 0 || t->meta.times[1].tv_nsec == UTIME_OMIT)
		return r;
	/* t->base points behind the cut of the parent's path */
	if ((size_t)snprintf(path, sizeof(path), "%s%s%s", t->base == u->place.path ? "" : u->place.path,
			     t->base == u->place.path ? "" : "/", t->base) >= sizeof(path))
		return 0;
	r = meta_dirs_add(&u->dirs, u->o->dest_fd, *path ? path : ".", &t->meta.times[1]);
	return r < 0 ? err_errno(e, -r, "directory times") : 0;
}

/* Copies the entry's content; holes stay holes, and zeros become some. */
static int write_content(struct untar *u, struct archive_entry *entry, int fd, struct err *e)
{
	int64_t size = archive_entry_size(entry);
	struct tar_data data;
	uint64_t from = 0;
	int r;

	if (size < 0 || (uint64_t)size > UNTAR_FILE_BYTES_MAX)
		return err_set(e, EFBIG, "larger than %llu GiB", (unsigned long long)(UNTAR_FILE_BYTES_MAX >> 30));
	while ((r = tar_reader_data(u->tar, &data, e)) > 0) {
		uint64_t end;

		if (__builtin_add_overflow(data.offset, data.len, &end) || end > (uint64_t)size)
			return err_set(e, EBADMSG, "damaged tar: content beyond its size");
		if (data.offset < from)
			return err_set(e, EBADMSG, "damaged tar: content goes back in the file");
		from = end;
		r = fd_write_sparse(fd, data.bytes, data.len, data.offset);
		if (r < 0)
			return err_errno(e, -r, "write");
		u->counts->file_bytes += data.len;
	}
	if (r == 0 && ftruncate(fd, size) < 0)
		r = err_errno(e, errno, "write");
	return r;
}

static int make_file(struct untar *u, const struct target *t, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	fd = openat(t->parent, t->base, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(e, errno, "make the file");
	r = write_content(u, t->entry, fd, e);
	return r < 0 ? r : meta_apply_fd(fd, &t->meta, t->entry, u->o, u->counts, e);
}

static int make_symlink(struct untar *u, const struct target *t, struct err *e)
{
	const char *to = archive_entry_symlink(t->entry);

	(void)u;
	if (!to || !*to)
		return err_set(e, EBADMSG, "damaged tar: a symbolic link to nothing");
	if (symlinkat(to, t->parent, t->base) < 0)
		return err_errno(e, errno, "make the symbolic link");
	return meta_apply_name(t->parent, t->base, &t->meta, true, e);
}

static int make_fifo(struct untar *u, const struct target *t, struct err *e)
{
	(void)u;
	/* its mode at once, where the name could be a link by the time it is set (the worker's umask is 0) */
	if (mknodat(t->parent, t->base, S_IFIFO | (u->o->copy ? t->meta.mode & 0777 : 0600), 0) < 0)
		return err_errno(e, errno, "make the FIFO");
	return meta_apply_name(t->parent, t->base, &t->meta, u->o->copy != NULL, e);
}

/* Not a maker: the target must be looked up before anything is removed. */
static int make_hardlink(struct untar *u, const char *name, const char *to, struct err *e)
{
	_cleanup_close_ int from = -EBADF;
	char from_base[NAME_MAX + 1];
	struct stat a, b;
	enum place_was was;
	const char *base;
	int parent, r;

	r = place_find_target(&u->place, to, &from, from_base, e);
	if (r == 0)
		r = place_find(&u->place, name, true, &parent, &base, e);
	if (r != 0)
		return r;
	if (!*base)
		return err_set(e, EINVAL, "the root as a hard link");
	if (fstatat(from, from_base, &a, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(e, errno, "what it links to");
	if (S_ISDIR(a.st_mode) || S_ISCHR(a.st_mode))
		return err_set(e, EINVAL, "a hard link to something that is no file");
	if (fstatat(parent, base, &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		return 0;
	r = place_clear(&u->place, parent, base, false, &was, e);
	if (r == 0 && linkat(from, from_base, parent, base, 0) < 0)
		r = err_errno(e, errno, "make the hard link");
	return r;
}

static int make_opaque(struct untar *u, const char *name, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	const char *base;
	int parent, r;

	r = place_find(&u->place, name, true, &parent, &base, e);
	if (r == 0 && base == u->place.path) {
		u->counts->opaque_root = true;
		return 0;
	}
	if (r == 0)
		r = place_open_dir(parent, "", &fd);
	if (r == 0)
		r = place_set_opaque(fd);
	return r < 0 ? err_errno(e, -r, "mark as opaque") : 0;
}

static int make_whiteout(struct untar *u, const char *name, const char *hidden, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	const char *base;
	int parent, r;

	if (!*hidden || strcmp(hidden, ".") == 0 || strcmp(hidden, "..") == 0)
		return err_set(e, EINVAL, "a whiteout of nothing");
	r = place_find(&u->place, name, false, &parent, &base, e);
	if (r != 0)
		return r < 0 ? r : 0;
	hidden = base + strlen(WHITEOUT_PREFIX);
	if (mknodat(parent, hidden, S_IFCHR, 0) == 0)
		return 0;
	if (errno != EEXIST)
		return err_errno(e, errno, "make the whiteout");
	if (fstatat(parent, hidden, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	r = place_open_dir(parent, hidden, &fd);
	if (r == 0)
		r = place_set_opaque(fd);
	return r < 0 ? err_errno(e, -r, "mark as opaque") : 0;
}

/* aufs' own directories at the root (".wh..wh.plnk/…"), and ".wh..wh.orph" and the like anywhere. */
static bool is_aufs(const char *name, const char *base)
{
	while (name[0] == '.' && name[1] == '/')
		name += 2;
	if (strcmp(base, WHITEOUT_OPAQUE) == 0)
		return false;
	return strncmp(name, WHITEOUT_META, strlen(WHITEOUT_META)) == 0 ||
	       strncmp(base, WHITEOUT_META, strlen(WHITEOUT_META)) == 0;
}

/* The last part of the name; *ret_slash: it is followed by slashes ("dir/"). */
static const char *last_part(const char *name, bool *ret_slash)
{
	const char *end = name + strlen(name), *base;

	*ret_slash = end > name && end[-1] == '/';
	while (end > name && end[-1] == '/')
		end--;
	for (base = end; base > name && base[-1] != '/'; base--)
		;
	return base;
}

/* 1: it was a whiteout and is done. */
static int try_whiteout(struct untar *u, const char *name, struct err *e)
{
	bool slash;
	const char *base = last_part(name, &slash);
	int r;

	if (is_aufs(name, base))
		return 1;
	if (strncmp(base, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) != 0)
		return 0;
	if (slash)
		return err_set(e, EINVAL, "a directory with the name of a whiteout");
	if (strcmp(base, WHITEOUT_OPAQUE) == 0)
		r = make_opaque(u, name, e);
	else
		r = make_whiteout(u, name, base + strlen(WHITEOUT_PREFIX), e);
	return r < 0 ? r : 1;
}

struct kind {
	mode_t type; /* S_IFMT bits */
	bool keep_dir;
	int (*make)(struct untar *u, const struct target *t, struct err *e);
};
static const struct kind kinds[] = {
	{S_IFDIR, true, make_directory},
	{S_IFREG, false, make_file},
	{S_IFLNK, false, make_symlink},
	{S_IFIFO, false, make_fifo},
};

static const struct kind *find_kind(mode_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].type == type)
			return &kinds[i];
	return NULL;
}

/* Before anything is removed: a copy replaces a directory by a directory, and anything else by anything else, unless it may overwrite. */
static int check_kind(const struct untar *u, const struct kind *kind, const struct target *t, struct err *e)
{
	struct stat st;

	if (!u->o->copy || u->o->copy->overwrite || fstatat(t->parent, t->base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (S_ISDIR(st.st_mode) && kind->type != S_IFDIR)
		return err_set(e, EEXIST, "cannot overwrite a directory with something else");
	if (!S_ISDIR(st.st_mode) && kind->type == S_IFDIR)
		return err_set(e, EEXIST, "cannot overwrite something else with a directory");
	return 0;
}

static int make_entry(struct untar *u, struct archive_entry *entry, const char *name, struct err *e)
{
	const struct kind *kind = find_kind(archive_entry_filetype(entry));
	struct target t = {.entry = entry};
	int r;

	if (!kind) {
		u->counts->devices_skipped++;
		return 0;
	}
	r = meta_read(entry, u->o, u->counts, &t.meta, e);
	if (r == 0)
		r = place_find(&u->place, name, true, &t.parent, &t.base, e);
	if (r != 0)
		return r;
	if (*t.base == '\0') {
		if (kind->type != S_IFDIR)
			return err_set(e, EINVAL, "the root is no directory");
		/* what it is copied to stays as it is */
		if (u->o->copy)
			return 0;
	} else {
		r = check_kind(u, kind, &t, e);
		if (r == 0)
			r = place_clear(&u->place, t.parent, t.base, kind->keep_dir, &t.was, e);
	}
	return r < 0 ? r : kind->make(u, &t, e);
}

static int do_entry(struct untar *u, struct archive_entry *entry, struct err *e)
{
	const char *name = archive_entry_pathname(entry);
	const char *link = archive_entry_hardlink(entry);
	int r;

	if (++u->counts->entries > UNTAR_ENTRIES_MAX)
		return err_set(e, E2BIG, "more than %d entries", UNTAR_ENTRIES_MAX);
	r = u->o->copy ? 0 : try_whiteout(u, name, e);
	if (r != 0)
		return r < 0 ? err_wrap(e, r, "%.256s", name) : 0;
	r = link ? make_hardlink(u, name, link, e) : make_entry(u, entry, name, e);
	return r < 0 ? err_wrap(e, r, "%.256s", name) : 0;
}

static int do_all(struct untar *u, struct err *e)
{
	struct archive_entry *entry;
	int r;

	while ((r = tar_reader_next(u->tar, &entry, e)) > 0) {
		r = do_entry(u, entry, e);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : tar_reader_drain(u->tar, e);
}

/* The ids that the container's root has here. */
static int root_ids(struct untar *u, struct err *e)
{
	uint32_t uid = 0, gid = 0;

	if (u->o->map && (id_list_to_outside(&u->o->map->uid, 0, &uid) < 0 || id_list_to_outside(&u->o->map->gid, 0, &gid) < 0))
		return err_set(e, ERANGE, "id 0 is not in the id map");
	u->place.uid = uid;
	u->place.gid = gid;
	if (u->o->copy)
		return 0;
	/* the tree's own root, unless the tar describes it */
	if (fchown(u->o->dest_fd, uid, gid) < 0 || fchmod(u->o->dest_fd, 0755) < 0)
		return err_errno(e, errno, "set the owner of the tree");
	return 0;
}

int untar_layer(struct inflate *in, const struct untar_options *o, struct untar_counts *counts, struct err *e)
{
	_cleanup_(tar_reader_closep) struct tar_reader *tar = NULL;
	struct untar u = {.o = o, .counts = counts, .place = PLACE_INIT(o->dest_fd)};
	int r;

	r = tar_reader_open(in, &tar, e);
	if (r < 0)
		return r;
	u.tar = tar;
	u.place.below = o->copy ? o->copy->below : NULL;
	r = root_ids(&u, e);
	if (r == 0)
		r = do_all(&u, e);
	if (r == 0)
		meta_dirs_apply(&u.dirs, o->dest_fd);
	place_done(&u.place);
	buf_done(&u.dirs.names);
	return r;
}
