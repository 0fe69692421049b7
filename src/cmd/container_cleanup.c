/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby container cleanup: what is left to do after a container's end, when
 * no front is there to do it: --rm, the run directory, and the next start of
 * one with a restart policy. The monitor calls it; by hand it does no harm.
 */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "engine/exec.h"
#include "engine/image_use.h"
#include "engine/remove.h"
#include "engine/restart.h"

#include <errno.h>
#include <stdio.h>

struct cleanup_args {
	bool all, latest, rm, rmi;
	const char *exec;
	bool restart;
};

static const struct option_row cleanup_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct cleanup_args, all), .help = "All containers that do not run"},
	{0, "exec", OPT_STRING, offsetof(struct cleanup_args, exec), .arg = "ID", .help = "Only this exec session of it"},
	{'l', "latest", OPT_FLAG, offsetof(struct cleanup_args, latest), .help = "The newest container"},
	{0, "rm", OPT_FLAG, offsetof(struct cleanup_args, rm), .help = "Remove it afterwards"},
	{0, "rmi", OPT_FLAG, offsetof(struct cleanup_args, rmi), .help = "And its image, unless another container uses that"},
	{0, "restart", OPT_FLAG, offsetof(struct cleanup_args, restart), .hidden = true, .help = "Start it again, as its policy says"},
	OPTION_END,
};

static int silent(int r)
{
	return r == 0 ? EACH_SILENT : r;
}

static int clean_up(const struct command_call *call, struct container *c, void *ctx, struct err *e)
{
	const struct cleanup_args *a = ctx;
	int r;

	if (a->exec)
		return silent(exec_clean_up(call->engine, c, a->exec, e));
	if (a->restart)
		return silent(restart_after_end(call->engine, c, e));
	if (a->all && c->pid > 0)
		return EACH_SILENT;
	r = remove_after_end(call->engine, c, e);
	if (r == 0 && c->pid > 0)
		return err_set(e, EBUSY, "container %s is running or paused, refusing to clean up: container state improper", c->id);
	/* one that was made with --rm is gone by now */
	if (r == 0 && (a->rm || a->rmi) && container_has(c, "container.json"))
		r = remove_container(call->engine, c, &(struct remove_options){.volumes = true, .reason = "cleanup"}, e);
	if (r == 0 && a->rmi)
		r = image_remove_unused(call->engine, c, e);
	return r;
}

static int cleanup_run(const struct command_call *call, struct err *e)
{
	struct cleanup_args *a = call->args;
	const struct each w = {.prints = true, .all = a->all, .latest = a->latest};
	int r;

	if (a->exec && (a->rm || a->rmi || a->all || call->argc > 1))
		return err_set(e, EINVAL, "exec option conflicts with --rm, --rmi, --all and several containers");
	r = each_container(call, &w, clean_up, a, e);
	container_sweep(call->engine, remove_container_dir);
	return r;
}

const struct command command_container_cleanup = {
	.name = "container cleanup",
	.operands = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Clear up after the end of containers",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = cleanup_rows,
	.args_size = sizeof(struct cleanup_args),
	.run = cleanup_run,
};
