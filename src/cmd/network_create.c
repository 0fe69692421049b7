/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby network create. */
#include "cmd/commands.h"
#include "engine/labels.h"
#include "engine/networks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct create_args {
	bool ignore, internal, ipv6, disable_dns;
	const char *driver, *ipam_driver, *interface_name;
	struct strv dns, gateway, ip_range, label, opt, route, subnet;
};

static const struct option_row create_rows[] = {
	{0, "disable-dns", OPT_FLAG, offsetof(struct create_args, disable_dns), .help = "Containers do not find each other by name"},
	{0, "dns", OPT_LIST_CSV, offsetof(struct create_args, dns), .arg = "IP", .help = "Refused: a container's name servers are its own", .hidden = true},
	{'d', "driver", OPT_STRING, offsetof(struct create_args, driver), .arg = "DRIVER", .choices = "bridge", .help = "Only \"bridge\""},
	{0, "gateway", OPT_LIST_CSV, offsetof(struct create_args, gateway), .arg = "ADDRESS", .help = "The bridge's address in the subnet"},
	{0, "ignore", OPT_FLAG, offsetof(struct create_args, ignore), .help = "No error when it is there"},
	{0, "internal", OPT_FLAG, offsetof(struct create_args, internal), .help = "Nothing outside of it can be reached"},
	{0, "interface-name", OPT_STRING, offsetof(struct create_args, interface_name), .arg = "NAME", .help = "What the bridge is called"},
	{0, "ip-range", OPT_LIST_CSV, offsetof(struct create_args, ip_range), .arg = "ADDRESS/BITS",
	 .help = "The part of the subnet that containers get addresses from"},
	{0, "ipam-driver", OPT_STRING, offsetof(struct create_args, ipam_driver), .arg = "DRIVER", .choices = "host-local", .help = "Only \"host-local\""},
	{0, "ipv6", OPT_FLAG, offsetof(struct create_args, ipv6), .help = "A subnet of IPv6 too"},
	{0, "label", OPT_LIST, offsetof(struct create_args, label), .arg = "KEY=VALUE", .help = "Set a label"},
	{'o', "opt", OPT_LIST, offsetof(struct create_args, opt), .arg = "KEY=VALUE", .help = "mtu=BYTES, isolate=false"},
	{0, "route", OPT_LIST, offsetof(struct create_args, route), .arg = "ROUTE", .help = "Refused: netavark 1.4 has none", .hidden = true},
	{0, "subnet", OPT_LIST_CSV, offsetof(struct create_args, subnet), .arg = "ADDRESS/BITS", .help = "The addresses that it has"},
	OPTION_END,
};

static void create_args_done(void *args)
{
	struct create_args *a = args;

	strv_done(&a->dns);
	strv_done(&a->gateway);
	strv_done(&a->ip_range);
	strv_done(&a->label);
	strv_done(&a->opt);
	strv_done(&a->route);
	strv_done(&a->subnet);
}

/* What other engines' networks can have, and these cannot. */
static int check(const struct create_args *a, struct err *e)
{
	if (a->driver && *a->driver && strcmp(a->driver, "bridge") != 0)
		err_set(e, ENOTSUP, "unsupported driver %s: there is only \"bridge\"", a->driver);
	else if (a->ipam_driver && *a->ipam_driver && strcmp(a->ipam_driver, "host-local") != 0)
		err_set(e, ENOTSUP, "unsupported ipam driver \"%s\": there is only \"host-local\"", a->ipam_driver);
	else if (a->dns.n > 0)
		err_set(e, ENOTSUP, "--dns %s: a network has no name servers of its own; `ranby run --dns` is each container's", a->dns.items[0]);
	else if (a->route.n > 0)
		err_set(e, ENOTSUP, "--route %s: a network has no routes but to its gateway", a->route.items[0]);
	else
		return 0;
	return -ENOTSUP;
}

static int create_run(const struct command_call *call, struct err *e)
{
	_cleanup_json_ struct json_object *labels = NULL, *options = NULL;
	_cleanup_(network_note_done) struct network_note n = {0};
	const struct create_args *a = call->args;
	struct network_wanted w = {
		.name = call->argc ? call->argv[0] : NULL, .device = a->interface_name, .subnets = &a->subnet, .gateways = &a->gateway, .ranges = &a->ip_range,
		.ipv6 = a->ipv6, .internal = a->internal, .no_dns = a->disable_dns,
	};
	int r = check(a, e);

	if (r < 0)
		return r;
	if (a->ignore && w.name && network_load(call->engine, w.name, &n, NULL) == 0 && strcmp(n.name, w.name) == 0) {
		puts(n.name);
		return 0;
	}
	network_note_done(&n);
	r = labels_make("label", &a->label, &labels, e);
	if (r == 0)
		r = labels_make("opt", &a->opt, &options, e);
	w.labels = labels;
	w.options = options;
	if (r == 0)
		r = network_create(call->engine, &w, &n, e);
	if (r == 0)
		puts(n.name);
	return r;
}

const struct command command_network_create = {
	.name = "network create",
	.operands = "[OPTIONS] [NAME]",
	.summary = "Make a network",
	.needs = NEED_ENGINE,
	.max_operands = 1,
	.rows = create_rows,
	.args_size = sizeof(struct create_args),
	.args_done = create_args_done,
	.run = create_run,
};
