/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby logs. What the container wrote is given out as it is: raw by
 * purpose. Its two streams go to ours.
 */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "cmd/logs.h"
#include "cmd/report.h"
#include "base/clock.h"
#include "base/parse.h"
#include "engine/log_config.h"
#include "monitor/log.h"
#include "monitor/log_journal.h"
#include "sys/fd.h"
#include "sys/pidfd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define LINE_MAX_BYTES 65536 /* of one write with a prefix; longer ones come in parts */

static const struct option_row logs_rows[] = {
	{0, "color", OPT_FLAG, offsetof(struct logs_args, color), .help = "Each container in a colour of its own"},
	{'f', "follow", OPT_FLAG, offsetof(struct logs_args, follow), .help = "Go on until the container ends"},
	{'l', "latest", OPT_FLAG, offsetof(struct logs_args, latest), .help = "The newest container"},
	{0, "names", OPT_FLAG, offsetof(struct logs_args, names), .help = "Begin each line with the container's name; with several it is the id"},
	{0, "since", OPT_STRING, offsetof(struct logs_args, since), .arg = "TIME", .help = "Only from this time on (10m, 2026-01-02T03:04:05Z)"},
	{'n', "tail", OPT_STRING, offsetof(struct logs_args, tail), .arg = "LINES", .help = "Only the last so many lines (default all)"},
	{'t', "timestamps", OPT_FLAG, offsetof(struct logs_args, timestamps), .help = "Begin each line with its time"},
	{0, "until", OPT_STRING, offsetof(struct logs_args, until), .arg = "TIME", .help = "Only up to this time"},
	OPTION_REFUSED(0, "details", "lines are kept without; ranby inspect --format '{{.Config.Labels}} {{.Config.Env}}' shows them"),
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

/* ---- where it goes: with several containers each line begins with whose it is ---- */

struct out {
	char prefix[CONTAINER_ID_LEN + 320]; /* "": bytes go through as they are */
	const char *end;                     /* what undoes the prefix's colour at the end of a line */
	struct buf lines[2];                 /* of each stream, begun */
	int failed;                          /* what writing them came to */
};

static int stream_fd(enum log_stream stream)
{
	return stream == LOG_STDERR ? STDERR_FILENO : STDOUT_FILENO;
}

/* One write, so that lines of several that are followed do not mix. */
static int put_line(struct buf *line, const struct out *o, enum log_stream stream)
{
	bool whole = line->len > 0 && line->data[line->len - 1] == '\n';
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r;

	buf_adds(&b, o->prefix);
	buf_add(&b, line->data, line->len - whole);
	buf_adds(&b, o->end);
	if (whole)
		buf_addc(&b, '\n');
	buf_reset(line);
	r = -buf_bad(&b);
	return r == 0 ? fd_write_all(stream_fd(stream), b.data, b.len) : r;
}

static int write_lines(enum log_stream stream, const char *data, size_t len, struct out *o)
{
	struct buf *line = &o->lines[stream == LOG_STDERR];
	int r = 0;

	if (!o->prefix[0])
		return fd_write_all(stream_fd(stream), data, len);
	while (r == 0 && len > 0) {
		const char *newline = memchr(data, '\n', len);
		size_t n = newline ? (size_t)(newline - data) + 1 : len;

		buf_add(line, data, n);
		if (newline || line->len > LINE_MAX_BYTES)
			r = put_line(line, o, stream);
		data += n;
		len -= n;
	}
	return r;
}

static int write_out(enum log_stream stream, const char *data, size_t len, void *sink_data)
{
	struct out *o = sink_data;

	return o->failed = write_lines(stream, data, len, o);
}

/* The rest of lines that did not end: what follows is another container's. */
static int out_done(struct out *o)
{
	int r = 0;

	for (int i = 0; i < 2; i++) {
		if (o->lines[i].len > 0)
			buf_addc(&o->lines[i], '\n');
		if (r == 0 && o->lines[i].len > 0)
			r = put_line(&o->lines[i], o, i ? LOG_STDERR : LOG_STDOUT);
		buf_done(&o->lines[i]);
	}
	return r;
}

static void out_init(struct out *o, const struct logs_args *a, const struct container *c, int index, bool several)
{
	static const char *const colours[] = {"\033[36m", "\033[32m", "\033[33m", "\033[35m", "\033[34m", "\033[31m"};
	const char *colour = a->color ? colours[(size_t)index % ARRAY_SIZE(colours)] : "";

	*o = (struct out){.end = a->color ? "\033[0m" : "", .lines = {BUF_INIT, BUF_INIT}};
	if (several || a->names)
		snprintf(o->prefix, sizeof(o->prefix), "%s%.*s ", colour, a->names ? 256 : CONTAINER_ID_SHORT, a->names ? c->name : c->id);
	else
		snprintf(o->prefix, sizeof(o->prefix), "%s", colour);
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

/* The file, in a directory that was opened once: the writer renames what is in it. */
static int read_file(struct engine *eng, struct container *c, struct log_query *q, struct out *out, struct log_loss *loss, struct err *e)
{
	_cleanup_free_ char *path = log_config_path(eng, c);
	_cleanup_close_ int dirfd = -EBADF;
	char *name = path ? strrchr(path, '/') : NULL;

	if (!name)
		return err_errno(e, ENOMEM, "logs");
	*name++ = '\0';
	dirfd = open(*path ? path : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return err_errno(e, errno, "directory %s of the log of container %s", *path ? path : "/", c->name);
	q->driver = log_config_driver(c);
	return log_read(dirfd, name, q, write_out, out, loss, e);
}

static int read_log(struct engine *eng, struct container *c, struct log_query *q, struct out *out, struct log_loss *loss, struct err *e)
{
	switch (log_config_place(c)) {
	case LOG_PLACE_FILE:
		return read_file(eng, c, q, out, loss, e);
	case LOG_PLACE_JOURNAL:
		return log_journal_read(c->id, q, write_out, out, loss, e);
	case LOG_PLACE_PASSED:
	case LOG_PLACE_NONE:
		break;
	}
	return err_set(e, ENOTSUP, "container %s was made with --log-driver %s: there is no log", c->name, log_config_name(c));
}

/* What is not there is said: a log that has a hole looks like one that has none. */
static void say_loss(const struct container *c, const struct log_loss *loss)
{
	if (loss->skipped > 0)
		report_warning("container %s: %llu lines of the log are damaged and left out", c->name, (unsigned long long)loss->skipped);
	if (loss->gap)
		report_warning("container %s: the log was rotated faster than it was read, lines are missing", c->name);
	if (loss->late)
		report_warning("container %s: the journal has not taken the end of the log in ten seconds, lines may be missing: `ranby logs %s` has them when they come",
			       c->name, c->name);
	if (c->end.log_lost_bytes > 0)
		report_warning("container %s: %llu bytes of its output could not be logged", c->name, (unsigned long long)c->end.log_lost_bytes);
}

static int show(struct engine *eng, const struct logs_args *a, struct container *c, int index, bool several, struct err *e)
{
	_cleanup_close_ int pidfd = -EBADF;
	struct log_query q = LOG_QUERY_INIT;
	struct follow f = {.eng = eng, .c = c};
	struct log_loss loss = {0};
	struct out out;
	int r = fill(a, &q, e), done;

	if (r < 0)
		return r;
	q.writer = c->state ? (pid_t)json_int(c->state, "monitorPid") : 0;
	if (a->follow && container_pidfd(c, &pidfd) == 0) {
		q.ended_pidfd = pidfd;
		q.is_over = is_over;
		q.data = &f;
	}
	out_init(&out, a, c, index, several);
	r = read_log(eng, c, &q, &out, &loss, e);
	done = out_done(&out);
	if (r == 0 && done < 0)
		out.failed = r = done;
	/* it is not the log that this is about */
	if (r < 0 && out.failed < 0)
		r = err_errno(e, -out.failed, "write to standard output");
	if (r == 0)
		say_loss(c, &loss);
	return r == -EPIPE ? 0 : r;
}

/* Several are followed at once, each by a child. */
static int follow_each(struct engine *eng, const struct logs_args *a, struct container **list, int n, struct err *e)
{
	int r = 0, status, code = 0;

	for (int i = 0; r == 0 && i < n; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			struct err own = {0};

			/* whoever ends us ends the children too */
			(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
			if (show(eng, a, list[i], i, true, &own) < 0) {
				report_error(&own);
				_exit(report_code(&own));
			}
			_exit(0);
		}
		r = pid < 0 ? err_errno(e, errno, "fork") : 0;
	}
	while (wait(&status) > 0)
		code = WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : code;
	return r < 0 ? r : code;
}

int logs_show(struct engine *eng, const struct logs_args *a, struct container **list, int n, struct err *e)
{
	int r = 0;

	if (a->follow && n > 1)
		return follow_each(eng, a, list, n, e);
	for (int i = 0; r == 0 && i < n; i++)
		r = show(eng, a, list[i], i, n > 1, e);
	return r;
}

static int logs_run(const struct command_call *call, struct err *e)
{
	const struct logs_args *a = call->args;
	int n = a->latest || call->argc == 0 ? 1 : call->argc, r = 0;
	struct container **list = mem_array((size_t)n, sizeof(struct container *));

	if (!list)
		return err_errno(e, ENOMEM, "logs");
	/* all of them are there before anything of one is shown */
	if (a->latest && call->argc > 0)
		r = err_set(e, EINVAL, "ranby logs: give containers or --latest, not both");
	else if (n == 1)
		r = one_container(call, a->latest, &list[0], e);
	for (int i = 0; r == 0 && n > 1 && i < n; i++)
		r = container_find(call->engine, call->argv[i], &list[i], e);
	if (r == 0)
		r = logs_show(call->engine, a, list, n, e);
	for (int i = 0; i < n; i++)
		container_free(list[i]);
	free(list);
	return r;
}

const struct command command_logs = {
	.name = "logs",
	.aliases = "container logs",
	.operands = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Show what a container has written",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = logs_rows,
	.args_size = sizeof(struct logs_args),
	.run = logs_run,
};
