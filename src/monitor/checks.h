/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * checks - the health check of a container (engine/health.h), every so often.
 *
 * The first with the payload, each other one the interval after the end of the
 * one before: so there is one at a time, however long it takes. Where there is a startup check, its interval counts
 * until one exits with CHECKS_STARTUP_OVER, and the first of the others follows at once; or with 0: somebody else has
 * ended it, and that one was the first of the others.
 */
#ifndef RANBY_MONITOR_CHECKS_H
#define RANBY_MONITOR_CHECKS_H

#include "base/mem.h"
#include "monitor/options.h"
#include "monitor/pollset.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Exit code of the check by which the startup check is over. */
#define CHECKS_STARTUP_OVER 2

struct checks {
	pid_t pid;      /* 0: none runs */
	int64_t due_ms; /* the next one */
	bool began;     /* the startup check is over, or there is none; known after the first */
	bool never;     /* there is nothing more to be run */
};

/* While the payload runs, each round: starts one whose time has come. */
void checks_step(struct checks *c, const struct monitor_options *o, struct pollset *set);

/* The child c->pid has ended, with that status of waitpid(2), and is reaped; -1: it could not be started. */
void checks_child_ended(struct checks *c, const struct monitor_options *o, int status);

#endif
