/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * store - the images on this host: blobs, layers, and the names that mean them.
 *
 *	_cleanup_(store_closep) struct store *st = NULL;
 *	_cleanup_(image_freep) struct image *img = NULL;
 *	_cleanup_(strv_done) struct strv dirs = {0};
 *
 *	r = store_open(data_fd, &st, e);
 *	r = store_resolve(st, "debian", &img, e);		// -ENOENT: not here; image/pull.h gets it
 *	r = store_layers(st, img, NULL, keeper_fd, &dirs, e);	// "layers/<hex>/diff", lowest first
 *	...							// write container.json
 *	img = image_free(img);					// from here on rmi may collect
 *
 * Below the data directory:
 *
 *	blobs/sha256/HEX         content by digest, complete and verified, or not there
 *	layers/HEX[@MAP]/diff    an unpacked layer: HEX is the chain id of image-spec
 *	layers/HEX[@MAP]/layer.json  its DiffID and size; MAP: hash of the id map, none for the keeper's own
 *	layers/HEX[@MAP]/opaque-root there when it hides all layers below it
 *	images/NAME              one small JSON file per reference, the last thing written;
 *	                         it means an image, or an index of several, of which any may be missing
 *	staging/RANDOM/          work of a command that runs, or of one that died
 *	locks/                   one lock file per thing being made
 *
 * A reference means data: every file that it leads to is complete and on the
 * disk before the reference appears. What is made is made in staging, synced,
 * renamed into place, and the parent synced. The maker holds an OFD lock on
 * its staging directory; whoever can take that lock knows that it is dead and
 * cleans up (store_sweep(), called by the commands that change something).
 *
 * A `struct image` pins: while one exists no other process collects blobs
 * or layers. Readers take no lock but that (shared) one, and wait for nobody
 * longer than a collection takes.
 */
#ifndef RANBY_IMAGE_STORE_H
#define RANBY_IMAGE_STORE_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "oci/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_LAYERS_MAX 500     /* layers of one image at most (overlay takes no more) */
#define STORE_IMAGES_MAX 65536   /* references at most */
#define STORE_SHARED_MAX 16      /* read-only stores beside our own at most */
#define STORE_JSON_MAX (4U << 20) /* bytes of a manifest or an image config at most */

struct id_map;       /* sys/idmap.h */
struct store;
struct progress;     /* image/progress.h */
struct image_config; /* oci/image_config.h */
struct platform;     /* oci/index.h */

struct image_layer {
	struct digest blob;     /* of the blob as stored, compressed or not */
	struct digest diff_id;  /* of the uncompressed tar */
	struct digest chain_id; /* of the layer on its parents: what layers/ is named by */
	uint64_t blob_bytes;
	const char *media_type; /* of the blob; from the table in oci/descriptor.h */
};

struct image {
	char id[DIGEST_HEX_SIZE];    /* hex digest of its config; of an index, of that */
	struct digest digest;        /* of its manifest, or of the index */
	bool is_read_only;           /* nothing but shared stores has it: not to be removed here */
	bool is_index;               /* it is an index: no layers, and a config that says nothing but when it was written */
	char *name;                  /* full name that it was found by ("localhost:5000/debian:latest"); NULL: by id */
	struct strv names;           /* tags ("localhost:5000/debian:latest"), sorted: all with store_list(), else perhaps only that one */
	struct strv repo_digests;    /* "localhost:5000/debian@sha256:…", likewise */
	struct json_object *json;    /* the whole image config, as in image-spec's config.md */
	struct image_config *config; /* the same, read and checked: never NULL */
	struct image_layer *layers;  /* lowest first */
	size_t n_layers;
	struct json_object *trust;   /* what was decided when it came under that name (trust/check.h); NULL: not asked, as of what was made here */
	uint64_t size_bytes;         /* with store_list(): of the unpacked layers as far as known, else of the blobs */
	int pin_fd;                  /* keeps its data from being collected */
};

struct image *image_free(struct image *img);
static inline void image_freep(struct image **img)
{
	*img = image_free(*img);
}

/* Opens the store below a data directory (DESIGN §8), making what is missing. `data_fd` is duplicated. */
int store_open(int data_fd, struct store **ret, struct err *e) _must_check_;
struct store *store_close(struct store *st);
static inline void store_closep(struct store **st)
{
	*st = store_close(*st);
}

/*
 * Where the work that needs the keeper's ids is done: unpacking, and removing
 * what was unpacked. Called at most once per store, when first needed. The
 * callback returns a user namespace fd that the store then owns, or -EBADF in
 * *ret_fd for "do it as we are" (root in the initial user namespace).
 */
typedef int (*store_keeper_fn)(void *ctx, int *ret_userns_fd, struct err *e);
void store_set_keeper(struct store *st, store_keeper_fn fn, void *ctx);

/*
 * The image that `text` means here: an id or a unique prefix of it (with or
 * without "sha256:"), a full reference, a short one ("debian" finds
 * "localhost:5000/debian:latest" when no other repository ends so), or a
 * reference by digest. -ENOENT: not here. -EINVAL: no such reference can be.
 * -EEXIST: several images. A name of an index means the image of it that is
 * for this host, which must be here.
 */
int store_resolve(struct store *st, const char *text, struct image **ret, struct err *e) _must_check_;

/* The same for `platform` (NULL: this host's), where the name is an index's. */
int store_resolve_for(struct store *st, const char *text, const struct platform *platform, struct image **ret, struct err *e) _must_check_;

/* The same, but an index is itself: to be named, removed, pushed whole. */
int store_resolve_any(struct store *st, const char *text, struct image **ret, struct err *e) _must_check_;

/*
 * The directories of the image's layers, lowest first, relative to the data
 * directory ("layers/<hex>/diff"), appended to `ret`; unpacked where missing.
 * `map`: ids of the container to ids of the keeper; NULL: the same ids.
 * `progress` may be NULL.
 */
int store_layers(struct store *st, const struct image *img, const struct id_map *map, struct progress *progress,
		 struct strv *ret, struct err *e) _must_check_;

/*
 * What containers use of indexes: for each pair "IMAGEID=CONTAINERID" in
 * `uses` whose image only an index leads to, appends "INDEXID=CONTAINERID".
 */
int store_index_uses(struct store *st, struct strv *uses, struct err *e) _must_check_;

/* Who uses images: appends "IMAGEID=CONTAINERID" pairs, full ids. */
typedef int (*store_uses_fn)(void *ctx, struct strv *uses, struct err *e);

/*
 * Which layers containers have: appends each one's directory, or text that has it
 * after "/layers/". They are not collected, whatever has become of the image: it may have been a shared store's.
 */
typedef int (*store_layers_used_fn)(void *ctx, struct strv *texts, struct err *e);
void store_set_layers_used(struct store *st, store_layers_used_fn fn, void *ctx);

/* What a removal did, in podman's words and order: "Untagged: NAME" and "Deleted: HEX". */
struct store_removed {
	bool keep_steps; /* asked: the image alone */
	struct strv lines;
};
void store_removed_done(struct store_removed *r);

/*
 * Removes what `text` means: a name of an image that has others is only
 * untagged; the last name, or the id, removes the image. -EBUSY when one of
 * `uses` is of it (the text names the container), or a build that goes on uses it; -ENOTUNIQ when an id has
 * several names and `force` is not given; -EROFS when it is a shared store's. With an image go the steps of its
 * build that nothing else goes on from (image_steps_of()), unless ret->keep_steps.
 * What nothing refers to any more is then collected.
 */
int store_remove(struct store *st, const char *text, bool force, const struct strv *uses, struct store_removed *ret,
		 struct err *e) _must_check_;

/*
 * Whether that would remove the image (1), or only names of it (0), as a shared store has it or it has others, and which one.
 * -EROFS as above; -ENOENT: no reference has it. Nothing of the image is read: it may be damaged.
 */
int store_remove_goes(struct store *st, const char *text, char ret_id[static DIGEST_HEX_SIZE], struct err *e) _must_check_;

/* -EBUSY when a build that goes on uses the image of that full id (assemble_use()); `text` is what it was called by. */
int store_check_builds(struct store *st, const char *text, const char *id, struct err *e) _must_check_;

/* Appends the ids of this store's own images, each once, of those too that cannot be read. */
int store_own_ids(struct store *st, struct strv *ret, struct err *e) _must_check_;

/* Adds a name. The image keeps its others; an image that had this one loses it. */
int store_tag(struct store *st, const struct image *img, const char *name, struct err *e) _must_check_;

/* Takes a name (or all, when NULL) away; the image stays, without a name if need be. */
int store_untag(struct store *st, const struct image *img, const char *name, struct err *e) _must_check_;

/*
 * Images of the data directory `path` are seen here too from now on, after our
 * own. It is never written: no lock is taken there, nothing collected, and no
 * layer of it used but as the blob that it came as. Each image is unpacked in
 * our own store, because the owners of files unpacked by somebody else are not
 * those that our containers want; and where set-user-id files lie unpacked,
 * nobody else may enter.
 * 0, or STORE_NOT_SHARED: no such directory, or no store of ours. -EPERM: it, blobs/sha256 or
 * images belongs neither to root nor to us, or others may write there.
 */
enum { STORE_SHARED, STORE_NOT_SHARED };
int store_share(struct store *st, const char *path, struct err *e) _must_check_;
/* Whether that was shared. */
bool store_shares(const struct store *st, const char *path);

struct image_list {
	struct image **items; /* one per id */
	size_t n;
};
/* All images, newest first. A damaged one is left out and counted in *ret_damaged (may be NULL). */
int store_list(struct store *st, struct image_list *ret, size_t *ret_damaged, struct err *e) _must_check_;
void image_list_done(struct image_list *l);

/*
 * Whether it is only a step to another of the list: without a name, and that one has its layers
 * and its history, and more. `images` shows such with --all, and prune takes them with --all.
 */
bool image_is_intermediate(const struct image_list *l, const struct image *img);

/*
 * The steps that only `img` goes on from and no container uses, the nearest first: with it they
 * are nobody's. As podman has it they go when it is removed. Appends their ids.
 */
int image_steps_of(const struct image_list *l, const struct image *img, const struct strv *uses, struct strv *ret) _must_check_;

/* Of the unpacked layer as far as known, else of its blob. */
uint64_t store_layer_bytes(struct store *st, const struct image_layer *l);

/* Layers that are there once more, owned as the map of some containers wants it: "HEX@MAP". */
struct store_copy {
	char name[DIGEST_HEX_SIZE + 17];
	uint64_t bytes;
};
struct store_copies {
	struct store_copy *items;
	size_t n;
};
int store_copies(struct store *st, struct store_copies *ret, struct err *e) _must_check_;
void store_copies_done(struct store_copies *c);

/* Collects blobs and layers that no reference leads to, and the staging of the dead. Does nothing while someone pins. */
int store_sweep(struct store *st, struct err *e) _must_check_;

/* podman's `image inspect` object of one image; the caller owns it. */
int image_inspect(struct store *st, const struct image *img, struct json_object **ret, struct err *e) _must_check_;

#endif
