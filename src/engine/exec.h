/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * exec - another process in a running container, started and recorded as the
 * container's own is.
 *
 *	_cleanup_(exec_done) struct exec x = EXEC_INIT;
 *	r = exec_prepare(&request, &x, e);		// it stands, blocked
 *	r = attach_connect(x.run_dirfd, ...);
 *	r = exec_release(&x, e);			// exec.json is written, and it runs
 *	...
 *	r = monitor_wait_exited(&x.launch.monitor, -1, &m, e);
 *	exec_ended(&x, e);
 *
 * A session is a directory run/ID/exec/EID: exec.json {id, pid, startTicks,
 * command, startedBy, inForce, startedAt}, exit.json, and its monitor's socket.
 * It goes when the process has ended.
 */
#ifndef RANBY_ENGINE_EXEC_H
#define RANBY_ENGINE_EXEC_H

#include "base/err.h"
#include "base/strv.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/keeper.h"
#include "engine/launch.h"
#include "engine/origin.h"
#include "engine/passed_fds.h"

#include <stdbool.h>

#define EXEC_SESSIONS_MAX 4096 /* of one container that are listed */

struct exec_request {
	struct engine *eng;
	struct container *c;         /* running */
	const struct origin *origin;
	char *const *command;        /* NULL-terminated, at least one */
	bool tty, stdin_open, privileged;
	const char *reason;          /* of the record; NULL: the user said so */
	bool require_audit;         /* no receipt, no exec */
	const struct passed_fds *passed; /* NULL: none. Until exec_prepare() returns */
	const char *user, *workdir;  /* NULL: the container's */
	const struct strv *env;      /* -e values */
	const struct strv *env_file;
	char *const *caller_env;
	const char *record;          /* as container_options has it; NULL: nothing is recorded */
	bool record_input;
};

struct exec {
	struct exec_request q;
	char id[CONTAINER_ID_LEN + 1];
	struct keeper keeper;
	struct launch_plan plan;
	struct launch launch;
	struct strv runtime_argv, exit_argv, texts;
	int run_dirfd; /* the session's */
	int secrets_fd; /* variables of the container that no file holds, until the monitor has it */
};
#define EXEC_INIT {.keeper = KEEPER_INIT, .launch = LAUNCH_INIT, .run_dirfd = -EBADF, .secrets_fd = -EBADF}

/* -ESRCH: the container does not run. */
int exec_prepare(const struct exec_request *q, struct exec *x, struct err *e) _must_check_;
int exec_release(struct exec *x, struct err *e) _must_check_;

/* After its end, by its front: removes the session. */
int exec_ended(struct exec *x, struct err *e) _must_check_;
void exec_done(struct exec *x);

/* Removes the session of an exec that has ended (cleanup). */
int exec_clean_up(struct engine *eng, const struct container *c, const char *exec_id, struct err *e) _must_check_;

/* An array of the exec.json of all sessions that still run; the caller owns it. */
int exec_list(struct engine *eng, const struct container *c, struct json_object **ret, struct err *e) _must_check_;

#endif
