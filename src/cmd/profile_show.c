/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby profile show: a recorded profile as it was seen, or as what enforces it. */
#include "base/escape.h"
#include "cmd/commands.h"
#include "cmd/screen.h"
#include "engine/recorded_store.h"
#include "sys/landlock.h"

#include <string.h>

struct show_args {
	const char *format;
};

static const struct option_row show_rows[] = {
	{'f', "format", OPT_CHOICE, offsetof(struct show_args, format), .arg = "FORMAT", .choices = "table|json|seccomp|landlock|apparmor",
	 .help = "What was seen (table, json), or what allows it (seccomp, landlock, apparmor)"},
	OPTION_END,
};

static int put_json(struct json_object *o, struct buf *out)
{
	const char *text = json_pretty(o);

	escape_text(text, strlen(text), ESCAPE_KEEP_LINES, out);
	buf_addc(out, '\n');
	return 0;
}

/* One line for each thing: "calls openat 12". */
static void put_table(struct json_object *o, struct buf *out)
{
	buf_addf(out, "%lld runs\n", (long long)json_int(o, "runs"));
	if (json_int(o, "lost") > 0)
		buf_addf(out, "%lld more than could be kept: the profile is not whole\n", (long long)json_int(o, "lost"));
	if (json_int(o, "unread") > 0)
		buf_addf(out, "%lld calls whose memory could not be read: files may be missing\n", (long long)json_int(o, "unread"));
	json_object_object_foreach(o, part, values)
	{
		if (!json_object_is_type(values, json_type_object))
			continue;
		json_object_object_foreach(values, key, value)
		{
			const char *text = json_object_get_string(value);

			buf_addf(out, "%s ", part);
			escape_text(key, strlen(key), ESCAPE_BACKSLASH, out);
			buf_addc(out, ' ');
			escape_text(text, strlen(text), ESCAPE_BACKSLASH, out);
			buf_addc(out, '\n');
		}
	}
}

static int add_format(const struct recorded *rec, const char *name, const char *format, struct buf *out, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	int r;

	if (strcmp(format, "apparmor") == 0)
		return recorded_apparmor(rec, name, out, e);
	if (strcmp(format, "seccomp") == 0)
		r = recorded_store_seccomp(rec, false, &o, e);
	else if (strcmp(format, "landlock") == 0)
		r = recorded_landlock(rec, landlock_abi(), &o, e);
	else
		r = recorded_json(rec, &o, e);
	if (r < 0)
		return r;
	if (strcmp(format, "table") != 0)
		return put_json(o, out);
	put_table(o, out);
	return 0;
}

static int show_names(struct engine *eng, struct err *e)
{
	_cleanup_(strv_done) struct strv names = {0};
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	int r = recorded_names(eng, &names, e);

	for (size_t i = 0; i < names.n; i++)
		buf_addf(&out, "%s\n", names.items[i]);
	return r < 0 ? r : screen_put(&out, e);
}

static int show_run(const struct command_call *call, struct err *e)
{
	const struct show_args *a = call->args;
	_cleanup_(recorded_done) struct recorded rec = {0};
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	int r;

	if (call->argc == 0)
		return show_names(call->engine, e);
	r = recorded_load(call->engine, call->argv[0], &rec, e);
	if (r == 0)
		r = add_format(&rec, call->argv[0], a->format ? a->format : "table", &out, e);
	return r < 0 ? r : screen_put(&out, e);
}

const struct command command_profile_show = {
	.name = "profile show",
	.operands = "[OPTIONS] [PROFILE]",
	.summary = "Show a recorded profile, or the names of all",
	.needs = NEED_ENGINE,
	.max_operands = 1,
	.rows = show_rows,
	.args_size = sizeof(struct show_args),
	.run = show_run,
};
