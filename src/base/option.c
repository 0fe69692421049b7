/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Why not getopt_long(3): it abbreviates, prints by itself, reads
 * POSIXLY_CORRECT from the environment, knows no --flag=false, and keeps its
 * place in globals. The walk over argv is one function, step(), which parsing
 * and option_given() share, so that the two cannot disagree on what is an
 * option, a value or an operand. The words of the errors are those of podman
 * and docker (spf13/pflag), which scripts and people know.
 */
#include "base/option.h"

#include "base/parse.h"
#include "base/suggest.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* One option as found in argv. */
struct found {
	const struct option_row *row;
	const char *value; /* NULL: a flag without one */
	char shorts[3];    /* "-x" when it was given so, else "" */
};

struct walk {
	const struct option_row *rows;
	int argc;
	char **argv;
	int i;            /* the argument looked at */
	const char *rest; /* what is left of "-abc"; NULL between arguments */
};

enum step {
	STEP_END,     /* no arguments left */
	STEP_OPERAND, /* argv[i] is an operand */
	STEP_DASHES,  /* argv[i] was "--": all after it are operands */
	STEP_OPTION,
};

static const struct option_row *find_long(const struct option_row *rows, const char *name, size_t len)
{
	for (; rows->type != OPT_END; rows++)
		if (strlen(rows->long_name) == len && memcmp(rows->long_name, name, len) == 0)
			return rows;
	return NULL;
}

static const struct option_row *find_short(const struct option_row *rows, char c)
{
	for (; rows->type != OPT_END; rows++)
		if (rows->short_name == c)
			return rows;
	return NULL;
}

static const char *visible_name(size_t i, const void *ctx)
{
	const struct option_row *row = ctx;

	for (; row->type != OPT_END; row++)
		if (!row->hidden && i-- == 0)
			return row->long_name;
	return NULL;
}

static int unknown_long(const struct walk *w, const char *name, size_t len, struct err *e)
{
	char given[64];
	const char *near;

	snprintf(given, sizeof(given), "%.*s", len < sizeof(given) ? (int)len : 0, name);
	near = suggest(given, visible_name, w->rows);
	if (near)
		err_hint(e, "did you mean --%s?", near);
	return err_set(e, EINVAL, "unknown flag: --%.*s", (int)len, name);
}

/* Whether it stands without a value; what follows it is another argument then. */
static bool may_stand_alone(const struct option_row *row)
{
	return row->type == OPT_FLAG || row->type == OPT_OPTIONAL || row->type == OPT_REFUSED;
}

/* "--name", "--name=value", "--name value". */
static int step_long(struct walk *w, struct found *f, struct err *e)
{
	const char *name = w->argv[w->i] + 2;
	size_t len = strcspn(name, "=");

	f->row = find_long(w->rows, name, len);
	if (!f->row)
		return unknown_long(w, name, len, e);
	w->i++;
	if (name[len] == '=')
		f->value = name + len + 1;
	else if (may_stand_alone(f->row))
		f->value = NULL;
	else if (w->i < w->argc)
		f->value = w->argv[w->i++];
	else
		return err_set(e, EINVAL, "flag needs an argument: --%s", f->row->long_name);
	return STEP_OPTION;
}

/* One letter of "-abc"; "-p80", "-p=80" and "-p 80" are the same. */
static int step_short(struct walk *w, struct found *f, struct err *e)
{
	const char *all = w->argv[w->i];
	char c = *w->rest++;

	f->row = find_short(w->rows, c);
	if (!f->row)
		return err_set(e, EINVAL, "unknown shorthand flag: '%c' in %s", c, all);
	f->shorts[0] = '-';
	f->shorts[1] = c;
	f->shorts[2] = '\0';
	if (*w->rest == '=') {
		f->value = w->rest + 1;
		w->rest = NULL;
	} else if (may_stand_alone(f->row)) {
		f->value = NULL;
		if (*w->rest)
			return STEP_OPTION;
	} else if (*w->rest) {
		f->value = w->rest;
	} else if (w->i + 1 < w->argc) {
		f->value = w->argv[++w->i];
	} else {
		return err_set(e, EINVAL, "flag needs an argument: '%c' in %s", c, all);
	}
	w->rest = NULL;
	w->i++;
	return STEP_OPTION;
}

/* Looks at the next argument; passes it only when it is an option. < 0: -EINVAL with text. */
static int step(struct walk *w, struct found *f, struct err *e)
{
	const char *arg;

	*f = (struct found){0};
	if (w->rest)
		return step_short(w, f, e);
	if (w->i >= w->argc)
		return STEP_END;
	arg = w->argv[w->i];
	if (arg[0] != '-' || arg[1] == '\0')
		return STEP_OPERAND;
	if (arg[1] != '-') {
		w->rest = arg + 1;
		return step_short(w, f, e);
	}
	return arg[2] == '\0' ? STEP_DASHES : step_long(w, f, e);
}

static int invalid(const struct found *f, const char *value, struct err *e, const char *why)
{
	const struct option_row *row = f->row;

	if (row->short_name)
		return err_set(e, EINVAL, "invalid argument \"%s\" for \"-%c, --%s\" flag: %s", value, row->short_name,
			       row->long_name, why);
	return err_set(e, EINVAL, "invalid argument \"%s\" for \"--%s\" flag: %s", value, row->long_name, why);
}

/* A number outside its row's range; the range is told when the row has one. */
static int invalid_number(const struct found *f, int r, int64_t min, uint64_t max, struct err *e)
{
	char why[96];

	if (r == -EINVAL)
		return invalid(f, f->value, e, "not a number");
	snprintf(why, sizeof(why), "not from %lld to %llu", (long long)min, (unsigned long long)max);
	return invalid(f, f->value, e, why);
}

static int store_i64(const struct found *f, int64_t *to, struct err *e)
{
	const struct option_row *row = f->row;
	int64_t max = row->min == 0 && row->max == 0 ? INT64_MAX : row->max;
	int r = parse_i64(f->value, row->min, max, to);

	return r < 0 ? invalid_number(f, r, row->min, max < 0 ? 0 : (uint64_t)max, e) : 0;
}

static int store_unsigned(const struct found *f, uint64_t type_max, uint64_t *to, struct err *e)
{
	const struct option_row *row = f->row;
	uint64_t max = row->max > 0 && (uint64_t)row->max < type_max ? (uint64_t)row->max : type_max;
	int r = parse_u64(f->value, (uint64_t)row->min, max, to);

	return r < 0 ? invalid_number(f, r, row->min, max, e) : 0;
}

static int store_size(const struct found *f, uint64_t *to, struct err *e)
{
	int r = parse_size(f->value, f->row->max > 0 ? (uint64_t)f->row->max : UINT64_MAX, to);

	if (r == -ERANGE)
		return invalid(f, f->value, e, "too large");
	return r < 0 ? invalid(f, f->value, e, "not a size (such as 64m or 1g)") : 0;
}

static int store_choice(const struct found *f, const char **to, struct err *e)
{
	const char *c = f->row->choices;
	size_t len = strlen(f->value);
	char why[160];

	while (*c) {
		size_t n = strcspn(c, "|");

		if (n == len && memcmp(c, f->value, n) == 0) {
			*to = f->value;
			return 0;
		}
		c += n + (c[n] == '|');
	}
	snprintf(why, sizeof(why), "not one of %s", f->row->choices);
	return invalid(f, f->value, e, why);
}

/* Splits at commas, as pflag's StringSlice does; an empty value adds nothing. */
static int add_csv(struct strv *v, const char *value)
{
	int r = 0;

	while (r == 0 && *value) {
		size_t n = strcspn(value, ",");

		r = strv_addf(v, "%.*s", (int)n, value);
		value += n;
		if (*value == ',' && *++value == '\0' && r == 0)
			r = strv_add(v, "");
	}
	return r;
}

static int store_flag(const struct found *f, bool *to, struct err *e)
{
	bool v = true;

	if (f->value && parse_bool(f->value, &v) < 0)
		return invalid(f, f->value, e, "not true or false");
	*to = v;
	return 0;
}

static int store(const struct found *f, void *base, struct err *e)
{
	void *to = (char *)base + f->row->offset;
	uint64_t u = 0;
	int r = 0;

	switch (f->row->type) {
	case OPT_FLAG:
		return store_flag(f, to, e);
	case OPT_STRING:
		*(const char **)to = f->value;
		return 0;
	case OPT_LIST:
		r = strv_add(to, f->value);
		break;
	case OPT_LIST_CSV:
		r = add_csv(to, f->value);
		break;
	case OPT_U32:
		r = store_unsigned(f, UINT32_MAX, &u, e);
		if (r == 0)
			*(uint32_t *)to = (uint32_t)u;
		return r;
	case OPT_U64:
		return store_unsigned(f, UINT64_MAX, to, e);
	case OPT_I64:
		return store_i64(f, to, e);
	case OPT_SIZE:
		return store_size(f, to, e);
	case OPT_DURATION:
		return parse_duration(f->value, to) < 0
			       ? invalid(f, f->value, e, "not a duration (such as 10, 1.5s or 2m30s)")
			       : 0;
	case OPT_CHOICE:
		return store_choice(f, to, e);
	case OPT_OPTIONAL:
		*(const char **)to = f->value ? f->value : "";
		return 0;
	case OPT_REFUSED:
		return err_set(e, ENOTSUP, "--%s: %s", f->row->long_name, f->row->help);
	case OPT_END:
		break;
	}
	return r < 0 ? err_errno(e, -r, "--%s", f->row->long_name) : 0;
}

/*
 * Options found so far stand in argv[1..*kept), the operands passed over
 * before argv[i] behind them: the arguments from `from` to `to` (an option
 * and its value) are rotated to the front.
 */
static void keep(char **argv, int *kept, int from, int to)
{
	for (; from < to; from++) {
		char *arg = argv[from];

		memmove(&argv[*kept + 1], &argv[*kept], (size_t)(from - *kept) * sizeof(*argv));
		argv[(*kept)++] = arg;
	}
}

int option_parse(const struct option_row *rows, int argc, char **argv, enum option_mode mode, void *base,
		 int *ret_operand, struct err *e)
{
	struct walk w = {.rows = rows, .argc = argc, .argv = argv, .i = 1};
	int kept = 1, from = 1;

	for (;;) {
		struct found f;
		int r = step(&w, &f, e);

		if (r < 0)
			return r;
		if (r == STEP_OPTION) {
			r = store(&f, base, e);
			if (r < 0)
				return r;
			if (w.rest)
				continue; /* more letters in the same argument */
			keep(argv, &kept, from, w.i);
		} else if (r == STEP_DASHES) {
			keep(argv, &kept, w.i, w.i + 1);
			break;
		} else if (r == STEP_END || mode == OPTION_STOP_AT_OPERAND) {
			break;
		} else {
			w.i++;
		}
		from = w.i;
	}
	*ret_operand = kept;
	return 0;
}

bool option_given(const struct option_row *rows, int argc, char **argv, const char *long_name)
{
	struct walk w = {.rows = rows, .argc = argc, .argv = argv, .i = 1};
	struct found f;

	while (step(&w, &f, NULL) == STEP_OPTION)
		if (strcmp(f.row->long_name, long_name) == 0)
			return true;
	return false;
}

enum option_place option_place(const struct option_row *rows, int argc, char **argv, enum option_mode mode,
			       const struct option_row **ret_row, int *ret_operands)
{
	struct walk w = {.rows = rows, .argc = argc - 1, .argv = argv, .i = 1};
	const char *last = argv[argc - 1];
	int operands = 0, r;
	struct found f;

	while ((r = step(&w, &f, NULL)) == STEP_OPTION || (r == STEP_OPERAND && mode == OPTION_PERMUTE)) {
		operands += r == STEP_OPERAND;
		w.i += r == STEP_OPERAND;
	}
	if (r < 0) {
		/* the one error that the last argument may put right: a value is missing */
		if (f.row)
			*ret_row = f.row;
		return f.row ? OPTION_PLACE_VALUE : OPTION_PLACE_UNKNOWN;
	}
	*ret_operands = operands + (w.argc - w.i) - (r == STEP_DASHES);
	if (r != STEP_END || last[0] != '-')
		return OPTION_PLACE_OPERAND;
	if (last[1] == '-' && strchr(last, '=')) {
		f.row = find_long(rows, last + 2, strcspn(last + 2, "="));
		if (f.row)
			*ret_row = f.row;
		return f.row ? OPTION_PLACE_VALUE : OPTION_PLACE_UNKNOWN;
	}
	return OPTION_PLACE_NAME;
}

/* ---- help ---- */

#define LEFT_MAX 32 /* a longer left side has its text on the line below */

static const char *value_name(const struct option_row *row)
{
	switch (row->type) {
	case OPT_FLAG:
	case OPT_END:
		return NULL;
	case OPT_CHOICE:
		return row->arg ? row->arg : row->choices;
	default:
		return row->arg ? row->arg : "VALUE";
	}
}

static size_t left_side(const struct option_row *row, char *out, size_t size)
{
	const char *arg = value_name(row);
	const char *before = !arg ? "" : row->type == OPT_OPTIONAL ? "[=" : " ";
	const char *after = row->type == OPT_OPTIONAL ? "]" : "";
	int n;

	if (row->short_name)
		n = snprintf(out, size, "  -%c, --%s%s%s%s", row->short_name, row->long_name, before, arg ? arg : "", after);
	else
		n = snprintf(out, size, "      --%s%s%s%s", row->long_name, before, arg ? arg : "", after);
	return n < 0 ? 0 : (size_t)n;
}

static void pad(struct buf *out, size_t from, size_t to)
{
	for (; from < to; from++)
		buf_addc(out, ' ');
}

/* `text` from column `indent` on, the cursor being there already. */
static void wrap(const char *text, size_t indent, size_t width, struct buf *out)
{
	size_t column = indent;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (column > indent && column + 1 + n > width) {
			buf_addc(out, '\n');
			pad(out, 0, indent);
			column = indent;
		} else if (column > indent) {
			buf_addc(out, ' ');
			column++;
		}
		buf_add(out, text, n);
		column += n;
		text += n;
		while (*text == ' ')
			text++;
	}
	buf_addc(out, '\n');
}

static size_t help_column(const struct option_row *rows)
{
	size_t widest = 0;
	char left[256];

	for (; rows->type != OPT_END; rows++) {
		size_t n = rows->hidden ? 0 : left_side(rows, left, sizeof(left));

		if (n <= LEFT_MAX && n > widest)
			widest = n;
	}
	return widest + 2;
}

void option_help(const struct option_row *rows, unsigned width, struct buf *out)
{
	size_t column = help_column(rows);
	const char *group = NULL;
	bool first = true;

	if (width < column + 20)
		width = (unsigned)column + 20;
	for (; rows->type != OPT_END; rows++) {
		char left[256];
		size_t n;

		if (rows->group && (!group || strcmp(group, rows->group) != 0)) {
			group = rows->group;
			buf_addf(out, "%s%s:\n", first ? "" : "\n", group);
		} else if (first && !rows->group && !rows->hidden) {
			buf_adds(out, "Options:\n");
		}
		if (rows->hidden)
			continue;
		first = false;
		n = left_side(rows, left, sizeof(left));
		buf_adds(out, left);
		if (n + 2 > column) {
			buf_addc(out, '\n');
			n = 0;
		}
		pad(out, n, column);
		wrap(rows->help ? rows->help : "", column, width, out);
	}
}
