/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A proxy in between is the simple way, and every client is then the proxy's
 * address to the server (CVE-2021-20199). pasta is none: what comes to the
 * host's port enters as a packet from the client's own address, and netavark's
 * rules send it on to the container unchanged but for where it goes.
 *
 * The ports of a pasta are fixed when it starts, so each container that
 * publishes has one of its own, which the monitor starts and ends as any
 * network helper; its interface in the holder is tapN, N the slot. The answers
 * must leave by the interface that the question came in by, and not by that of
 * the default route: connections are marked where they come in, packets of a
 * marked one are marked again, and a rule sends them to the table of that interface.
 *
 * A client on the host's own loopback is the exception. An address of 127.0.0.0/8
 * can not be seen on another interface (RFC 1122, 3.2.1.3), so netavark makes it the gateway's.
 *
 * In IPv6 the kernel does not take the answer to it back, since ::1 is local on lo
 * alone: so it is made local on the bridges too. None of this lets a container
 * speak as ::1: what comes in by an interface from or to it is dropped before.
 *
 * Packets are sent on as they are, so a container that has no address of a
 * family is published in the other one alone; a port asked for on an address of
 * a family that leads nowhere is an error.
 *
 * The bits of the mark are above those that netavark has (0x2000).
 */
#include "engine/bridge_ports.h"

#include "base/buf.h"
#include "engine/network.h"
#include "sys/fd.h"
#include "sys/self.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MARK_SHIFT 16
#define MARK_MASK 0x0fff0000U
#define TABLE_FIRST 1000
#define METRIC_FIRST 2000 /* each route has one of its own: with that of another it would replace it */

static size_t length(struct json_object *array)
{
	return array && json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

unsigned bridge_ports_slot(const struct bridge_notes *l)
{
	for (unsigned slot = 1; slot <= BRIDGE_SLOTS_MAX; slot++) {
		bool taken = false;

		for (size_t i = 0; i < l->n; i++)
			taken |= json_int(l->items[i], "slot") == slot;
		if (!taken)
			return slot;
	}
	return 0;
}

/* The n-th address of a slot's own four of 169.254.128.0/17: 1 is pasta's, 2 that of tapN. */
static void address(unsigned slot, unsigned n, char out[static 16])
{
	snprintf(out, 16, "169.254.%u.%u", (128 + slot / 64) & 0xff, (slot % 64 * 4 + n) & 0xff);
}

unsigned bridge_ports_families(struct json_object *request)
{
	struct json_object *networks = json_at(request, "networks");
	unsigned families = 0;

	if (!networks)
		return 0;
	json_object_object_foreach(networks, name, own)
	{
		struct json_object *ips = json_at(own, "static_ips");

		(void)name;
		for (size_t i = 0; i < length(ips); i++)
			families |= strchr(json_object_get_string(json_object_array_get_idx(ips, i)), ':') ? BRIDGE_SIX : BRIDGE_FOUR;
	}
	return families;
}

int bridge_ports_check(unsigned families, struct json_object *ports, struct err *e)
{
	for (size_t i = 0; i < length(ports); i++) {
		const char *ip = json_str(json_object_array_get_idx(ports, i), "hostIp");
		bool six = strchr(ip, ':');

		if (!*ip || families & (six ? BRIDGE_SIX : BRIDGE_FOUR))
			continue;
		err_set(e, EINVAL, "--publish on %s: the container has no address of IPv%c on its networks", ip, six ? '6' : '4');
		if (six)
			err_hint(e, "`ranby network create --ipv6 NAME` makes a network with both");
		return -EINVAL;
	}
	return 0;
}

static int add_port(struct json_object *p, struct strv *argv)
{
	const char *ip = json_str(p, "hostIp");
	unsigned first = (unsigned)json_int(p, "hostPort") & 0xffff, last = first + ((unsigned)json_int(p, "count") & 0xffff) - 1;

	if (strv_add(argv, strcmp(json_str(p, "protocol"), "udp") == 0 ? "-u" : "-t") < 0)
		return -ENOMEM;
	return strv_addf(argv, "%s%s%u-%u:%u-%u", ip, *ip ? "/" : "", first, last, first, last);
}

/* -t and -u; "none" where there is no port of the kind, since pasta's default is all that are bound inside. */
static int add_ports(struct json_object *ports, struct strv *argv)
{
	bool tcp = false, udp = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < length(ports); i++) {
		struct json_object *p = json_object_array_get_idx(ports, i);

		r = add_port(p, argv);
		*(strcmp(json_str(p, "protocol"), "udp") == 0 ? &udp : &tcp) = true;
	}
	if (r == 0 && !tcp && (strv_add(argv, "-t") < 0 || strv_add(argv, "none") < 0))
		r = -ENOMEM;
	if (r == 0 && !udp && (strv_add(argv, "-u") < 0 || strv_add(argv, "none") < 0))
		r = -ENOMEM;
	return r;
}

static int add_addresses(unsigned slot, unsigned families, struct strv *argv)
{
	char own[16], inside[16];
	const char *const four[] = {"-n", "30", "-a", inside, "-g", own};
	int r = 0;

	address(slot, 1, own);
	address(slot, 2, inside);
	for (size_t i = 0; r == 0 && families & BRIDGE_FOUR && i < ARRAY_SIZE(four); i++)
		r = strv_add(argv, four[i]);
	if (r == 0 && families & BRIDGE_SIX &&
	    (strv_add(argv, "-a") < 0 || strv_addf(argv, BRIDGE_SIX_PREFIX "%x::2", slot) < 0 || strv_add(argv, "-g") < 0 ||
	     strv_addf(argv, BRIDGE_SIX_PREFIX "%x::1", slot) < 0))
		r = -ENOMEM;
	if (r == 0 && families != (BRIDGE_FOUR | BRIDGE_SIX))
		r = strv_add(argv, families == BRIDGE_SIX ? "-6" : "-4");
	return r;
}

int bridge_ports_argv(unsigned slot, unsigned families, const struct bridge_holder *h, struct json_object *ports, struct strv *argv)
{
	char name[16], user[32], net[32];
	bool same = h->keeper.userns_fd < 0; /* who is in it already cannot enter it */
	const char *const words[] = {"pasta", "--quiet", "--no-map-gw", "-T", "none", "-U", "none", "--ns-ifname", name, "--netns", net,
				     "--pid", "{PIDFILE}", same ? "--netns-only" : "--userns", same ? NULL : user};
	int r = 0;

	snprintf(name, sizeof(name), "tap%u", slot);
	snprintf(user, sizeof(user), "/proc/%d/ns/user", (int)h->pid);
	snprintf(net, sizeof(net), "/proc/%d/ns/net", (int)h->pid);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(words) && words[i]; i++)
		r = strv_add(argv, words[i]);
	if (r == 0)
		r = network_pasta_user(argv);
	if (r == 0)
		r = add_addresses(slot, families, argv);
	return r == 0 ? add_ports(ports, argv) : r;
}

/* ---- netavark's ---- */

static bool overlap(struct json_object *p, struct json_object *mapping)
{
	int64_t a = json_int(p, "hostPort"), b = json_int(mapping, "host_port");

	return strcmp(json_str(p, "protocol"), json_str(mapping, "protocol")) == 0 && a < b + json_int(mapping, "range") &&
	       b < a + json_int(p, "count");
}

/* Two of one container's own on different addresses are for pasta to tell apart, and lead to the same. */
static int check_free(const struct bridge_notes *l, const char *id, struct json_object *p, struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		struct json_object *taken = json_at(l->items[i], "request.port_mappings");

		if (strcmp(json_str(l->items[i], "id"), id) == 0)
			continue;
		for (size_t k = 0; k < length(taken); k++)
			if (overlap(p, json_object_array_get_idx(taken, k)))
				return err_set(e, EADDRINUSE, "--publish: port %u/%s is published by container %.12s already",
					       (unsigned)json_int(p, "hostPort"), json_str(p, "protocol"), json_str(l->items[i], "id"));
	}
	return 0;
}

int bridge_ports_map(const struct bridge_notes *l, const char *id, struct json_object *ports, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *array = json_object_new_array();
	int r = array ? 0 : err_errno(e, ENOMEM, "ports");

	for (size_t i = 0; r == 0 && i < length(ports); i++) {
		struct json_object *p = json_object_array_get_idx(ports, i), *o;

		r = check_free(l, id, p, e);
		if (r < 0)
			return r;
		o = json_object_new_object();
		/* which of the host's addresses it is was pasta's to look at */
		if (json_append(array, o) < 0 || json_add_str(o, "host_ip", "") < 0 ||
		    json_add_int(o, "container_port", json_int(p, "containerPort")) < 0 ||
		    json_add_int(o, "host_port", json_int(p, "hostPort")) < 0 || json_add_int(o, "range", json_int(p, "count")) < 0 ||
		    json_add_str(o, "protocol", json_str(p, "protocol")) < 0)
			r = err_errno(e, ENOMEM, "ports");
	}
	if (r == 0)
		*ret = TAKE_PTR(array);
	return r;
}

/* ---- rules ---- */

void bridge_ports_programs_done(struct bridge_ports_programs *p)
{
	fd_closep(&p->ip_fd);
	fd_closep(&p->restore_fd);
	fd_closep(&p->restore6_fd);
}

int bridge_ports_programs_open(struct bridge_ports_programs *ret, struct err *e)
{
	const struct {
		const char *name, *package;
		int *fd;
	} rows[] = {{"ip", "iproute2", &ret->ip_fd},
		    {"iptables-restore", "iptables", &ret->restore_fd},
		    {"ip6tables-restore", "iptables", &ret->restore6_fd}};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++) {
		r = self_open_helper(rows[i].name, rows[i].fd, NULL, e);
		if (r == -ENOENT)
			err_hint(e, "-p on a bridge network needs it (Debian: apt install %s)", rows[i].package);
	}
	return r;
}

int bridge_ports_six_bridges(struct json_object *request, struct strv *ret)
{
	struct json_object *all = json_at(request, "network_info");
	int r = 0;

	if (!all)
		return 0;
	json_object_object_foreach(all, name, info)
	{
		struct json_object *subnets = json_at(info, "subnets");
		bool six = false;

		(void)name;
		for (size_t i = 0; i < length(subnets); i++)
			six |= strchr(json_str(json_object_array_get_idx(subnets, i), "subnet"), ':') != NULL;
		if (r == 0 && six)
			r = strv_add(ret, json_str(info, "network_interface"));
	}
	return r;
}

/* ip(8) for one family; `text` is consumed. */
static int run_ip(bool six, struct buf *text, int fd, struct err *e)
{
	const char *const argv[] = {"ip", six ? "-6" : "-4", "-batch", "-", NULL};
	struct bridge_program p = {BRIDGE_PROGRAM_INIT, .exe_fd = fd, .argv = argv};
	int r = buf_bad(text) ? err_errno(e, ENOMEM, "ip") : 0;

	p.input = buf_str(text);
	if (r == 0)
		r = bridge_program_run(&p, e);
	buf_done(text);
	return r;
}

static int add_routes(const struct bridge_ports *b, bool six, int fd, struct err *e)
{
	unsigned slot = b->slot, table = TABLE_FIRST + slot;
	struct buf text = BUF_INIT;
	char own[16];

	address(slot, 2, own);
	buf_addf(&text, "link set tap%u up\n", slot);
	if (six)
		buf_addf(&text, "address add " BRIDGE_SIX_PREFIX "%x::2/64 dev tap%u nodad\n", slot, slot);
	else
		buf_addf(&text, "address add %s/30 dev tap%u\n", own, slot);
	buf_addf(&text, "rule add fwmark 0x%x/0x%x lookup %u\nroute add default dev tap%u table %u\n", slot << MARK_SHIFT, MARK_MASK, table,
		 slot, table);
	for (size_t i = 0; six && b->six_bridges && i < b->six_bridges->n; i++)
		buf_addf(&text, "route replace local ::1 dev %s table local metric %zu\n", b->six_bridges->items[i],
			 METRIC_FIRST + (size_t)slot * NETWORK_LINKS_MAX + i);
	return run_ip(six, &text, fd, e);
}

/* The addresses and routes go with the interface. */
static int remove_rule(unsigned slot, bool six, int fd, struct err *e)
{
	struct buf text = BUF_INIT;

	buf_addf(&text, "rule delete fwmark 0x%x/0x%x lookup %u\n", slot << MARK_SHIFT, MARK_MASK, TABLE_FIRST + slot);
	return run_ip(six, &text, fd, e);
}

static int run_restore(unsigned slot, bool six, bool on, const struct bridge_ports_programs *programs, struct err *e)
{
	const char *const argv[] = {six ? "ip6tables-restore" : "iptables-restore", "--noflush", "--wait", NULL};
	struct bridge_program p = {BRIDGE_PROGRAM_INIT, .exe_fd = six ? programs->restore6_fd : programs->restore_fd, .argv = argv};
	unsigned mark = slot << MARK_SHIFT;
	char text[512];

	snprintf(text, sizeof(text),
		 "*mangle\n%s PREROUTING -i tap%u -m conntrack --ctstate NEW -j CONNMARK --set-xmark 0x%x/0x%x\n"
		 "%s PREROUTING ! -i tap%u -m connmark --mark 0x%x/0x%x -j CONNMARK --restore-mark --nfmask 0x%x --ctmask 0x%x\nCOMMIT\n",
		 on ? "-A" : "-D", slot, mark, MARK_MASK, on ? "-A" : "-D", slot, mark, MARK_MASK, MARK_MASK, MARK_MASK);
	p.input = text;
	return bridge_program_run(&p, e);
}

static int set_one(const struct bridge_ports *b, bool six, const struct bridge_ports_programs *p, struct err *e)
{
	int r = add_routes(b, six, p->ip_fd, e);

	return r == 0 ? run_restore(b->slot, six, true, p, e) : r;
}

/* Both parts are tried whatever became of the other. */
static int unset_one(const struct bridge_ports *b, bool six, const struct bridge_ports_programs *p, struct err *e)
{
	int r = remove_rule(b->slot, six, p->ip_fd, e), r2 = run_restore(b->slot, six, false, p, r < 0 ? NULL : e);

	return r < 0 ? r : r2;
}

int bridge_ports_apply(const struct bridge_ports *b, bool on, const struct bridge_ports_programs *p, struct err *e)
{
	static const unsigned bits[] = {BRIDGE_FOUR, BRIDGE_SIX};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(bits) && (r == 0 || !on); i++) {
		bool six = bits[i] == BRIDGE_SIX;
		int r2 = 0;

		if (b->families & bits[i])
			r2 = on ? set_one(b, six, p, e) : unset_one(b, six, p, r < 0 ? NULL : e);
		r = r < 0 ? r : r2;
	}
	return r;
}
