/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby container prune: removes those that do not run. */
#include "cmd/commands.h"
#include "cmd/report.h"
#include "cmd/screen.h"
#include "view/ps.h"
#include "engine/pod.h"
#include "engine/remove.h"

#include <stdio.h>

struct prune_args {
	bool force;
	struct strv filter;
};

static const struct option_row prune_rows[] = {
	{0, "filter", OPT_LIST, offsetof(struct prune_args, filter), .arg = "KEY=VALUE", .help = "Only those that match, as in ps"},
	{'f', "force", OPT_FLAG, offsetof(struct prune_args, force), .help = "Do not ask"},
	OPTION_END,
};

static void prune_args_done(void *args)
{
	strv_done(&((struct prune_args *)args)->filter);
}

static int prune_run(const struct command_call *call, struct err *e)
{
	_cleanup_(container_list_done) struct container_list l = {0};
	_cleanup_(ps_filter_done) struct ps_filter f = {0};
	const struct prune_args *a = call->args;
	int code = 0, r = 0;

	for (size_t i = 0; r == 0 && i < a->filter.n; i++)
		r = ps_filter_add(&f, a->filter.items[i], e);
	if (r == 0 && !a->force) {
		r = screen_ask("WARNING! This will remove all non running containers.\nAre you sure you want to continue?", e);
		if (r == 0)
			return 0;
	}
	if (r < 0)
		return r;
	container_sweep(call->engine, remove_container_dir);
	r = container_list(call->engine, &l, e);
	for (size_t i = 0; r == 0 && i < l.n; i++) {
		struct err own = {0};
		int k;

		if (l.items[i]->pid > 0 || pod_is_infra(l.items[i]) || !ps_filter_match(&f, l.items[i], &l))
			continue;
		k = remove_container(call->engine, l.items[i], &(struct remove_options){.reason = "prune"}, &own);
		if (k == 0)
			puts(l.items[i]->id);
		else if (k != -ENOENT && k != -EBUSY) {
			report_error(&own);
			code = report_code(&own);
		}
	}
	return r < 0 ? r : code;
}

const struct command command_container_prune = {
	.name = "container prune",
	.operands = "[OPTIONS]",
	.summary = "Remove all containers that do not run",
	.needs = NEED_ENGINE,
	.rows = prune_rows,
	.args_size = sizeof(struct prune_args),
	.args_done = prune_args_done,
	.run = prune_run,
};
