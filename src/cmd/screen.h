/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* screen - what standard output can show: its width, its characters, its colours. */
#ifndef RANBY_CMD_SCREEN_H
#define RANBY_CMD_SCREEN_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/template.h"

#include <stdbool.h>

/* Columns of the terminal, else of $COLUMNS, else 0. */
unsigned screen_width(void);

/* Columns of the terminal; 0 when it is none: then nothing is shortened. */
unsigned screen_terminal_width(void);

/* Whether the locale is UTF-8 (LC_ALL, LC_CTYPE, LANG, in that order). */
bool screen_unicode(void);

/* A terminal that is not "dumb", and no $NO_COLOR (no-color.org); $CLICOLOR_FORCE without a terminal too. */
bool screen_color(void);

/* Writes it all, or says why not. */
int screen_put(const struct buf *out, struct err *e) _must_check_;

/*
 * What inspect prints of an array of objects: the array as JSON (`format`
 * NULL or "json"), or a line by the Go template for each.
 */
int screen_objects(struct json_object *list, const char *format, struct err *e) _must_check_;

/*
 * What ls prints of an array of objects: JSON ("json"), else a line by the Go
 * template for each; `format` NULL or "table" is `table_format`. `headings` and
 * `flags` as for template_print() (base/template.h).
 */
int screen_list(struct json_object *rows, const char *format, const char *table_format, const struct template_heading *headings,
		unsigned flags, struct err *e) _must_check_;

/* Asks on the terminal. 1: yes, 0: no; -ENODATA when nobody answers. */
int screen_ask(const char *question, struct err *e) _must_check_;

/* Whether somebody sits there who can be asked: standard input and output are terminals. */
bool screen_is_attended(void);

/* Asks which of several images a short name means (pull_options.choose), the first when Enter alone is pressed. -ECANCELED when nobody answers. */
int screen_choose(const char *name, const struct strv *references, size_t *ret, struct err *e) _must_check_;

#endif
