/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * An image of one layer: the tar is kept as it came (compressed or not), the
 * worker tells its DiffID, and a config and a manifest are made around that.
 *
 * The tar is read twice: once for its DiffID, which the config must name
 * before the layer has a place, and once to unpack it as any other layer.
 */
#include "base/clock.h"
#include "image/add.h"
#include "image/change.h"
#include "image/pull.h"
#include "oci/index.h"
#include "sys/path.h"
#include "tar/unpack.h"

#include <fcntl.h>
#include <string.h>

/* Hashes what the stream unpacks to, without keeping it: the layer queue then unpacks it as any other. */
static int find_diff_id(struct store *st, const struct digest *blob, struct progress *progress, struct digest *ret,
			struct err *e)
{
	_cleanup_(unpack_job_done) struct unpack_job job = UNPACK_JOB_INIT;
	_cleanup_close_ int fd = -EBADF;
	int r, item;

	r = blob_open(st, blob, &fd, e);
	if (r == 0)
		r = unpack_start_digest(&job, fd, e);
	if (r < 0)
		return r;
	item = progress_item(progress, "Reading the tar", 0);
	while ((r = unpack_step(&job, e)) > 0)
		progress_update(progress, item, job.in_bytes);
	if (r < 0)
		return r;
	progress_end(progress, item, "done");
	return digest_parse(job.done.digest.text, ret, e);
}

static int add_history(struct json_object *o, const char *created, const char *message)
{
	struct json_object *list = json_object_new_array(), *one = json_object_new_object();
	int r = list && one ? 0 : -ENOMEM;

	if (r == 0) {
		r |= json_add_str(one, "created", created);
		r |= json_add_str(one, "created_by", "ranby import");
		r |= json_add_str(one, "comment", message);
		r |= json_append(list, one);
	}
	return r | json_add(o, "history", list);
}

static int make_config(const struct digest *diff_id, const struct import_options *io, struct buf *ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct json_object *config = json_object_new_object(), *rootfs = json_object_new_object(),
			   *ids = json_object_new_array();
	const struct timespec now = clock_now();
	char created[CLOCK_TEXT_SIZE];
	struct platform p;
	size_t len;
	int r, bad = 0;

	if (!o || !config || !rootfs || !ids)
		return err_errno(e, ENOMEM, "image config");
	platform_host(&p);
	r = io->platform ? platform_parse(io->platform, &p, e) : 0;
	if (r == 0)
		r = change_apply_all(config, io->changes, e);
	if (r < 0) {
		json_object_put(config);
		json_object_put(rootfs);
		json_object_put(ids);
		return r;
	}
	clock_rfc3339(&now, CLOCK_UTC, created);
	bad |= json_add_str(o, "created", created);
	bad |= json_add_str(o, "architecture", p.arch);
	if (p.variant[0])
		bad |= json_add_str(o, "variant", p.variant);
	bad |= json_add_str(o, "os", p.os);
	bad |= json_add(o, "config", config);
	bad |= json_append_str(ids, diff_id->text);
	bad |= json_add_str(rootfs, "type", "layers");
	bad |= json_add(rootfs, "diff_ids", ids);
	bad |= json_add(o, "rootfs", rootfs);
	bad |= add_history(o, created, io->message);
	buf_adds(ret, bad ? "" : json_text(o, &len));
	return bad || buf_bad(ret) ? err_errno(e, ENOMEM, "image config") : 0;
}

/* As bzip2 or xz packed it, which no layer may be. */
static int is_foreign(const struct staging *sg, const char *name, bool *ret, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	unsigned char begin[6] = {0};
	int r = path_own_open(sg->dirfd, name, O_RDONLY, 0, &fd);

	if (r < 0 || pread(fd, begin, sizeof(begin), 0) < 0)
		return err_errno(e, r < 0 ? -r : errno, "read the tar");
	*ret = memcmp(begin, "BZh", 3) == 0 || memcmp(begin, "\xfd" "7zXZ", 6) == 0;
	return 0;
}

static int repack(const struct staging *sg, const char *from, const char *to, struct progress *progress, struct err *e)
{
	_cleanup_(unpack_job_done) struct unpack_job job = UNPACK_JOB_INIT;
	_cleanup_close_ int in = -EBADF, out = -EBADF;
	int r = path_own_open(sg->dirfd, from, O_RDONLY, 0, &in), item;

	if (r == 0)
		r = path_own_open(sg->dirfd, to, O_WRONLY | O_CREAT | O_EXCL, 0600, &out);
	if (r < 0)
		return err_errno(e, -r, "repack the tar");
	r = unpack_start_recompress(&job, in, out, "gzip", 0, e);
	if (r < 0)
		return r;
	item = progress_item(progress, "Packing with gzip", 0);
	while ((r = unpack_step(&job, e)) > 0)
		progress_update(progress, item, job.in_bytes);
	if (r == 0)
		progress_end(progress, item, "done");
	return r;
}

static int take_blob(struct store *st, int in_fd, struct progress *progress, struct descriptor *ret, struct err *e)
{
	_cleanup_(staging_done) struct staging sg = STAGING_INIT;
	_cleanup_close_ int packed = -EBADF;
	bool foreign = false;
	int r;

	staging_sweep(st);
	r = staging_begin(st, &sg, e);
	if (r == 0)
		r = blob_copy(&sg, "tar", in_fd, BLOB_BYTES_MAX, &ret->digest, &ret->size_bytes, e);
	if (r == 0)
		r = is_foreign(&sg, "tar", &foreign, e);
	if (r < 0 || !foreign)
		return r < 0 ? r : blob_commit(st, &sg, "tar", &ret->digest, e);
	r = repack(&sg, "tar", "packed", progress, e);
	if (r == 0 && (r = path_own_open(sg.dirfd, "packed", O_RDONLY, 0, &packed)) < 0)
		r = err_errno(e, -r, "repack the tar");
	/* hashed here: the worker's word for it is not taken */
	if (r == 0)
		r = blob_copy(&sg, "layer", packed, BLOB_BYTES_MAX, &ret->digest, &ret->size_bytes, e);
	return r < 0 ? r : blob_commit(st, &sg, "layer", &ret->digest, e);
}

int import_full_name(const char *name, struct strv *names, struct err *e)
{
	char text[REFERENCE_TEXT_SIZE];
	struct reference ref;
	int r = reference_parse(name, &ref, e);

	if (r == 0 && digest_is_set(&ref.digest))
		r = err_set(e, EINVAL, "%s: a name to give cannot hold a digest", name);
	if (r == 0 && !ref.domain[0])
		r = reference_set_domain(&ref, "localhost", e);
	if (r < 0)
		return r;
	reference_set_default_tag(&ref);
	reference_text(&ref, text);
	return strv_add(names, text) < 0 ? err_errno(e, ENOMEM, "import") : 0;
}

int import_rootfs(struct store *st, int in_fd, const char *name, const struct import_options *o, struct image **ret,
		  struct err *e)
{
	_cleanup_(strv_done) struct strv names = {0};
	_cleanup_(buf_done) struct buf config = BUF_INIT;
	_cleanup_close_ int pin = -EBADF;
	struct descriptor layer = {0};
	struct add a = {.config = &config, .layers = &layer, .n_layers = 1, .names = &names, .progress = o->progress};
	struct digest diff_id;
	int r = name ? import_full_name(name, &names, e) : 0;

	if (r == 0)
		r = store_pin(st, &pin, e);
	if (r == 0)
		r = take_blob(st, in_fd, o->progress, &layer, e);
	if (r == 0)
		r = find_diff_id(st, &layer.digest, o->progress, &diff_id, e);
	if (r == 0)
		r = make_config(&diff_id, o, &config, e);
	if (r < 0)
		return r;
	layer.type = media_type_find(blob_media_type(st, &layer.digest));
	return add_image(st, &a, &pin, ret, e);
}
