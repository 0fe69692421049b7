/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby logs. What the container wrote is given out as it is: raw by
 * purpose. Its two streams go to ours.
 */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "base/clock.h"
#include "base/parse.h"
#include "monitor/log.h"
#include "sys/fd.h"
#include "sys/pidfd.h"

#include <string.h>

struct logs_args {
	bool follow, latest, timestamps;
	const char *tail, *since, *until;
};

static const struct option_row logs_rows[] = {
	{'f', "follow", OPT_FLAG, offsetof(struct logs_args, follow), .help = "Go on until the container ends"},
	{'l', "latest", OPT_FLAG, offsetof(struct logs_args, latest), .help = "The newest container"},
	{0, "since", OPT_STRING, offsetof(struct logs_args, since), .arg = "TIME", .help = "Only from this time on (10m, 2026-01-02T03:04:05Z)"},
	{'n', "tail", OPT_STRING, offsetof(struct logs_args, tail), .arg = "LINES", .help = "Only the last so many lines (default all)"},
	{'t', "timestamps", OPT_FLAG, offsetof(struct logs_args, timestamps), .help = "Begin each line with its time"},
	{0, "until", OPT_STRING, offsetof(struct logs_args, until), .arg = "TIME", .help = "Only up to this time"},
	OPTION_END,
};

struct follow {
	struct engine *eng;
	struct container *c;
};

/* The log is complete when the monitor has written the exit file, or has gone. */
static bool is_over(void *data)
{
	struct follow *f = data;

	return container_refresh(f->eng, f->c, NULL) < 0 || f->c->pid <= 0;
}

static int write_out(enum log_stream stream, const char *data, size_t len, void *unused)
{
	(void)unused;
	return fd_write_all(stream == LOG_STDERR ? STDERR_FILENO : STDOUT_FILENO, data, len);
}

static int fill(const struct logs_args *a, struct log_query *q, struct err *e)
{
	struct timespec now = clock_now();

	if (a->tail && strcmp(a->tail, "all") != 0 && parse_i64(a->tail, -1, INT64_MAX, &q->tail) < 0)
		return err_set(e, EINVAL, "--tail %s: not a number of lines", a->tail);
	if (a->since && clock_parse_moment(a->since, &now, &q->since) < 0)
		return err_set(e, EINVAL, "--since %s: not a time", a->since);
	if (a->until && clock_parse_moment(a->until, &now, &q->until) < 0)
		return err_set(e, EINVAL, "--until %s: not a time", a->until);
	q->follow = a->follow;
	q->timestamps = a->timestamps;
	return 0;
}

static int logs_run(const struct command_call *call, struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	_cleanup_close_ int pidfd = -EBADF;
	struct log_query q = LOG_QUERY_INIT;
	struct follow f = {.eng = call->engine};
	const struct logs_args *a = call->args;
	int r = fill(a, &q, e);

	if (r == 0)
		r = one_container(call, a->latest, &c, e);
	if (r < 0 || !c)
		return r;
	if (strcmp(json_str(c->spec, "config.log.driver"), "none") == 0)
		return err_set(e, ENOTSUP, "container %s was made with --log-driver none: there is no log", c->name);
	if (a->follow && container_pidfd(c, &pidfd) == 0) {
		f.c = c;
		q.ended_pidfd = pidfd;
		q.is_over = is_over;
		q.data = &f;
	}
	r = log_read(c->dirfd, "ctr.log", &q, write_out, NULL, NULL, e);
	return r == -EPIPE ? 0 : r;
}

const struct command command_logs = {
	.name = "logs",
	.aliases = "container logs",
	.operands = "[OPTIONS] CONTAINER",
	.summary = "Show what a container has written",
	.needs = NEED_ENGINE,
	.max_operands = 1,
	.rows = logs_rows,
	.args_size = sizeof(struct logs_args),
	.run = logs_run,
};
