/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* template_tree - what the files base/template*.c share: the parsed tree, values, and the table of functions. */
#ifndef RANBY_BASE_TEMPLATE_TREE_H
#define RANBY_BASE_TEMPLATE_TREE_H

#include "base/clock.h"
#include "base/strv.h"
#include "base/template.h"

#include <stdint.h>

enum node_type {
	/* statements */
	NODE_LIST,     /* kids in order */
	NODE_TEXT,     /* value: a string */
	NODE_OUTPUT,   /* pipe */
	NODE_IF,       /* pipe, list, list of else */
	NODE_WITH,     /* the same */
	NODE_RANGE,    /* the same; the pipe's slots are key and element */
	NODE_BREAK,
	NODE_CONTINUE,
	/* expressions */
	NODE_PIPE,     /* commands; slots[]: variables that it sets */
	NODE_COMMAND,  /* operands; the first may be a function */
	NODE_DOT,      /* names: .A.B; none: the dot itself */
	NODE_VARIABLE, /* slots[0], then names */
	NODE_CHAIN,    /* a pipe in parentheses, then names */
	NODE_CONST,    /* value; NULL is nil */
	NODE_FUNCTION, /* function */
};

struct template_function;

struct node {
	enum node_type type;
	size_t at, len;       /* its place in the text, for errors */
	struct node *kids;    /* the first child */
	struct node *next;    /* the next sibling */
	struct json_object *value;
	struct strv names;
	const struct template_function *function;
	int slots[2];         /* variables' places, -1: none */
};

struct template {
	char *text;      /* what was given, for errors */
	size_t offset;   /* of the template in it: after "table " */
	struct node *root;
	bool is_table;
	bool is_range;   /* begins with {{range: goes over the list itself */
};

/* A value during execution: a reference that its holder owns. */
struct value {
	struct json_object *o; /* NULL: nil or missing */
	bool missing;          /* prints as <no value> */
};

static inline void value_done(struct value *v)
{
	json_object_put(v->o);
	*v = (struct value){0};
}

/* Gets evaluated arguments, as many as its row says. 0, or a negative errno with text. */
typedef int template_call(const struct value *args, size_t n, struct value *ret, struct err *e);

enum template_stop {
	STOP_NEVER,
	STOP_AT_FALSE, /* evaluation of arguments ends at the first such one, which is the result */
	STOP_AT_TRUE,
};

/* What a function gives in a row of headings: an argument's own heading (its index), or one of these. */
enum {
	HEADING_CALL = -1, /* what it is: it works on headings */
	HEADING_TRUE = -2, /* true: both ways of a test have the same columns */
};

struct template_function {
	const char *name;
	unsigned min_args, max_args;
	template_call *call;
	enum template_stop stop;
	int heading;
};

#define TEMPLATE_ARGS_MAX 16

const struct template_function *template_function_find(const char *name, size_t len);
/* For suggest(). */
const char *template_function_name(size_t i, const void *unused);

/* Truth as Go has it: not false, 0, "", nil, empty. */
bool value_truth(const struct value *v);

/* Prints as fmt.Print does. */
void value_print(const struct value *v, struct buf *out);
/* The shortest decimal that reads back as the same number, written as strconv's shortest 'g': with an exponent below 1e-4 and from 1e+06 on. */
void value_put_double(double d, struct buf *out);
/* "November" of a month, "1m30s" of a duration; NULL: it is a number alone. */
const char *value_int_name(struct json_object *o, char text[static CLOCK_TEXT_SIZE]);
/* "string", "int", "map", ... for errors. */
const char *value_type(const struct value *v);

/*
 * The method of a value, where its type has one of that name: 1 with *ret; 0: it has none; or a negative errno with text,
 * which begins with nothing. On failure *ret is untouched.
 */
int value_method(const struct value *v, const char *name, const struct value *args, size_t n, struct value *ret, struct err *e);

/* fmt.Sprintf. Bad verbs come out as Go writes them, %!d(string=x). */
void value_printf(const char *format, size_t len, const struct value *args, size_t n, struct buf *out);

/* "template:LINE:COLUMN: " before the text of `e`; returns r. */
int template_error_at(const struct template *t, size_t at, struct err *e, int r);

/* Sorted array of the keys of an object (borrowed strings); NULL without memory. The caller frees. */
const char **object_sorted_keys(struct json_object *o, size_t *ret_n);

#endif
