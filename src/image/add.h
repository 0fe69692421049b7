/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * add - the last steps of everything that brings an image in but a registry:
 * its blobs are in the store; unpack, write manifest and config, and the
 * references last. Only image/ includes it.
 */
#ifndef RANBY_IMAGE_ADD_H
#define RANBY_IMAGE_ADD_H

#include "image/progress.h"
#include "image/store_private.h"

struct add {
	const struct buf *config;     /* its text */
	const struct buf *manifest;   /* its text, or NULL: one is made of config and layers */
	const struct descriptor *layers; /* used when manifest is NULL */
	size_t n_layers;
	const struct strv *names;     /* full references; none: a nameless image */
	const char *trust;            /* as in struct ref */
	struct progress *progress;
	bool no_unpack;
	bool no_ref;                  /* no reference is written: the image is there while it is pinned */
};

/* Takes over *pin_fd when it succeeds. */
int add_image(struct store *st, const struct add *a, int *pin_fd, struct image **ret, struct err *e) _must_check_;

#endif
