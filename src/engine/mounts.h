/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * mounts - everything that is mounted in a container, in order.
 *
 *	_cleanup_(mount_list_done) struct mount_list l = {0};
 *	r = mounts_defaults(&l, &in, e);	// /proc, /dev, /sys, generated files
 *	r = mounts_wanted(&l, &in, e);		// -v, --mount, --tmpfs, --device, --volumes-from, VOLUME
 *	mount_list_sort(&l);			// parents first
 *
 * What the user asked for replaces a default of the same destination; two
 * wishes for one destination are an error.
 */
#ifndef RANBY_ENGINE_MOUNTS_H
#define RANBY_ENGINE_MOUNTS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/strv.h"
#include "engine/bundle.h"
#include "engine/etc.h"
#include "engine/label.h"
#include "engine/mount_spec.h"
#include "engine/network.h"
#include "engine/profile.h"
#include "engine/user.h"

#include <stdbool.h>
#include <stddef.h>

#define MOUNTS_MAX 1024

enum mount_origin {
	MOUNT_DEFAULT, /* ours */
	MOUNT_DECLARED, /* a VOLUME of the image */
	MOUNT_USER,
};

struct mount_entry {
	enum mount_origin origin;
	char *type;        /* as OCI has it: "bind", "tmpfs", "proc", "overlay", … */
	char *source;
	char *destination;
	struct strv options;
	char *volume;      /* its name, or NULL */
	char *image, *image_id; /* type=image: as it was named, and its id; else NULL */
	char *subpath;     /* only this of the volume, image or, of a pattern, the directory; or NULL */
	bool anonymous;
	bool read_only;
	bool device;       /* of --device */
	char relabel;      /* 'z' or 'Z': its source is labelled at each start; 0: not */
};

struct mount_list {
	size_t n, room;
	struct mount_entry *items;
	struct strv created; /* volumes that were made for this container */
	size_t n_overlays;   /* directories below overlays/ in the container's own */
};

struct cdi_edits; /* engine/cdi.h */

struct mounts_input {
	const struct bundle_input *in;
	const struct profile *profile;
	const struct user_id *user;
	const struct etc_added *added;
	const struct label *label;
	const char *rootfs; /* --rootfs: absolute, or NULL */
	enum network_kind network;
	const char *peer; /* with NETWORK_PEER: the id of the other container */
	const struct cdi_edits *cdi;
	bool cgroup_is_writable; /* systemd_mode.h: it is a group of its own */
	bool has_gid_tty; /* gid 5 is mapped: /dev/pts gets it */
};

void mount_list_done(struct mount_list *l);

int mounts_defaults(struct mount_list *l, const struct mounts_input *m, struct err *e) _must_check_;
int mounts_wanted(struct mount_list *l, const struct mounts_input *m, struct err *e) _must_check_;
void mount_list_sort(struct mount_list *l);

/* Adds a directory to the text of "lowerdir=" (":" between them; colons and backslashes in the name escaped). */
void mount_lower_add(struct buf *out, const char *dir);
/* What the options of each overlay of ours end with. 0 or -ENOMEM. */
int mount_overlay_words(const struct bundle_input *in, struct strv *options) _must_check_;

/* For mounts_wanted() and the like: a new last entry that owns nothing yet, good until the next one is added, or NULL with text. `words` is "a,b,c". */
struct mount_entry *mount_list_add(struct mount_list *l, enum mount_origin origin, const char *type, const char *source,
				   const char *destination, const char *words, struct err *e) _must_check_;

/* "mounts" of config.json, and "mounts" of container.json (without the defaults). The caller owns *ret. */
int mount_list_oci(const struct mount_list *l, struct json_object **ret) _must_check_;
int mount_list_shown(const struct mount_list *l, struct json_object **ret) _must_check_;

#endif
