/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * commit - a container's changes and what it was made with become an image.
 *
 *	r = commit_container(eng, st, c, &(struct commit_request){.name = "x", .message = "..."}, &img, e);
 *
 * The caller has opened the store with the engine's keeper. A container that
 * runs is read as it is; see engine/freeze.h for one that stands still.
 */
#ifndef RANBY_ENGINE_COMMIT_H
#define RANBY_ENGINE_COMMIT_H

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "image/store.h"

#include <stdbool.h>

struct commit_request {
	const char *name;           /* NULL: without one */
	const char *author, *message;
	const struct strv *changes; /* Dockerfile lines */
	bool include_volumes;       /* where volumes are mounted, as the image's volumes */
};

/* -ENOTSUP: one of --rootfs, which has no image to build on. */
int commit_container(struct engine *eng, struct store *st, struct container *c, const struct commit_request *q, struct image **ret,
		     struct err *e) _must_check_;

#endif
