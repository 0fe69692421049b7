/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* One place for the removals of containers, pods, networks and volumes. */
#include "cmd/grace.h"

#include <errno.h>

int grace_of(const struct command_call *call, bool force, uint32_t time_s, int usual_s, int *ret_ms, struct err *e)
{
	bool given = option_given(call->command->rows, call->full_argc, call->full_argv, "time");

	if (given && !force)
		return err_set(e, EINVAL, "--force option must be specified to use the --time option");
	*ret_ms = (given ? (int)time_s : usual_s) * 1000;
	return 0;
}
