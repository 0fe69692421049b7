/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby version: needs no state, so that it works on a broken installation too. */
#include "cmd/commands.h"

#include <stdio.h>

static int version_run(const struct command_call *call, struct err *e)
{
	(void)call;
	(void)e;
	printf("Client:       ranby\nVersion:      %s\nOS/Arch:      linux/%s\n", RANBY_VERSION,
#if defined(__x86_64__)
	       "amd64"
#elif defined(__aarch64__)
	       "arm64"
#else
	       "other"
#endif
	);
	return 0;
}

static const struct option_row version_rows[] = {OPTION_END};

const struct command command_version = {
	.name = "version",
	.operands = "",
	.summary = "Show the version",
	.rows = version_rows,
	.run = version_run,
};
