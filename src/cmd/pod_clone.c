/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby pod clone: another pod with the options of one that is there, changed
 * by what is given, and a clone of each of its containers, those first that
 * others require: the clones require the clones. One that cannot be made whole
 * is not left half made.
 */
#include "cmd/clone.h"
#include "cmd/commands.h"
#include "cmd/option_rows.h"
#include "cmd/pod_options.h"
#include "cmd/report.h"
#include "engine/act.h"
#include "engine/limits.h"
#include "engine/remove.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct clone_args {
	struct container_options change;
	const char *infra_name;
	bool destroy, start;
};

#define O(member) offsetof(struct clone_args, change.member)

static const struct option_row clone_rows[] = {
	{0, "destroy", OPT_FLAG, offsetof(struct clone_args, destroy), .help = "Remove the other pod afterwards, also when it runs"},
	{'n', "name", OPT_STRING, O(name), .arg = "NAME", .help = "Its name (the other's and \"-clone\")"},
	{0, "start", OPT_FLAG, offsetof(struct clone_args, start), .help = "Start it"},
	{'h', "hostname", OPT_STRING, O(hostname), .arg = "NAME", .help = "Host name inside (the pod's name)"},
	{0, "infra-name", OPT_STRING, offsetof(struct clone_args, infra_name), .arg = "NAME", .help = "Name of the infra container (ID-infra)"},
	{'l', "label", OPT_LIST, O(label), .arg = "KEY=VALUE", .help = "Set a further label"},
	{0, "restart", OPT_STRING, O(restart), .arg = "POLICY", .choices = RESTART_CHOICES, .help = "What members do when they end"},
	{0, "userns", OPT_STRING, O(userns), .arg = "MODE", .choices = USERNS_CHOICES, .help = "Of all members: as of ranby run"},
	{0, "sysctl", OPT_LIST, O(sysctl), .arg = "NAME=VALUE", .help = "Set a further kernel parameter"},
	{'v', "volume", OPT_LIST, O(volume), .arg = "[SRC:]DST[:OPTS]", .choices = "VOLUME", .help = "Mount a further directory, file or volume in each member"},
	{0, "device", OPT_LIST, O(device), .arg = "HOST[:DST[:rwm]]", .help = "Make a further device available to each member"},
	{0, "security-opt", OPT_LIST, O(security_opt), .arg = "OPTION", .choices = SECURITY_CHOICES, .help = "For each member: as of ranby run"},
	LIMIT_ROWS(O),
	OPTION_END,
};

static void clone_args_done(void *args)
{
	container_options_done(&((struct clone_args *)args)->change);
}

/* Lists grow, values are replaced. */
static int change(struct container_options *o, const struct container_options *by)
{
	const struct {
		struct strv *to;
		const struct strv *from;
	} lists[] = {{&o->label, &by->label}, {&o->sysctl, &by->sysctl}, {&o->volume, &by->volume}, {&o->device, &by->device},
		     {&o->security_opt, &by->security_opt}};
	int r = limits_change(o, by);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(lists); i++)
		r = strv_add_all(lists[i].to, lists[i].from->items);
	o->hostname = by->hostname ? by->hostname : o->hostname;
	o->restart = by->restart ? by->restart : o->restart;
	if (by->userns) {
		o->userns = by->userns;
		strv_done(&o->uidmap);
		strv_done(&o->gidmap);
	}
	return r;
}

static bool is_pod(struct engine *eng, const char *name)
{
	_cleanup_(pod_freep) struct pod *p = NULL;

	return pod_find(eng, name, &p, NULL) != -ENOENT;
}

/* As the command line of `pod create` would have filled it. */
static int fill(const struct command_call *call, const struct pod *old, struct pod_options *w, struct err *e)
{
	const struct clone_args *a = call->args;
	_cleanup_(strv_done) struct strv share = {0};
	int r = container_options_from_json(json_at(old->spec, "options"), &w->o, e);

	if (r == 0 && (change(&w->o, &a->change) < 0 || json_get_strv(old->spec, "share", &share, NULL) < 0))
		r = err_errno(e, ENOMEM, "clone");
	w->infra = json_true(old->spec, "infra");
	w->share_parent = json_true(old->spec, "shareParent");
	w->infra_name = a->infra_name;
	w->policy = strcmp(json_str(old->spec, "exitPolicy"), "stop") == 0 ? POD_STOP : POD_CONTINUE;
	if (a->change.userns)
		w->set |= PEER_BIT(PEER_USER);
	for (size_t i = 0; r == 0 && i < share.n; i++) {
		unsigned one = 0;

		r = pod_share_parse(share.items[i], &one, e);
		w->set |= one;
	}
	w->o.pod_id_file = NULL;
	w->o.replace = false;
	return r;
}

struct cloning {
	const struct command_call *call;
	const struct pod *old;
	const char *pod;
	struct strv from, to; /* ids of members, and of their clones */
};

static void cloning_done(struct cloning *w)
{
	strv_done(&w->from);
	strv_done(&w->to);
}

static int note_clone(struct cloning *w, const char *from, const char *to, struct err *e)
{
	if (strv_add(&w->from, from) < 0 || strv_add(&w->to, to) < 0)
		return err_errno(e, ENOMEM, "clone");
	return 0;
}

static bool is_member(const struct pod *p, const char *id)
{
	for (size_t i = 0; i < p->members.n; i++)
		if (strcmp(p->members.items[i]->id, id) == 0)
			return true;
	return false;
}

/* What a clone of `c` requires: clones, where `c` requires members. 1: one of them is not made yet. */
static int required_of(const struct cloning *w, const struct container *c, struct strv *ret, struct err *e)
{
	_cleanup_(strv_done) struct strv ids = {0};
	int r = json_get_strv(c->spec, "requires", &ids, e);

	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		ptrdiff_t k = strv_find(&w->from, ids.items[i]);

		if (k < 0 && is_member(w->old, ids.items[i]))
			return 1;
		if (strv_add(ret, k < 0 ? ids.items[i] : w->to.items[k]) < 0)
			r = err_errno(e, ENOMEM, "clone");
	}
	return r;
}

/* Likewise. */
static int clone_member(struct cloning *w, const struct container *c, struct err *e)
{
	_cleanup_(made_done) struct made m = MADE_INIT;
	_cleanup_(strv_done) struct strv required = {0};
	const struct clone_wanted wanted = {.pod = w->pod, .requires = &required};
	int r = required_of(w, c, &required, e);

	if (r > 0)
		return r;
	if (r == 0)
		r = clone_make(w->call, c, &wanted, &m, e);
	if (r < 0)
		return err_wrap(e, r, "container %s", c->name);
	return note_clone(w, c->id, m.c->id, e);
}

/* Those whose needs are there, and that are not. */
static int clone_some(struct cloning *w, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < w->old->members.n; i++)
		if (strv_find(&w->from, w->old->members.items[i]->id) < 0)
			r = clone_member(w, w->old->members.items[i], e);
	return r < 0 ? r : 0;
}

static int clone_members(const struct command_call *call, const struct pod *old, const struct pod *p, struct err *e)
{
	_cleanup_(cloning_done) struct cloning w = {.call = call, .old = old, .pod = p->id};
	size_t before = SIZE_MAX;
	int r = old->infra && p->infra ? note_clone(&w, old->infra->id, p->infra->id, e) : 0;

	while (r == 0 && w.from.n < old->members.n && w.from.n != before) {
		before = w.from.n;
		r = clone_some(&w, e);
	}
	if (r == 0 && w.from.n < old->members.n)
		return err_set(e, ELOOP, "pod %s: containers of it need each other", old->name);
	return r;
}

static int start_clone(const struct command_call *call, const char *id, struct err *e)
{
	_cleanup_(pod_freep) struct pod *p = NULL;
	struct act_starter by = ACT_STARTER_INIT;
	int r = pod_find(call->engine, id, &p, e);

	if (r == 0)
		r = act_starter_open(call->engine, &by, e);
	if (r == 0)
		r = pod_start(call->engine, p, &by, report_error, e);
	act_starter_done(&by);
	return r;
}

static int make(const struct command_call *call, const struct pod *old, struct pod **ret, struct err *e)
{
	const struct clone_args *a = call->args;
	struct pod_options w = {.infra = true};
	char name[CLONE_NAME_SIZE];
	int r = fill(call, old, &w, e);

	w.o.name = call->argc > 1 ? call->argv[1] : a->change.name;
	if (r == 0 && !w.o.name) {
		r = clone_name(call->engine, old->name, is_pod, name, e);
		w.o.name = name;
	}
	if (r == 0)
		r = pod_options_create(call, &w, ret, e);
	pod_options_done(&w);
	return r;
}

static int clone_run(const struct command_call *call, struct err *e)
{
	static const struct pod_remove_options unmade = {.force = true, .reason = REMOVE_AUTO}, destroyed = {.force = true, .reason = "clone"};
	_cleanup_(pod_freep) struct pod *old = NULL, *p = NULL;
	const struct clone_args *a = call->args;
	int r;

	if (a->change.name && call->argc > 1)
		return err_set(e, EINVAL, "ranby pod clone: its name is given twice");
	r = pod_find(call->engine, call->argv[0], &old, e);
	if (r == 0)
		r = make(call, old, &p, e);
	if (r < 0)
		return r;
	r = clone_members(call, old, p, e);
	if (r < 0) {
		(void)!pod_remove(call->engine, p, &unmade, NULL);
		return r;
	}
	if (a->destroy)
		r = pod_remove(call->engine, old, &destroyed, e);
	if (r == 0 && a->start)
		r = start_clone(call, p->id, e);
	if (r == 0)
		puts(p->id);
	return r;
}

const struct command command_pod_clone = {
	.name = "pod clone",
	.operands = "[OPTIONS] POD [NAME]",
	.summary = "Make another pod like one that is there, with its containers",
	.needs = NEED_ENGINE,
	.min_operands = 1,
	.max_operands = 2,
	.rows = clone_rows,
	.args_size = sizeof(struct clone_args),
	.args_done = clone_args_done,
	.run = clone_run,
};
