/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * output - the target's files, besides the image, as `--output` wants them.
 *
 *	DIR | -				as type=local,dest=DIR and type=tar,dest=-
 *	type=local,dest=DIR		a directory, of the user's own files
 *	type=tar[,dest=FILE|,dest=-]	a tar, with the owners of the image
 *
 * The words are those of docker buildx and of podman-build(1).
 */
#ifndef RANBY_BUILD_OUTPUT_H
#define RANBY_BUILD_OUTPUT_H

#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>

struct session; /* build/session.h */

struct output {
	char *text;       /* cut up */
	const char *dest; /* NULL: standard output */
	bool tar;
};
void output_done(struct output *o);

/* -EINVAL: a word that is not understood, no dest=; -ENOTSUP: a type that is not written by a build. */
int output_parse(const char *text, struct output *ret, struct err *e) _must_check_;

/*
 * What was asked for, of the target as its last step left it. A directory that
 * was not there is whole or not there afterwards; into one that was, the files
 * are written one after the other: what has their name there is replaced, but
 * a directory by another kind, or the other way, is -EEXIST. No link, neither
 * of the image nor of the directory, leads out of it.
 */
int output_write(struct session *s, struct err *e) _must_check_;

#endif
