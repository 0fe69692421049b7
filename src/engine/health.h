/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * health - whether a container does its work: its check is run, and what came of it is remembered.
 *
 *	r = health_plan(eng, c, &launch, &argv, e);	// start.c: the monitor is to run it every so often
 *	r = health_check(eng, c, &origin, false, &outcome, e);	// `healthcheck run`, by the monitor or by hand
 *	status = health_status(c, text);		// ps
 *
 * A check is an exec like any other, as the container's user, recorded as such with the reason
 * "healthcheck". What came of it is in health.json in the container's directory: {pid, startTicks, status, failingStreak,
 * log[{Start, End, ExitCode, Output}]}, of one run of the container: another one is "starting" anew.
 *
 * With a startup check that one is run until it has succeeded often enough, and the others begin then: "startup" of health.json,
 * {over, successes, failures}, says how far it is. As podman has it, neither count is set back by the other.
 */
#ifndef RANBY_ENGINE_HEALTH_H
#define RANBY_ENGINE_HEALTH_H

#include "base/err.h"
#include "base/json.h"
#include "base/strv.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/origin.h"
#include "monitor/launch.h"

#include <stdbool.h>
#include <stdint.h>

#define HEALTH_LOG_MAX 5 /* checks, unless --health-max-log-count says otherwise */
#define HEALTH_LOG_LIMIT 100
#define HEALTH_OUTPUT_MAX 500 /* bytes of what a check says, as podman has it; --health-max-log-size */
#define HEALTH_OUTPUT_LIMIT 4096
#define HEALTH_STATUS_SIZE 16

#define HEALTH_STARTING "starting"
#define HEALTH_HEALTHY "healthy"
#define HEALTH_UNHEALTHY "unhealthy"

bool health_has(const struct container *c);

/* "starting", "healthy", "unhealthy"; "" when there is no check. Of the last run, also when it has ended. */
const char *health_status(const struct container *c, char out[static HEALTH_STATUS_SIZE]);

/* State.Health of inspect; the caller's. NULL: there is none, or no memory. */
struct json_object *health_json(const struct container *c);

/* What the monitor is told; `argv` keeps its words. */
int health_plan(struct engine *eng, const struct container *c, struct monitor_launch *m, struct strv *argv, struct err *e) _must_check_;

/* Where a container stands after a check, out of where it stood. */
struct health_mark {
	const char *status;
	uint32_t streak; /* failures in a row, but for those of the start period */
};
void health_step(struct health_mark *m, bool passed, bool in_start_period, uint32_t retries);

/* How far the startup check is. */
struct health_startup {
	bool over; /* it has succeeded often enough */
	uint32_t successes, failures;
};
/* True: it has failed so often that the container is to be restarted. */
bool health_startup_step(struct health_startup *s, bool passed, uint32_t successes, uint32_t retries);

enum health_outcome {
	HEALTH_PASSED = 0,
	HEALTH_FAILED,
	HEALTH_STARTUP_PASSED, /* of the startup check, whether or not it is over now */
	HEALTH_STARTUP_FAILED,
	HEALTH_NOT_DUE, /* `by_monitor`, and what would be next is run by hand alone */
};

/*
 * Runs it once, remembers what came of it, and does what --health-on-failure
 * says when it is unhealthy. -ENOENT: it has none; -ESRCH: it does not run.
 */
int health_check(struct engine *eng, struct container *c, const struct origin *who, bool by_monitor, enum health_outcome *ret, struct err *e) _must_check_;

/* It has a startup check that is not over. */
bool health_in_startup(const struct container *c);

#endif
