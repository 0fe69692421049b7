/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ignore - .containerignore and .dockerignore, and COPY --exclude.
 *
 *	_cleanup_(ignore_done) struct ignore ig = {0};
 *	r = ignore_parse(text, len, ".dockerignore", &ig, e);
 *	if (ignore_has(&ig, "src/a.o"))
 *		...
 *
 * One pattern a line (base/pattern.h), from the context's root; blanks at the
 * ends, a "/" before and after it and "." and ".." parts go away. "#" begins a
 * comment, "!" an exception. The last line that matches decides. What is below
 * an ignored directory is ignored, unless an exception names it.
 */
#ifndef RANBY_BUILD_IGNORE_H
#define RANBY_BUILD_IGNORE_H

#include "base/err.h"
#include "base/mem.h"
#include "base/pattern.h"

#include <stdbool.h>
#include <stddef.h>

#define IGNORE_FILE_MAX ((size_t)1 << 20)
#define IGNORE_RULES_MAX 4096

struct ignore_rule {
	bool is_exception;
	struct pattern pattern;
};

struct ignore {
	struct ignore_rule *rules;
	size_t n;
	bool has_exceptions; /* then an ignored directory must be looked into all the same */
};

void ignore_done(struct ignore *ig);

/* Appends. `name` is for errors. -EINVAL: a pattern that is none, with name:line; -E2BIG. */
int ignore_parse(const char *text, size_t len, const char *name, struct ignore *ig, struct err *e) _must_check_;

/* Appends one line. */
int ignore_add(struct ignore *ig, const char *line, struct err *e) _must_check_;

/* `path`: relative, clean ("a/b"). Patterns that would be too much work do not match. */
bool ignore_has(const struct ignore *ig, const char *path);

#endif
