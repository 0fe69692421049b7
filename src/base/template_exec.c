/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Walks the tree. Values are references to JSON: nothing of the data is
 * copied, and what a function makes lives until its holder lets go.
 *
 * What a value prints is foreign text on its way to a terminal, so it passes
 * escape_text(); what stands in the template itself is the user's own and
 * goes out as it is. In rows (template_print) tabs and newlines of the data
 * are escaped too: a label must not be able to forge a row.
 *
 * The row of headings is the same walk over no data, where a field gives its
 * heading, a test is true, and a range runs once.
 */
#include "base/template_tree.h"

#include "base/escape.h"
#include "base/suggest.h"
#include "base/table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum flow { FLOW_ON = 0, FLOW_BREAK = 1, FLOW_CONTINUE = 2 };

struct run {
	const struct template *t;
	struct json_object *top;
	const struct template_heading *headings;
	bool is_heading; /* the row of headings */
	bool is_row;     /* one of many lines */
	bool strict;
	unsigned steps;
	struct value dot;
	struct value variables[TEMPLATE_VARIABLES_MAX];
	struct buf *out;
	struct err *e;
};

static int fail(const struct run *run, const struct node *n, const char *fmt, ...) _printf_(3, 4);
static int fail(const struct run *run, const struct node *n, const char *fmt, ...)
{
	_cleanup_(buf_done) struct buf where = BUF_INIT;
	char why[160];
	va_list ap;
	int r;

	va_start(ap, fmt);
	if (vsnprintf(why, sizeof(why), fmt, ap) < 0)
		why[0] = '\0';
	va_end(ap);
	escape_text(run->t->text + n->at, n->len < 80 ? n->len : 80, 0, &where);
	r = err_set(run->e, EINVAL, "<%s>: %s", buf_str(&where), why);
	return template_error_at(run->t, n->at, run->e, r);
}

static int out_of_memory(const struct run *run)
{
	return err_errno(run->e, ENOMEM, "template");
}

/* Counts the work; every evaluation passes here. */
static int count_step(struct run *run, const struct node *n)
{
	if (run->steps++ < TEMPLATE_STEPS_MAX)
		return 0;
	return fail(run, n, "%s", "takes too long");
}

static struct value value_ref(const struct value *v)
{
	return (struct value){.o = json_object_get(v->o), .missing = v->missing};
}

static void replace(struct value *v, struct value with)
{
	value_done(v);
	*v = with;
}

/* ---- expressions ---- */

static int heading_of(const struct run *run, const char *field, struct value *v)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	for (const struct template_heading *h = run->headings; h && h->field; h++)
		if (buf_str(&b)[0] == '\0' && strcmp(h->field, field) == 0)
			buf_adds(&b, h->text);
	if (b.len == 0)
		template_heading_text(field, &b);
	replace(v, (struct value){.o = json_object_new_string(buf_str(&b))});
	return v->o ? 0 : out_of_memory(run);
}

static bool is_capital(const char *s)
{
	return *s >= 'A' && *s <= 'Z';
}

/* The exact name, else one that differs in case only and begins with a capital too (.ID finds Id). */
static bool find_field(struct json_object *o, const char *name, struct json_object **ret)
{
	if (json_object_object_get_ex(o, name, ret))
		return true;
	if (!is_capital(name))
		return false;
	json_object_object_foreach(o, key, item) {
		if (is_capital(key) && strcasecmp(key, name) == 0) {
			*ret = item;
			return true;
		}
	}
	return false;
}

static const char *nth_key(size_t i, const void *ctx)
{
	struct json_object *o = *(struct json_object *const *)ctx;

	json_object_object_foreach(o, key, item) {
		(void)item;
		if (i-- == 0)
			return key;
	}
	return NULL;
}

static int unknown_field(const struct run *run, const struct node *n, const char *name)
{
	const char *near = suggest(name, nth_key, &run->top);

	if (near)
		err_hint(run->e, "did you mean .%s?", near);
	return fail(run, n, "no field %s", name);
}

/* Makes a string of the data fit for a row. */
static int clean_for_row(const struct run *run, struct value *v)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	const char *s;

	if (!run->is_row || !json_object_is_type(v->o, json_type_string))
		return 0;
	s = json_object_get_string(v->o);
	if (!strpbrk(s, "\t\n\r"))
		return 0;
	escape_text(s, strlen(s), 0, &b);
	replace(v, (struct value){.o = json_object_new_string(buf_str(&b))});
	return v->o && !buf_bad(&b) ? 0 : out_of_memory(run);
}

/* Of a method; none: `v` is NULL. */
struct arguments {
	const struct value *v;
	size_t n;
};

static int eval_field(struct run *run, const struct node *n, const char *name, struct value *v)
{
	struct json_object *item = NULL;

	if (!json_object_is_type(v->o, json_type_object))
		return fail(run, n, "can't evaluate field %s in type %s", name, value_type(v));
	if (find_field(v->o, name, &item))
		replace(v, (struct value){.o = json_object_get(item)});
	else if (run->strict && v->o == run->top)
		return unknown_field(run, n, name);
	else
		replace(v, (struct value){.missing = true});
	return 0;
}

/* *v becomes its field, or what its method returns. */
static int eval_name(struct run *run, const struct node *n, const char *name, struct arguments a, struct value *v)
{
	struct value made = {0};
	struct err e = {0};
	int r;

	if (!v->o)
		return fail(run, n, "nil pointer evaluating .%s", name);
	r = value_method(v, name, a.v, a.n, &made, &e);
	if (r < 0)
		return fail(run, n, "%s", e.text);
	if (r > 0)
		replace(v, made);
	else if (a.n > 0)
		return fail(run, n, "can't give argument to non-function .%s", name);
	return r > 0 ? 0 : eval_field(run, n, name, v);
}

/* Goes from *v down the names of `n`; the arguments are the last one's. */
static int eval_fields(struct run *run, const struct node *n, struct arguments a, struct value *v)
{
	if (run->is_heading)
		return n->names.n ? heading_of(run, n->names.items[n->names.n - 1], v) : 0;
	for (size_t i = 0; i < n->names.n; i++) {
		int r = eval_name(run, n, n->names.items[i], i + 1 == n->names.n ? a : (struct arguments){0}, v);

		if (r < 0)
			return r;
	}
	return n->names.n ? clean_for_row(run, v) : 0;
}

static int eval_pipe(struct run *run, const struct node *pipe, struct value *ret);
static int call_function(struct run *run, const struct node *command, const struct value *final, struct value *ret);

static int eval_path(struct run *run, const struct node *n, struct arguments a, struct value *ret)
{
	int r = 0;

	if (n->type == NODE_DOT)
		*ret = value_ref(&run->dot);
	else if (n->type == NODE_VARIABLE)
		*ret = value_ref(&run->variables[n->slots[0]]);
	else
		r = eval_pipe(run, n->kids, ret);
	return r < 0 ? r : eval_fields(run, n, a, ret);
}

static int eval_operand(struct run *run, const struct node *n, struct value *ret)
{
	int r = count_step(run, n);

	if (r < 0)
		return r;
	switch (n->type) {
	case NODE_DOT:
	case NODE_VARIABLE:
	case NODE_CHAIN:
		return eval_path(run, n, (struct arguments){0}, ret);
	case NODE_FUNCTION:
		/* a function's name as an argument: called without any */
		return call_function(run, &(struct node){.kids = &(struct node){.type = NODE_FUNCTION,
										 .function = n->function,
										 .at = n->at,
										 .len = n->len},
							  .at = n->at,
							  .len = n->len},
				     NULL, ret);
	default:
		*ret = (struct value){.o = json_object_get(n->value)};
		return 0;
	}
}

/* With the arguments at hand; `stopped`: and/or were decided by the last of them. */
static int apply(struct run *run, const struct node *command, const struct value *args, size_t n, bool stopped,
		 struct value *ret)
{
	const struct template_function *f = command->kids->function;
	struct err e = {0};
	int r;

	if (!stopped && (n < f->min_args || n > f->max_args))
		return fail(run, command, "wrong number of arguments for %s", f->name);
	if (run->is_heading && f->heading != HEADING_CALL) {
		if (f->heading >= 0 && (size_t)f->heading < n)
			*ret = value_ref(&args[f->heading]);
		else
			*ret = (struct value){.o = json_object_new_boolean(1)};
		return 0;
	}
	r = f->call(args, n, ret, &e);
	if (r < 0)
		return fail(run, command, "%s", e.text);
	return clean_for_row(run, ret);
}

/* `final`: the value that a pipe passes on, NULL when there is none. */
static int call_function(struct run *run, const struct node *command, const struct value *final, struct value *ret)
{
	const struct template_function *f = command->kids->function;
	struct value args[TEMPLATE_ARGS_MAX] = {{0}};
	bool stopped = false;
	size_t n = 0;
	int r = 0;

	for (const struct node *k = command->kids->next; r == 0 && k && !stopped; k = k->next) {
		r = eval_operand(run, k, &args[n]);
		n++;
		if (r == 0 && f->stop != STOP_NEVER && !run->is_heading)
			stopped = value_truth(&args[n - 1]) == (f->stop == STOP_AT_TRUE);
	}
	if (r == 0 && final && !stopped)
		args[n++] = value_ref(final);
	if (r == 0)
		r = apply(run, command, args, n, stopped, ret);
	while (n > 0)
		value_done(&args[--n]);
	return r;
}

/* A path with arguments: its last name is a method. */
static int call_method(struct run *run, const struct node *command, const struct value *final, struct value *ret)
{
	struct value args[TEMPLATE_ARGS_MAX] = {{0}};
	size_t n = 0;
	int r = count_step(run, command);

	for (const struct node *k = command->kids->next; r == 0 && k; k = k->next) {
		r = eval_operand(run, k, &args[n]);
		n++;
	}
	if (r == 0 && final)
		args[n++] = value_ref(final);
	if (r == 0)
		r = eval_path(run, command->kids, (struct arguments){args, n}, ret);
	while (n > 0)
		value_done(&args[--n]);
	return r;
}

static int eval_command(struct run *run, const struct node *command, const struct value *final, struct value *ret)
{
	if (command->kids->type == NODE_FUNCTION)
		return call_function(run, command, final, ret);
	if (final || command->kids->next)
		return call_method(run, command, final, ret);
	return eval_operand(run, command->kids, ret);
}

/* On failure *ret may hold a value too: the caller lets go of it in any case. */
static int eval_pipe(struct run *run, const struct node *pipe, struct value *ret)
{
	const struct value *final = NULL;
	struct value last = {0};
	int r = count_step(run, pipe);

	for (const struct node *c = pipe->kids; r == 0 && c; c = c->next) {
		struct value v = {0};

		r = eval_command(run, c, final, &v);
		replace(&last, v);
		final = &last;
	}
	*ret = last;
	return r;
}

/* A pipe that is not range's: sets its variable. */
static int eval_and_set(struct run *run, const struct node *pipe, struct value *ret)
{
	int r = eval_pipe(run, pipe, ret);

	if (r == 0 && pipe->slots[0] >= 0)
		replace(&run->variables[pipe->slots[0]], value_ref(ret));
	return r;
}

/* ---- statements ---- */

static int exec_list(struct run *run, const struct node *list);

static int check_output(const struct run *run)
{
	int error = buf_bad(run->out);

	if (error == EFBIG)
		return err_set(run->e, EFBIG, "template: the output is too large");
	return error ? err_errno(run->e, error, "template") : 0;
}

static int exec_output(struct run *run, const struct node *n)
{
	_cleanup_(buf_done) struct buf b = {.limit = run->out->limit};
	struct value v = {0};
	int r = eval_and_set(run, n->kids, &v);

	if (r == 0 && n->kids->slots[0] < 0) {
		bool whole = run->is_row && !json_object_is_type(v.o, json_type_string);

		value_print(&v, &b);
		escape_text(buf_str(&b), b.len, whole ? 0 : ESCAPE_KEEP_LINES, run->out);
		if (buf_bad(&b))
			run->out->error = buf_bad(&b);
		r = check_output(run);
	}
	value_done(&v);
	return r;
}

/* Runs a list with another dot. */
static int with_dot(struct run *run, const struct node *list, struct value dot_consumed)
{
	struct value before = run->dot;
	int r;

	run->dot = dot_consumed;
	r = exec_list(run, list);
	value_done(&run->dot);
	run->dot = before;
	return r;
}

/* if and with: pipe, list, maybe the list of else. */
static int exec_choice(struct run *run, const struct node *n)
{
	const struct node *pipe = n->kids, *list = pipe->next;
	struct value v = {0};
	int r = eval_and_set(run, pipe, &v);

	if (r == 0 && (value_truth(&v) || run->is_heading))
		r = n->type == NODE_WITH ? with_dot(run, list, value_ref(&v)) : exec_list(run, list);
	else if (r == 0 && list->next)
		r = exec_list(run, list->next);
	value_done(&v);
	return r;
}

/* One turn: r > 0 only for break. */
static int exec_turn(struct run *run, const struct node *n, struct value key_consumed, struct json_object *item)
{
	const int *slots = n->kids->slots;
	struct value v = {.o = json_object_get(item)};
	int r = count_step(run, n); /* an empty body takes time too */

	if (r == 0)
		r = clean_for_row(run, &v);
	if (slots[1] >= 0)
		replace(&run->variables[slots[0]], value_ref(&key_consumed));
	if (slots[0] >= 0)
		replace(&run->variables[slots[slots[1] >= 0 ? 1 : 0]], value_ref(&v));
	value_done(&key_consumed);
	if (r < 0) {
		value_done(&v);
		return r;
	}
	r = with_dot(run, n->kids->next, v);
	return r == FLOW_CONTINUE ? 0 : r;
}

static int range_array(struct run *run, const struct node *n, struct json_object *a)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_object_array_length(a); i++)
		r = exec_turn(run, n, (struct value){.o = json_object_new_int64((int64_t)i)}, json_object_array_get_idx(a, i));
	return r;
}

static int range_map(struct run *run, const struct node *n, struct json_object *o)
{
	size_t count = 0;
	const char **keys = object_sorted_keys(o, &count);
	int r = 0;

	if (!keys)
		return out_of_memory(run);
	for (size_t i = 0; r == 0 && i < count; i++) {
		struct value key = {.o = json_object_new_string(keys[i])};

		r = clean_for_row(run, &key);
		if (r == 0)
			r = exec_turn(run, n, key, json_object_object_get(o, keys[i]));
		else
			value_done(&key);
	}
	free(keys);
	return r;
}

static int exec_range(struct run *run, const struct node *n)
{
	const struct node *pipe = n->kids, *otherwise = pipe->next->next;
	struct value v = {0};
	int r = eval_pipe(run, pipe, &v);

	if (r < 0)
		goto out;
	if (run->is_heading)
		r = exec_turn(run, n, value_ref(&v), v.o);
	else if (json_object_is_type(v.o, json_type_array) && json_object_array_length(v.o) > 0)
		r = range_array(run, n, v.o);
	else if (json_object_is_type(v.o, json_type_object) && json_object_object_length(v.o) > 0)
		r = range_map(run, n, v.o);
	else if (v.o && !json_object_is_type(v.o, json_type_array) && !json_object_is_type(v.o, json_type_object))
		r = fail(run, pipe, "range can't iterate over type %s", value_type(&v));
	else if (otherwise)
		r = exec_list(run, otherwise);
	if (r == FLOW_BREAK)
		r = 0;
out:
	value_done(&v);
	return r;
}

static int exec_node(struct run *run, const struct node *n)
{
	int r = count_step(run, n);

	if (r < 0)
		return r;
	switch (n->type) {
	case NODE_TEXT:
		buf_add(run->out, json_object_get_string(n->value), (size_t)json_object_get_string_len(n->value));
		return check_output(run);
	case NODE_OUTPUT:
		return exec_output(run, n);
	case NODE_IF:
	case NODE_WITH:
		return exec_choice(run, n);
	case NODE_RANGE:
		return exec_range(run, n);
	case NODE_BREAK:
		return FLOW_BREAK;
	case NODE_CONTINUE:
		return FLOW_CONTINUE;
	default:
		return exec_list(run, n);
	}
}

static int exec_list(struct run *run, const struct node *list)
{
	int r = 0;

	for (const struct node *n = list->kids; r == 0 && n; n = n->next)
		r = exec_node(run, n);
	return r;
}

/* One execution on `data`; `run` holds the settings. */
static int execute(struct run *run, struct json_object *data)
{
	int r;

	run->steps = 0;
	run->top = data;
	run->dot = (struct value){.o = json_object_get(data)};
	run->variables[0] = (struct value){.o = json_object_get(data)};
	r = exec_list(run, run->t->root);
	value_done(&run->dot);
	for (size_t i = 0; i < TEMPLATE_VARIABLES_MAX; i++)
		value_done(&run->variables[i]);
	return r;
}

/* A dot or a variable alone may be the whole object; its name is found as the look-up does, without regard to case. */
static bool uses(const struct node *n, const char *field)
{
	for (; n; n = n->next) {
		if ((n->type == NODE_DOT || n->type == NODE_VARIABLE) && (n->names.n == 0 || strcasecmp(n->names.items[0], field) == 0))
			return true;
		if (uses(n->kids, field))
			return true;
	}
	return false;
}

bool template_uses(const struct template *t, const char *field)
{
	return uses(t->root, field);
}

int template_exec(const struct template *t, struct json_object *data, unsigned flags, struct buf *out, struct err *e)
{
	struct run run = {.t = t, .strict = flags & TEMPLATE_STRICT, .out = out, .e = e};

	return execute(&run, data);
}

/* ---- rows ---- */

void template_heading_text(const char *field, struct buf *out)
{
	for (const char *s = field; *s; s++) {
		bool lower_before = s > field && s[-1] >= 'a' && s[-1] <= 'z';
		bool lower_after = s[1] >= 'a' && s[1] <= 'z';

		/* a word begins at a capital after a small letter, or at the last capital of a row of them */
		if (s > field && is_capital(s) && (lower_before || (lower_after && is_capital(s - 1))))
			buf_addc(out, ' ');
		buf_addc(out, *s >= 'a' && *s <= 'z' ? (char)(*s ^ 0x20) : *s);
	}
}

static int print_headings(struct run *run)
{
	_cleanup_json_ struct json_object *nothing = json_object_new_string("");
	int r;

	run->is_heading = true;
	r = nothing ? execute(run, nothing) : out_of_memory(run);
	run->is_heading = false;
	return r;
}

/* A newline, unless the template makes its own. */
static void end_row(struct buf *out, size_t start)
{
	if (out->len == start || out->data[out->len - 1] != '\n')
		buf_addc(out, '\n');
}

int template_print(const struct template *t, struct json_object *rows, const struct template_heading *headings, unsigned flags,
		   struct buf *out, struct err *e)
{
	_cleanup_(buf_done) struct buf text = {.limit = out->limit};
	struct run run = {
		.t = t, .headings = headings, .is_row = true, .strict = flags & TEMPLATE_STRICT, .out = &text, .e = e,
	};
	size_t count = rows ? json_object_array_length(rows) : 0, start = 0;
	int r = 0;

	if (t->is_table && !(flags & TEMPLATE_NO_HEADING)) {
		r = print_headings(&run);
		end_row(&text, start);
	}
	if (r == 0 && t->is_range) {
		start = text.len;
		r = execute(&run, rows);
		if (text.len > start)
			end_row(&text, start);
	}
	for (size_t i = 0; r == 0 && !t->is_range && i < count; i++) {
		start = text.len;
		r = execute(&run, json_object_array_get_idx(rows, i));
		end_row(&text, start);
	}
	if (r < 0)
		return r;
	if (t->is_table)
		table_format(&text, TABLE_PODMAN, out);
	else
		buf_add(out, buf_str(&text), text.len);
	return buf_bad(&text) || buf_bad(out) ? err_set(e, EFBIG, "template: the output is too large") : 0;
}
