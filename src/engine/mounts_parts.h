/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* mounts_parts - what mounts_wanted() (engine/mounts.h) is put together of. */
#ifndef RANBY_ENGINE_MOUNTS_PARTS_H
#define RANBY_ENGINE_MOUNTS_PARTS_H

#include "engine/mounts.h"

#include <sys/stat.h>

/* One wish becomes an entry, with the volume that it needs. `origin` is that of a volume; others are the user's. */
int mounts_add_spec(struct mount_list *l, const struct mounts_input *m, const struct mount_spec *s, enum mount_origin origin,
		    struct err *e) _must_check_;

/* Somebody wished for this destination already; a default does not count. */
bool mount_is_taken(const struct mount_list *l, const char *destination);

/* The words of `s` as the runtime takes them, and those that are added because their opposite was not given. */
int mounts_add_options(const struct mount_spec *s, struct mount_entry *m, struct err *e) _must_check_;

/* The keeper's IDs of the container's `uid` and `gid`. -ERANGE: it has none such. */
int mounts_keeper_owner(const struct mounts_input *m, uint32_t uid, uint32_t gid, uint32_t *ret_uid, uint32_t *ret_gid,
			struct err *e) _must_check_;

struct overlay_wish {
	const struct mount_spec *spec;
	const struct strv *lower; /* absolute, topmost first */
	mode_t mode;              /* of its root, which looks as the upper directory does */
	bool owned;               /* its root is the container's root's, else the user's as the source is */
};

/* Its upper directory: the one of the spec, one in the container's own directory, or none when it is read-only. *ret as mount_list_add(). */
int mounts_add_overlay(struct mount_list *l, const struct mounts_input *m, const struct overlay_wish *w, struct mount_entry **ret,
		       struct err *e) _must_check_;

/* type=image. -ENOENT: no such image here. */
int mounts_add_image(struct mount_list *l, const struct mounts_input *m, const struct mount_spec *s, struct err *e) _must_check_;

/* Binds a node of the host. One that is there already, from the same place, is not there twice. */
int mounts_add_node(struct mount_list *l, const char *source, const char *to, struct stat *ret, struct err *e) _must_check_;

/* rwm or rw; what is less cannot be had. */
int mounts_check_access(const char *access, struct err *e) _must_check_;

/* What the vendors' files of the devices say (cdi.h). */
int mounts_add_cdi(struct mount_list *l, const struct mounts_input *m, struct err *e) _must_check_;

/* --volumes-from, what is not taken yet: of two containers with one destination the later one's. */
int mounts_add_from(struct mount_list *l, const struct mounts_input *m, struct err *e) _must_check_;

#endif
