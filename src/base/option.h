/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * option - a command line as a table of rows.
 *
 *	struct run_args { bool detach; const char *name; struct strv volumes; };
 *	static const struct option_row rows[] = {
 *		{'d', "detach", OPT_FLAG, offsetof(struct run_args, detach), .help = "Run in the background"},
 *		{0, "name", OPT_STRING, offsetof(struct run_args, name), .arg = "NAME", .help = "..."},
 *		{'v', "volume", OPT_LIST, offsetof(struct run_args, volumes), .arg = "SRC:DST[:OPTS]", .help = "..."},
 *		OPTION_END,
 *	};
 *	r = option_parse(rows, argc, argv, OPTION_STOP_AT_OPERAND, &args, &first_operand, e);
 *
 * The same rows feed the parser, --help, the shell completions and the
 * check of the man pages. Parsing follows getopt_long(3) as docker users
 * type it: --long=value, --long value, --flag=false, -abc, -p80:80, "--".
 * Long names are never abbreviated. An unknown option is -EINVAL with the
 * nearest one as the hint. The last of a repeated single-value option wins.
 */
#ifndef RANBY_BASE_OPTION_H
#define RANBY_BASE_OPTION_H

#include "base/buf.h"
#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_type {
	OPT_END = 0,
	OPT_FLAG,     /* bool; --x, --x=true, --x=false */
	OPT_STRING,   /* const char *, borrowed from argv */
	OPT_LIST,     /* struct strv; repeatable, each a copy */
	OPT_LIST_CSV, /* struct strv; repeatable, and each value is split at commas */
	OPT_U32,      /* uint32_t in [min, max] */
	OPT_I64,      /* int64_t in [min, max] */
	OPT_U64,      /* uint64_t in [min, max] */
	OPT_SIZE,     /* uint64_t bytes, parse_size(), at most max */
	OPT_DURATION, /* uint64_t microseconds, parse_duration() */
	OPT_CHOICE,   /* const char *, one of `choices` ("always|missing|never") */
	OPT_OPTIONAL, /* const char *; --x is "", --x=value the value: never the next argument */
	OPT_REFUSED,  /* what docker or podman have and we have not: an error that is `help`, -ENOTSUP. OPTION_REFUSED() */
};

struct option_row {
	char short_name;        /* 0: none */
	const char *long_name;  /* without dashes; never NULL but in OPTION_END */
	enum option_type type;
	size_t offset;          /* into the caller's struct */
	const char *arg;        /* what the value is called in --help; NULL for flags */
	int64_t min, max;       /* for numbers; both 0: the whole range of the type from 0 up */
	const char *choices;    /* words joined by '|': all there are of an OPT_CHOICE; else what completions offer (cmd/complete.c) */
	const char *help;       /* one line, no final full stop */
	bool hidden;            /* parsed, not shown (aliases) */
	const char *group;      /* heading in --help; NULL: the heading before */
};
#define OPTION_END {.type = OPT_END}
#define OPTION_REFUSED(letter, name, why) {letter, name, OPT_REFUSED, 0, .help = why, .hidden = true}

enum option_mode {
	OPTION_PERMUTE,         /* options may follow operands */
	OPTION_STOP_AT_OPERAND, /* the first operand ends the options (run IMAGE COMMAND -x) */
};

/*
 * Parses argv[1..argc-1] into `base`. Operands are moved to the end of argv
 * in their order; *ret_operand is the index of the first. Whatever lists were
 * filled stay the caller's to free, on failure too.
 */
int option_parse(const struct option_row *rows, int argc, char **argv, enum option_mode mode, void *base,
		 int *ret_operand, struct err *e) _must_check_;

/* True when the option was given on the last option_parse() line: looks for it in argv up to the operands. */
bool option_given(const struct option_row *rows, int argc, char **argv, const char *long_name);

/* What the last of argv is going to be, as far as the ones before it tell: for completions. */
enum option_place {
	OPTION_PLACE_UNKNOWN, /* an error stands before it */
	OPTION_PLACE_NAME,    /* an option, begun with a dash */
	OPTION_PLACE_VALUE,   /* the value of *ret_row; also behind '=' in the same argument */
	OPTION_PLACE_OPERAND, /* *ret_operands stand before it */
};
/* argc is at least 2. Stores nothing, moves nothing. Results that do not apply are left alone. */
enum option_place option_place(const struct option_row *rows, int argc, char **argv, enum option_mode mode,
			       const struct option_row **ret_row, int *ret_operands);

/* The options' part of --help: aligned, wrapped to `width` columns. */
void option_help(const struct option_row *rows, unsigned width, struct buf *out);

#endif
