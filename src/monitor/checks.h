/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * checks - the health check of a container (engine/health.h), every so often.
 *
 * The first with the payload, each other one the interval after the end of the
 * one before: so there is one at a time, however long it takes.
 */
#ifndef RANBY_MONITOR_CHECKS_H
#define RANBY_MONITOR_CHECKS_H

#include "base/mem.h"
#include "monitor/options.h"
#include "monitor/pollset.h"

#include <stdint.h>
#include <sys/types.h>

struct checks {
	pid_t pid;      /* 0: none runs */
	int64_t due_ms; /* the next one */
};

/* While the payload runs, each round: starts one whose time has come. */
void checks_step(struct checks *c, const struct monitor_options *o, struct pollset *set);

/* The child c->pid has ended, and is reaped. */
void checks_child_ended(struct checks *c, const struct monitor_options *o);

#endif
