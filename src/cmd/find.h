/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * find - which command the words of a line mean, and the options before it.
 * main() runs what is found; completion tells what could be.
 */
#ifndef RANBY_CMD_FIND_H
#define RANBY_CMD_FIND_H

#include "base/strv.h"
#include "cmd/command.h"

/* The options before the command. */
struct globals {
	const char *root;
	const char *runroot;
	const char *events_backend;
	struct strv storage_opt; /* the finder of the command frees it */
	bool version;
	bool help;
};
extern const struct option_row global_rows[];

/* The command whose name or alias takes the most of the words; how many it takes. NULL when there is none. */
const struct command *command_find(int argc, char **argv, int *ret_words);

/* Calls `seen` with each full name ("images", "image ls") of each command that is shown. */
void command_each_name(void (*seen)(const char *name, size_t len, const struct command *c, void *ctx), void *ctx);

#endif
