/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* suggest - the nearest of a list of words, for "did you mean". */
#ifndef RANBY_BASE_SUGGEST_H
#define RANBY_BASE_SUGGEST_H

#include <stddef.h>

/*
 * The word with the least edit distance (transpositions count one) to
 * `given`, when that is at most a third of its length (at least 1, at most
 * 3); else NULL. `word(i, ctx)` gives the i-th candidate, NULL ends.
 */
const char *suggest(const char *given, const char *(*word)(size_t i, const void *ctx), const void *ctx);

#endif
