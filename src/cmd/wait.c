/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby wait: the exit code of each, when it has ended; or -1, when it is in
 * another state that was asked for. The kernel tells the end; anything else is
 * looked at every so often, because no state is kept that could tell.
 */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "base/parse.h"
#include "engine/health.h"
#include "engine/stop.h"

#include <errno.h>
#include <stdio.h>
#include <fcntl.h>
#include <unistd.h>
#include <poll.h>
#include <string.h>

#define INTERVAL_DEFAULT_MS 250
#define INTERVAL_MAX_US 86400000000ULL

struct wait_args {
	bool latest, ignore;
	const char *interval;
	struct strv condition;
	int interval_ms;
};

static const struct option_row wait_rows[] = {
	{0, "condition", OPT_LIST_CSV, offsetof(struct wait_args, condition), .arg = "STATE",
	 .help = "Until it is created, running, paused, stopped (the default; also exited), healthy or unhealthy"},
	{0, "ignore", OPT_FLAG, offsetof(struct wait_args, ignore), .help = "A container that is not there is no error"},
	{'i', "interval", OPT_STRING, offsetof(struct wait_args, interval), .arg = "TIME",
	 .help = "Look so often, where the kernel does not tell: 1s, or milliseconds (250ms)"},
	{'l', "latest", OPT_FLAG, offsetof(struct wait_args, latest), .help = "The newest container"},
	OPTION_END,
};

enum condition { CREATED, INITIALIZED, RUNNING, PAUSED, STOPPED, HEALTHY, UNHEALTHY };

static const struct {
	const char *word;
	enum condition condition;
} conditions[] = {
	{"stopped", STOPPED}, {"exited", STOPPED}, {"created", CREATED}, {"configured", CREATED}, {"initialized", INITIALIZED},
	{"running", RUNNING}, {"paused", PAUSED},  {"healthy", HEALTHY}, {"unhealthy", UNHEALTHY},
};

static int condition_of(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(conditions); i++)
		if (strcmp(conditions[i].word, word) == 0)
			return (int)conditions[i].condition;
	return -EINVAL;
}

static bool has_ended(const struct container *c)
{
	return c->status == CONTAINER_EXITED || c->status == CONTAINER_LOST;
}

static bool holds(const struct container *c, enum condition condition)
{
	char health[HEALTH_STATUS_SIZE];

	switch (condition) {
	case CREATED:
		return c->status == CONTAINER_CREATED;
	case INITIALIZED:
		return c->status == CONTAINER_INITIALIZED;
	case RUNNING:
		return c->status == CONTAINER_RUNNING;
	case PAUSED:
		return c->status == CONTAINER_PAUSED;
	case STOPPED:
		return has_ended(c);
	case HEALTHY:
		return c->pid > 0 && strcmp(health_status(c, health), HEALTH_HEALTHY) == 0;
	case UNHEALTHY:
		return c->pid > 0 && strcmp(health_status(c, health), HEALTH_UNHEALTHY) == 0;
	}
	return false;
}

static int print_end(const struct container *c, struct err *e)
{
	if (c->status == CONTAINER_LOST)
		return err_set(e, ECHILD, "container %.12s has ended, and how is lost", c->id);
	printf("%d\n", c->status == CONTAINER_EXITED ? c->exit_code : 0);
	return 0;
}

/* Until one of them holds, or it is removed. */
static int wait_for_state(const struct command_call *call, struct container *c, const struct wait_args *a, struct err *e)
{
	for (;;) {
		for (size_t i = 0; i < a->condition.n; i++) {
			int condition = condition_of(a->condition.items[i]);

			if (condition == STOPPED && has_ended(c))
				return print_end(c, e);
			if (holds(c, (enum condition)condition)) {
				printf("-1\n");
				return 0;
			}
		}
		/* its end wakes at once */
		if (container_runs(c)) {
			int r = stop_wait(call->engine, c, a->interval_ms, e);

			if (r == 0 && has_ended(c))
				continue;
			if (r < 0 && r != -ETIMEDOUT && r != -ENOENT)
				return r;
			*e = (struct err){0};
		} else {
			(void)poll(NULL, 0, a->interval_ms);
		}
		if (faccessat(container_dir(c), "container.json", F_OK, 0) < 0)
			return err_set(e, ENOENT, "container %.12s was removed", c->id);
		if (container_refresh(call->engine, c, e) < 0)
			return -EIO;
	}
}

static int wait_one(const struct command_call *call, struct container *c, void *ctx, struct err *e)
{
	return wait_for_state(call, c, ctx, e);
}

/* ---- the end, of which all are known before the first is waited for: one with --rm is gone when its turn comes ---- */

static int begin_one(const struct command_call *call, void *it, void *ctx, void *state, struct err *e)
{
	struct stop_waiting *s = state;

	(void)call;
	(void)ctx;
	*s = (struct stop_waiting)STOP_WAITING_INIT;
	return stop_wait_begin(it, s, e);
}

static int end_one(const struct command_call *call, void *it, void *ctx, void *state, int begun, struct err *e)
{
	struct container *c = it;
	int r = begun < 0 ? begun : stop_wait_end(call->engine, c, state, -1, e);

	(void)ctx;
	stop_waiting_done(state);
	if (r == -ENOENT)
		return err_set(e, ENOENT, "container %.12s was removed when it ended", c->id);
	return r < 0 ? r : print_end(c, e);
}

static const struct each_at_once ending = {.state_size = sizeof(struct stop_waiting), .begin = begin_one, .end = end_one};

/* Milliseconds, or a duration: as podman has it. */
static int read_interval(const char *text, int *ret_ms, struct err *e)
{
	uint64_t us;
	uint32_t ms;

	if (text && parse_u32(text, 1, INTERVAL_MAX_US / 1000, &ms) == 0)
		*ret_ms = (int)ms;
	else if (text && parse_duration(text, &us) == 0 && us >= 1000 && us <= INTERVAL_MAX_US)
		*ret_ms = (int)(us / 1000);
	else
		return text ? err_set(e, EINVAL, "--interval %s: not a duration, nor milliseconds", text) : 0;
	return 0;
}

/* Before any is waited for, as podman does: a word mistyped is not told hours later. */
static int look_for_all(const struct command_call *call, struct err *e)
{
	int r = 0;

	for (int i = 0; r == 0 && i < call->argc; i++) {
		_cleanup_(container_freep) struct container *c = NULL;

		r = container_find(call->engine, call->argv[i], &c, e);
	}
	return r;
}

static int wait_run(const struct command_call *call, struct err *e)
{
	struct wait_args *a = call->args;
	const struct each w = {.latest = a->latest, .ignore = a->ignore};
	int r;

	a->interval_ms = INTERVAL_DEFAULT_MS;
	r = read_interval(a->interval, &a->interval_ms, e);
	for (size_t i = 0; r == 0 && i < a->condition.n; i++)
		if (condition_of(a->condition.items[i]) < 0)
			r = err_set(e, EINVAL, "--condition %s: not one of created, initialized, running, paused, stopped, exited, healthy, unhealthy",
				    a->condition.items[i]);
	if (r == 0 && !a->ignore)
		r = look_for_all(call, e);
	if (r < 0)
		return r;
	return a->condition.n == 0 ? each_container_at_once(call, &w, &ending, a, e) : each_container(call, &w, wait_one, a, e);
}

static void wait_args_done(void *args)
{
	strv_done(&((struct wait_args *)args)->condition);
}

const struct command command_wait = {
	.name = "wait",
	.aliases = "container wait",
	.operands = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Wait until containers end, and print their exit codes",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = wait_rows,
	.args_size = sizeof(struct wait_args),
	.args_done = wait_args_done,
	.run = wait_run,
};
