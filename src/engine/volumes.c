/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The directory volumes/NAME is the volume; mkdir decides who makes it.
 * volume.json says whether it still waits to be filled, so that "once" holds
 * over a crash: it is cleared after the content is there, and content in it
 * stops a second filling even when the note could not be written.
 */
#include "engine/volumes.h"

#include "base/clock.h"
#include "engine/in_keeper.h"
#include "engine/volume_copy.h"
#include "engine/volume_note.h"
#include "sys/fd.h"
#include "sys/lock.h"
#include "sys/fuse_overlay.h"
#include "sys/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#define FILL_WAIT_MS 600000 /* for another container that fills the same volume */

int volume_random_name(char ret[static VOLUME_NAME_SIZE])
{
	uint8_t bytes[32];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -errno;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

/* data/volumes/NAME, opened. */
static int open_volume(int data_dirfd, const char *name, int *ret_fd)
{
	char path[16 + VOLUME_NAME_SIZE];

	snprintf(path, sizeof(path), "volumes/%s", name);
	return path_own_open(data_dirfd, path, O_RDONLY | O_DIRECTORY, 0, ret_fd);
}

/* What there is already stays as it is. */
static int make_volume(int data_dirfd, struct volume_note *n, bool *ret_created)
{
	_cleanup_close_ int volumes = -EBADF, dir = -EBADF, data = -EBADF;
	int r;

	r = path_own_mkdirs(data_dirfd, "volumes", &volumes);
	if (r < 0)
		return r;
	*ret_created = mkdirat(volumes, n->name, 0700) == 0;
	if (!*ret_created && errno != EEXIST)
		return -errno;
	r = path_own_mkdirs(volumes, n->name, &dir);
	if (r < 0)
		return r;
	if (mkdirat(dir, "_data", 0755) < 0 && errno != EEXIST)
		return -errno;
	if (!*ret_created)
		return 0;
	r = path_own_open(dir, "_data", O_RDONLY | O_DIRECTORY, 0, &data);
	/* mkdir obeys the caller's umask, a volume does not */
	if (r == 0 && fchmod(data, 0755) < 0)
		r = -errno;
	return r < 0 ? r : volume_note_write(dir, n);
}

static int new_note(const char *name, bool anonymous, struct volume_note *ret)
{
	struct timespec now = clock_now();
	char created[CLOCK_TEXT_SIZE];

	*ret = (struct volume_note){.name = strdup(name), .anonymous = anonymous, .needs_fill = true};
	ret->created = strdup(clock_rfc3339_fixed(&now, CLOCK_UTC, created));
	return ret->name && ret->created ? 0 : -ENOMEM;
}

int volume_ensure(int data_dirfd, const char *name, bool anonymous, bool *ret_created, struct err *e)
{
	_cleanup_(volume_note_done) struct volume_note n = VOLUME_NOTE_INIT;
	int r = new_note(name, anonymous, &n);

	if (r == 0)
		r = make_volume(data_dirfd, &n, ret_created);
	return r < 0 ? err_errno(e, -r, "volume %s", name) : 0;
}

int volume_create(int data_dirfd, const char *name, struct json_object *labels, struct json_object *options, struct err *e)
{
	_cleanup_(volume_note_done) struct volume_note n = VOLUME_NOTE_INIT;
	_cleanup_(volume_plan_done) struct volume_plan plan = {0};
	bool created;
	int r = volume_note_plan(options, &plan, e);

	if (r < 0)
		return r;
	r = new_note(name, false, &n);
	n.labels = json_object_get(labels);
	n.options = json_object_get(options);
	if (r == 0)
		r = make_volume(data_dirfd, &n, &created);
	if (r == 0 && !created)
		return err_set(e, EEXIST, "volume with name %s already exists", name);
	return r < 0 ? err_errno(e, -r, "volume %s", name) : 0;
}

int volume_plan_of(int data_dirfd, const char *name, struct volume_plan *ret, struct err *e)
{
	_cleanup_(volume_note_done) struct volume_note n = VOLUME_NOTE_INIT;
	_cleanup_close_ int dir = -EBADF;

	/* one that cannot be read has no options; what is done with it next says why */
	if (open_volume(data_dirfd, name, &dir) == 0)
		(void)!volume_note_read(dir, name, &n);
	return volume_note_plan(n.options, ret, e);
}

struct discard {
	int volumes;
	const char *name;
};

static int discard_work(void *ctx, struct err *e)
{
	const struct discard *d = ctx;
	int r = path_own_remove_tree(d->volumes, d->name);

	return r < 0 ? err_errno(e, -r, "volume %s", d->name) : 0;
}

int volume_discard(int data_dirfd, const char *name, struct keeper *keeper, struct err *e)
{
	_cleanup_close_ int volumes = -EBADF;
	struct discard d = {.name = name};
	int r = path_own_open(data_dirfd, "volumes", O_RDONLY | O_DIRECTORY, 0, &volumes);

	if (r < 0)
		return err_errno(e, -r, "volumes");
	d.volumes = volumes;
	/* most are empty or hold the user's own files */
	return path_own_remove_tree(volumes, name) == 0 ? 0 : in_keeper(keeper, discard_work, &d, e);
}

/* ---- filling ---- */

struct fill_work {
	const struct volume_fill *f;
	int data; /* _data */
};

/* The image's tree, as the container will see it before anything is mounted on it. */
static int open_image_root(const struct volume_fill *f, int *ret_fd, struct err *e)
{
	_cleanup_free_ int *lower = NULL;
	struct overlay o = {.upper = -EBADF, .work = -EBADF, .userxattr = true};
	struct fuse_server server; /* ends with the mount */
	size_t n = f->layers ? f->layers->n : 0;
	int r = 0;

	if (f->rootfs || n == 1) {
		*ret_fd = open(f->rootfs ? f->rootfs : f->layers->items[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
		return *ret_fd < 0 ? err_errno(e, errno, "root filesystem") : 0;
	}
	lower = mem_array(n, sizeof(*lower));
	if (!lower)
		return err_errno(e, ENOMEM, "layers");
	for (; r == 0 && o.n_lower < n; o.n_lower++) {
		lower[o.n_lower] = open(f->layers->items[n - 1 - o.n_lower], O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (lower[o.n_lower] < 0) {
			r = err_errno(e, errno, "layer %s", f->layers->items[n - 1 - o.n_lower]);
			break;
		}
	}
	o.lower = lower;
	if (r == 0)
		r = overlay_mount_any(&o, f->fuse, ret_fd, &server, e);
	for (size_t i = 0; i < o.n_lower; i++)
		close(lower[i]);
	return r;
}

static int fill_from_image(const struct fill_work *w, struct err *e)
{
	_cleanup_close_ int root = -EBADF, source = -EBADF;
	int r = -ENOENT;

	if (w->f->rootfs || (w->f->layers && w->f->layers->n > 0)) {
		r = open_image_root(w->f, &root, e);
		if (r < 0)
			return r;
		r = path_in_root_open(root, w->f->path, O_RDONLY | O_DIRECTORY | O_NONBLOCK, &source);
	}
	if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP) {
		if (fchown(w->data, w->f->owner_uid, w->f->owner_gid) < 0)
			return err_errno(e, errno, "volume %s", w->f->name);
		return 0;
	}
	if (r < 0)
		return err_errno(e, -r, "%s in the image", w->f->path);
	return volume_copy(source, w->data, w->f->copy, e);
}

/* In the keeper. */
static int fill_work(void *ctx, struct err *e)
{
	const struct fill_work *w = ctx;
	int r = fill_from_image(w, e);

	if (r == 0 && (w->f->set_uid || w->f->set_gid) &&
	    fchown(w->data, w->f->set_uid ? w->f->uid : (uid_t)-1, w->f->set_gid ? w->f->gid : (gid_t)-1) < 0)
		r = err_errno(e, errno, "volume %s", w->f->name);
	return r;
}

int volume_fill(const struct volume_fill *f, struct err *e)
{
	_cleanup_close_ int dir = -EBADF, lock = -EBADF, data = -EBADF;
	_cleanup_(volume_note_done) struct volume_note n = VOLUME_NOTE_INIT;
	struct fill_work w = {.f = f};
	int r = open_volume(f->data_dirfd, f->name, &dir);

	if (r == 0)
		r = volume_note_read(dir, f->name, &n);
	if (r == 0 && !n.needs_fill)
		return 0;
	if (r == 0)
		r = lock_take(dir, "lock", FILL_WAIT_MS, &lock);
	volume_note_done(&n);
	if (r == 0)
		r = volume_note_read(dir, f->name, &n);
	if (r == 0 && !n.needs_fill)
		return 0;
	if (r == 0)
		r = path_own_open(dir, "_data", O_RDONLY | O_DIRECTORY, 0, &data);
	if (r < 0)
		return err_errno(e, -r, "volume %s", f->name);
	w.data = data;
	if (volume_is_empty(data)) {
		r = in_keeper(f->keeper, fill_work, &w, e);
		if (r < 0)
			return err_wrap(e, r, "fill volume %s", f->name);
	}
	n.needs_fill = false;
	r = volume_note_write(dir, &n);
	return r < 0 ? err_errno(e, -r, "volume %s", f->name) : 0;
}

/* ---- option U ---- */

struct chown_work {
	const char *path;
	uint32_t uid, gid;
};

static int chown_work(void *ctx, struct err *e)
{
	const struct chown_work *w = ctx;
	_cleanup_close_ int found = open(w->path, O_PATH | O_CLOEXEC), dir = -EBADF;
	struct stat st;

	if (found < 0 || fstat(found, &st) < 0)
		return err_errno(e, errno, "%s", w->path);
	if (!S_ISDIR(st.st_mode))
		return fchownat(found, "", w->uid, w->gid, AT_EMPTY_PATH) < 0 ? err_errno(e, errno, "%s", w->path) : 0;
	dir = openat(found, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? err_errno(e, errno, "%s", w->path) : volume_chown_tree(dir, w->uid, w->gid, e);
}

int volume_chown(const char *path, struct keeper *keeper, uint32_t uid, uint32_t gid, struct err *e)
{
	struct chown_work w = {path, uid, gid};
	int r = in_keeper(keeper, chown_work, &w, e);

	return r < 0 ? err_wrap(e, r, "option U") : 0;
}
