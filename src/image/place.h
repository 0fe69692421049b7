/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * place - where an image is copied from, or to. Only image/ includes it.
 *
 *	_cleanup_(place_done) struct place p = PLACE_INIT;
 *	r = place_open(&p, st, "oci:/tmp/x", false, &o, e);
 *	r = p.ops->read(&p, NULL, &text, e);		// its manifest or index
 *	r = p.ops->blob(&p, &descriptor, &blob, e);
 *
 * A table per kind of place; the copy itself (copy.c) knows none of them.
 */
#ifndef RANBY_IMAGE_PLACE_H
#define RANBY_IMAGE_PLACE_H

#include "image/archive_source.h"
#include "image/copy.h"
#include "image/gate.h"
#include "image/pull.h"
#include "image/store_private.h"
#include "registry/session.h"

/* A blob on its way: read from its beginning. */
struct place_blob {
	int fd;
	char file[32]; /* in the staging directory; "": among the store's blobs */
};

struct place;
struct place_ops {
	/* -- to be read from; NULL: it cannot be -- */
	int (*open_source)(struct place *p, struct err *e);
	/* The manifest of that digest, NULL: what the place itself means; checked. */
	int (*read)(struct place *p, const struct digest *d, struct buf *ret, struct err *e);
	/* What the policy says of a manifest that was read, and the index that led to it (not set: none). NULL: not asked. *ret as in struct ref. */
	int (*gate)(struct place *p, const struct digest *manifest, const struct digest *index, char **ret, struct err *e);
	/* A blob, whole and checked. */
	int (*blob)(struct place *p, const struct descriptor *d, struct place_blob *ret, struct err *e);
	/* -- to be written to -- */
	int (*open_target)(struct place *p, struct err *e);
	/* Not 0: it is there already, a word that says so. */
	int (*have)(struct place *p, const struct descriptor *d, const struct place *from, const char **ret_word, struct err *e);
	int (*put_blob)(struct place *p, const struct descriptor *d, const struct place_blob *b, struct err *e);
	/* `top`: this is what the place will mean. */
	int (*put_manifest)(struct place *p, const struct buf *text, const char *media_type, const struct digest *d, bool top, struct err *e);
	int (*finish)(struct place *p, struct err *e);
	void (*done)(struct place *p);
	bool oci_only; /* it holds no docker manifests */
	bool one_only; /* it holds no index */
};

struct place {
	const struct place_ops *ops;
	struct store *st;
	struct staging *staging; /* the copy's, borrowed */
	const struct copy_options *o;
	const struct registry_access *access;
	char *path;        /* of a file or directory, or the reference */
	const char *name;  /* what follows the path's ':', in `path`; NULL */
	/* registry */
	struct reference ref;
	struct registries *conf;
	struct registry_place at;
	struct fetch_client fetch;
	struct strv mounts;
	/* layout: archives and directories */
	struct source src;
	char *called;      /* what the image is called in there, however it was found; NULL */
	bool flat;         /* dir: */
	int out_fd;        /* directory, or tar */
	int lock_fd;
	bool tar;
	struct strv written;
	struct json_object *index;
	/* store */
	struct image *image;
	struct ref made;
	unsigned files;
};
#define PLACE_INIT {.fetch = FETCH_CLIENT_INIT, .src = SOURCE_INIT, .out_fd = -EBADF, .lock_fd = -EBADF}

extern const struct place_ops place_registry, place_oci, place_oci_archive, place_dir, place_docker_archive, place_store, place_unnamed;

/* Reads the text; nothing is opened yet. -EINVAL. */
int place_parse(struct place *p, struct store *st, struct staging *sg, const char *text, const struct copy_options *o,
		const struct registry_access *access, struct err *e) _must_check_;
void place_done(struct place *p);

/* What a gate is asked with. */
static inline struct pull_options place_gate_options(const struct place *p)
{
	return (struct pull_options){.access = *p->access, .signature_policy = p->o->signature_policy};
}

/* An image of the store as a source: its manifest and blobs. For all places that bring theirs there first. */
int place_image_read(struct place *p, const struct digest *d, struct buf *ret, struct err *e) _must_check_;
int place_image_blob(struct place *p, const struct descriptor *d, struct place_blob *ret, struct err *e) _must_check_;
/* Puts a blob into the store. */
int place_store_blob(struct place *p, const struct descriptor *d, const struct place_blob *b, struct err *e) _must_check_;
int place_store_have(struct place *p, const struct descriptor *d, const struct place *from, const char **ret_word, struct err *e) _must_check_;
int place_store_manifest(struct place *p, const struct buf *text, const char *media_type, const struct digest *d, bool top, struct err *e)
	_must_check_;

#endif
