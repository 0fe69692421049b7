/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* help - what `ranby help` and `--help` print, from the rows alone. */
#ifndef RANBY_CMD_HELP_H
#define RANBY_CMD_HELP_H

#include "cmd/command.h"

/* The list of commands, with the global options. */
void help_all(const struct option_row *global_rows);

/* Is there a group of that name ("container")? */
bool help_is_group(const char *group);

/* Its commands. False when there is none such. */
bool help_group(const char *group);

/* One command. */
void help_command(const struct command *c, const struct option_row *rows);

#endif
