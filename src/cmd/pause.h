/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * pause - what `pause` and `unpause` have in common: their rows, and the rest
 * but for the direction.
 */
#ifndef RANBY_CMD_PAUSE_H
#define RANBY_CMD_PAUSE_H

#include "cmd/command.h"

struct pause_args {
	bool all, latest;
	struct strv cidfile, filter;
};

extern const struct option_row pause_rows[];
void pause_args_done(void *args);
int pause_containers(const struct command_call *call, bool frozen, struct err *e) _must_check_;

#endif
