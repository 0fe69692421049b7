/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A step's changes lie in an upper directory of the build's own, which nobody
 * else mounts; packed, they are a layer like any other. The image that is made
 * with each layer has no name: it is what the cache leads to, what keeps the
 * layer, and what the next RUN's container is made of.
 */
#include "build/layer.h"

#include "engine/in_keeper.h"
#include "sys/fd.h"
#include "sys/fuse_overlay.h"
#include "sys/path.h"
#include "tar/unpack_copy.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct work {
	const char *data_path, *dir_path;
	const char *upper; /* below the build's directory; NULL: nothing is changed */
	const struct strv *lower, *source; /* relative to the data directory, lowest first */
	struct fuse_program fuse;
	layer_fn fn;
	void *ctx;
};

/* ---- directories ---- */

static int make_dir(struct session *s, const char *prefix, size_t number, char ret[static 32], struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	snprintf(ret, 32, "%s-%zu", prefix, number);
	r = path_own_mkdirs(s->dir->dirfd, ret, &fd);
	/* it is the root directory of what is seen */
	if (r == 0 && fchmodat(s->dir->dirfd, ret, 0755, 0) < 0)
		r = -errno;
	return r < 0 ? err_errno(e, -r, "build: %s", ret) : 0;
}

int layer_upper(struct session *s, struct stage *sg, char ret[static 32], struct err *e)
{
	if (!sg->upper)
		s->uppers++;
	sg->upper = true;
	return make_dir(s, "upper", s->uppers, ret, e);
}

void layer_forget(struct session *s, struct stage *sg)
{
	char name[32];

	if (!sg->upper)
		return;
	snprintf(name, sizeof(name), "upper-%zu", s->uppers);
	(void)!assemble_remove(s->dir, name, NULL);
	sg->upper = false;
}

void layer_drop(struct session *s, struct stage *sg)
{
	if (s->q->layers)
		layer_forget(s, sg);
}

/* ---- in the child ---- */

/* By their names: a descriptor from before means a mount of the namespace that we came from. */
static int open_dir(const char *base, const char *name)
{
	_cleanup_free_ char *path = NULL;
	int fd;

	if (asprintf(&path, "%s/%s", base, name) < 0)
		return -ENOMEM;
	fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int mount_stack(const struct work *w, const struct strv *dirs, int upper, int work, int *ret_fd, struct err *e)
{
	int *fds = mem_array(dirs->n + 1, sizeof(*fds)), r = fds ? 0 : -ENOMEM;
	struct overlay o = {.lower = fds, .upper = upper, .work = work, .userxattr = true};
	struct fuse_server server;

	for (size_t i = dirs->n; r == 0 && i-- > 0; o.n_lower++) {
		fds[o.n_lower] = open_dir(w->data_path, dirs->items[i]);
		if (fds[o.n_lower] < 0)
			r = fds[o.n_lower];
	}
	/* an overlay wants two directories */
	if (r == 0 && upper < 0 && o.n_lower < 2) {
		*ret_fd = o.n_lower ? fds[0] : open_dir(w->dir_path, "empty");
		free(fds);
		return *ret_fd < 0 ? err_errno(e, -*ret_fd, "layer") : 0;
	}
	if (r == 0)
		r = overlay_mount_any(&o, &w->fuse, ret_fd, &server, e);
	else
		r = err_errno(e, -r, "layers");
	for (size_t i = 0; i < o.n_lower; i++)
		fd_closep(&fds[i]);
	free(fds);
	return r;
}

static int mount_root(const struct work *w, int *ret_fd, struct err *e)
{
	_cleanup_close_ int upper = open_dir(w->dir_path, w->upper), work = -EBADF;
	char name[40];

	if (upper < 0)
		return err_errno(e, -upper, "build");
	if (w->lower->n == 0) {
		*ret_fd = TAKE_FD(upper);
		return 0;
	}
	snprintf(name, sizeof(name), "work-%s", w->upper);
	work = open_dir(w->dir_path, name);
	if (work < 0)
		return err_errno(e, -work, "build");
	return mount_stack(w, w->lower, upper, work, ret_fd, e);
}

static int in_child(void *ctx, struct err *e)
{
	const struct work *w = ctx;
	_cleanup_close_ int root = -EBADF, source = -EBADF;
	int r = w->source ? mount_stack(w, w->source, -EBADF, -EBADF, &source, e) : 0;

	if (r == 0)
		r = mount_root(w, &root, e);
	umask(0);
	return r == 0 ? w->fn(root, source, w->ctx, e) : r;
}

int layer_work(struct session *s, struct stage *sg, const struct image *other, layer_fn fn, void *ctx, struct err *e)
{
	_cleanup_(strv_done) struct strv lower = {0}, source = {0};
	_cleanup_free_ char *dir_path = NULL;
	char upper[32], name[40];
	struct work w = {.data_path = s->q->eng->data_path, .upper = upper, .lower = &lower, .source = other ? &source : NULL,
			 .fuse = FUSE_PROGRAM_INIT, .fn = fn, .ctx = ctx};
	int r = layer_upper(s, sg, upper, e);

	if (asprintf(&dir_path, "%s/%s", s->q->eng->data_path, s->dir->path) < 0)
		return err_errno(e, ENOMEM, "build");
	w.dir_path = dir_path;
	snprintf(name, sizeof(name), "work-%s", upper);
	if (r == 0)
		r = path_own_mkdirs(s->dir->dirfd, name, NULL);
	if (r == 0)
		r = path_own_mkdirs(s->dir->dirfd, "empty", NULL);
	if (r < 0)
		return err_errno(e, -r, "build");
	if (sg->img)
		r = store_layers(s->q->store, sg->img, NULL, NULL, &lower, e);
	if (r == 0 && other)
		r = store_layers(s->q->store, other, NULL, NULL, &source, e);
	if (r == 0)
		r = fuse_program_open(s->q->eng->mount_program, &w.fuse, e);
	if (r == 0)
		r = in_keeper(s->q->keeper, in_child, &w, e);
	fd_closep(&w.fuse.exe_fd);
	return r;
}

/* ---- a layer ---- */

struct whole {
	const struct pack_times *times;
	int fd;
};

struct packing {
	const struct session *s;
	int fd;
};

static int start_pack(void *ctx, struct unpack_job *job, int out_fd, struct err *e)
{
	const struct packing *p = ctx;
	const struct unpack_tree t = {.dir_fd = p->fd, .userns_fd = p->s->q->keeper->userns_fd, .layer = true, .times = p->s->q->times};

	return unpack_start_pack(job, &t, out_fd, e);
}

static int open_upper(const struct session *s, int *ret_fd, struct err *e)
{
	char name[32];
	int r;

	snprintf(name, sizeof(name), "upper-%zu", s->uppers);
	r = path_own_open(s->dir->dirfd, name, O_PATH | O_DIRECTORY, 0, ret_fd);
	return r < 0 ? err_errno(e, -r, "build: %s", name) : 0;
}

static int put_image(struct session *s, struct stage *sg, const struct descriptor *more, size_t from, const struct strv *names,
		     struct json_object *annotations, struct err *e)
{
	_cleanup_free_ struct descriptor *layers = NULL;
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	struct assembled a = {.config = &text, .names = names, .annotations = annotations, .docker = s->q->docker};
	struct image *img = NULL;
	struct digest id;
	int r = assemble_layers_of(sg->img, 1, &layers, e);

	if (r == 0)
		r = image_state_text(&sg->state, &text, &id, e);
	/* before it is there to be removed */
	if (r == 0)
		r = assemble_use(s->q->uses, digest_hex(&id), e);
	if (r < 0)
		return r;
	a.n_layers = sg->img && from > 0 ? from : 0;
	if (more)
		layers[a.n_layers++] = *more;
	a.layers = layers;
	r = assemble_image(s->q->store, &a, &img, e);
	if (r < 0)
		return r;
	image_free(sg->img);
	sg->img = img;
	return 0;
}

/* The layer on what the stage has, and its line in the history. */
static int add_layer(struct session *s, struct stage *sg, int fd, const char *created_by, struct err *e)
{
	struct packing p = {.s = s, .fd = fd};
	struct descriptor d = {0};
	int r = assemble_layer(s->q->store, start_pack, &p, &d, e);

	session_now(s, sg->created);
	if (r == 0)
		r = image_state_history(&sg->state, sg->created, created_by, NULL, &d.digest, e);
	return r == 0 ? put_image(s, sg, &d, sg->img ? sg->img->n_layers : 0, NULL, NULL, e) : r;
}

int layer_commit(struct session *s, struct stage *sg, int upper_fd, const char *created_by, struct err *e)
{
	_cleanup_close_ int own = -EBADF;
	int r;

	if (!s->q->layers) {
		session_now(s, sg->created);
		return image_state_history(&sg->state, sg->created, created_by, NULL, NULL, e);
	}
	r = upper_fd < 0 ? open_upper(s, &own, e) : 0;
	if (r == 0)
		r = add_layer(s, sg, upper_fd < 0 ? own : upper_fd, created_by, e);
	if (r == 0)
		layer_drop(s, sg);
	return r;
}

/* ---- the end of a stage ---- */

/* All its changes in one layer; its history is one line then. */
static int commit_upper(struct session *s, struct stage *sg, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r = open_upper(s, &fd, e);

	if (r == 0)
		r = image_state_cut(&sg->state, sg->base_layers, sg->base_history, e);
	if (r == 0)
		r = add_layer(s, sg, fd, "/bin/sh", e);
	if (r == 0)
		sg->upper = false;
	return r;
}

/* --squash-all: what is seen of the stage, as one tar, in a file. */
static int pack_whole(int root_fd, int source_fd, void *ctx, struct err *e)
{
	_cleanup_(unpack_job_done) struct unpack_job job = UNPACK_JOB_INIT;
	const struct whole *w = ctx;
	const struct unpack_tree t = {.dir_fd = root_fd, .userns_fd = -EBADF, .times = w->times};
	int r;

	(void)source_fd;
	r = unpack_start_pack(&job, &t, w->fd, e);
	return r == 0 ? unpack_wait(&job, e) : r;
}

static int start_copy(void *ctx, struct unpack_job *job, int out_fd, struct err *e)
{
	const struct whole *w = ctx;

	return unpack_start_recompress(job, w->fd, out_fd, "none", 0, e);
}

static int squash_all(struct session *s, struct stage *sg, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct whole w = {.times = s->q->times};
	struct descriptor d = {0};
	int r = path_own_open(s->dir->dirfd, "whole.tar", O_RDWR | O_CREAT | O_TRUNC, 0600, &fd);

	if (r < 0)
		return err_errno(e, -r, "squash");
	w.fd = fd;
	r = layer_work(s, sg, NULL, pack_whole, &w, e);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = err_errno(e, errno, "squash");
	if (r == 0)
		r = assemble_layer(s->q->store, start_copy, &w, &d, e);
	if (r == 0)
		r = image_state_cut(&sg->state, 0, 0, e);
	session_now(s, sg->created);
	if (r == 0)
		r = image_state_history(&sg->state, sg->created, "/bin/sh", NULL, &d.digest, e);
	return r == 0 ? put_image(s, sg, &d, 0, NULL, NULL, e) : r;
}

int layer_finish(struct session *s, struct stage *sg, const struct strv *names, struct json_object *annotations, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	struct digest id;
	int r = 0;

	if (s->q->squash_all && sg == s->target)
		r = squash_all(s, sg, e);
	else if (sg->upper && !s->q->layers)
		r = commit_upper(s, sg, e);
	if (r == 0)
		r = image_state_text(&sg->state, &text, &id, e);
	if (r < 0)
		return r;
	if (sg->img && strcmp(sg->img->id, digest_hex(&id)) == 0 && !annotations) {
		for (size_t i = 0; names && r == 0 && i < names->n; i++)
			r = store_tag(s->q->store, sg->img, names->items[i], e);
		return r;
	}
	return put_image(s, sg, NULL, sg->img ? sg->img->n_layers : 0, names, annotations, e);
}
