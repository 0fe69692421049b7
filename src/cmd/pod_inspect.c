/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby pod inspect, ranby pod exists. */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "cmd/inspect.h"
#include "cmd/screen.h"
#include "view/pod.h"

#include <errno.h>

struct inspect_args {
	bool latest;
	const char *format;
};

static const struct option_row inspect_rows[] = {
	{'f', "format", OPT_STRING, offsetof(struct inspect_args, format), .arg = "FORMAT", .choices = "json", .help = "json, or a Go template"},
	{'l', "latest", OPT_FLAG, offsetof(struct inspect_args, latest), .help = "The newest pod"},
	OPTION_END,
};

static int add(struct pod *p, struct json_object *list, struct err *e)
{
	struct json_object *o = NULL;
	int r = pod_inspect(p, &o);

	if (r == 0)
		r = json_append(list, o);
	return r < 0 ? err_errno(e, -r, "pod %s", p->name) : 0;
}

int inspect_add_pod(struct engine *eng, const char *name, bool whole, struct json_object *list, struct err *e)
{
	_cleanup_(pod_freep) struct pod *p = NULL;
	int r = pod_find(eng, name, &p, e);

	(void)whole;
	return r < 0 ? r : add(p, list, e);
}

static int add_name(const struct command_call *call, const char *name, void *ctx, struct json_object *list, struct err *e)
{
	int r = inspect_add_pod(call->engine, name, true, list, e);

	(void)ctx;
	return r == -ENOENT ? err_set(e, ENOENT, "inspecting object: no such pod %s", name) : r;
}

static int inspect_run(const struct command_call *call, struct err *e)
{
	_cleanup_json_ struct json_object *list = json_object_new_array();
	_cleanup_(pod_freep) struct pod *p = NULL;
	const struct inspect_args *a = call->args;
	int r;

	if (a->latest && call->argc > 0)
		return err_set(e, EINVAL, "ranby pod inspect: give pods or --latest, not both");
	if (!a->latest && call->argc == 0)
		return err_set(e, EINVAL, "no names or ids specified");
	if (!a->latest)
		return inspect_operands(call, add_name, NULL, a->format, e);
	r = list ? one_pod(call, true, &p, e) : err_errno(e, ENOMEM, "inspect");
	if (r == 0)
		r = add(p, list, e);
	return r < 0 ? r : screen_objects(list, a->format, e);
}

const struct command command_pod_inspect = {
	.name = "pod inspect",
	.operands = "[OPTIONS] POD [POD...]",
	.summary = "Show all that is known of pods, as JSON",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = inspect_rows,
	.args_size = sizeof(struct inspect_args),
	.run = inspect_run,
};

static int exists_run(const struct command_call *call, struct err *e)
{
	_cleanup_(pod_freep) struct pod *p = NULL;
	int r = pod_find(call->engine, call->argv[0], &p, e);

	return r == -ENOENT ? 1 : r;
}

static const struct option_row exists_rows[] = {OPTION_END};

const struct command command_pod_exists = {
	.name = "pod exists",
	.operands = "POD",
	.summary = "Exit with 0 when there is such a pod, else with 1",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = 1,
	.rows = exists_rows,
	.run = exists_run,
};
