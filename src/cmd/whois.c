/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby whois UID|PID|PATH|NAME...
 *
 * A bare number may be a user ID and a process at once; then both are
 * answered, because one who asks does not always know. "uid:N", "gid:N" and
 * "pid:N" are strict, what holds a slash is a path, what is left is a
 * user's name on the host.
 */
#include "base/parse.h"
#include "cmd/commands.h"
#include "cmd/screen.h"
#include "engine/container.h"
#include "view/whois.h"
#include "sys/fd.h"
#include "sys/idmap.h"

#include <fcntl.h>
#include <pwd.h>
#include <string.h>

struct whois_args {
	const char *format;
};

static const struct option_row whois_rows[] = {
	{0, "format", OPT_CHOICE, offsetof(struct whois_args, format), .arg = "FORMAT", .choices = "text|json", .help = "text (default) or json"},
	OPTION_END,
};

struct asking {
	struct whois_context ctx;
	struct json_object *array; /* with --format json */
	struct buf out;
};

static int give(struct asking *a, const struct whois *w, struct err *e)
{
	if (a->array) {
		struct json_object *o = whois_json(w);

		return o && json_append(a->array, o) == 0 ? 0 : err_errno(e, ENOMEM, "whois");
	}
	if (a->out.len)
		buf_addc(&a->out, '\n');
	whois_text(w, &a->out);
	return 0;
}

static int ask_id(struct asking *a, enum names_kind kind, uint32_t id, struct err *e)
{
	_cleanup_(whois_done) struct whois w = {0};
	int r = whois_id(&a->ctx, kind, id, &w, e);

	return r < 0 ? r : give(a, &w, e);
}

static int ask_pid(struct asking *a, uint32_t pid, struct err *e)
{
	_cleanup_(whois_done) struct whois w = {0};
	int r = whois_pid(&a->ctx, (pid_t)pid, &w, e);

	return r < 0 ? r : give(a, &w, e);
}

static int ask_number(struct asking *a, uint32_t n, struct err *e)
{
	int r = ask_id(a, NAMES_USER, n, e), id = r;

	/* where IDs cannot be told it may be a process all the same */
	if ((r < 0 && r != -EACCES) || n == 0 || n > INT32_MAX)
		return r;
	err_clear(e);
	r = ask_pid(a, n, e);
	if (r == -ESRCH) {
		err_clear(e);
		r = id < 0 ? ask_id(a, NAMES_USER, n, e) : 0;
	}
	return r;
}

/* The user's own path, on the host. The last component is not followed: it is the link that is asked about. */
static int ask_path(struct asking *a, const char *path, struct err *e)
{
	_cleanup_(whois_done) struct whois w = {0};
	_cleanup_close_ int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0)
		return err_errno(e, errno, "%s", path);
	r = whois_file(&a->ctx, fd, path, &w, e);
	return r < 0 ? r : give(a, &w, e);
}

static int ask_name(struct asking *a, const char *name, struct err *e)
{
	_cleanup_free_ char *buf = malloc(1U << 16);
	struct passwd pw, *found = NULL;

	if (!buf)
		return err_errno(e, ENOMEM, "whois");
	if (getpwnam_r(name, &pw, buf, 1U << 16, &found) != 0 || !found) {
		err_set(e, ENOENT, "whois %s: the host has no such user", name);
		err_hint(e, "give a number, uid:N, gid:N, pid:N, or a path with a slash (./%s)", name);
		return -ENOENT;
	}
	return ask_id(a, NAMES_USER, found->pw_uid, e);
}

static int ask(struct asking *a, const char *what, struct err *e)
{
	uint32_t n;

	if (strncmp(what, "uid:", 4) == 0 && parse_u32(what + 4, 0, ID_NONE - 1, &n) == 0)
		return ask_id(a, NAMES_USER, n, e);
	if (strncmp(what, "gid:", 4) == 0 && parse_u32(what + 4, 0, ID_NONE - 1, &n) == 0)
		return ask_id(a, NAMES_GROUP, n, e);
	if (strncmp(what, "pid:", 4) == 0 && parse_u32(what + 4, 1, INT32_MAX, &n) == 0)
		return ask_pid(a, n, e);
	if (parse_u32(what, 0, ID_NONE - 1, &n) == 0)
		return ask_number(a, n, e);
	return strchr(what, '/') ? ask_path(a, what, e) : ask_name(a, what, e);
}

static int ask_all(struct asking *a, const struct command_call *call, struct err *e)
{
	int r = 0;

	for (int i = 0; i < call->argc && r == 0; i++)
		r = ask(a, call->argv[i], e);
	if (r < 0)
		return r;
	if (a->array)
		buf_addf(&a->out, "%s\n", json_pretty(a->array));
	return screen_put(&a->out, e);
}

static int whois_run(const struct command_call *call, struct err *e)
{
	const struct whois_args *args = call->args;
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	_cleanup_(container_list_done) struct container_list list = {0};
	_cleanup_(names_freep) struct names *names = names_new();
	_cleanup_json_ struct json_object *array = NULL;
	struct asking a = {.out = BUF_INIT};
	int r;

	if (args->format && strcmp(args->format, "json") == 0)
		array = json_object_new_array();
	if (!names || (args->format && strcmp(args->format, "json") == 0 && !array))
		return err_errno(e, ENOMEM, "whois");
	r = procfs_open(&fs);
	if (r < 0)
		return err_errno(e, -r, "/proc");
	r = container_list(call->engine, &list, e);
	if (r < 0)
		return r;
	a.array = array;
	a.ctx = (struct whois_context){.eng = call->engine, .containers = &list, .fs = &fs, .names = names};
	r = ask_all(&a, call, e);
	buf_done(&a.out);
	return r;
}

const struct command command_whois = {
	.name = "whois",
	.operands = "[OPTIONS] UID|PID|PATH|USER...",
	.summary = "Say whose a user ID, process or file is, and who says so",
	.needs = NEED_ENGINE,
	.mode = OPTION_PERMUTE,
	.min_operands = 1,
	.max_operands = -1,
	.rows = whois_rows,
	.args_size = sizeof(struct whois_args),
	.run = whois_run,
};
