/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby network connect, ranby network disconnect. */
#include "cmd/commands.h"
#include "engine/attest.h"
#include "engine/network_use.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct connect_args {
	struct strv alias;
	const char *ip, *ip6, *mac;
};

static const struct option_row connect_rows[] = {
	{0, "alias", OPT_LIST, offsetof(struct connect_args, alias), .arg = "NAME", .help = "A further name of the container there"},
	{0, "ip", OPT_STRING, offsetof(struct connect_args, ip), .arg = "ADDRESS", .help = "Its address there"},
	{0, "ip6", OPT_STRING, offsetof(struct connect_args, ip6), .arg = "ADDRESS", .help = "Its IPv6 address there"},
	{0, "mac-address", OPT_STRING, offsetof(struct connect_args, mac), .arg = "ADDRESS", .help = "Its MAC address there"},
	OPTION_END,
};

static void connect_args_done(void *args)
{
	strv_done(&((struct connect_args *)args)->alias);
}

static int read_link(const struct connect_args *a, const char *network, struct network_link *l, struct err *e)
{
	const struct {
		const char *option, *key, *value;
	} rows[] = {{"--ip", "ip", a->ip}, {"--ip6", "ip6", a->ip6}, {"--mac-address", "mac", a->mac}};
	int r = 0;

	if (strchr(network, ':') || network_link_parse(network, l, NULL) < 0)
		return err_set(e, ENOENT, "unable to find network with name or ID %s: network not found", network);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++)
		if (rows[i].value)
			r = network_link_set(l, rows[i].option, rows[i].key, rows[i].value, e);
	for (size_t i = 0; r == 0 && i < a->alias.n; i++)
		r = network_link_set(l, "--alias", "alias", a->alias.items[i], e);
	return r;
}

static int record(struct engine *eng, const struct container *c, const char *reason, int r, struct err *e)
{
	struct attest who = ATTEST_INIT(AUDIT_VERB_UPDATE);

	who.c = c;
	who.reason = reason;
	return attest_result(eng, &who, r, e);
}

static int connect_run(const struct command_call *call, struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	_cleanup_(network_link_done) struct network_link l = {0};
	int r = read_link(call->args, call->argv[0], &l, e);

	if (r == 0)
		r = container_find(call->engine, call->argv[1], &c, e);
	return r == 0 ? record(call->engine, c, "connect", network_use_connect(call->engine, c, &l, e), e) : r;
}

const struct command command_network_connect = {
	.name = "network connect",
	.operands = "[OPTIONS] NETWORK CONTAINER",
	.summary = "Put a container, running or not, on one more network",
	.needs = NEED_ENGINE,
	.min_operands = 2,
	.max_operands = 2,
	.rows = connect_rows,
	.args_size = sizeof(struct connect_args),
	.args_done = connect_args_done,
	.run = connect_run,
};

struct disconnect_args {
	bool force;
};

static const struct option_row disconnect_rows[] = {
	{'f', "force", OPT_FLAG, offsetof(struct disconnect_args, force), .help = "No error when it is not on it"},
	OPTION_END,
};

static int disconnect_run(const struct command_call *call, struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	int r = container_find(call->engine, call->argv[1], &c, e);

	if (r < 0)
		return r;
	r = network_use_disconnect(call->engine, c, call->argv[0], e);
	if (r == 1 && ((const struct disconnect_args *)call->args)->force)
		return 0;
	if (r == 1)
		r = err_set(e, ENOENT, "container %s is not connected to network %s", c->name, call->argv[0]);
	return record(call->engine, c, "disconnect", r, e);
}

const struct command command_network_disconnect = {
	.name = "network disconnect",
	.operands = "[OPTIONS] NETWORK CONTAINER",
	.summary = "Take a container, running or not, off a network",
	.needs = NEED_ENGINE,
	.min_operands = 2,
	.max_operands = 2,
	.rows = disconnect_rows,
	.args_size = sizeof(struct disconnect_args),
	.run = disconnect_run,
};
