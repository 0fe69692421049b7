/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * volumes - directories that outlive containers: data/volumes/NAME/.
 *
 *	r = volume_ensure(data_dirfd, "cache", false, &created, e);
 *	... bind volumes/cache/_data ...
 *	r = volume_fill(&fill, e);		// the first time only
 *
 *	_data        the content
 *	volume.json  engine/volume_note.h
 *	lock         held while it is filled
 *
 * A volume is filled from the image once: by the first container that mounts
 * it after it was made, and only while it is empty. What is in it is never
 * overwritten (CVE-2020-1726).
 */
#ifndef RANBY_ENGINE_VOLUMES_H
#define RANBY_ENGINE_VOLUMES_H

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"
#include "engine/keeper.h"
#include "engine/volume_note.h"
#include "sys/fuse_overlay.h"

#include <stdbool.h>
#include <stdint.h>

/* 64 random hexadecimal digits: the name of an anonymous volume. */
int volume_random_name(char ret[static VOLUME_NAME_SIZE]) _must_check_;

/* Makes it unless it is there. *ret_created says which. */
int volume_ensure(int data_dirfd, const char *name, bool anonymous, bool *ret_created, struct err *e) _must_check_;

/* Makes one with labels and options (objects of strings, or NULL). -EEXIST when it is there; as volume_note_plan(). */
int volume_create(int data_dirfd, const char *name, struct json_object *labels, struct json_object *options, struct err *e) _must_check_;

/* Removes a volume that was made for a container which did not come to be; */
int volume_discard(int data_dirfd, const char *name, struct keeper *keeper, struct err *e) _must_check_;

/* How its options have it mounted. One that is not there yet will be plain. */
int volume_plan_of(int data_dirfd, const char *name, struct volume_plan *ret, struct err *e) _must_check_;

struct volume_fill {
	int data_dirfd;
	const char *name;
	struct keeper *keeper;
	const struct strv *layers;  /* absolute, lowest first; NULL or empty: nothing to fill it from */
	const char *rootfs;         /* instead of layers: a directory */
	const struct fuse_program *fuse; /* as in bundle_input */
	const char *path;           /* in the container */
	bool copy;                  /* false: only the owner is set */
	bool set_uid, set_gid;         /* who owns it then, whatever the image says (o=uid=,gid=): keeper ids */
	uint32_t uid, gid;
	uint32_t owner_uid, owner_gid; /* keeper ids of the container's root: for a directory that the image lacks */
};

/* Fills it when that has not been done yet; else does nothing. */
int volume_fill(const struct volume_fill *f, struct err *e) _must_check_;

/* Gives a file or a whole tree to an owner (option U): keeper ids. `path` is a host path of the user's. */
int volume_chown(const char *path, struct keeper *keeper, uint32_t uid, uint32_t gid, struct err *e) _must_check_;

#endif
