/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * commit - an image of another one and a layer on it.
 *
 *	struct commit_options o = {.base = img, .config = config, .created_by = "sh -c ...", .changes = &lines};
 *	r = commit_image(st, start_pack, ctx, "name:tag", &o, &new, e);
 *
 * `config` is the "config" object of the new image config; the rest (history,
 * DiffIDs, platform) is the base's with one more of each.
 */
#ifndef RANBY_IMAGE_COMMIT_H
#define RANBY_IMAGE_COMMIT_H

#include "image/store.h"
#include "tar/unpack.h"

struct commit_options {
	const struct image *base;
	struct json_object *config; /* borrowed; changed by `changes` */
	const struct strv *changes; /* Dockerfile lines, or NULL */
	const char *created_by, *author, *message; /* NULL: nothing is said */
};

/* Starts the worker that writes the layer's tar into `out_fd`. */
typedef int (*commit_pack_fn)(void *ctx, struct unpack_job *job, int out_fd, struct err *e);

/* `name` NULL: an image without a name. The caller owns *ret. */
int commit_image(struct store *st, commit_pack_fn pack, void *ctx, const char *name, const struct commit_options *o, struct image **ret,
		 struct err *e) _must_check_;

#endif
