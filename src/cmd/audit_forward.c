/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* `ranby audit X` becomes the program ranby-audit: SQLite, OpenSSL and the log's reader are no part of `ranby`. */
#include "cmd/audit_commands.h"
#include "engine/engine.h"
#include "sys/fd.h"
#include "sys/self.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int audit_forward(const struct command_call *call, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char **argv = mem_array((size_t)call->full_argc + 4, sizeof(*argv));
	_cleanup_(strv_done) struct strv words = {0};
	const char *state = "";
	int unused;
	int r = argv ? self_open_program("ranby-audit", &fd, NULL, e) : -ENOMEM;

	if (r < 0)
		return r;
	/* without a home there is no ledger of one's own, and another may still be looked at */
	if (call->engine && engine_state(call->engine, &unused, &state, NULL) < 0)
		state = "";
	r = strv_add(&words, "ranby-audit");
	r = r < 0 ? r : strv_addf(&words, "--state=%s", state);
	r = r < 0 ? r : strv_add(&words, audit_word(call->command));
	if (r < 0)
		return r;
	memcpy(argv, words.items, words.n * sizeof(*argv));
	memcpy(argv + words.n, call->full_argv + 1, (size_t)(call->full_argc - 1) * sizeof(*argv));
	fflush(stdout);
	fexecve(fd, argv, environ);
	return err_errno(e, errno, "cannot run ranby-audit");
}
