/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * volume_note - what is known of a volume beside its content: volume.json.
 *
 *	_cleanup_(volume_note_done) struct volume_note n = VOLUME_NOTE_INIT;
 *	r = volume_note_read(dirfd, "cache", &n);
 *	r = volume_note_write(dirfd, &n);
 *
 *	{"name","createdAt","anonymous","needsCopyUp","labels","options"}
 *
 * The options are the words of `volume create --opt`: type, device and o.
 * volume_note_plan() says what they come to when a container mounts it.
 */
#ifndef RANBY_ENGINE_VOLUME_NOTE_H
#define RANBY_ENGINE_VOLUME_NOTE_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "engine/mount_spec.h"

#include <stdbool.h>
#include <stdint.h>

#define VOLUME_NAME_SIZE 129
#define VOLUME_JSON_MAX (1U << 20) /* bytes of volume.json at most */

struct volume_note {
	char *name;
	char *created;               /* RFC 3339 */
	bool anonymous;              /* made for a container, and goes with it */
	bool needs_fill;             /* no container has mounted it yet */
	struct json_object *labels;  /* objects of strings; NULL: none */
	struct json_object *options;
};
#define VOLUME_NOTE_INIT {0}
void volume_note_done(struct volume_note *n);

/*
 * Of an open volume directory. One whose maker was killed before its note has
 * a name, the directory's time, and still waits to be filled. 0 or -errno.
 */
int volume_note_read(int dirfd, const char *name, struct volume_note *ret) _must_check_;
int volume_note_write(int dirfd, const struct volume_note *n) _must_check_;

/* How its options have it mounted. */
struct volume_plan {
	bool is_plain;          /* its own directory is mounted; else `spec` */
	struct mount_spec spec; /* a bind of another directory, or a tmpfs for each container */
	bool has_uid, has_gid;  /* o=uid=,gid=: who owns the directory, as the container has it */
	uint32_t uid, gid;
	bool no_copy;           /* o=nocopy: it is not filled from the image */
};
void volume_plan_done(struct volume_plan *p);

/* `options` may be NULL. -EINVAL or -ENOTSUP with text for what there is not. */
int volume_note_plan(struct json_object *options, struct volume_plan *ret, struct err *e) _must_check_;

#endif
