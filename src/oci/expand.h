/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * expand - variables, quotes and escapes of a Containerfile's words.
 *
 *	struct expand x = {.escape = f.escape, .get = lookup, .ctx = stage};
 *	r = instruction_expand(in, &x, &ready, e);	// what is then executed
 *
 * Known are $v ${v} ${v:-w} ${v-w} ${v:+w} ${v+w} ${v:?w} ${v?w} ${v#p} ${v##p}
 * ${v%p} ${v%%p} ${v/p/r} ${v//p/r}, where w and r are expanded themselves and
 * p has * and ?. Quotes are taken away: within '…' nothing is special, within
 * "…" variables and \" \$ \\. What is not set is "".
 *
 * Which instructions are expanded (Dockerfile reference, "Environment
 * replacement"): ADD ARG COPY ENV EXPOSE FROM LABEL STOPSIGNAL USER VOLUME
 * WORKDIR, and of RUN the --mount. The shell does it in RUN, CMD and ENTRYPOINT;
 * ONBUILD does it when its trigger is executed.
 */
#ifndef RANBY_OCI_EXPAND_H
#define RANBY_OCI_EXPAND_H

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"
#include "oci/instruction.h"

#include <stdbool.h>
#include <stddef.h>

#define EXPAND_MAX ((size_t)1 << 20) /* bytes of one result */
#define EXPAND_DEPTH_MAX 32          /* ${a:-${b:-…}} */

struct expand {
	char escape; /* '\\' or '`' */
	/* The value of a variable, NULL when it is not set; borrowed until the next call. */
	const char *(*get)(const char *name, void *ctx);
	void *ctx;
	bool keep_variables; /* "$" is a character: quotes and escapes alone */
};

/* One word: variables, quotes, escapes. -EINVAL: bad ${…}, or ${v:?w} of what is not set; -E2BIG. The caller owns *ret. */
int expand_word(const char *text, const struct expand *x, char **ret, struct err *e) _must_check_;

/* The same, and what is split by blanks outside of quotes is several words (EXPOSE); appended to `ret`. */
int expand_words(const char *text, const struct expand *x, struct strv *ret, struct err *e) _must_check_;

/* A text in which quotes are only characters: a here-document of COPY. */
int expand_text(const char *text, const struct expand *x, char **ret, struct err *e) _must_check_;

/*
 * A copy in which all that is expanded is expanded (see above); kinds that
 * are not are only copied. Names and values of ENV and LABEL are ready for use
 * then, ARG's too ("NAME" stays "NAME"). All pairs of one ENV see the variables
 * as they were before it. The caller owns *ret.
 */
int instruction_expand(const struct instruction *in, const struct expand *x, struct instruction **ret, struct err *e) _must_check_;

#endif
