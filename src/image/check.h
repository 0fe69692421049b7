/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * check - is all that references mean still here, and what it was?
 *
 *	struct check_options o = {.repair = true, .copy = &copy, .on_fault = say};
 *	r = store_check(st, &o, &result, e);
 *
 * Each manifest, config and layer blob is hashed (`quick`: their lengths), and
 * each unpacked layer compared, file by file, with what its blob unpacks to
 * (`quick`: it must have its directory). Repairing gets what is damaged
 * or missing from the registry that the image's name is of, by digest; what
 * cannot be had from there is put back as it was.
 */
#ifndef RANBY_IMAGE_CHECK_H
#define RANBY_IMAGE_CHECK_H

#include "base/err.h"
#include "image/copy.h"
#include "image/store.h"

#include <stdbool.h>
#include <stddef.h>

struct check_options {
	bool quick, repair;
	const struct copy_options *copy; /* how registries are spoken to; with `repair` */
	/* `name`: of the image, or of the file of a reference; `repaired` only with `repair` */
	void (*on_fault)(void *ctx, const char *name, const char *text, bool repaired);
	void *ctx;
	/* Runs `work` where the files of layers can be read, as engine/in_keeper.h does */
	int (*inside)(void *ctx, int (*work)(void *ctx, struct err *e), void *work_ctx, struct err *e);
	void *inside_ctx;
};

struct check_result {
	size_t images, blobs, layers; /* looked at */
	size_t faults, repaired;
};

/* Faults are no error: they are counted and told. */
int store_check(struct store *st, const struct check_options *o, struct check_result *ret, struct err *e) _must_check_;

#endif
