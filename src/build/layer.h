/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * layer - what one step changes of a stage's files.
 *
 *	r = layer_work(s, sg, other, do_copy, &args, e);	// in the keeper, on the mounted root
 *	r = layer_commit(s, sg, "COPY a b", e);			// the changes become a layer and an image
 *
 * The root is an overlay of the stage's layers and a new upper directory, in
 * the mount namespace of a child that goes when the work is done. With
 * --layers=false the upper directory is the stage's until its end.
 */
#ifndef RANBY_BUILD_LAYER_H
#define RANBY_BUILD_LAYER_H

#include "build/session.h"

/* root_fd: the stage's files, to be changed; source_fd: those of `other`, read-only, or -EBADF. Names in both are an attacker's (sys/path.h). >= 0: an outcome. */
typedef int (*layer_fn)(int root_fd, int source_fd, void *ctx, struct err *e);

/* In a child that is root of the keeper: nothing that `fn` changes in memory comes back. */
int layer_work(struct session *s, struct stage *sg, const struct image *other, layer_fn fn, void *ctx, struct err *e) _must_check_;

/* Forgets what was changed since the last layer. */
void layer_forget(struct session *s, struct stage *sg);

/* The same, but without layers nothing is forgotten. */
void layer_drop(struct session *s, struct stage *sg);

/*
 * The image with one more layer, of the upper directory or of `upper_fd` (a
 * container's; -EBADF: ours), and a line in its history. With --layers=false
 * only the history is written.
 */
int layer_commit(struct session *s, struct stage *sg, int upper_fd, const char *created_by, struct err *e) _must_check_;

/* The upper directory's name below s->dir; made, for the next work. */
int layer_upper(struct session *s, struct stage *sg, char ret[static 32], struct err *e) _must_check_;

/* The stage's last image: with its configuration as it is now, and squashed when that is asked for. `names` NULL: none. */
int layer_finish(struct session *s, struct stage *sg, const struct strv *names, struct json_object *annotations, struct err *e) _must_check_;

#endif
