/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * stats - what containers use of processors, memory, network and disks.
 *
 *	struct stats now[n];
 *	r = stats_collect(eng, containers, n, now, e);
 *	double percent = stats_cpu_percent(&before[i], &now[i]);
 *
 * The counters of its cgroup where a container has one to itself and the
 * controller is there; else the sums over its processes, found as `top` finds
 * them. Nothing is waited for, and no lock is taken.
 */
#ifndef RANBY_ENGINE_STATS_H
#define RANBY_ENGINE_STATS_H

#include "base/err.h"
#include "base/json.h"
#include "engine/container.h"
#include "engine/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stats {
	bool running;        /* false: all that follows is 0 */
	bool from_processes; /* memory is a sum over processes: there is no counter for it */
	uint64_t at_ns;      /* CLOCK_BOOTTIME, when it was read */
	uint64_t since_ns;   /* the same clock, when init started */
	uint64_t cpu_ns;     /* processor time since then */
	uint64_t memory, memory_limit;     /* bytes; without a limit of its own the host's memory */
	uint64_t net_input, net_output;    /* bytes over all interfaces but lo; 0 in the host's network */
	uint64_t block_input, block_output; /* bytes read from and written to block devices */
	uint64_t pids;       /* processes and threads */
};

/* ret[i] for containers[i], those that do not run too. One that ends meanwhile is not running. */
int stats_collect(const struct engine *eng, struct container *const *containers, size_t n, struct stats *ret, struct err *e) _must_check_;

/* Of one processor, between two moments of one run; `before` NULL, or of another run: since its start. */
double stats_cpu_percent(const struct stats *before, const struct stats *now);

/* A row of --format: podman's names, as texts, and the plain numbers. */
int stats_row(const struct container *c, const struct stats *before, const struct stats *now, bool no_trunc, struct json_object **ret) _must_check_;

/* The object of --format json, as podman has it, and "source": "cgroup" or "processes". */
int stats_json(const struct container *c, const struct stats *before, const struct stats *now, bool no_trunc, struct json_object **ret) _must_check_;

#endif
