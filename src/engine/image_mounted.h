/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * image_mounted - an image's files as a directory of the mount namespace that
 * the caller is in, read-only; as engine/mounted.h has it for containers.
 *
 *	r = mounted_check(eng, "ranby image mount", e);
 *	r = image_mounted_mount(eng, st, img, &path, e);	// RUN/images/ID/merged
 *	r = image_mounted_path(eng, img->id, &path);		// MOUNTED_NO: it is not
 *	r = image_mounted_unmount(eng, img->id, false, e);
 */
#ifndef RANBY_ENGINE_IMAGE_MOUNTED_H
#define RANBY_ENGINE_IMAGE_MOUNTED_H

#include "base/err.h"
#include "engine/engine.h"
#include "engine/mounted.h"
#include "image/store.h"

/* Mounts it, unless it is. The caller frees *ret_path. */
int image_mounted_mount(struct engine *eng, struct store *st, const struct image *img, char **ret_path, struct err *e) _must_check_;

/* Where the image of that full id is mounted here; MOUNTED_NO. The caller frees *ret_path. */
int image_mounted_path(const struct engine *eng, const char *id, char **ret_path) _must_check_;

/* -EBUSY: somebody works in it, unless `force`. One that is not mounted: MOUNTED_NO. */
int image_mounted_unmount(const struct engine *eng, const char *id, bool force, struct err *e) _must_check_;

#endif
