/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby port: which ports of the host lead to a container that runs. */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "base/parse.h"

#include <stdio.h>
#include <string.h>

struct port_args {
	bool all, latest;
};

static const struct option_row port_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct port_args, all), .help = "Those of all containers, with their ids in front"},
	{'l', "latest", OPT_FLAG, offsetof(struct port_args, latest), .help = "The newest container; an operand is then the port"},
	OPTION_END,
};

/* What is asked for. */
struct wanted {
	const char *text; /* NULL: all */
	uint32_t port;
	char protocol[8];
};

static int parse_wanted(const char *text, struct wanted *w, struct err *e)
{
	char number[8];
	const char *slash = text ? strchr(text, '/') : NULL;
	size_t len = slash ? (size_t)(slash - text) : text ? strlen(text) : 0;

	*w = (struct wanted){.text = text};
	if (!text)
		return 0;
	snprintf(w->protocol, sizeof(w->protocol), "%s", slash ? slash + 1 : "tcp");
	snprintf(number, sizeof(number), "%.*s", (int)len, text);
	if (len >= sizeof(number) || parse_u32(number, 0, 65535, &w->port) < 0)
		return err_set(e, EINVAL, "%s: not a port, or PORT/PROTOCOL", text);
	return 0;
}

/* One range of ports; true when the one that is wanted is in it. */
static bool print_range(struct json_object *p, const struct wanted *w, const char *prefix)
{
	int64_t host = json_int(p, "hostPort"), inner = json_int(p, "containerPort"), count = json_int(p, "count");
	const char *ip = json_str(p, "hostIp"), *protocol = json_str(p, "protocol");

	if (!*ip)
		ip = "0.0.0.0";
	if (!w->text) {
		for (int64_t i = 0; i < count; i++)
			printf("%s%lld/%s -> %s:%lld\n", prefix, (long long)inner + i, protocol, ip, (long long)host + i);
		return false;
	}
	if (strcmp(protocol, w->protocol) != 0 || w->port < inner || w->port >= inner + count)
		return false;
	printf("%s%s:%lld\n", prefix, ip, (long long)host + w->port - (long long)inner);
	return true;
}

/* As podman has it: of one that does not run nothing is published, and that is no error. */
static int port_one(const struct command_call *call, struct container *c, void *ctx, struct err *e)
{
	const struct port_args *a = call->args;
	const struct wanted *w = ctx;
	struct json_object *list = json_at(c->spec, "config.network.ports");
	size_t n = list && json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	char prefix[CONTAINER_ID_SHORT + 2] = "";
	bool found = false;

	if (c->pid <= 0)
		return 0;
	if (a->all)
		snprintf(prefix, sizeof(prefix), "%.*s\t", CONTAINER_ID_SHORT, c->id);
	for (size_t i = 0; i < n && !found; i++)
		found = print_range(json_object_array_get_idx(list, i), w, prefix);
	return w->text && !found ? err_set(e, ENOENT, "failed to find published port \"%s\"", w->text) : 0;
}

static int port_run(const struct command_call *call, struct err *e)
{
	const struct port_args *a = call->args;
	const struct each all = {.all = true, .running_only = true};
	_cleanup_(container_freep) struct container *c = NULL;
	struct wanted w;
	int r;

	if (a->all && (a->latest || call->argc > 0))
		return err_set(e, EINVAL, "ranby port: no operands, and no --latest, with --all");
	if (a->latest && call->argc > 1)
		return err_set(e, EINVAL, "ranby port: with --latest there is one operand at most, the port");
	r = parse_wanted(a->latest ? call->argv[0] : call->argc > 1 ? call->argv[1] : NULL, &w, e);
	if (r == 0 && a->all)
		return each_container(call, &all, port_one, &w, e);
	if (r == 0)
		r = one_container(call, a->latest, &c, e);
	return r == 0 ? port_one(call, c, &w, e) : r;
}

const struct command command_port = {
	.name = "port",
	.aliases = "container port",
	.operands = "[OPTIONS] CONTAINER [PORT[/PROTOCOL]]",
	.summary = "Show the ports of the host that lead to a container",
	.needs = NEED_ENGINE,
	.max_operands = 2,
	.rows = port_rows,
	.args_size = sizeof(struct port_args),
	.run = port_run,
};
