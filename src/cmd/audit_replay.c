/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby audit replay: a recording (run or exec --record) as it was seen.
 *
 * What was recorded may be hostile, and who watches it is often somebody with
 * more rights than who made it. So on a terminal only the picture is shown
 * (base/terminal_filter.h); --raw, or a pipe, gets all bytes as they were,
 * as `logs` has it.
 */
#include "cmd/commands.h"
#include "cmd/report.h"
#include "base/buf.h"
#include "base/parse.h"
#include "base/terminal_filter.h"
#include "engine/container.h"
#include "engine/recording.h"
#include "monitor/cast_reader.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SPEED_MAX 1000000 /* thousandths */
#define WAIT_MAX_US ((int64_t)1000000 * 86400)

struct replay_args {
	uint32_t number;
	const char *speed;
	uint64_t idle_limit; /* us */
	bool verify, raw, input;
};

static const struct option_row replay_rows[] = {
	{0, "idle-limit", OPT_DURATION, offsetof(struct replay_args, idle_limit), .arg = "SECONDS", .help = "Wait no longer than this between two events"},
	{0, "input", OPT_FLAG, offsetof(struct replay_args, input), .help = "Show what was typed, instead of what was shown"},
	{0, "number", OPT_U32, offsetof(struct replay_args, number), .arg = "N", .min = 1, .max = RECORDINGS_MAX,
	 .help = "The container's Nth recording (default the newest)"},
	{0, "raw", OPT_FLAG, offsetof(struct replay_args, raw), .help = "On a terminal too, all bytes as they were recorded"},
	{0, "speed", OPT_STRING, offsetof(struct replay_args, speed), .arg = "FACTOR", .help = "So many times faster; 0: without waiting (default 1)"},
	{0, "verify", OPT_FLAG, offsetof(struct replay_args, verify), .help = "Only check that it is whole"},
	OPTION_END,
};

struct player {
	const struct replay_args *a;
	struct cast_reader reader;
	struct terminal_filter filter;
	bool filtered;
	uint32_t speed;  /* thousandths; 0: no waiting */
	int64_t last_us; /* of the event before */
	struct err *e;
};

/* "2", "0.5": thousandths. */
static int parse_speed(const char *text, uint32_t *ret)
{
	const char *dot = strchr(text, '.');
	size_t whole = dot ? (size_t)(dot - text) : strlen(text), digits = dot ? strlen(dot + 1) : 0;
	char number[16];
	int n;

	if (whole == 0 || whole > 4 || digits > 3 || (dot && digits == 0))
		return -EINVAL;
	n = snprintf(number, sizeof(number), "%.*s%s", (int)whole, text, dot ? dot + 1 : "");
	for (size_t i = digits; i < 3; i++)
		number[n++] = '0';
	number[n] = '\0';
	/* parse_u32() takes no zeros in front */
	n = (int)strspn(number, "0");
	return parse_u32(number[n] ? number + n : "0", 0, SPEED_MAX, ret);
}

static void wait_until(struct player *p, int64_t at_us)
{
	int64_t us = at_us - p->last_us;

	p->last_us = at_us;
	if (p->a->idle_limit > 0 && us > (int64_t)p->a->idle_limit)
		us = (int64_t)p->a->idle_limit;
	if (p->speed == 0 || us <= 0)
		return;
	us = us * 1000 / p->speed;
	(void)poll(NULL, 0, (int)((us < WAIT_MAX_US ? us : WAIT_MAX_US) / 1000));
}

static int show(struct player *p, const char *data, size_t len)
{
	_cleanup_(buf_done) struct buf picture = BUF_INIT;
	int r;

	if (p->filtered) {
		terminal_filter(&p->filter, data, len, &picture);
		data = buf_str(&picture);
		len = picture.len;
	}
	r = fd_write_all(STDOUT_FILENO, data, len);
	return r < 0 ? err_errno(p->e, -r, "standard output") : 0;
}

static int play(const struct cast_event *ev, void *ctx)
{
	struct player *p = ctx;

	if (p->a->verify)
		return 0;
	if (ev->kind == CAST_DROPPED)
		report_warning("%llu bytes were not recorded here", (unsigned long long)ev->dropped);
	if (ev->kind != (p->a->input ? CAST_INPUT : CAST_OUTPUT))
		return 0;
	wait_until(p, ev->at_us);
	return show(p, ev->data, ev->len);
}

static int feed(const char *data, size_t len, void *ctx)
{
	struct player *p = ctx;

	return cast_reader_feed(&p->reader, data, len, play, p, p->e);
}

static int read_all(int fd, struct player *p)
{
	int r = fd_read_each(fd, "recording", feed, p, p->e);

	cast_reader_finish(&p->reader);
	if (r == 0 && !p->reader.started)
		r = err_set(p->e, EBADMSG, "not a recording in the format asciicast v2");
	return r;
}

static int judge(const struct cast_reader *c, bool verify)
{
	if (c->fault_line)
		report_warning("line %llu of the recording: %s", (unsigned long long)c->fault_line, c->fault);
	else if (!c->chained)
		report_warning("the recording has no hashes: nobody can say whether it is whole");
	else if (!c->ended)
		report_warning("the recording's end is missing: cut off, still being written, or its writer was killed");
	else if (verify)
		printf("whole: %llu lines, %llu bytes not recorded\n", (unsigned long long)c->lines, (unsigned long long)c->dropped);
	return c->fault_line || !c->chained || !c->ended;
}

/* A name with a slash or .cast is a file's, and any other a container's. */
static int open_recording(const struct command_call *call, uint32_t number, int *ret_fd, struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	const char *name = call->argv[0];
	size_t len = strlen(name);
	struct stat st;
	int r;

	if (!strchr(name, '/') && (len < 5 || strcmp(name + len - 5, ".cast") != 0)) {
		r = container_find(call->engine, name, &c, e);
		return r == 0 ? recording_open(c, number, ret_fd, e) : r;
	}
	*ret_fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (*ret_fd < 0 || fstat(*ret_fd, &st) < 0)
		return err_errno(e, errno, "%s", name);
	return S_ISREG(st.st_mode) ? 0 : err_set(e, EINVAL, "%s: not a regular file", name);
}

static int replay_run(const struct command_call *call, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	const struct replay_args *a = call->args;
	bool on_terminal = isatty(STDOUT_FILENO);
	struct player p = {.a = a, .reader = CAST_READER_INIT, .filtered = on_terminal && !a->raw, .speed = 1000, .e = e};
	int r = a->speed && parse_speed(a->speed, &p.speed) < 0 ? err_set(e, EINVAL, "--speed %s: not a factor up to 1000", a->speed) : 0;

	if (r == 0)
		r = open_recording(call, a->number, &fd, e);
	if (r == 0)
		r = read_all(fd, &p);
	/* a soft reset, and the first screen: what was recorded may have ended in the middle */
	if (on_terminal && !a->verify)
		(void)!fd_write_all(STDOUT_FILENO, "\x1b[!p\x1b[?1049l", 12);
	r = r == 0 ? judge(&p.reader, a->verify) : r == -EPIPE ? 0 : r;
	cast_reader_done(&p.reader);
	return r;
}

const struct command command_audit_replay = {
	.name = "audit replay",
	.operands = "[OPTIONS] CONTAINER|FILE",
	.summary = "Play a recorded session",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = 1,
	.rows = replay_rows,
	.args_size = sizeof(struct replay_args),
	.run = replay_run,
};
