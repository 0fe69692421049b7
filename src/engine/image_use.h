/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* image_use - which containers use which images, and --rmi, the end of an image that none uses any more. */
#ifndef RANBY_ENGINE_IMAGE_USE_H
#define RANBY_ENGINE_IMAGE_USE_H

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"
#include "engine/container.h"
#include "engine/engine.h"

/* A store_uses_fn; ctx is the engine. */
int image_uses(void *ctx, struct strv *uses, struct err *e) _must_check_;

/* A store_layers_used_fn; ctx is the engine. */
int image_layers_used(void *ctx, struct strv *texts, struct err *e) _must_check_;

/*
 * Removes the image of `c` unless a container uses it, or somebody has removed
 * it: then 0. By the name that `c` was made by; where that means another image
 * by now, by its id, unless it has other names. Recorded.
 */
int image_remove_unused(struct engine *eng, const struct container *c, struct err *e) _must_check_;

#endif
