/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby events: what happened to containers and images; with --all-users to everybody's. */
#include "cmd/audit_commands.h"
#include "engine/event_journal.h"
#include "view/census.h"
#include "sys/procfs.h"

#include <errno.h>
#include <string.h>

static const struct option_row events_rows[] = {
	{0, "all-users", OPT_FLAG, offsetof(struct events_args, all_users), .help = "Everybody's, from the system ledger; for root and the group ranby-audit"},
	{'f', "filter", OPT_LIST, offsetof(struct events_args, filters), .arg = "KEY=VALUE",
	 .choices = "container=CONTAINER|event=|id=|image=IMAGE|label=|name=|network=NETWORK|pod=POD|result=|secret=SECRET|session=|type=|user=|uuid=|volume=VOLUME",
	 .help = "Only those: container, event, id, image, label, name, network, pod, result, secret, session, type, user, uuid, volume"},
	{0, "format", OPT_STRING, offsetof(struct events_args, format), .arg = "FORMAT", .choices = "json", .help = "json (one object a line), or a Go template"},
	{0, "journal", OPT_FLAG, offsetof(struct events_args, journal), .hidden = true, .help = "From the journal"},
	{0, "no-trunc", OPT_FLAG, offsetof(struct events_args, no_trunc), .help = "Do not shorten IDs"},
	{0, "since", OPT_STRING, offsetof(struct events_args, since), .arg = "TIME", .help = "From then on: a time, or \"10m\" ago"},
	{0, "stream", OPT_FLAG, offsetof(struct events_args, stream), .help = "Go on with what comes (the default; --stream=false ends)"},
	{0, "system", OPT_STRING, offsetof(struct events_args, system), .arg = "DIR", .help = "Of the system ledger below DIR (/var/log/ranby)"},
	{0, "until", OPT_STRING, offsetof(struct events_args, until), .arg = "TIME", .help = "Up to then"},
	OPTION_END,
};

static void events_done(void *args)
{
	strv_done(&((struct events_args *)args)->filters);
}

static int forward_to_journal(const struct command_call *call, struct err *e)
{
	static char word[] = "--journal";
	_cleanup_free_ char **argv = mem_array((size_t)call->full_argc + 2, sizeof(*argv));
	struct command_call with = *call;

	if (!argv)
		return err_errno(e, ENOMEM, "events");
	argv[0] = call->full_argv[0];
	argv[1] = word;
	memcpy(argv + 2, call->full_argv + 1, (size_t)call->full_argc * sizeof(*argv));
	with.full_argv = argv;
	with.full_argc++;
	return audit_forward(&with, e);
}

/* The ledger's own mode keeps others out; this says so in the words of `ps --all-users`, and not from inside of a user namespace. */
static int events_run(const struct command_call *call, struct err *e)
{
	const struct events_args *a = call->args;
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	bool journal = false;
	int r = a->all_users ? procfs_open(&fs) : 0;

	if (r < 0)
		return err_errno(e, -r, "/proc");
	r = a->all_users ? census_allowed(&fs, e) : 0;
	if (r == 0 && !a->all_users && !a->system)
		r = event_journal_is_chosen(call->engine, &journal, e);
	if (r < 0)
		return r;
	return journal ? forward_to_journal(call, e) : audit_forward(call, e);
}

const struct command command_events = {
	.name = "events",
	.aliases = "system events",
	.operands = "[OPTIONS]",
	.summary = "Show what happened to containers and images, and by whom",
	.needs = NEED_ENGINE,
	.rows = events_rows,
	.args_size = sizeof(struct events_args),
	.args_done = events_done,
	.run = events_run,
};
