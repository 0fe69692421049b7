/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby update: other limits, at once and for the next starts. */
#include "base/buf.h"
#include "cmd/commands.h"
#include "cmd/each.h"
#include "engine/attest.h"
#include "engine/limits.h"
#include "engine/update.h"

#include <stdio.h>

struct update_args {
	bool latest;
	struct container_options change;
};

#define O(member) offsetof(struct update_args, change.member)

static const struct option_row update_rows[] = {
	{0, "blkio-weight", OPT_STRING, O(blkio_weight), .arg = "N", .help = "Its part where block devices are short (10 to 1000)"},
	{0, "cgroup-conf", OPT_LIST, O(cgroup_conf), .arg = "FILE=VALUE", .help = "Write to a file of its cgroup: memory.high=1073741824"},
	{0, "cpu-period", OPT_STRING, O(cpu_period), .arg = "US", .help = "Period of --cpu-quota, in microseconds (100000)"},
	{0, "cpu-quota", OPT_STRING, O(cpu_quota), .arg = "US", .help = "Processor time in each period, in microseconds"},
	{'c', "cpu-shares", OPT_STRING, O(cpu_shares), .arg = "N", .help = "Its part where processors are short (2 to 262144; 1024 usual)"},
	{0, "cpus", OPT_STRING, O(cpus), .arg = "N", .help = "Processors' worth of time it may use, like 1.5"},
	{0, "cpuset-cpus", OPT_STRING, O(cpuset_cpus), .arg = "LIST", .help = "Processors it runs on: 0-3,5"},
	{0, "cpuset-mems", OPT_STRING, O(cpuset_mems), .arg = "LIST", .help = "Memory nodes it allocates from"},
	{'l', "latest", OPT_FLAG, offsetof(struct update_args, latest), .help = "The newest container"},
	{'m', "memory", OPT_STRING, O(memory), .arg = "SIZE", .help = "Memory it may use; -1: no limit"},
	{0, "memory-reservation", OPT_STRING, O(memory_reservation), .arg = "SIZE", .help = "Memory that is taken from it last"},
	{0, "memory-swap", OPT_STRING, O(memory_swap), .arg = "SIZE", .help = "Memory and swap together; -1: no limit (twice --memory)"},
	{0, "pids-limit", OPT_STRING, O(pids_limit), .arg = "N", .help = "Processes and threads it may have; -1: no limit"},
	OPTION_END,
};

static void update_args_done(void *args)
{
	container_options_done(&((struct update_args *)args)->change);
}

static int update_one(const struct command_call *call, struct container *c, void *ctx, struct err *e)
{
	const struct update_args *a = ctx;
	_cleanup_(buf_done) struct buf what = BUF_INIT;
	struct attest who = ATTEST_INIT(AUDIT_VERB_UPDATE);
	int r = update_container(call->engine, c, &a->change, &what, e);

	who.c = c;
	who.claim[WITNESS_CLAIM_DETAIL] = r == 0 && what.len ? buf_str(&what) : NULL;
	r = attest_result(call->engine, &who, r, e);
	if (r == 0)
		puts(c->id);
	return r;
}

static int update_run(const struct command_call *call, struct err *e)
{
	struct update_args *a = call->args;
	const struct each w = {.latest = a->latest};

	if (!limits_is_given(&a->change)) {
		(void)err_set(e, EINVAL, "ranby update: nothing to change");
		err_hint(e, "give a limit, like --memory 1g; ranby update --help lists them");
		return -EINVAL;
	}
	return each_container(call, &w, update_one, a, e);
}

const struct command command_update = {
	.name = "update",
	.aliases = "container update",
	.operands = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Change the limits of containers",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = update_rows,
	.args_size = sizeof(struct update_args),
	.args_done = update_args_done,
	.run = update_run,
};
