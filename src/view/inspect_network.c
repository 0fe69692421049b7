/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * podman's fields, also those that are always empty there. What is asked for
 * is of container.json; what it has is what netavark said (engine/bridge.h),
 * and empty while it does not run.
 */
#include "view/inspect_parts.h"

#include "base/subnet.h"
#include "engine/bridge.h"
#include "engine/network_use.h"

#include <stdio.h>
#include <string.h>

/* What one interface has. */
struct addresses {
	char ip[IP_TEXT_SIZE], ip6[IP_TEXT_SIZE];
	const char *gateway, *gateway6, *mac; /* borrowed */
	unsigned bits, bits6;
};

/* "10.89.0.2/24", the address itself and not the subnet's. */
static void add_address(struct json_object *o, struct addresses *a)
{
	const char *net = json_str(o, "ipnet"), *slash = strchr(net, '/');
	struct subnet s;
	bool six = strchr(net, ':') != NULL;

	if (!slash || subnet_parse(net, &s) < 0)
		return;
	snprintf(six ? a->ip6 : a->ip, IP_TEXT_SIZE, "%.*s", (int)(slash - net), net);
	*(six ? &a->bits6 : &a->bits) = s.prefix;
	*(six ? &a->gateway6 : &a->gateway) = json_str(o, "gateway");
}

static struct addresses addresses_of(struct json_object *status, const char *network)
{
	struct addresses a = {.gateway = "", .gateway6 = "", .mac = ""};
	struct json_object *own = NULL, *interfaces;

	if (!status || !json_object_object_get_ex(status, network, &own) || !(interfaces = json_at(own, "interfaces")))
		return a;
	json_object_object_foreach(interfaces, name, o)
	{
		struct json_object *list = json_at(o, "subnets");

		(void)name;
		a.mac = json_str(o, "mac_address");
		for (size_t i = 0; list && json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++)
			add_address(json_object_array_get_idx(list, i), &a);
	}
	return a;
}

static int add_addresses(struct json_object *o, const struct addresses *a)
{
	if (json_add_str(o, "EndpointID", "") < 0 || json_add_str(o, "Gateway", a->gateway) < 0 || json_add_str(o, "IPAddress", a->ip) < 0 ||
	    json_add_int(o, "IPPrefixLen", a->bits) < 0 || json_add_str(o, "IPv6Gateway", a->gateway6) < 0 ||
	    json_add_str(o, "GlobalIPv6Address", a->ip6) < 0 || json_add_int(o, "GlobalIPv6PrefixLen", a->bits6) < 0)
		return -ENOMEM;
	return json_add_str(o, "MacAddress", a->mac);
}

/* The id's first digits are an alias, as netavark is told. */
static int add_aliases(struct json_object *o, struct json_object *link, const char *id)
{
	_cleanup_(strv_done) struct strv aliases = {0};

	if (json_get_strv(link, "aliases", &aliases, NULL) < 0 || strv_addf(&aliases, "%.12s", id) < 0)
		return -ENOMEM;
	return json_add_strv(o, "Aliases", &aliases);
}

static int add_network(const struct container *c, struct json_object *link, struct json_object *status, struct json_object *to)
{
	const struct addresses a = addresses_of(status, json_str(link, "name"));
	struct json_object *o = json_object_new_object();

	if (json_add(to, json_str(link, "name"), o) < 0 || add_addresses(o, &a) < 0 ||
	    json_add_str(o, "NetworkID", json_str(link, "name")) < 0 || json_object_object_add(o, "DriverOpts", NULL) < 0 ||
	    json_object_object_add(o, "IPAMConfig", NULL) < 0 || json_object_object_add(o, "Links", NULL) < 0)
		return -ENOMEM;
	return add_aliases(o, link, c->id);
}

static struct json_object *networks_of(const struct container *c, struct json_object *status)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct json_object *list = json_at(c->spec, "config.network.networks");

	for (size_t i = 0; o && list && i < json_object_array_length(list); i++)
		if (add_network(c, json_object_array_get_idx(list, i), status, o) < 0)
			return NULL;
	return TAKE_PTR(o);
}

int inspect_network(struct engine *eng, const struct container *c, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object(), *status = NULL;
	int r = bridge_status(eng, c, &status, NULL);
	/* as in podman, of the default network alone */
	struct addresses a = addresses_of(status, NETWORK_DEFAULT);

	if (r < 0 || !o || add_addresses(o, &a) < 0 || json_add_str(o, "Bridge", "") < 0 || json_add_str(o, "SandboxID", "") < 0 ||
	    json_add_bool(o, "HairpinMode", false) < 0 || json_add_str(o, "LinkLocalIPv6Address", "") < 0 ||
	    json_add_int(o, "LinkLocalIPv6PrefixLen", 0) < 0 ||
	    json_add(o, "Ports", inspect_ports(json_at(c->spec, "config.network.ports"))) < 0 ||
	    json_add_str(o, "SandboxKey", "") < 0 || json_add(o, "Networks", networks_of(c, status)) < 0)
		return r < 0 ? r : -ENOMEM;
	*ret = TAKE_PTR(o);
	return 0;
}
