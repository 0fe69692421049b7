/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * push - an image of the store goes elsewhere.
 *
 *	struct push_options o = {.access = access};
 *	r = push_image(st, img, "docker://localhost:5000/debian:12", &o, &digest, e);
 *
 * Source: distribution-spec 1.1. A blob that the registry has is not sent; one
 * that another of its repositories has, as far as this store knows, is mounted
 * from there. The manifest goes last.
 */
#ifndef RANBY_IMAGE_PUSH_H
#define RANBY_IMAGE_PUSH_H

#include "base/err.h"
#include "image/progress.h"
#include "image/store.h"
#include "registry/access.h"

#include <stdint.h>

/* What all that leaves the store is made into. */
enum outgoing_format {
	OUTGOING_AS_IT_IS,
	OUTGOING_OCI,
	OUTGOING_DOCKER, /* docker's schema 2 */
};

enum outgoing_packing {
	OUTGOING_PACKED_AS_IT_IS,
	OUTGOING_PACKED,       /* what is not packed becomes gzip, as registries want it */
	OUTGOING_PACKED_GZIP,  /* all of them */
	OUTGOING_PACKED_ZSTD,
	OUTGOING_UNPACKED,     /* plain tars */
};

struct outgoing_options {
	enum outgoing_format format;
	enum outgoing_packing packing;
	uint32_t level; /* 0: the usual one; gzip has 1 to 9, zstd 1 to 20 */
	struct progress *progress;
};

struct push_options {
	struct registry_access access;
	struct outgoing_options outgoing;
	uint64_t chunk_bytes; /* blobs are sent in pieces of so many; 0: in one, large ones in PUSH_CHUNK_BYTES */
};
#define PUSH_CHUNK_BYTES ((uint64_t)64 << 20)

/* `destination`: a reference, with "docker://" or without. *ret: digest of the manifest that is there now. */
int push_image(struct store *st, const struct image *img, const char *destination, const struct push_options *o, struct digest *ret,
	       struct err *e) _must_check_;

#endif
