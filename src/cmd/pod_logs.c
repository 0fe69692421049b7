/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby pod logs: what the members have written. The infra container writes nothing, and keeps no log. */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "cmd/logs.h"

#include <errno.h>
#include <string.h>

struct pod_logs_args {
	struct logs_args how;
	const char *container;
};

#define L(member) offsetof(struct pod_logs_args, how.member)

static const struct option_row logs_rows[] = {
	{0, "color", OPT_FLAG, L(color), .help = "Each container in a colour of its own"},
	{'c', "container", OPT_STRING, offsetof(struct pod_logs_args, container), .arg = "CONTAINER", .help = "Only this one"},
	{'f', "follow", OPT_FLAG, L(follow), .help = "Go on until the containers end"},
	{'l', "latest", OPT_FLAG, L(latest), .help = "The newest pod"},
	{'n', "names", OPT_FLAG, L(names), .help = "Begin each line with the container's name, not its id"},
	{0, "since", OPT_STRING, L(since), .arg = "TIME", .help = "Only from this time on (10m, 2026-01-02T03:04:05Z)"},
	{0, "tail", OPT_STRING, L(tail), .arg = "LINES", .help = "Only the last so many lines of each (default all)"},
	{'t', "timestamps", OPT_FLAG, L(timestamps), .help = "Begin each line with its time"},
	{0, "until", OPT_STRING, L(until), .arg = "TIME", .help = "Only up to this time"},
	OPTION_END,
};

/* A name goes before an id that begins so, as everywhere. */
static int find_member(struct engine *eng, const struct pod *p, const char *name, char ret_id[static CONTAINER_ID_LEN + 1], struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	int r = container_find(eng, name, &c, e);

	if (r < 0 && r != -ENOENT)
		return r;
	for (size_t i = 0; r == 0 && i < p->members.n; i++) {
		if (strcmp(p->members.items[i]->id, c->id) != 0)
			continue;
		memcpy(ret_id, c->id, sizeof(c->id));
		return 0;
	}
	return err_set(e, ENOENT, "container %s is not in pod %s: no such container", name, p->id);
}

static int logs_run(const struct command_call *call, struct err *e)
{
	const struct pod_logs_args *a = call->args;
	_cleanup_(pod_freep) struct pod *p = NULL;
	_cleanup_free_ struct container **list = NULL;
	char only[CONTAINER_ID_LEN + 1] = "";
	int n = 0, r = one_pod(call, a->how.latest, &p, e);

	if (r == 0 && a->container)
		r = find_member(call->engine, p, a->container, only, e);
	if (r < 0)
		return r;
	list = mem_array(p->members.n, sizeof(struct container *));
	if (!list)
		return err_errno(e, ENOMEM, "logs");
	for (size_t i = 0; i < p->members.n; i++)
		if (!pod_is_infra(p->members.items[i]) && (!*only || strcmp(p->members.items[i]->id, only) == 0))
			list[n++] = p->members.items[i];
	return logs_show(call->engine, &a->how, list, n, e);
}

const struct command command_pod_logs = {
	.name = "pod logs",
	.operands = "[OPTIONS] POD",
	.summary = "Show what the containers of a pod have written",
	.needs = NEED_ENGINE,
	.max_operands = 1,
	.rows = logs_rows,
	.args_size = sizeof(struct pod_logs_args),
	.run = logs_run,
};
