/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby unshare: a command as root of the keeper, where the files of
 * containers have the owners that containers see.
 */
#include "cmd/commands.h"
#include "cmd/make.h"
#include "sys/fd.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* As a shell looks for it, by the caller's own PATH: it becomes the caller's own command. */
static int execute(char **argv)
{
	const char *dirs = getenv("PATH");
	int error = ENOENT;
	char path[PATH_MAX];

	if (strchr(argv[0], '/')) {
		execve(argv[0], argv, environ);
		return -errno;
	}
	for (const char *d = dirs ? dirs : "/usr/bin:/bin"; *d;) {
		size_t n = strcspn(d, ":");

		if (n > 0 && snprintf(path, sizeof(path), "%.*s/%s", (int)n, d, argv[0]) < (int)sizeof(path)) {
			execve(path, argv, environ);
			if (errno != ENOENT && errno != ENOTDIR)
				error = errno;
		}
		d += n + (d[n] == ':');
	}
	return -error;
}

static int unshare_run(const struct command_call *call, struct err *e)
{
	_cleanup_(keeper_done) struct keeper k = KEEPER_INIT;
	const char *shell = getenv("SHELL");
	char *fallback[] = {(char *)(uintptr_t)(shell && *shell ? shell : "/bin/sh"), NULL};
	char **argv = call->argc > 0 ? call->argv : fallback;
	int r = keeper_open(call->engine, &k, e);

	if (r < 0)
		return r;
	make_notice(&k);
	if (k.userns_fd >= 0 && setns(k.userns_fd, CLONE_NEWUSER) < 0)
		return err_errno(e, errno, "enter the user namespace");
	if (unshare(CLONE_NEWNS) < 0)
		return err_errno(e, errno, "make a mount namespace");
	keeper_done(&k);
	r = execute(argv);
	err_errno(e, -r, "execute %s", argv[0]);
	err_exit(e, e->code == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN);
	return -e->code;
}

static const struct option_row unshare_rows[] = {
	OPTION_REFUSED(0, "rootless-netns", "ranby run --network NAME runs a command in a network"),
	OPTION_END,
};

const struct command command_unshare = {
	.name = "unshare",
	.operands = "[COMMAND [ARG...]]",
	.summary = "Run a command in the user namespace that holds all your IDs",
	.needs = NEED_ENGINE,
	.mode = OPTION_STOP_AT_OPERAND,
	.max_operands = -1,
	.rows = unshare_rows,
	.run = unshare_run,
};
