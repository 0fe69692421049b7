/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby secret inspect, ranby secret exists. What a secret holds is shown when it is asked for by that very name, --showsecret, and never else. */
#include "cmd/commands.h"
#include "cmd/inspect.h"
#include "engine/labels.h"
#include "engine/secret_store.h"
#include "runtime/secrets.h"

#include <errno.h>
#include <string.h>

struct inspect_args {
	bool pretty, show_secret;
	const char *format;
};

static const struct option_row inspect_rows[] = {
	{'f', "format", OPT_STRING, offsetof(struct inspect_args, format), .arg = "TEMPLATE", .choices = "json", .help = "json, or a Go template"},
	{0, "pretty", OPT_FLAG, offsetof(struct inspect_args, pretty), .help = "For reading"},
	{0, "showsecret", OPT_FLAG, offsetof(struct inspect_args, show_secret), .help = "And what it holds"},
	OPTION_END,
};

#define PRETTY                                                                                                         	"ID:              {{.ID}}\nName:              {{.Spec.Name}}\n{{- with .Spec.Labels}}\nLabels:\n"              	"{{- range $k, $v := .}}\n - {{$k}}{{if $v}}={{$v}}{{end}}{{end}}{{end}}\n"                                     	"Driver:            {{.Spec.Driver.Name}}\nCreated at:        {{.CreatedAt}}\nUpdated at:        {{.UpdatedAt}}"

/* As text; one that is none cannot be shown. */
static int add_data(struct engine *eng, const char *name, struct json_object *o, struct err *e)
{
	_cleanup_(secret_data_done) struct buf data = BUF_INIT_MAX(SECRET_DATA_MAX + 1);
	/* at once: what grows leaves pieces behind */
	int r = buf_reserve(&data, SECRET_DATA_MAX) ? secret_data(eng, name, &data, e) : err_errno(e, ENOMEM, "secret");

	if (r < 0)
		return r;
	if (strlen(buf_str(&data)) != data.len || !text_is_utf8(buf_str(&data)))
		return err_set(e, EILSEQ, "secret %s: it is no text; a container can have it as a file", name);
	return json_add_str(o, "SecretData", buf_str(&data)) < 0 ? err_errno(e, ENOMEM, "secret") : 0;
}

static int add_one(const struct command_call *call, const char *name, void *ctx, struct json_object *list, struct err *e)
{
	_cleanup_(secret_note_done) struct secret_note n = {0};
	const struct inspect_args *a = ctx;
	struct json_object *o = NULL;
	int r = secret_find(call->engine, name, &n, e);

	if (r < 0)
		return err_wrap(e, r, "inspecting secret");
	if (secret_json(call->engine, &n, &o) < 0 || json_append(list, o) < 0)
		return err_errno(e, ENOMEM, "secret");
	return a->show_secret ? add_data(call->engine, n.name, o, e) : 0;
}

static int inspect_run(const struct command_call *call, struct err *e)
{
	struct inspect_args *a = call->args;

	if (a->pretty && a->show_secret)
		return err_set(e, EINVAL, "--pretty and --showsecret exclude each other");
	if (a->pretty && a->format)
		return err_set(e, EINVAL, "--pretty and --format exclude each other");
	return inspect_operands(call, add_one, a, a->pretty ? PRETTY : a->format, e);
}

const struct command command_secret_inspect = {
	.name = "secret inspect",
	.operands = "[OPTIONS] SECRET [SECRET...]",
	.summary = "Show what is known of secrets, but not what they hold",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = -1,
	.rows = inspect_rows,
	.args_size = sizeof(struct inspect_args),
	.run = inspect_run,
};

static int exists_run(const struct command_call *call, struct err *e)
{
	_cleanup_(secret_note_done) struct secret_note n = {0};
	int r = secret_find(call->engine, call->argv[0], &n, e);

	return r == -ENOENT ? 1 : r;
}

static const struct option_row no_rows[] = {OPTION_END};

const struct command command_secret_exists = {
	.name = "secret exists",
	.operands = "SECRET",
	.summary = "Exit with 0 when there is such a secret, else with 1",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = 1,
	.rows = no_rows,
	.run = exists_run,
};
