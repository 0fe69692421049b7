/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * template - Go's text/template, as far as --format uses it, over JSON.
 *
 *	_cleanup_(template_freep) struct template *t = NULL;
 *	r = template_parse("table {{.ID}}\t{{.Names}}", &t, e);
 *	r = template_print(t, rows, headings, 0, &out, e);	// a list of objects: ps, images, ...
 *	r = template_exec(t, object, 0, &out, e);		// one object: inspect, info, ...
 *
 * Known: field paths (.A.B, $x.A, (index .L 0).A), variables ($x := 1, $x =
 * 2), pipes, parentheses, literals, comments, {{- trim -}}; if, else if,
 * else, with, range (also $k, $v :=), break, continue, end; and or not eq ne
 * lt le gt ge len index slice print printf println json upper lower title
 * join split pad truncate. Unknown: define, template, block, call, html, js,
 * urlquery: those are errors.
 *
 * In the text outside {{ }}, \t and \n stand for a tab and a newline, as
 * docker and podman have it; in a table a blank stands for a tab too, as podman has it.
 *
 * A JSON object is a map: it prints as map[k:v], and range goes over it by
 * sorted key. A field is looked for by its exact name, then by its name
 * without regard to case where both begin with a capital (.ID finds Id). A
 * missing key prints as <no value>, null as <nil>; `index` of a missing key
 * in a map of plain values is "", as in Go's map[string]string.
 *
 * Times, and durations, have the methods of Go's that a template can call: .Created.Year, .Created.Format "2006-01-02",
 * .StartedAt.Sub .Created (base/template_method.c).
 *
 * Bounded: text of TEMPLATE_TEXT_MAX bytes, TEMPLATE_DEPTH_MAX levels,
 * TEMPLATE_STEPS_MAX evaluations, output by the buffer's limit. An error says
 * where: "template:1:7: <.Host.Nope.X>: ...".
 */
#ifndef RANBY_BASE_TEMPLATE_H
#define RANBY_BASE_TEMPLATE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"

#include <stdbool.h>

#define TEMPLATE_TEXT_MAX 65536
#define TEMPLATE_DEPTH_MAX 32
#define TEMPLATE_VARIABLES_MAX 32
#define TEMPLATE_STEPS_MAX 4000000U

struct template;

/* Heading of a field, where it is not the field's name in capitals. */
struct template_heading {
	const char *field; /* "ID"; NULL ends the list */
	const char *text;  /* "CONTAINER ID" */
};

enum {
	/* A first-level field that the object has not is an error with a suggestion, not <no value>. For objects that always hold all their fields. */
	TEMPLATE_STRICT = 1U << 0,
	/* template_print(): no headings (--noheading). */
	TEMPLATE_NO_HEADING = 1U << 1,
};

/* Parses; the text is copied. -EINVAL with text. */
int template_parse(const char *text, struct template **ret, struct err *e) _must_check_;
void template_free(struct template *t);
DEFINE_CLEANUP(struct template *, template_free);
#define _cleanup_template_ _cleanup_(template_freep)

/* True when the text began with "table ". */
bool template_is_table(const struct template *t);

/*
 * True when it may read that field of what it is executed on: a caller that
 * makes only such fields is right. Of a template that takes the object whole
 * ({{json .}}, {{range $k, $v := .}}) it is true of any field.
 */
bool template_uses(const struct template *t, const char *field);

/* Executes it on one value and appends what it prints; nothing is added at the end, and `table` is of no account. On failure `out` may hold a part. */
int template_exec(const struct template *t, struct json_object *data, unsigned flags, struct buf *out, struct err *e) _must_check_;

/*
 * Executes it as ps and images do: on each element of the array, a newline
 * after each; a text that begins with {{range runs once, on the array. With
 * "table " the rows are aligned under headings, which are derived from the
 * names of the fields unless `headings` (may be NULL) says otherwise.
 */
int template_print(const struct template *t, struct json_object *rows, const struct template_heading *headings, unsigned flags,
		   struct buf *out, struct err *e) _must_check_;

/* "CreatedAt" becomes "CREATED AT", "ID" stays: how a heading is derived. Appends. */
void template_heading_text(const char *field, struct buf *out);

#endif
