/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * container_options - the option rows that run and create share.
 *
 *	const struct command command_run = {
 *		.rows = container_run_rows, .args_size = sizeof(struct container_options),
 *		.args_done = container_options_args_done, …
 *	};
 *	r = container_options_finish(call, e);	// first thing in run()
 */
#ifndef RANBY_CMD_CONTAINER_OPTIONS_H
#define RANBY_CMD_CONTAINER_OPTIONS_H

#include "base/err.h"
#include "base/option.h"
#include "cmd/command.h"
#include "engine/options.h"

/* Into a struct container_options at the start of the command's arguments. */
extern const struct option_row container_rows[];
/* All of them are profile record's; run is without the first, create without run's first: from --detach to --preserve-fds. */
enum { CONTAINER_PROFILE_ONLY = 1, CONTAINER_RUN_ONLY = 5 };
#define container_run_rows (container_rows + CONTAINER_PROFILE_ONLY)
#define container_create_rows (container_run_rows + CONTAINER_RUN_ONLY)

/* For struct command.args_done. */
void container_options_args_done(void *args);

/*
 * After the parse: sets the defaults that are not zero, refuses what this
 * version does not do (with the reason), takes the first operand for --rootfs,
 * and checks the values. The struct is call->args.
 */
int container_options_finish(const struct command_call *call, struct err *e) _must_check_;

/* The same; `own`, to NULL: options that containers.conf does not speak of to this command. */
int container_options_finish_but(const struct command_call *call, const char *const *own, struct err *e) _must_check_;

/*
 * What a pod has of PODMAN_USERNS and containers.conf: `o` are the options of `pod create`, or those of the first
 * member of one that is to be made. `used`: the names of the keys.
 */
int container_options_of_pod(const struct command_call *call, struct container_options *o, struct buf *used, struct err *e) _must_check_;

/* After a failure: what the files have given; not when the error is about an option that was given here. */
void container_options_hint(const struct command_call *call, int r, const struct buf *used, struct err *e);

#endif
