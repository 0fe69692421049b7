/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The last steps are those of every image (add.h). A layer's tar goes through
 * a pipe into a blob of the staging directory, hashed on the way, and is not
 * compressed: its digest is its DiffID too.
 */
#include "image/assemble.h"

#include "image/add.h"
#include "tar/unpack_copy.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define PIPE_SIZE (256 * 1024) /* as pack() writes it (tar/pack.c) */

struct assembling {
	struct assemble shown;
	struct staging staging;
	int pin_fd;
	char path[64];
};

int assemble_begin(struct store *st, struct assemble **ret, struct err *e)
{
	struct assembling *a = calloc(1, sizeof(*a));
	int r;

	if (!a)
		return err_errno(e, ENOMEM, "build");
	a->staging = (struct staging)STAGING_INIT;
	a->pin_fd = -EBADF;
	staging_sweep(st);
	r = store_pin(st, &a->pin_fd, e);
	if (r == 0)
		r = staging_begin(st, &a->staging, e);
	if (r < 0) {
		assemble_end(&a->shown);
		return r;
	}
	snprintf(a->path, sizeof(a->path), "staging/%s", a->staging.name);
	a->shown = (struct assemble){.dirfd = a->staging.dirfd, .path = a->path};
	*ret = &a->shown;
	return 0;
}

struct assemble *assemble_end(struct assemble *shown)
{
	struct assembling *a = (struct assembling *)shown;

	if (!a)
		return NULL;
	if (a->staging.st)
		staging_done(&a->staging);
	fd_closep(&a->pin_fd);
	free(a);
	return NULL;
}

int assemble_use(struct assemble *shown, const char *id, struct err *e)
{
	return staging_use(&((struct assembling *)shown)->staging, id, e);
}

int assemble_remove(struct assemble *shown, const char *name, struct err *e)
{
	struct assembling *a = (struct assembling *)shown;

	return staging_remove_tree(a->staging.st, a->staging.dirfd, name, e);
}

int assemble_layer(struct store *st, commit_pack_fn pack, void *ctx, struct descriptor *ret, struct err *e)
{
	_cleanup_(unpack_job_done) struct unpack_job job = UNPACK_JOB_INIT;
	_cleanup_(staging_done) struct staging sg = STAGING_INIT;
	_cleanup_close_ int in = -EBADF, out = -EBADF;
	int fds[2], r;

	staging_sweep(st);
	r = staging_begin(st, &sg, e);
	if (r < 0)
		return r;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(e, errno, "pipe");
	in = fds[0];
	out = fds[1];
	(void)fcntl(out, F_SETPIPE_SZ, PIPE_SIZE);
	r = pack(ctx, &job, out, e);
	fd_closep(&out);
	if (r == 0)
		r = blob_copy(&sg, "tar", in, BLOB_BYTES_MAX, &ret->digest, &ret->size_bytes, e);
	fd_closep(&in);
	/* a tar that ended early is no layer */
	if (r == 0)
		r = unpack_wait(&job, e);
	if (r == 0)
		r = blob_commit(st, &sg, "tar", &ret->digest, e);
	if (r == 0)
		ret->type = media_type_find(blob_media_type(st, &ret->digest));
	return r;
}

int assemble_layers_of(const struct image *img, size_t room, struct descriptor **ret, struct err *e)
{
	struct descriptor *layers = mem_array((img ? img->n_layers : 0) + room, sizeof(*layers));

	if (!layers)
		return err_errno(e, ENOMEM, "layers");
	for (size_t i = 0; img && i < img->n_layers; i++) {
		layers[i].digest = img->layers[i].blob;
		layers[i].size_bytes = img->layers[i].blob_bytes;
		layers[i].type = media_type_find(img->layers[i].media_type);
	}
	*ret = layers;
	return 0;
}

static const char *layer_type(const struct assembled *a, const struct descriptor *d)
{
	static const struct {
		const char *oci, *docker;
	} pairs[] = {{MEDIA_OCI_LAYER, MEDIA_DOCKER_LAYER}, {MEDIA_OCI_LAYER_GZIP, MEDIA_DOCKER_LAYER_GZIP}};
	const char *text = d->type ? d->type->text : MEDIA_OCI_LAYER;

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (strcmp(text, pairs[i].oci) == 0 || strcmp(text, pairs[i].docker) == 0)
			return a->docker ? pairs[i].docker : pairs[i].oci;
	return text;
}

static int manifest_text(const struct assembled *a, struct buf *ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();
	struct digest config;
	size_t len;
	int bad = 0;

	digest_of(buf_str(a->config), a->config->len, &config);
	bad |= json_add_int(o, "schemaVersion", 2);
	bad |= json_add_str(o, "mediaType", a->docker ? MEDIA_DOCKER_MANIFEST : MEDIA_OCI_MANIFEST);
	bad |= json_add(o, "config", descriptor_json(a->docker ? MEDIA_DOCKER_CONFIG : MEDIA_OCI_CONFIG, &config, a->config->len));
	for (size_t i = 0; i < a->n_layers; i++)
		bad |= json_append(list, descriptor_json(layer_type(a, &a->layers[i]), &a->layers[i].digest, a->layers[i].size_bytes));
	bad |= json_add(o, "layers", list);
	if (a->annotations && json_object_object_length(a->annotations) > 0)
		bad |= json_add(o, "annotations", json_object_get(a->annotations));
	if (!bad)
		buf_adds(ret, json_text(o, &len));
	return bad || buf_bad(ret) ? err_errno(e, ENOMEM, "manifest") : 0;
}

int assemble_image(struct store *st, const struct assembled *q, struct image **ret, struct err *e)
{
	_cleanup_(buf_done) struct buf manifest = BUF_INIT;
	_cleanup_close_ int pin = -EBADF;
	const struct strv none = {0};
	struct add a = {.config = q->config, .manifest = &manifest, .names = q->names ? q->names : &none};
	int r = manifest_text(q, &manifest, e);

	if (r == 0)
		r = store_pin(st, &pin, e);
	return r == 0 ? add_image(st, &a, &pin, ret, e) : r;
}
