/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * outgoing - an image of the store as it leaves: to a registry, into an archive.
 *
 *	_cleanup_(outgoing_done) struct outgoing out = OUTGOING_INIT;
 *	r = outgoing_prepare(&out, st, img, &options, e);
 *	out.manifest, out.digest, out.media_type
 *	r = outgoing_open_blob(&out, &out.layers[0].descriptor.digest, &fd, e);
 *
 * Where nothing else is asked for, the manifest is the one that it came with,
 * byte by byte. What is packed anew lies in a staging directory until
 * outgoing_done(). The image is borrowed and pins all the rest.
 */
#ifndef RANBY_IMAGE_OUTGOING_H
#define RANBY_IMAGE_OUTGOING_H

#include "image/push.h"
#include "image/store_private.h"

struct outgoing_layer {
	struct descriptor descriptor;
	struct digest diff_id;
	bool made; /* here, as the file "layerN" of the staging directory */
};

struct outgoing {
	struct store *st;
	struct staging staging;
	struct buf manifest;
	struct digest digest;   /* of it */
	const char *media_type; /* of it */
	struct descriptor config;
	struct outgoing_layer *layers; /* lowest first */
	size_t n_layers;
};
#define OUTGOING_INIT {.staging = STAGING_INIT}

/* -EBADMSG: a blob is not what the image says. */
int outgoing_prepare(struct outgoing *o, struct store *st, const struct image *img, const struct outgoing_options *want,
		     struct err *e) _must_check_;

/* A layer or the config, to be read. */
int outgoing_open_blob(struct outgoing *o, const struct digest *d, int *ret_fd, struct err *e) _must_check_;

void outgoing_done(struct outgoing *o);

#endif
