/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * manifest_list - an index of the store is made and changed.
 *
 *	_cleanup_(manifest_list_done) struct manifest_list l = {0};
 *	r = manifest_list_create(st, "x", false, &l, e);	// or _open()
 *	r = manifest_list_add(st, &l, "localhost:5000/y", &o, NULL, &digest, e);
 *	r = manifest_list_commit(st, &l, e);
 *
 * An index is named by its digest, so every change makes another one; all
 * names of the one before then mean the new one. Images that are added are
 * here afterwards, with their layers, and go when the last index with them goes.
 */
#ifndef RANBY_IMAGE_MANIFEST_LIST_H
#define RANBY_IMAGE_MANIFEST_LIST_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "image/copy.h"
#include "image/store.h"
#include "oci/index_edit.h"

#include <stdbool.h>

struct manifest_list {
	struct image *image;      /* as it was; NULL: it is new. Pins */
	char *name;               /* of a new one */
	int pin_fd;               /* of a new one */
	int lock_fd;              /* of one that is changed */
	struct json_object *json; /* as it is going to be */
	char id[DIGEST_HEX_SIZE]; /* after the commit */
};
void manifest_list_done(struct manifest_list *l);

/* Of that name; -EEXIST: there is one, or an image. `amend`: an index of that name is opened then. */
int manifest_list_create(struct store *st, const char *name, bool amend, struct manifest_list *ret, struct err *e) _must_check_;

/* -ENOENT. -EINVAL: an image, no index. To be read. */
int manifest_list_open(struct store *st, const char *name, struct manifest_list *ret, struct err *e) _must_check_;

/* The same, to be changed: until manifest_list_done() nobody else changes a list, as what they began with would not be what they end. */
int manifest_list_open_to_change(struct store *st, const char *name, struct manifest_list *ret, struct err *e) _must_check_;

/*
 * Adds an image: of the store, when it is there, else of where the transport
 * (none: a registry) leads. o->which COPY_ALL takes all of an index, else the one
 * of the platform. `notes` (may be NULL) are said of it. *ret: its digest.
 */
int manifest_list_add(struct store *st, struct manifest_list *l, const char *image, const struct copy_options *o,
		      const struct index_notes *notes, struct digest *ret, struct err *e) _must_check_;

/* The same for an image that is here: its own platform is said. */
int manifest_list_add_image(struct store *st, struct manifest_list *l, const struct image *img, struct err *e) _must_check_;

/* The digest of an entry: as written, or of the image of the store that is named. */
int manifest_list_entry(struct store *st, const struct manifest_list *l, const char *text, struct digest *ret, struct err *e) _must_check_;

/* Writes it, and moves the names. */
int manifest_list_commit(struct store *st, struct manifest_list *l, struct err *e) _must_check_;

#endif
