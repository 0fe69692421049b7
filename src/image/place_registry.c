/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * One worker for each registry that takes part, with a login of its own. A
 * blob goes through a file of the staging directory, since what is sent has
 * to be whole and checked before the other side is told its digest.
 */
#include "image/place.h"
#include "registry/listing.h"
#include "sys/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static int parse(struct place *p, struct err *e)
{
	int r = reference_parse(p->path, &p->ref, e);

	if (r == 0)
		r = registries_load(p->access, &p->conf, e);
	if (r < 0)
		return r;
	if (!p->ref.domain[0]) {
		const char *alias = registries_alias(p->conf, p->ref.path);
		struct reference whole;

		if (!alias || reference_parse(alias, &whole, NULL) < 0) {
			r = err_set(e, EINVAL, "%s: it names no registry", p->path);
			err_hint(e, "write the registry too, such as docker://docker.io/library/%s", p->ref.path);
			return r;
		}
		memcpy(p->ref.domain, whole.domain, sizeof(whole.domain));
		memcpy(p->ref.path, whole.path, sizeof(whole.path));
	}
	reference_set_default_tag(&p->ref);
	return registry_place(&p->ref, p->conf, &p->at, e);
}

static int open_source(struct place *p, struct err *e)
{
	const struct registry_need need = {.push = false};
	int r = parse(p, e);

	return r < 0 ? r : registry_connect(&p->at, &need, p->access, &p->fetch, e);
}

static int read_manifest(struct place *p, const struct digest *d, struct buf *ret, struct err *e)
{
	const struct digest *want = d ? d : digest_is_set(&p->ref.digest) ? &p->ref.digest : NULL;

	return registry_small(&p->fetch, FETCH_MANIFEST, want ? want->text : p->ref.tag, UINT64_MAX, want, ret, NULL, e);
}

static int gate(struct place *p, const struct digest *manifest, const struct digest *index, char **ret, struct err *e)
{
	const struct pull_options o = place_gate_options(p);

	return gate_registry(&p->fetch, &p->ref, manifest, index, &o, ret, e);
}

/* Waits for the one thing that was asked. */
static int await(struct place *p, int item, struct fetch_answer *a, struct err *e)
{
	int r;

	while ((r = fetch_answer(&p->fetch, a, e)) == 0 && a->type == FETCH_PROGRESS)
		progress_update(p->o->progress, item, a->bytes);
	if (r == 0 && a->type == FETCH_FAILED) {
		r = -a->err.code;
		if (e)
			*e = a->err;
	}
	return r;
}

static int get_blob(struct place *p, const struct descriptor *d, struct place_blob *ret, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char label[PROGRESS_LABEL_SIZE], file[32];
	struct fetch_answer a = {0};
	struct stat s;
	int r, item;

	snprintf(file, sizeof(file), "copy%u", p->files++);
	r = path_own_open(p->staging->dirfd, file, O_RDWR | O_CREAT | O_EXCL, 0600, &fd);
	if (r < 0)
		return err_errno(e, -r, "write %s", file);
	snprintf(label, sizeof(label), "Copying blob %.12s", digest_hex(&d->digest));
	item = progress_item(p->o->progress, label, d->size_bytes);
	r = fetch_ask(&p->fetch, FETCH_BLOB, 0, d->digest.text, d->size_bytes, fd, e);
	if (r == 0)
		r = await(p, item, &a, e);
	if (r == 0 && (!digest_equal(&a.digest, &d->digest) || fstat(fd, &s) < 0 || (uint64_t)s.st_size != d->size_bytes))
		r = err_set(e, EBADMSG, "not the content of %s", d->digest.text);
	/* the worker has it from the network: that it is what it says is not for it to say */
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = err_errno(e, errno, "read %s", file);
	if (r == 0)
		r = blob_check(fd, &d->digest, e);
	/* by position is how it is sent, from its beginning how it is copied */
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = err_errno(e, errno, "read %s", file);
	if (r < 0)
		return err_wrap(e, r, "blob %.12s", digest_hex(&d->digest));
	progress_end(p->o->progress, item, "done");
	memcpy(ret->file, file, sizeof(file));
	ret->fd = TAKE_FD(fd);
	return 0;
}

/* ---- as where it goes ---- */

static int open_target(struct place *p, struct err *e)
{
	const struct registry_need need = {.push = true, .mount_from = &p->mounts};
	int r = parse(p, e);

	return r < 0 ? r : registry_connect(&p->at, &need, p->access, &p->fetch, e);
}

static int have(struct place *p, const struct descriptor *d, const struct place *from, const char **ret_word, struct err *e)
{
	struct fetch_request request = {.kind = FETCH_HAVE_BLOB, .size_bytes = d->size_bytes};
	struct fetch_answer a = {0};
	int r;

	if (from->ops == &place_registry && strcmp(from->at.at.domain, p->at.at.domain) == 0 && strcmp(from->at.at.path, p->at.at.path) != 0)
		snprintf(request.mount_from, sizeof(request.mount_from), "%s", from->at.at.path);
	r = fetch_request(&p->fetch, &request, d->digest.text, -EBADF, e);
	if (r == 0)
		r = await(p, -1, &a, e);
	if (r == 0)
		*ret_word = a.how == FETCH_WAS_THERE ? "skipped: already exists" : a.how == FETCH_MOUNTED ? "mounted" : NULL;
	return r;
}

static int put_blob(struct place *p, const struct descriptor *d, const struct place_blob *b, struct err *e)
{
	struct fetch_request request = {.kind = FETCH_PUT_BLOB, .size_bytes = d->size_bytes};
	char label[PROGRESS_LABEL_SIZE];
	struct fetch_answer a = {0};
	int r, item;

	if (request.size_bytes > PUSH_CHUNK_BYTES)
		request.chunk_bytes = PUSH_CHUNK_BYTES;
	snprintf(label, sizeof(label), "Writing blob %.12s", digest_hex(&d->digest));
	item = progress_item(p->o->progress, label, d->size_bytes);
	r = fetch_request(&p->fetch, &request, d->digest.text, b->fd, e);
	if (r == 0)
		r = await(p, item, &a, e);
	if (r < 0)
		return err_wrap(e, r, "blob %.12s", digest_hex(&d->digest));
	progress_end(p->o->progress, item, "done");
	return 0;
}

static int put_manifest(struct place *p, const struct buf *text, const char *media_type, const struct digest *d, bool top, struct err *e)
{
	struct fetch_request request = {.kind = FETCH_PUT_MANIFEST, .size_bytes = text->len};
	_cleanup_close_ int fd = memfd_create("manifest", MFD_CLOEXEC);
	struct fetch_answer a = {0};
	int r = fd < 0 ? -errno : fd_write_all(fd, buf_str(text), text->len);

	if (r < 0)
		return err_errno(e, -r, "manifest");
	if (top && digest_is_set(&p->ref.digest) && !digest_equal(&p->ref.digest, d))
		return err_set(e, EINVAL, "what would be written is %s", d->text);
	snprintf(request.content_type, sizeof(request.content_type), "%s", media_type);
	r = fetch_request(&p->fetch, &request, top && !digest_is_set(&p->ref.digest) ? p->ref.tag : d->text, fd, e);
	if (r == 0)
		r = await(p, -1, &a, e);
	return r < 0 ? err_wrap(e, r, "manifest") : 0;
}

static int finish(struct place *p, struct err *e)
{
	(void)p;
	(void)e;
	return 0;
}

const struct place_ops place_registry = {
	.open_source = open_source,
	.read = read_manifest,
	.gate = gate,
	.blob = get_blob,
	.open_target = open_target,
	.have = have,
	.put_blob = put_blob,
	.put_manifest = put_manifest,
	.finish = finish,
};
