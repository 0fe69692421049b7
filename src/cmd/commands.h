/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* commands - the commands that cmd/table.c lists, in its order. */
#ifndef RANBY_CMD_COMMANDS_H
#define RANBY_CMD_COMMANDS_H

#include "cmd/command.h"

extern const struct command command_map;
extern const struct command command_top;
extern const struct command command_version;
extern const struct command command_whois;

#endif
