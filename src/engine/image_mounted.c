/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The layers are stacked by an overlay that has no upper directory: nothing
 * can be written there, and the layers serve containers meanwhile. It is
 * attached in the run directory, which goes when the host goes down. An
 * overlay wants two directories, so that an empty one lies below the lowest.
 */
#include "engine/image_mounted.h"

#include "sys/fd.h"
#include "sys/mountns.h"
#include "sys/overlay.h"
#include "sys/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>

#define IMAGES "images" /* in the run directory */

static int merged_path(const struct engine *eng, const char *id, char **ret)
{
	return asprintf(ret, "%s/" IMAGES "/%s/merged", eng->run_path, id) < 0 ? -ENOMEM : 0;
}

int image_mounted_path(const struct engine *eng, const char *id, char **ret_path)
{
	_cleanup_free_ char *path = NULL;

	if (merged_path(eng, id, &path) < 0)
		return -ENOMEM;
	if (!mounted_is(path))
		return MOUNTED_NO;
	*ret_path = TAKE_PTR(path);
	return MOUNTED_YES;
}

static int stack(const int *fds, size_t n, int *ret, struct err *e)
{
	struct overlay o = {.lower = fds, .n_lower = n, .upper = -EBADF, .work = -EBADF, .userxattr = true};
	int r = overlay_mount(&o, ret, e);

	if (r == OVERLAY_UNSUPPORTED)
		return -ENOTSUP;
	if (r == 0 && mount_set(*ret, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0, 0, false) < 0) {
		r = err_errno(e, errno, "mount");
		fd_closep(ret);
	}
	return r;
}

/* Topmost first, and below them the empty one. */
static int mount_dirs(const struct engine *eng, const struct strv *dirs, int empty, int *ret, struct err *e)
{
	_cleanup_free_ int *fds = mem_array(dirs->n + 1, sizeof(*fds));
	size_t n = 0;
	int r = fds ? 0 : err_errno(e, ENOMEM, "mount");

	for (size_t i = dirs->n; r == 0 && i-- > 0;) {
		r = path_own_open(eng->data_fd, dirs->items[i], O_PATH | O_DIRECTORY, 0, &fds[n]);
		n += r == 0;
		if (r < 0)
			r = err_errno(e, -r, "%s", dirs->items[i]);
	}
	if (r == 0) {
		fds[n] = empty;
		r = stack(fds, n + 1, ret, e);
	}
	while (n > 0)
		fd_closep(&fds[--n]);
	return r;
}

int image_mounted_mount(struct engine *eng, struct store *st, const struct image *img, char **ret_path, struct err *e)
{
	_cleanup_close_ int merged = -EBADF, empty = -EBADF, root = -EBADF;
	_cleanup_(strv_done) struct strv dirs = {0};
	char name[sizeof(IMAGES) + DIGEST_HEX_SIZE + 8];
	int r = image_mounted_path(eng, img->id, ret_path);

	if (r == MOUNTED_YES)
		return 0;
	if (r < 0)
		return err_errno(e, -r, "mount");
	if (img->is_index)
		return err_set(e, EINVAL, "an index of images has no files of its own");
	r = store_layers(st, img, NULL, NULL, &dirs, e);
	if (r < 0)
		return r;
	snprintf(name, sizeof(name), IMAGES "/%s/empty", img->id);
	r = path_own_mkdirs(eng->run_fd, name, &empty);
	snprintf(name, sizeof(name), IMAGES "/%s/merged", img->id);
	if (r == 0)
		r = path_own_mkdirs(eng->run_fd, name, &merged);
	if (r < 0)
		return err_errno(e, -r, "%s/%s", eng->run_path, name);
	r = mount_dirs(eng, &dirs, empty, &root, e);
	if (r < 0)
		return r;
	r = mount_attach(root, merged);
	if (r == 0)
		r = merged_path(eng, img->id, ret_path);
	return r < 0 ? err_errno(e, -r, "mount") : 0;
}

int image_mounted_unmount(const struct engine *eng, const char *id, bool force, struct err *e)
{
	_cleanup_free_ char *path = NULL;
	int r;

	if (merged_path(eng, id, &path) < 0)
		return err_errno(e, ENOMEM, "unmount");
	if (!mounted_is(path))
		return MOUNTED_NO;
	r = mounted_end_at(path, force);
	if (r == -EBUSY) {
		r = err_errno(e, EBUSY, "unmount image %.12s", id);
		err_hint(e, "somebody works in it; --force takes it away from them");
		return r;
	}
	return r < 0 ? err_errno(e, -r, "unmount image %.12s", id) : MOUNTED_YES;
}
