/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* attach - the front of a container that runs already: `attach`, and `start -a` of one. */
#ifndef RANBY_CMD_ATTACH_H
#define RANBY_CMD_ATTACH_H

#include "cmd/command.h"
#include "engine/container.h"

#include <stdbool.h>

struct attach_how {
	bool want_stdin; /* when the container has one */
	bool sig_proxy;  /* when it has no terminal */
	const char *detach_keys; /* NULL: ctrl-p,ctrl-q */
};

/* Until its end or the detach keys: the exit code that the command shall have, or -errno. */
int attach_container(const struct command_call *call, struct container *c, const struct attach_how *how, struct err *e) _must_check_;

#endif
