/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * words - a Containerfile's line, cut into words as docker's parser cuts it.
 *
 * What is cut still has its quotes and escapes (oci/expand.h takes them
 * away), but for flags, whose quotes are gone.
 */
#ifndef RANBY_OCI_WORDS_H
#define RANBY_OCI_WORDS_H

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"

#include <stdbool.h>

/* Blank, tab, vertical tab, form feed, carriage return. */
#define WORDS_BLANKS " \t\v\f\r"

/* By blanks outside of quotes; the escape character keeps the next one. For ENV, LABEL, ARG; appended. -E2BIG. */
int words_split(const char *text, char escape, struct strv *ret) _must_check_;

/* By blanks alone; appended. */
int words_blank(const char *text, struct strv *ret) _must_check_;

/* The --name[=value] words that a line begins with; appended. "--" ends them. *ret_rest is what follows, within `text`. */
int words_flags(const char *text, struct strv *ret, const char **ret_rest) _must_check_;

/*
 * A JSON array of strings; what follows its end is ignored, as docker ignores it. 1: it is
 * one (appended), 0: it is not, so that the text is a shell's. -EINVAL: an array of something else.
 */
int words_json(const char *text, struct strv *ret, struct err *e) _must_check_;

/* Past the blanks. */
const char *words_skip(const char *text);

#endif
