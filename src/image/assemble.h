/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * assemble - an image put together by whoever knows all of it: a build.
 *
 *	r = assemble_begin(st, &a, e);			// nothing is collected from here on
 *	... work below a->path, of which assemble_end() leaves nothing ...
 *	r = assemble_layer(st, pack, ctx, &layer, e);
 *	r = assemble_image(st, &(struct assembled){.config = &text, .layers = layers, .n_layers = n}, &img, e);
 *
 * The directory belongs to this process: when it dies, the next command that
 * changes the store removes it.
 */
#ifndef RANBY_IMAGE_ASSEMBLE_H
#define RANBY_IMAGE_ASSEMBLE_H

#include "base/buf.h"
#include "image/commit.h"
#include "image/store.h"
#include "oci/descriptor.h"

#include <stdbool.h>

struct assemble {
	int dirfd;         /* a directory of our own, empty at first */
	const char *path;  /* the same, relative to the data directory */
};

/* The caller ends it with assemble_end(). */
int assemble_begin(struct store *st, struct assemble **ret, struct err *e) _must_check_;
struct assemble *assemble_end(struct assemble *shown);
static inline void assemble_endp(struct assemble **a)
{
	*a = assemble_end(*a);
}

/* No command removes the image of that full id any more, as long as this process or a fork of it lives. It may have been removed before. */
int assemble_use(struct assemble *shown, const char *id, struct err *e) _must_check_;

/* Removes a tree below the directory, whoever its files belong to. */
int assemble_remove(struct assemble *shown, const char *name, struct err *e) _must_check_;

/* A layer out of what `pack` writes: its blob is in the store on return. */
int assemble_layer(struct store *st, commit_pack_fn pack, void *ctx, struct descriptor *ret, struct err *e) _must_check_;

struct assembled {
	const struct buf *config;          /* the text of the image config */
	const struct descriptor *layers;   /* lowest first, their blobs in the store */
	size_t n_layers;
	const struct strv *names;          /* full references; empty: an image without a name */
	struct json_object *annotations;   /* of the manifest; NULL: none */
	bool docker;                       /* docker's media types instead of OCI's */
};
/* The caller owns *ret. */
int assemble_image(struct store *st, const struct assembled *q, struct image **ret, struct err *e) _must_check_;

/* What an image's layers are as descriptors; the caller frees *ret. */
int assemble_layers_of(const struct image *img, size_t room, struct descriptor **ret, struct err *e) _must_check_;

#endif
