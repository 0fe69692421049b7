/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby pod rm, ranby pod prune. With --force, what is not there is no error: it is as asked for. */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "cmd/grace.h"
#include "cmd/prune.h"
#include "cmd/screen.h"
#include "view/pod.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define GRACE_S_DEFAULT 10

struct rm_args {
	bool all, force, ignore, latest;
	uint32_t time;
	struct strv files;
	int grace_ms;
};

static const struct option_row rm_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct rm_args, all), .help = "All pods"},
	{'f', "force", OPT_FLAG, offsetof(struct rm_args, force), .help = "Stop what runs in them first"},
	{'i', "ignore", OPT_FLAG, offsetof(struct rm_args, ignore), .help = "A pod that is not there is no error"},
	{'l', "latest", OPT_FLAG, offsetof(struct rm_args, latest), .help = "The newest pod"},
	{0, "pod-id-file", OPT_LIST, offsetof(struct rm_args, files), .arg = "FILE", .help = "The pod whose id is in a file"},
	{'t', "time", OPT_U32, offsetof(struct rm_args, time), .arg = "SECONDS", .max = 100000,
	 .help = "With --force: time to stop before a member is killed (10)"},
	OPTION_END,
};

static void rm_args_done(void *args)
{
	strv_done(&((struct rm_args *)args)->files);
}

static int rm_one(const struct command_call *call, struct pod *p, void *ctx, struct err *e)
{
	const struct rm_args *a = ctx;
	const struct pod_remove_options o = {.force = a->force, .grace_ms = a->grace_ms};

	return pod_remove(call->engine, p, &o, e);
}

/* One that does not end so is killed by its removal, or that says why not. */
static int begin_one(const struct command_call *call, void *it, void *ctx, void *state, struct err *e)
{
	const struct rm_args *a = ctx;

	return pod_stop_begin(call->engine, it, a->grace_ms, "rm", state, e);
}

static int end_one(const struct command_call *call, void *it, void *ctx, void *state, int begun, struct err *e)
{
	if (begun == 0)
		(void)!pod_stop_end(call->engine, it, state, NULL, NULL);
	err_clear(e);
	return rm_one(call, it, ctx, e);
}

static const struct each_at_once ending = {.state_size = sizeof(struct pod_stopping), .begin = begin_one, .end = end_one, .ends_it = true};

static int rm_run(const struct command_call *call, struct err *e)
{
	struct rm_args *a = call->args;
	const struct each w = {.all = a->all, .latest = a->latest, .ignore = a->ignore || a->force, .missing_exit = 1, .files = &a->files};
	int r = grace_of(call, a->force, a->time, GRACE_S_DEFAULT, &a->grace_ms, e);

	if (r < 0)
		return r;
	pod_sweep(call->engine);
	return a->force && a->grace_ms > 0 ? each_pod_at_once(call, &w, &ending, a, e) : each_pod(call, &w, rm_one, a, e);
}

const struct command command_pod_rm = {
	.name = "pod rm",
	.aliases = "pod remove",
	.operands = "[OPTIONS] POD [POD...]",
	.summary = "Remove pods and their containers",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = rm_rows,
	.args_size = sizeof(struct rm_args),
	.args_done = rm_args_done,
	.run = rm_run,
};

struct prune_args {
	bool force;
};

static const struct option_row prune_rows[] = {
	{'f', "force", OPT_FLAG, offsetof(struct prune_args, force), .help = "Do not ask"},
	OPTION_END,
};

/* As podman: those that have ended, not those that were never started. */
static bool is_over(const struct pod *p)
{
	const char *state = pod_state_word(p);

	return strcmp(state, "Exited") == 0 || strcmp(state, "Stopped") == 0 || strcmp(state, "Errored") == 0;
}

static int find_over(struct engine *eng, const struct prune_query *q, struct strv *ids, struct err *e)
{
	_cleanup_(strv_done) struct strv filter = {0};
	_cleanup_(pod_list_done) struct pod_list l = {0};
	int r = pod_filter_parse(q->filters, &filter, e);

	if (r == 0)
		r = pod_list(eng, &l, e);
	for (size_t i = 0; r == 0 && i < l.n; i++)
		if (is_over(l.items[i]) && pod_filter_match(&filter, l.items[i]) && strv_add(ids, l.items[i]->id) < 0)
			r = err_errno(e, ENOMEM, "pods");
	return r;
}

static int remove_over(struct engine *eng, const char *id, struct err *e)
{
	_cleanup_(pod_freep) struct pod *p = NULL;
	int r = pod_find(eng, id, &p, e);

	return r == 0 ? pod_remove(eng, p, &(struct pod_remove_options){.reason = "prune"}, e) : r;
}

const struct prune_kind prune_pods = {
	.title = "Deleted Pods", .find = find_over, .remove = remove_over, .sweep = pod_sweep,
};

static int prune_run(const struct command_call *call, struct err *e)
{
	static const struct strv none = {0};
	_cleanup_(strv_done) struct strv ids = {0}, removed = {0};
	const struct prune_args *a = call->args;
	int code, r = a->force ? 1 : screen_ask("WARNING! This will remove all stopped/exited pods..\nAre you sure you want to continue?", e);

	if (r <= 0)
		return r;
	r = prune_pods.find(call->engine, &(struct prune_query){.filters = &none}, &ids, e);
	if (r < 0)
		return r;
	code = prune_remove(call->engine, &prune_pods, &ids, &removed);
	for (size_t i = 0; i < removed.n; i++)
		puts(removed.items[i]);
	return code;
}

const struct command command_pod_prune = {
	.name = "pod prune",
	.operands = "[OPTIONS]",
	.summary = "Remove all pods that have ended, and their containers",
	.needs = NEED_ENGINE,
	.rows = prune_rows,
	.args_size = sizeof(struct prune_args),
	.run = prune_run,
};
