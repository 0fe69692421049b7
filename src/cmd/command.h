/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * command - what a file cmd/<name>.c exports: one const struct command.
 *
 * cmd/table.c lists them all, and nothing registers itself. main() finds the
 * command (also "container run", "image ls", ...), prepares what it needs,
 * parses its rows into a zeroed block of `args_size` bytes, and calls run().
 */
#ifndef RANBY_CMD_COMMAND_H
#define RANBY_CMD_COMMAND_H

#include "base/err.h"
#include "base/option.h"

#include <stddef.h>

struct engine; /* engine/engine.h */

enum command_need {
	NEED_NOTHING = 0,
	NEED_ENGINE = 1U << 0, /* the state directories, opened (and made) */
};

/* What run() gets. */
struct command_call {
	const struct command *command;
	struct engine *engine; /* NULL without NEED_ENGINE */
	void *args;            /* the parsed options, `args_size` bytes */
	int argc;              /* operands only */
	char **argv;           /* NULL-terminated */
	/* the whole line as given, for option_given() */
	int full_argc;
	char **full_argv;
};

struct command {
	const char *name;     /* "run", or "image ls" for a command in a group */
	const char *aliases;  /* other full names, joined by '|': "container run" */
	const char *operands; /* usage text: "[OPTIONS] IMAGE [COMMAND [ARG...]]" */
	const char *summary;  /* one line */
	unsigned needs;       /* enum command_need */
	bool hidden;          /* works, but is not listed: called by ranby itself */
	enum option_mode mode;
	int min_operands, max_operands; /* max -1: any number */
	const struct option_row *rows;
	size_t args_size;
	/* Frees what the rows filled (lists); NULL when there is nothing. */
	void (*args_done)(void *args);
	/* 0: exit 0; > 0: that exit code; < 0: -errno, `e` is printed and e->exit_code is the exit code. */
	int (*run)(const struct command_call *call, struct err *e);
};

/* All commands, ended by NULL (cmd/table.c). */
extern const struct command *const command_table[];

/* The first words of names of two, as `ranby help` lists them; ended by a NULL name. */
struct command_group {
	const char *name, *summary;
};
extern const struct command_group command_groups[];

/* Names of the commands that `ranby help` begins with, ended by NULL. */
extern const char *const command_first[];

#endif
