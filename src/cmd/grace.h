/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* grace - the --time of a removal: how long what runs has between its stop signal and SIGKILL. */
#ifndef RANBY_CMD_GRACE_H
#define RANBY_CMD_GRACE_H

#include "base/err.h"
#include "cmd/command.h"

#include <stdbool.h>
#include <stdint.h>

/* The option's milliseconds, or those of `usual_s` where it was not given. -EINVAL, in podman's words: given without --force, with which alone it means anything. */
int grace_of(const struct command_call *call, bool force, uint32_t time_s, int usual_s, int *ret_ms, struct err *e) _must_check_;

#endif
