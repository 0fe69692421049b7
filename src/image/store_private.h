/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * store_private - what the files of the store share. Only image/ includes it.
 *
 * Making something follows one pattern:
 *
 *	_cleanup_(staging_done) struct staging sg = STAGING_INIT;
 *	r = staging_begin(st, &sg, e);		// a private directory, locked while we live
 *	... write and sync below sg.dirfd ...
 *	renameat(sg.dirfd, ..., st->blobs_fd, ...); fsync(st->blobs_fd)
 */
#ifndef RANBY_IMAGE_STORE_PRIVATE_H
#define RANBY_IMAGE_STORE_PRIVATE_H

#include "base/buf.h"
#include "base/err.h"
#include "image/store.h"
#include "oci/image_config.h"
#include "oci/index.h"
#include "oci/manifest.h"
#include "oci/reference.h"
#include "sys/fd.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Another data directory, whose images are seen here and never written (store_share()). */
struct store_shared {
	char *path;
	int blobs_fd; /* blobs/sha256 */
	int images_fd;
};

struct store {
	int data_fd;   /* O_PATH is enough for the names below it */
	int blobs_fd;  /* blobs/sha256 */
	int layers_fd;
	int images_fd;
	int staging_fd;
	int locks_fd;
	store_keeper_fn keeper_fn;
	void *keeper_ctx;
	int keeper_fd; /* -EBADF: none, or not asked for yet */
	bool keeper_asked;
	store_layers_used_fn layers_used_fn;
	void *layers_used_ctx;
	struct store_shared shared[STORE_SHARED_MAX];
	size_t n_shared;
};

/* The keeper's user namespace, asked for when first needed; -EBADF in *ret_fd: as we are. Borrowed. */
int store_keeper(struct store *st, int *ret_fd, struct err *e) _must_check_;

/*
 * What a file of blobs/ or images/ is readable by: its owner, and whoever may read the directory. So an
 * administrator who opens those two directories shares what comes into them, and layers/ stays closed.
 */
mode_t store_file_mode(int dirfd);

/* ---- store.c: locks ---- */

/* Shared: nothing is collected while it is held. Waits for a collection that runs. */
int store_pin(struct store *st, int *ret_fd, struct err *e) _must_check_;

/* Exclusive, not waited for. -EAGAIN: someone pins. */
int store_pin_alone(struct store *st, int *ret_fd) _must_check_;

/* ---- staging.c ---- */

struct staging {
	struct store *st;
	char name[33];
	int dirfd;
	int lock_fd;
};
#define STAGING_INIT {.dirfd = -EBADF, .lock_fd = -EBADF}
int staging_begin(struct store *st, struct staging *sg, struct err *e) _must_check_;
/* Removes it with all that is still in it. */
void staging_done(struct staging *sg);
/* Removes those whose makers are dead. Counts what could not be removed. */
void staging_sweep(struct store *st);
/* For a moment: of those who remove references, and of those who say that they use an image. */
int staging_lock_uses(struct store *st, int *ret_fd, struct err *e) _must_check_;
/* Says that the owner of the directory uses the image: as long as it lives. */
int staging_use(const struct staging *sg, const char *id, struct err *e) _must_check_;
/* What all of them said who live: appends "ID=" each. */
int staging_uses(struct store *st, struct strv *ret, struct err *e) _must_check_;
/* Removes a tree below `dirfd`, in the keeper where its owners demand that. */
int staging_remove_tree(struct store *st, int dirfd, const char *name, struct err *e) _must_check_;

/* ---- shared.c ---- */

/* Of a file of its images/: -EPERM unless it belongs to root or to us, and nobody else may write it; -ENOENT. */
int shared_check_file(const struct store_shared *from, const char *file, struct err *e) _must_check_;

/* ---- blob.c ---- */

bool blob_exists(struct store *st, const struct digest *d, uint64_t *ret_bytes);
/* There, so that it need not be got: one that only a shared store has is hashed first, for nobody could get it again there. */
bool blob_usable(struct store *st, const struct digest *d, uint64_t *ret_bytes);
/* -ENOENT when it is not there. */
int blob_open(struct store *st, const struct digest *d, int *ret_fd, struct err *e) _must_check_;
/* Copies one that only a shared store has into ours; 0 also when it is nowhere, or no digest. */
int blob_adopt(struct store *st, const struct digest *d, struct err *e) _must_check_;
/* The media type of a layer by its first bytes; the text is constant. */
const char *blob_media_type(struct store *st, const struct digest *d);
/* Reads a small one whole and checks its digest again: a disk may lie, and so may who can write there. */
int blob_read(struct store *st, const struct digest *d, struct buf *b, struct err *e) _must_check_;
/* Reads on from where `fd` is: -EBADMSG when that is not the content of the digest. */
int blob_check(int fd, const struct digest *d, struct err *e) _must_check_;
/* The same of one in the store, whole. */
int blob_hash(struct store *st, const struct digest *d, struct err *e) _must_check_;
/* Moves the file `name` of a staging directory, complete, checked and synced, into the store. */
int blob_commit(struct store *st, const struct staging *sg, const char *name, const struct digest *d, struct err *e)
	_must_check_;
/* Writes a small one; *ret may be NULL. */
int blob_write(struct store *st, const void *data, size_t len, struct digest *ret, struct err *e) _must_check_;
/* Copies `in_fd` to its end into the file `name` of a staging directory, synced; its digest and length. */
int blob_copy(const struct staging *sg, const char *name, int in_fd, uint64_t max_bytes, struct digest *ret,
	      uint64_t *ret_bytes, struct err *e) _must_check_;

/* ---- refs.c ---- */

struct ref {
	char *name;          /* "localhost:5000/debian:latest", "x@sha256:…", or "@<id>" for an image without names */
	struct digest id;    /* of the config; of an index: its own */
	struct digest digest; /* of the manifest, or of the index */
	bool is_index;        /* it means an index: several images under one name */
	struct digest index; /* of the index that it was picked from; not set: none */
	int64_t tagged_ns;   /* when the reference was written */
	char *trust;         /* JSON: what was decided when it came (trust/check.h); NULL: not asked */
	bool shared;         /* it is a shared store's: not to be replaced or removed here */
};
struct ref_list {
	struct ref *items;
	size_t n;
	size_t damaged;
};
void ref_done(struct ref *r);
void ref_list_done(struct ref_list *l);
bool ref_is_nameless(const struct ref *r);
/* All of them, by name. Of a name that shared stores have too, ours counts, then the first store's. */
int refs_load(struct store *st, struct ref_list *ret, struct err *e) _must_check_;
/* One by its exact name; -ENOENT (text not set). */
int ref_load(struct store *st, const char *name, struct ref *ret, struct err *e) _must_check_;
/*
 * Writes or replaces it, durably. An image that loses its last name so gets a nameless reference first.
 * Manifest and config are then ours, whatever shared store they came from.
 */
int ref_write(struct store *st, const struct ref *r, struct err *e) _must_check_;
/* The same, and what it meant is let go. */
int ref_replace(struct store *st, const struct ref *r, struct err *e) _must_check_;
int ref_remove(struct store *st, const char *name, struct err *e) _must_check_;
/* "@<id>" */
int ref_nameless(const struct ref *of, struct ref *ret, struct err *e) _must_check_;

/* ---- image.c ---- */

/* Reads manifest and config; takes over `pin_fd` on success. All of names and repo_digests, and the size, only with `all`. */
int image_load(struct store *st, const struct ref *r, const struct ref_list *all, int pin_fd, struct image **ret,
	       struct err *e) _must_check_;
/* Of the unpacked layers as far as known, else of the blobs. */
uint64_t image_bytes(struct store *st, const struct image *img);
/* Checks a manifest against its config and computes the layers' chain ids; the caller frees *ret_layers. */
int image_plan_layers(const struct manifest *m, const struct image_config *c, struct image_layer **ret_layers, struct err *e)
	_must_check_;

/* ---- index.c ---- */

/* An image of an index whose manifest is here. Borrowed for the call. */
struct instance {
	const struct index_entry *entry;
	const struct manifest *manifest;
};
typedef int (*instance_fn)(void *ctx, const struct instance *in, struct err *e);

/* The index itself, read and checked. */
int index_load(struct store *st, const struct digest *d, struct index *ret, struct err *e) _must_check_;
/* Calls `fn` for each of its images that is here, until it returns other than 0, which is returned then. */
int index_each_instance(struct store *st, const struct digest *d, instance_fn fn, void *ctx, struct err *e) _must_check_;
/* The reference that the index's name means for one platform (NULL: this host's): its image, which must be here. -ENOENT. */
int index_pick_ref(struct store *st, const struct ref *index, const struct platform *want, struct ref *ret, struct err *e) _must_check_;
/* The index among `all` that an image of that id, or a prefix of it, is of, as index_pick_ref() would return it. -ENOENT, -EEXIST. */
int index_find_instance(struct store *st, const struct ref_list *all, const char *hex, struct ref *ret, struct err *e) _must_check_;
/* image_load() of an index. */
int index_load_image(struct store *st, const struct ref *r, struct image *img, struct err *e) _must_check_;

/* ---- layers.c ---- */

#define LAYER_NAME_SIZE (DIGEST_HEX_LEN + 1 + 16 + 1) /* chain id, '@', id_map_hash() */
void layer_name(const struct digest *chain_id, const struct id_map *map, char ret[static LAYER_NAME_SIZE]);
bool layer_exists(struct store *st, const char *name);
/* It is there, and was unpacked from that blob. */
bool layer_is_made_from(struct store *st, const char *name, const struct digest *blob);
/* The content's size as layer.json has it; 0 when not known. */
uint64_t layer_bytes(struct store *st, const struct digest *chain_id);

#endif
