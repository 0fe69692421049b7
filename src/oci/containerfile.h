/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * containerfile - the bytes of a Containerfile, as a list of instructions.
 *
 *	_cleanup_(containerfile_done) struct containerfile f = {0};
 *	r = containerfile_parse(bytes, len, "Containerfile", &f, e);
 *	for (size_t i = 0; i < f.n; i++)
 *		step(f.items[i]);		// oci/instruction.h
 *
 * Errors begin with the place: "Containerfile:12: unknown instruction: FORM
 * (did you mean FROM?)". What is checked is what one instruction says by
 * itself, and that the first is FROM, or ARG before one. What is not: whether
 * an image, a stage or a file exists.
 *
 * Lines end by \n or \r\n; a byte order mark is skipped; comments and empty
 * lines may stand within a continued instruction; instructions and the word AS
 * are found in any case. Parser directives (# syntax=, # escape=, # check=)
 * count only before everything else, each once. No frontend is fetched for
 * `syntax`: this is the parser.
 */
#ifndef RANBY_OCI_CONTAINERFILE_H
#define RANBY_OCI_CONTAINERFILE_H

#include "base/err.h"
#include "base/mem.h"
#include "oci/instruction.h"

#include <stddef.h>

#define CONTAINERFILE_MAX ((size_t)4 << 20) /* bytes, here-documents included */
#define CONTAINERFILE_INSTRUCTIONS_MAX 4096

struct containerfile {
	char escape;  /* '\\', or '`' by # escape= */
	char *syntax; /* as written; NULL: none */
	char *check;
	struct instruction **items; /* in order */
	size_t n;
};

/* Frees all and empties; for _cleanup_(). */
void containerfile_done(struct containerfile *f);

/*
 * Adds the instructions of a file to those of the files before it, if there
 * are any; none of them on failure. `name` is how errors call it. -EINVAL with file:line and the reason, -E2BIG
 * past the bounds. A file with no instruction is an error, a NUL byte too, and
 * an instruction that is no UTF-8 (an image's configuration could not hold it).
 */
int containerfile_parse(const char *data, size_t len, const char *name, struct containerfile *f, struct err *e) _must_check_;

#endif
