/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * hooks - programs of the config that are run around a container's life, in
 * the runtime's own namespaces (config.md, "POSIX-platform Hooks"). Those that
 * run inside are init's: runtime/init_hooks.c.
 *
 *	r = hook_runner_start(&config.hooks, &runner, e);	// while we are still where the caller is
 *	...
 *	r = hook_runner_run(&runner, state, e);		// prestart, createRuntime
 *	hook_runner_done(&runner);
 *
 *	r = hooks_run(&hooks, HOOK_POSTSTART, state, e);
 *
 * A hook gets the container's state on standard input, the environment of the
 * config and nothing else. What it writes is kept for the words of its failure.
 */
#ifndef RANBY_RUNTIME_HOOKS_H
#define RANBY_RUNTIME_HOOKS_H

#include "base/err.h"
#include "base/mem.h"
#include "oci/runtime_config.h"

#include <sys/types.h>

/* Runs all of one kind in their order, here and now; the first that fails is the error, and none after it runs. */
int hooks_run(const struct config_hooks *h, enum config_hook_kind kind, const char *state, struct err *e) _must_check_;

/* The same of a text {"poststart":[...]}, as a state keeps it (NULL: there are none). */
int hooks_run_text(const char *hooks, enum config_hook_kind kind, const char *state, struct err *e) _must_check_;

/* A process that stays behind in our namespaces and with our rights. */
struct hook_runner {
	pid_t pid;  /* 0: there are no such hooks */
	int sock, text_fd;
};
#define HOOK_RUNNER_INIT {.sock = -EBADF, .text_fd = -EBADF}

int hook_runner_start(const struct config_hooks *h, struct hook_runner *ret, struct err *e) _must_check_;
int hook_runner_run(struct hook_runner *r, const char *state, struct err *e) _must_check_;
/* Ends it; NULL is fine. */
void hook_runner_done(struct hook_runner *r);

#endif
