/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * save - images of the store become an archive, or a directory: the other direction of load.
 *
 *	struct save_item item = {.image = img, .names = &names};
 *	r = save_images(st, &item, 1, &(struct save_options){.format = SAVE_OCI_ARCHIVE, .out_fd = fd}, e);
 *
 * OCI layouts hold the manifest and the blobs as they are, so that what is
 * loaded has the same digest. A docker archive holds plain tars, which is what
 * all of its readers take. What leaves is compared with its digest once more.
 */
#ifndef RANBY_IMAGE_SAVE_H
#define RANBY_IMAGE_SAVE_H

#include "base/err.h"
#include "base/strv.h"
#include "image/push.h"
#include "image/store.h"

#include <stddef.h>

#define SAVE_IMAGES_MAX 1024

enum save_format {
	SAVE_DOCKER_ARCHIVE, /* a tar, as docker save writes it */
	SAVE_OCI_ARCHIVE,    /* a tar of an OCI image layout */
	SAVE_OCI_DIR,        /* that layout in a directory */
	SAVE_DOCKER_DIR,     /* one image's manifest and blobs in a directory: skopeo's "dir:" */
};

struct save_item {
	const struct image *image;
	const struct strv *names; /* full references that it has in the archive; may be empty */
};

struct save_options {
	enum save_format format;
	enum outgoing_packing packing; /* of the layers, but for docker archives */
	int out_fd; /* a file or pipe for archives, an empty directory otherwise; borrowed */
	struct progress *progress;
};

/* "docker-archive", "oci-archive", "oci-dir", "docker-dir". -EINVAL. */
int save_format_parse(const char *word, enum save_format *ret, struct err *e) _must_check_;

/* -EBADMSG: a blob is not what it was. */
int save_images(struct store *st, const struct save_item *items, size_t n, const struct save_options *o, struct err *e) _must_check_;

#endif
