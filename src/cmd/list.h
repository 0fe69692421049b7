/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * list - what `network ls`, `volume ls` and `secret ls` have in common: the options, and how the rows are printed.
 *
 *	static const struct option_row rows[] = {LIST_ROWS("dangling, name", "Only names"), OPTION_END};
 *	.rows = rows, .args_size = sizeof(struct list_args), .args_done = list_args_done,
 *	r = list_check(a, e);
 *	r = list_print(a, objects, &(struct list_look){...}, e);
 */
#ifndef RANBY_CMD_LIST_H
#define RANBY_CMD_LIST_H

#include "base/err.h"
#include "base/json.h"
#include "base/option.h"
#include "base/strv.h"
#include "base/template.h"

struct list_args {
	bool noheading, no_trunc, quiet;
	const char *format;
	struct strv filter;
};
void list_args_done(void *args);

#define LIST_ROWS(KEYS, CHOICES, QUIET) \
	{'f', "filter", OPT_LIST, offsetof(struct list_args, filter), .arg = "KEY=VALUE", .choices = CHOICES, .help = "Only those that match: " KEYS}, \
	{0, "format", OPT_STRING, offsetof(struct list_args, format), .arg = "FORMAT", .choices = "json|table", .help = "json, table, or a Go template"}, \
	{'n', "noheading", OPT_FLAG, offsetof(struct list_args, noheading), .help = "No line of headings"}, \
	{'q', "quiet", OPT_FLAG, offsetof(struct list_args, quiet), .help = QUIET}

/* -EINVAL with text: options that exclude each other. */
int list_check(const struct list_args *a, struct err *e) _must_check_;

/* Whether the objects are for JSON, which may have other members than those for templates. */
bool list_is_json(const struct list_args *a);

struct list_look {
	const char *quiet, *table; /* templates */
	const struct template_heading *headings;
};
int list_print(const struct list_args *a, struct json_object *rows, const struct list_look *look, struct err *e) _must_check_;

#endif
