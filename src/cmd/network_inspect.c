/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby network inspect, ranby network exists. */
#include "cmd/commands.h"
#include "cmd/inspect.h"
#include "engine/network_use.h"
#include "engine/networks.h"

#include <errno.h>
#include <string.h>

struct inspect_args {
	const char *format;
};

static const struct option_row inspect_rows[] = {
	{'f', "format", OPT_STRING, offsetof(struct inspect_args, format), .arg = "TEMPLATE", .choices = "json", .help = "json, or a Go template"},
	OPTION_END,
};

int inspect_add_network(struct engine *eng, const char *name, bool whole, struct json_object *list, struct err *e)
{
	_cleanup_(network_note_done) struct network_note n = {0};
	_cleanup_(container_list_done) struct container_list all = {0};
	struct json_object *o = NULL, *containers = NULL;
	int r = network_load(eng, name, &n, e);

	if (r == 0)
		r = container_list(eng, &all, e);
	if (r < 0)
		return r;
	r = whole ? network_fields(&n, false, true, &o) : network_note_json(&n, &o);
	if (r < 0 || json_append(list, o) < 0 || network_use_json(eng, &all, n.name, &containers) < 0)
		return err_errno(e, ENOMEM, "networks");
	/* podman 5 has it always, the versions before never */
	if (json_object_object_length(containers) == 0) {
		json_object_put(containers);
		return 0;
	}
	return json_add(o, whole ? "Containers" : "containers", containers) < 0 ? err_errno(e, ENOMEM, "networks") : 0;
}

static int add(const struct command_call *call, const char *name, void *ctx, struct json_object *list, struct err *e)
{
	const struct inspect_args *a = call->args;

	(void)ctx;
	return inspect_add_network(call->engine, name, a->format && strcmp(a->format, "json") != 0, list, e);
}

static int inspect_run(const struct command_call *call, struct err *e)
{
	return inspect_operands(call, add, NULL, ((const struct inspect_args *)call->args)->format, e);
}

const struct command command_network_inspect = {
	.name = "network inspect",
	.operands = "[OPTIONS] NETWORK...",
	.summary = "Show the definitions of networks, as JSON",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = -1,
	.rows = inspect_rows,
	.args_size = sizeof(struct inspect_args),
	.run = inspect_run,
};

static int exists_run(const struct command_call *call, struct err *e)
{
	_cleanup_(network_note_done) struct network_note n = {0};
	int r = network_load(call->engine, call->argv[0], &n, e);

	return r == -ENOENT ? 1 : r;
}

static const struct option_row no_rows[] = {OPTION_END};

const struct command command_network_exists = {
	.name = "network exists",
	.operands = "NETWORK",
	.summary = "Exit with 0 when there is such a network, else with 1",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = 1,
	.rows = no_rows,
	.run = exists_run,
};
