/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Overlays in a container: option O, and type=image. What is written goes to
 * a directory of the container's own, numbered, because two overlays must
 * never have one upper directory.
 *
 * An image that is mounted read-only is an overlay as well, without an upper
 * directory, and no bind of its layer, even when it has one alone: there is
 * then no writable way to the store's files, whoever remounts what.
 */
#include "engine/mounts_parts.h"

#include "engine/in_keeper.h"
#include "engine/relabel.h"
#include "sys/fd.h"
#include "sys/lsm_selinux.h"
#include "sys/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* One of its directories, overlays/N/PART, made. *ret_path absolute. */
static int make_part(const struct mounts_input *m, size_t number, const char *part, mode_t mode, char **ret_path, struct err *e)
{
	_cleanup_free_ char *path = NULL, *absolute = NULL;
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (asprintf(&path, "overlays/%zu/%s", number, part) < 0 || asprintf(&absolute, "%s/%s", m->in->dir, path) < 0)
		return err_errno(e, ENOMEM, "overlay");
	r = path_own_mkdirs(m->in->dirfd, path, NULL);
	if (r == 0)
		r = path_own_open(m->in->dirfd, path, O_RDONLY | O_DIRECTORY, 0, &fd);
	if (r == 0 && fchmod(fd, mode) < 0)
		r = -errno;
	if (r == 0 && m->label->state == LABEL_ON)
		r = selinux_label_fd(fd, m->label->file);
	if (r < 0)
		return err_errno(e, -r, "overlay");
	*ret_path = TAKE_PTR(absolute);
	return 0;
}

struct owner {
	const char *path;
	int dirfd;
	uint32_t uid, gid;
};

static int give(void *ctx, struct err *e)
{
	const struct owner *o = ctx;

	return fchownat(o->dirfd, o->path, o->uid, o->gid, AT_SYMLINK_NOFOLLOW) < 0 ? err_errno(e, errno, "overlay") : 0;
}

/* The container's directory may not have its place yet, so not by the absolute path. */
static int give_to_root(const struct mounts_input *m, size_t number, struct err *e)
{
	char path[64];
	struct owner o = {.path = path, .dirfd = m->in->dirfd};
	int r = mounts_keeper_owner(m, 0, 0, &o.uid, &o.gid, e);

	snprintf(path, sizeof(path), "overlays/%zu/upper", number);
	return r < 0 || (o.uid == 0 && o.gid == 0) ? r : in_keeper(m->in->keeper, give, &o, e);
}

/* The runtime opens it by itself, at each start. */
static int check_directory(const char *option, const char *path, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_errno(e, errno, "%s=%s", option, path) : 0;
}

static int make_upper(const struct mounts_input *m, const struct overlay_wish *w, size_t number, char **ret_upper, char **ret_work,
		      struct err *e)
{
	int r;

	if (w->spec->upper) {
		r = check_directory("upperdir", w->spec->upper, e);
		if (r == 0)
			r = check_directory("workdir", w->spec->work, e);
		if (r < 0)
			return r;
		*ret_upper = strdup(w->spec->upper);
		*ret_work = strdup(w->spec->work);
		return *ret_upper && *ret_work ? 0 : err_errno(e, ENOMEM, "overlay");
	}
	r = make_part(m, number, "work", 0700, ret_work, e);
	if (r == 0)
		r = make_part(m, number, "upper", w->mode, ret_upper, e);
	return r == 0 && w->owned ? give_to_root(m, number, e) : r;
}

static int add_lower(const struct mounts_input *m, const struct overlay_wish *w, size_t number, struct strv *options, struct err *e)
{
	_cleanup_(buf_done) struct buf lower = BUF_INIT;
	_cleanup_free_ char *empty = NULL;
	int r = 0;

	buf_adds(&lower, "lowerdir=");
	for (size_t i = 0; i < w->lower->n; i++)
		mount_lower_add(&lower, w->lower->items[i]);
	/* the kernel wants two where there is no upper one */
	if (w->spec->read_only && w->lower->n == 1)
		r = make_part(m, number, "empty", 0755, &empty, e);
	if (r < 0)
		return r;
	if (empty)
		mount_lower_add(&lower, empty);
	return buf_bad(&lower) || strv_add(options, buf_str(&lower)) < 0 ? err_errno(e, ENOMEM, "overlay") : 0;
}

int mounts_add_overlay(struct mount_list *l, const struct mounts_input *m, const struct overlay_wish *w, struct mount_entry **ret,
		       struct err *e)
{
	_cleanup_free_ char *upper = NULL, *work = NULL;
	struct mount_entry *entry = mount_list_add(l, MOUNT_USER, "overlay", "overlay", w->spec->destination, "", e);
	size_t number = l->n_overlays++;
	int r;

	if (!entry)
		return -EEXIST;
	r = add_lower(m, w, number, &entry->options, e);
	if (r == 0 && !w->spec->read_only)
		r = make_upper(m, w, number, &upper, &work, e);
	if (r < 0)
		return r;
	if ((upper && (strv_addf(&entry->options, "upperdir=%s", upper) < 0 || strv_addf(&entry->options, "workdir=%s", work) < 0)) ||
	    mount_overlay_words(m->in, &entry->options) < 0)
		return err_errno(e, ENOMEM, "overlay");
	*ret = entry;
	return 0;
}

static int set_text(char **slot, const char *text, struct err *e)
{
	*slot = strdup(text);
	return *slot ? 0 : err_errno(e, ENOMEM, "image");
}

/* Its layers, topmost first. */
static int image_layers(const struct mounts_input *m, const char *image, struct strv *ret, char id[static BUNDLE_IMAGE_ID_SIZE],
			struct err *e)
{
	_cleanup_(strv_done) struct strv layers = {0};
	int r = m->in->images ? m->in->images->layers(m->in->images->ctx, image, &layers, id, e)
			      : err_set(e, ENOTSUP, "image %s: no images here", image);

	if (r == 0 && layers.n == 0)
		r = err_set(e, EINVAL, "image %s: it has no files", image);
	if (r == 0 && m->label->state == LABEL_ON)
		r = relabel_layers(&layers, m->label->layer, m->in->keeper, e);
	for (size_t i = layers.n; r == 0 && i-- > 0;)
		if (strv_add(ret, layers.items[i]) < 0)
			r = err_errno(e, ENOMEM, "image");
	return r;
}

int mounts_add_image(struct mount_list *l, const struct mounts_input *m, const struct mount_spec *s, struct err *e)
{
	_cleanup_(strv_done) struct strv lower = {0};
	const struct overlay_wish w = {.spec = s, .lower = &lower, .mode = 0755, .owned = true};
	char id[BUNDLE_IMAGE_ID_SIZE] = "";
	struct mount_entry *entry = NULL;
	int r = image_layers(m, s->source, &lower, id, e);

	if (r == 0)
		r = mounts_add_overlay(l, m, &w, &entry, e);
	if (r == 0)
		r = mounts_add_options(s, entry, e);
	if (r == 0)
		r = set_text(&entry->image, s->source, e);
	if (r == 0)
		r = set_text(&entry->image_id, id, e);
	if (r == 0 && s->subpath)
		r = set_text(&entry->subpath, s->subpath, e);
	return r;
}
