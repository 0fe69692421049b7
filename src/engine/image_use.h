/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* image_use - which containers use which images, and --rmi, the end of an image that none uses any more. */
#ifndef RANBY_ENGINE_IMAGE_USE_H
#define RANBY_ENGINE_IMAGE_USE_H

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"
#include "engine/engine.h"

/* A store_uses_fn; ctx is the engine. */
int image_uses(void *ctx, struct strv *uses, struct err *e) _must_check_;

/* Removes what `text` names unless a container uses it, or somebody has removed it: then 0. Recorded. */
int image_remove_unused(struct engine *eng, const char *text, struct err *e) _must_check_;

#endif
