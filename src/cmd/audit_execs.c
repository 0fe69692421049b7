/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby audit execs: what a container executed, by its own trail (run
 * --trail). The whole file is checked each time it is read: what does not
 * belong to the chain is shown, with a warning and exit code 1.
 */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "cmd/report.h"
#include "cmd/screen.h"
#include "base/escape.h"
#include "base/template.h"
#include "engine/exec_trail.h"
#include "monitor/trail_reader.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/pidfd.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define ROWS_MAX 500000 /* that a table is made of */
#define FOLLOW_MS 150

struct execs_args {
	bool follow, latest, noheading, verify;
	const char *format;
};

static const struct option_row execs_rows[] = {
	{'f', "follow", OPT_FLAG, offsetof(struct execs_args, follow), .help = "Go on until the container ends"},
	{0, "format", OPT_STRING, offsetof(struct execs_args, format), .arg = "FORMAT", .choices = "json",
	 .help = "json (the lines as they are), table, or a Go template"},
	{'l', "latest", OPT_FLAG, offsetof(struct execs_args, latest), .help = "The newest container"},
	{0, "noheading", OPT_FLAG, offsetof(struct execs_args, noheading), .help = "No line of headers"},
	{0, "verify", OPT_FLAG, offsetof(struct execs_args, verify), .help = "Only check the file, and say what its last line is"},
	OPTION_END,
};

#define DEFAULT_FORMAT "table {{.Time}}\t{{.Pid}}\t{{.NsPid}}\t{{.Uid}}\t{{.LoginUid}}\t{{.Exe}}\t{{.Command}}"
static const struct template_heading headings[] = {
	{"NsPid", "PID INSIDE"}, {"LoginUid", "LOGINUID"}, {"Exe", "SEEN"}, {NULL, NULL},
};

struct view {
	const struct execs_args *a;
	const struct template *template;
	struct trail_reader reader;
	struct json_object *rows; /* a table's; NULL: each line goes out as it comes */
	bool json;
	struct err *e;
};

/* ---- one exec as a row ---- */

/* One word that somebody chose: a string, or {"hex": ...}. */
static void add_word(struct buf *b, struct json_object *word)
{
	const char *hex = json_str(word, "hex");

	if (json_object_is_type(word, json_type_string))
		escape_shell(json_object_get_string(word), b);
	else if (*hex)
		buf_addf(b, "$(xxd -r -p <<<%s)", hex);
}

static int command_text(struct json_object *line, struct json_object *row)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct json_object *argv = json_at(line, "argv");
	size_t n = json_object_is_type(argv, json_type_array) ? json_object_array_length(argv) : 0;

	for (size_t i = 0; i < n; i++) {
		buf_adds(&b, i ? " " : "");
		add_word(&b, json_object_array_get_idx(argv, i));
	}
	if (json_true(line, "argvCut"))
		buf_adds(&b, " ...");
	return buf_bad(&b) ? -ENOMEM : json_add_str(row, "Command", buf_str(&b));
}

static int make_row(struct json_object *line, struct json_object **ret)
{
	static const char *const keys[][2] = {
		{"Seq", "seq"}, {"Time", "time"}, {"Pid", "pid"}, {"NsPid", "nspid"}, {"Ppid", "ppid"}, {"Uid", "uid"},
		{"Euid", "euid"}, {"Gid", "gid"}, {"LoginUid", "auid"}, {"Session", "ses"}, {"Caller", "caller"},
		{"Call", "call"}, {"File", "file"},
	};
	_cleanup_json_ struct json_object *row = json_object_new_object();
	int r = row ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(keys); i++) {
		struct json_object *v = json_at(line, keys[i][1]);

		r = json_add(row, keys[i][0], v ? json_object_get(v) : json_object_new_string(""));
	}
	if (r == 0)
		r = json_add_str(row, "Exe", "");
	if (r == 0)
		r = command_text(line, row);
	if (r == 0)
		*ret = TAKE_PTR(row);
	return r;
}

/* A "seen" line: its exec is one of the last rows. */
static int put_seen(struct view *v, struct json_object *line)
{
	int64_t of = json_int(line, "of");

	for (size_t i = v->rows ? json_object_array_length(v->rows) : 0; i-- > 0;) {
		struct json_object *row = json_object_array_get_idx(v->rows, i);
		struct json_object *exe = json_at(line, "exe");

		if (json_int(row, "Seq") == of) {
			json_object_object_del(row, "Exe");
			return json_add(row, "Exe", exe ? json_object_get(exe) : json_object_new_string("?"));
		}
		if (json_int(row, "Seq") < of)
			break;
	}
	return 0;
}

static int print_rows(const struct view *v, struct json_object *rows, bool heading)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	int r = template_print(v->template, rows, headings, TEMPLATE_STRICT | (heading ? 0U : TEMPLATE_NO_HEADING), &out, v->e);

	return r == 0 ? screen_put(&out, v->e) : r;
}

static int put_exec(struct view *v, struct json_object *line)
{
	_cleanup_json_ struct json_object *one = NULL;
	struct json_object *row = NULL;
	int r = make_row(line, &row);

	if (r < 0)
		return r;
	if (v->rows && json_object_array_length(v->rows) >= ROWS_MAX) {
		json_object_put(row);
		(void)err_set(v->e, E2BIG, "more than %d execs", ROWS_MAX);
		err_hint(v->e, "use --format json, which has no limit");
		return -E2BIG;
	}
	if (v->rows)
		return json_append(v->rows, row);
	one = json_object_new_array();
	if (!one) {
		json_object_put(row);
		return -ENOMEM;
	}
	r = json_append(one, row);
	return r == 0 ? print_rows(v, one, false) : r;
}

static int put_line(const struct trail_line *line, void *ctx)
{
	struct view *v = ctx;
	const char *type = line->o ? json_str(line->o, "type") : "";

	if (v->a->verify)
		return 0;
	if (v->json) {
		_cleanup_(buf_done) struct buf out = BUF_INIT;

		if (!line->o)
			return 0;
		escape_json(line->text, line->len, &out);
		buf_addc(&out, '\n');
		return screen_put(&out, v->e);
	}
	if (strcmp(type, "seen") == 0)
		return put_seen(v, line->o);
	return strcmp(type, "exec") == 0 ? put_exec(v, line->o) : 0;
}

/* ---- the file ---- */

static int feed(const char *data, size_t len, void *ctx)
{
	struct view *v = ctx;

	return trail_reader_feed(&v->reader, data, len, put_line, v, v->e);
}

static int read_trail(struct view *v, const struct container *c)
{
	_cleanup_close_ int fd = -EBADF, pidfd = -EBADF;
	bool over = !v->a->follow || container_pidfd(c, &pidfd) < 0;
	int r = path_own_open(container_dir(c), EXEC_TRAIL_FILE, O_RDONLY | O_NONBLOCK, 0, &fd);

	if (r < 0)
		return err_errno(v->e, -r, "exec trail of container %s", c->name);
	for (;;) {
		r = fd_read_each(fd, "exec trail", feed, v, v->e);
		if (r < 0 || over)
			break;
		/* its last lines come after its end */
		over = v->reader.ended || pidfd_wait(pidfd, FOLLOW_MS) == 0;
		if (over && !v->reader.ended)
			(void)poll(NULL, 0, FOLLOW_MS);
	}
	return r == 0 ? trail_reader_finish(&v->reader, put_line, v, v->e) : r;
}

static int judge(const struct view *v, const struct container *c)
{
	const struct trail_reader *t = &v->reader;
	bool runs = c->status == CONTAINER_RUNNING || c->status == CONTAINER_PAUSED;

	if (t->fault_line) {
		report_warning("exec trail of %s: line %llu: %s", c->name, (unsigned long long)t->fault_line, t->fault);
		return 1;
	}
	if (!runs && t->lines > 0 && !t->ended) {
		report_warning("exec trail of %s: its end is missing: cut off, or whoever wrote it was killed", c->name);
		return 1;
	}
	if (v->a->verify)
		printf("%llu lines, whole; the last one's SHA-256 is %s\n", (unsigned long long)t->lines, t->head);
	return 0;
}

static int show(const struct execs_args *a, const struct container *c, struct err *e)
{
	const char *format = a->format && strcmp(a->format, "table") != 0 ? a->format : DEFAULT_FORMAT;
	_cleanup_template_ struct template *t = NULL;
	_cleanup_json_ struct json_object *rows = NULL;
	struct view v = {.a = a, .reader = TRAIL_READER_INIT, .e = e, .json = strcmp(format, "json") == 0};
	int r = v.json ? 0 : template_parse(format, &t, e);

	v.template = t;
	if (r == 0 && !v.json && !a->follow && !a->verify)
		v.rows = rows = json_object_new_array();
	if (r == 0)
		r = read_trail(&v, c);
	if (r == 0 && rows)
		r = print_rows(&v, rows, !a->noheading);
	if (r == 0)
		r = judge(&v, c);
	trail_reader_done(&v.reader);
	return r;
}

static int execs_run(const struct command_call *call, struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	const struct execs_args *a = call->args;
	int r = one_container(call, a->latest, &c, e);

	if (r < 0 || !c)
		return r;
	switch (exec_trail_of(c)) {
	case EXEC_TRAIL_NOTIFY:
		return show(a, c, e);
	case EXEC_TRAIL_LOG:
		return err_set(e, ENOTSUP, "container %s was made with --trail=log: its execs are in the kernel's audit log", c->name);
	case EXEC_TRAIL_CALLS:
	case EXEC_TRAIL_NONE:
		break;
	}
	r = err_set(e, ENODATA, "container %s has no exec trail", c->name);
	err_hint(e, "make it with --trail");
	return r;
}

const struct command command_audit_execs = {
	.name = "audit execs",
	.operands = "[OPTIONS] CONTAINER",
	.summary = "Show what a container executed, by its own trail",
	.needs = NEED_ENGINE,
	.max_operands = 1,
	.rows = execs_rows,
	.args_size = sizeof(struct execs_args),
	.run = execs_run,
};
