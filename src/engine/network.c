/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * pasta's defaults are made for a developer's convenience: it forwards each
 * port that is bound inside to the host and the host's loopback ports into the
 * namespace, and maps the gateway's address to the host. None of that was
 * asked for, so all of it is switched off (-t/-u/-T/-U none, --no-map-gw), and
 * only what -p names is forwarded. Its command line here is the one of
 * Debian 12's version (2023-03) on: no option later than that is used.
 *
 * The connections keep their peers' addresses, since pasta has no proxy in
 * between but for the host's own loopback (CVE-2021-20199 was one for all).
 */
#include "engine/network.h"

#include "base/parse.h"
#include "engine/hosts.h"
#include "engine/network_helper.h"
#include "engine/networks.h"
#include "engine/port_try.h"
#include "engine/slirp_ports.h"
#include "sys/fd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *network_kind_name(enum network_kind k)
{
	static const char *const names[] = {
		[NETWORK_PASTA] = "pasta",
		[NETWORK_SLIRP] = "slirp4netns",
		[NETWORK_NONE] = "none",
		[NETWORK_HOST] = "host",
		[NETWORK_PEER] = "container",
		[NETWORK_PATH] = "ns",
		[NETWORK_BRIDGE] = "bridge",
	};

	return names[k];
}

const char *network_peer_of(const char *value)
{
	return strncmp(value, "container:", 10) == 0 && value[10] ? value + 10 : NULL;
}

bool network_is_foreign(enum network_kind k)
{
	return k == NETWORK_HOST || k == NETWORK_PEER || k == NETWORK_PATH;
}

void network_plan_done(struct network_plan *p)
{
	strv_done(&p->helper);
	for (size_t i = 0; i < p->n_links; i++)
		network_link_done(&p->links[i]);
	free(TAKE_PTR(p->links));
	free(TAKE_PTR(p->ports));
	free(TAKE_PTR(p->exposed));
	p->n_exposed = 0;
	p->n_links = p->n_ports = 0;
}

/* ---- ports ---- */

/* "8080" or "8080-8090". */
static int parse_range(const char *text, size_t len, uint16_t *first, uint16_t *count)
{
	char copy[16], *dash;
	uint32_t a, b;

	if (len == 0 || len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	dash = strchr(copy, '-');
	if (dash)
		*dash = '\0';
	if (parse_u32(copy, 1, UINT16_MAX, &a) < 0)
		return -EINVAL;
	b = a;
	if (dash && (parse_u32(dash + 1, 1, UINT16_MAX, &b) < 0 || b < a || b - a >= UINT16_MAX))
		return -EINVAL;
	*first = (uint16_t)a;
	*count = (uint16_t)(b - a + 1);
	return 0;
}

/* The address before the ports, canonical; brackets around IPv6. */
static int parse_ip(const char *text, size_t len, char out[static 46])
{
	struct in6_addr six;
	struct in_addr four;
	char copy[64];
	bool brackets = len > 2 && text[0] == '[' && text[len - 1] == ']';

	if (brackets) {
		text++;
		len -= 2;
	}
	if (len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (!brackets && inet_pton(AF_INET, copy, &four) == 1)
		return inet_ntop(AF_INET, &four, out, 46) ? 0 : -EINVAL;
	if (brackets && inet_pton(AF_INET6, copy, &six) == 1)
		return inet_ntop(AF_INET6, &six, out, 46) ? 0 : -EINVAL;
	return -EINVAL;
}

static int parse_proto(const char *proto, bool *ret_udp)
{
	*ret_udp = strcmp(proto, "udp") == 0;
	return *ret_udp || strcmp(proto, "tcp") == 0 ? 0 : -EINVAL;
}

/* "[IP:][HOST:]CTR" without the protocol. */
static const char *parse_ports(const char *text, struct port_map *p)
{
	const char *ctr = strrchr(text, ':'), *host = text, *ip_end = NULL;
	uint16_t count = 0;

	if (parse_range(ctr ? ctr + 1 : text, strlen(ctr ? ctr + 1 : text), &p->container_port, &p->count) < 0)
		return "the container's port is not a number or a range from 1 to 65535";
	if (!ctr)
		return NULL;
	/* between the address and the last colon: the last colon before it that is not in brackets */
	for (const char *c = ctr; c-- > text && *c != ']';)
		if (*c == ':') {
			ip_end = c;
			break;
		}
	if (!ip_end && text[0] == '[')
		return "there is no host port between the colons";
	if (ip_end)
		host = ip_end + 1;
	if (ip_end && ip_end > text && parse_ip(text, (size_t)(ip_end - text), p->host_ip) < 0)
		return "the address is not an IP address (IPv6 needs brackets)";
	if (host == ctr)
		return NULL;
	if (parse_range(host, (size_t)(ctr - host), &p->host_port, &count) < 0)
		return "the host's port is not a number or a range from 1 to 65535";
	return count == p->count ? NULL : "the ranges differ in length";
}

/* Why it is none, or NULL. */
static const char *parse_spec(const char *text, struct port_map *ret)
{
	size_t len = strcspn(text, "/");
	struct port_map p = {0};
	const char *why;
	char ports[128];

	if (len >= sizeof(ports))
		return "longer than 127 bytes";
	if (text[len] == '/' && parse_proto(text + len + 1, &p.udp) < 0)
		return "the protocol is neither tcp nor udp";
	memcpy(ports, text, len);
	ports[len] = '\0';
	why = parse_ports(ports, &p);
	if (!why)
		*ret = p;
	return why;
}

int port_spec_parse(const char *text, struct port_map *ret, struct err *e)
{
	const char *why = parse_spec(text, ret);

	return why ? err_set(e, EINVAL, "--publish %.128s: %s", text, why) : 0;
}

/* ---- the helper ---- */

/* pasta: "ADDRESS/FIRST-LAST:FIRST-LAST" after -t or -u. */
static int pasta_port(const struct port_map *p, struct strv *argv)
{
	char spec[128];
	int n;

	n = snprintf(spec, sizeof(spec), "%s%s", p->host_ip, p->host_ip[0] ? "/" : "");
	if (p->count == 1)
		snprintf(spec + n, sizeof(spec) - (size_t)n, "%u:%u", p->host_port, p->container_port);
	else
		snprintf(spec + n, sizeof(spec) - (size_t)n, "%u-%u:%u-%u", p->host_port, p->host_port + p->count - 1,
			 p->container_port, p->container_port + p->count - 1);
	return strv_add(argv, p->udp ? "-u" : "-t") < 0 || strv_add(argv, spec) < 0 ? -ENOMEM : 0;
}

int network_pasta_user(struct strv *argv)
{
	if (geteuid() != 0)
		return 0;
	return strv_add(argv, "--runas") < 0 || strv_add(argv, "0:0") < 0 ? -ENOMEM : 0;
}

static int pasta_argv(const struct network_plan *plan, struct strv *argv)
{
	static const char *const start[] = {"pasta", "--config-net", "--quiet", "--dns-forward", HOSTS_DNS_FORWARD, "--pid", "{PIDFILE}"};
	struct network_helper_set set = {false};
	_cleanup_(strv_done) struct strv own = {0};
	bool tcp, udp;
	int r = network_helper_pasta(plan->helper_options ? plan->helper_options : "", &set, &own, NULL);

	tcp = set.tcp;
	udp = set.udp;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(start); i++)
		r = strv_add(argv, start[i]);
	if (r == 0 && !set.map_gw)
		r = strv_add(argv, "--no-map-gw");
	if (r == 0 && !set.tcp_ns)
		r = strv_add_all(argv, (char *const[]){(char[]){"-T"}, (char[]){"none"}, NULL});
	if (r == 0 && !set.udp_ns)
		r = strv_add_all(argv, (char *const[]){(char[]){"-U"}, (char[]){"none"}, NULL});
	if (r == 0 && own.n > 0)
		r = strv_add_all(argv, own.items);
	if (r == 0)
		r = network_pasta_user(argv);
	for (size_t i = 0; r == 0 && i < plan->n_ports; i++) {
		r = pasta_port(&plan->ports[i], argv);
		tcp |= !plan->ports[i].udp;
		udp |= plan->ports[i].udp;
	}
	if (r == 0 && !tcp)
		r = strv_add_all(argv, (char *const[]){(char[]){"-t"}, (char[]){"none"}, NULL});
	if (r == 0 && !udp)
		r = strv_add_all(argv, (char *const[]){(char[]){"-u"}, (char[]){"none"}, NULL});
	return r == 0 ? strv_add(argv, "{PID}") : r;
}

static int slirp_argv(const struct network_plan *plan, struct strv *argv)
{
	static const char *const words[] = {"--userns-path=/proc/{PID}/ns/user", "--enable-sandbox", "--enable-seccomp", "--ready-fd", "{READY_FD}", "{PID}", "tap0"};
	int r = strv_add(argv, "slirp4netns");

	if (r == 0)
		r = network_helper_slirp(plan->helper_options ? plan->helper_options : "", argv, NULL);
	if (r == 0 && plan->n_ports > 0)
		r = strv_add(argv, SLIRP_PORTS_OPTION);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(words); i++)
		r = strv_add(argv, words[i]);
	return r;
}

/* The options of a helper are looked at when they are given, not at the start. */
static int check_helper(const struct network_plan *p, struct err *e)
{
	_cleanup_(strv_done) struct strv argv = {0};
	struct network_helper_set set = {false};

	if (!p->helper_options)
		return 0;
	return p->kind == NETWORK_PASTA ? network_helper_pasta(p->helper_options, &set, &argv, e)
					: network_helper_slirp(p->helper_options, &argv, e);
}

/* What has a value after the colon; false: it is not one of these. */
static bool parse_joined(const char *value, struct network_plan *p)
{
	static const struct {
		const char *prefix;
		enum network_kind kind;
	} helpers[] = {{"pasta:", NETWORK_PASTA}, {"slirp4netns:", NETWORK_SLIRP}};

	for (size_t i = 0; i < ARRAY_SIZE(helpers); i++)
		if (strncmp(value, helpers[i].prefix, strlen(helpers[i].prefix)) == 0) {
			p->kind = helpers[i].kind;
			p->helper_options = value + strlen(helpers[i].prefix);
			return true;
		}
	p->other = network_peer_of(value);
	p->kind = NETWORK_PEER;
	if (!p->other && strncmp(value, "ns:/", 4) == 0) {
		p->other = value + 3;
		p->kind = NETWORK_PATH;
	}
	return p->other != NULL;
}

/* One of the kinds that are alone; false: a network's name. */
static bool parse_word(const char *value, struct network_plan *p)
{
	static const struct {
		const char *word;
		enum network_kind kind;
	} kinds[] = {
		{"pasta", NETWORK_PASTA}, {"private", NETWORK_PASTA}, {"default", NETWORK_PASTA}, {"", NETWORK_PASTA},
		{"slirp4netns", NETWORK_SLIRP}, {"none", NETWORK_NONE}, {"host", NETWORK_HOST},
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].word, value) == 0) {
			p->kind = kinds[i].kind;
			return true;
		}
	return parse_joined(value, p);
}

/* --network-alias is a name on each of them; an address is one container's on one network. */
static int add_own_options(const struct container_options *o, struct network_plan *p, struct err *e)
{
	const struct {
		const char *option, *key, *value;
	} rows[] = {{"--ip", "ip", o->ip}, {"--ip6", "ip6", o->ip6}, {"--mac-address", "mac", o->mac_address}};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++) {
		if (!rows[i].value)
			continue;
		if (p->n_links != 1)
			return err_set(e, EINVAL, "%s %s: only with one bridge network; --network NAME:%s=%s is of that one", rows[i].option,
				       rows[i].value, rows[i].key, rows[i].value);
		r = network_link_set(&p->links[0], rows[i].option, rows[i].key, rows[i].value, e);
	}
	if (r == 0 && o->network_alias.n > 0 && p->n_links == 0)
		return err_set(e, EINVAL, "--network-alias %s: only with a bridge network", o->network_alias.items[0]);
	for (size_t i = 0; r == 0 && i < o->network_alias.n; i++)
		for (size_t k = 0; r == 0 && k < p->n_links; k++)
			r = network_link_set(&p->links[k], "--network-alias", "alias", o->network_alias.items[i], e);
	return r;
}

static int add_link(const char *value, struct network_plan *p, struct err *e)
{
	struct network_link *l;
	int r;

	if (p->n_links == NETWORK_LINKS_MAX)
		return err_set(e, E2BIG, "--network: more than %d", NETWORK_LINKS_MAX);
	l = mem_regrow(p->links, p->n_links + 1, sizeof(*l));
	if (!l)
		return err_errno(e, ENOMEM, "--network");
	p->links = l;
	l += p->n_links;
	*l = (struct network_link){.name = ""};
	r = network_link_parse(value, l, e);
	if (r < 0)
		return r;
	p->n_links++;
	for (size_t i = 0; i + 1 < p->n_links; i++)
		if (strcmp(p->links[i].name, l->name) == 0)
			return err_set(e, EINVAL, "--network %s: given twice", l->name);
	return 0;
}

/* "a,b", as podman had it before networks had options, is both. */
static int add_list(const char *value, struct network_plan *p, struct err *e)
{
	_cleanup_free_ char *copy = strdup(value);
	char *rest = copy;
	int r = 0;

	if (!copy)
		return err_errno(e, ENOMEM, "--network");
	if (strchr(value, ':') || !strchr(value, ','))
		return add_link(value, p, e);
	for (char *name = strsep(&rest, ","); r == 0 && name; name = strsep(&rest, ","))
		r = add_link(name, p, e);
	return r;
}

static int parse_kind(const struct container_options *o, struct network_plan *ret, struct err *e)
{
	const char *const *values = o->network.n > 0 ? (const char *const *)o->network.items : (const char *const[]){""};
	size_t n = o->network.n > 0 ? o->network.n : 1;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (!parse_word(values[i], ret)) {
			ret->kind = NETWORK_BRIDGE;
			ret->other = NULL;
			r = add_list(values[i], ret, e);
		} else if (n > 1) {
			r = err_set(e, EINVAL, "--network %s: excludes other networks", values[i]);
		}
	}
	if (r == 0)
		r = check_helper(ret, e);
	return r == 0 ? add_own_options(o, ret, e) : r;
}

int network_plan_resolve(struct engine *eng, struct network_plan *p, struct err *e)
{
	bool internal = p->n_links > 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n_links; i++) {
		_cleanup_(network_note_done) struct network_note n = {0};

		r = network_load(eng, p->links[i].name, &n, e);
		if (r == 0)
			r = network_link_check(&p->links[i], &n, e);
		if (r == 0)
			snprintf(p->links[i].name, sizeof(p->links[i].name), "%s", n.name);
		internal = internal && n.internal;
	}
	if (r == 0 && internal && p->n_ports > 0)
		return err_set(e, EINVAL, "--publish: network %s is internal, and nothing outside of it reaches its containers", p->links[0].name);
	return r;
}

static bool is_same_port(const struct port_map *a, const struct port_map *b)
{
	return a->udp == b->udp && a->host_port == b->host_port && a->container_port == b->container_port && a->count == b->count &&
	       strcmp(a->host_ip, b->host_ip) == 0;
}

/* Whether it is in the list already. pasta has one place for each port of the host: it cannot be on two addresses but on all. */
static int find_port(const struct network_plan *p, const struct port_map *m, struct err *e)
{
	for (size_t i = 0; m->host_port && i < p->n_ports; i++) {
		const struct port_map *other = &p->ports[i];

		if (is_same_port(other, m))
			return 1;
		if (other->host_port && other->udp == m->udp && other->host_port < m->host_port + m->count &&
		    m->host_port < other->host_port + other->count)
			return err_set(e, EINVAL, "--publish: port %u/%s of the host is given twice: it can be on one address or on all", m->host_port,
				       m->udp ? "udp" : "tcp");
	}
	return 0;
}

static int add_to(struct port_map **list, size_t *n, const struct port_map *m, struct err *e)
{
	struct port_map *ports = *n < PORT_MAPS_MAX ? mem_regrow(*list, *n + 1, sizeof(*ports)) : NULL;

	if (*n == PORT_MAPS_MAX)
		return err_set(e, E2BIG, "more than %d ports", PORT_MAPS_MAX);
	if (!ports)
		return err_errno(e, ENOMEM, "ports");
	*list = ports;
	ports[(*n)++] = *m;
	return 0;
}

static int add_port(struct network_plan *p, const struct port_map *m, struct err *e)
{
	return add_to(&p->ports, &p->n_ports, m, e);
}

static int parse_ports_all(const struct container_options *o, struct network_plan *p, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->publish.n; i++) {
		struct port_map m;

		r = port_spec_parse(o->publish.items[i], &m, e);
		if (r == 0)
			r = find_port(p, &m, e);
		if (r == 0) {
			r = add_port(p, &m, e);
			if (r < 0)
				return err_wrap(e, r, "--publish");
		}
		r = r < 0 ? r : 0;
	}
	return r;
}

/* -P: each on a free port of the host. */
static int add_exposed_one(const char *text, bool publish, struct network_plan *p, struct err *e)
{
	struct port_map m;
	const char *why = strchr(text, ':') ? "not PORT[/PROTOCOL]" : parse_spec(text, &m);
	int r = why ? err_set(e, EINVAL, "%s", why) : 0;

	if (r == 0)
		r = add_to(&p->exposed, &p->n_exposed, &m, e);
	return r == 0 && publish ? add_port(p, &m, e) : r;
}

/* What the image and --expose name. */
static int add_exposed(const struct container_options *o, const struct strv *image, struct network_plan *p, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->expose.n; i++) {
		r = add_exposed_one(o->expose.items[i], o->publish_all, p, e);
		if (r < 0)
			return err_wrap(e, r, "--expose %.128s", o->expose.items[i]);
	}
	for (size_t i = 0; image && i < image->n; i++) {
		r = add_exposed_one(image->items[i], o->publish_all, p, o->publish_all ? e : NULL);
		/* it matters to who publishes it alone */
		if (r < 0 && o->publish_all)
			return err_wrap(e, r, "the image's port %s", image->items[i]);
	}
	return 0;
}

static int check_ports(const struct network_plan *p, struct err *e)
{
	if (p->n_ports > 0 && p->kind != NETWORK_PASTA && p->kind != NETWORK_BRIDGE && p->kind != NETWORK_SLIRP)
		return err_set(e, EINVAL, "--publish: not possible with --network %s", network_kind_name(p->kind));
	for (size_t i = 0; p->kind == NETWORK_SLIRP && i < p->n_ports; i++)
		if (strchr(p->ports[i].host_ip, ':')) {
			err_set(e, EINVAL, "--publish [%s]: slirp4netns publishes on addresses of IPv4 alone", p->ports[i].host_ip);
			err_hint(e, "--network pasta and bridge networks publish on IPv6 too");
			return -EINVAL;
		}
	return 0;
}

int network_plan_make(const struct container_options *o, const struct strv *exposed, struct network_plan *ret, struct err *e)
{
	_cleanup_(network_plan_done) struct network_plan p = {0};
	int r;

	r = parse_kind(o, &p, e);
	if (r == 0 && p.kind == NETWORK_PEER && (o->dns.n || o->dns_search.n || o->dns_option.n || o->add_host.n || o->hosts_file))
		return err_set(e, EINVAL, "--dns, --add-host and --hosts-file: not possible with --network container: its files are the other container's");
	if (r == 0)
		r = parse_ports_all(o, &p, e);
	if (r == 0)
		r = add_exposed(o, exposed, &p, e);
	if (r == 0)
		r = check_ports(&p, e);
	if (r < 0)
		return r;
	*ret = p;
	p = (struct network_plan){0};
	return 0;
}

/* ---- free ports ---- */

/* pasta binds one without an address there too. */
static bool is_free_in_six(const struct port_map *p, unsigned port)
{
	_cleanup_close_ int fd = -EBADF;

	return *p->host_ip || port_try("::", p->udp, port, &fd) != -EADDRINUSE;
}

/* A run of `count` free ports. They are free now; the helper says so when they are taken by then. */
static int choose_ports(struct port_map *p, struct err *e)
{
	int r = 0;

	for (int tries = 0; tries < 64; tries++) {
		_cleanup_close_ int first = -EBADF;
		unsigned start, n;

		r = port_try(p->host_ip, p->udp, 0, &first);
		if (r < 0)
			break;
		start = (unsigned)r;
		if (!is_free_in_six(p, start))
			continue;
		for (n = 1; n < p->count && start + n <= UINT16_MAX; n++) {
			_cleanup_close_ int next = -EBADF;

			r = port_try(p->host_ip, p->udp, start + n, &next);
			if (r < 0 || !is_free_in_six(p, start + n))
				break;
		}
		if (n == p->count) {
			p->host_port = (uint16_t)start;
			return 0;
		}
	}
	return err_errno(e, r < 0 ? -r : EADDRINUSE, "--publish: no free port on the host for %u", p->container_port);
}

int network_plan_finish(struct network_plan *p, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < p->n_ports; i++) {
		r = p->ports[i].host_port == 0 ? choose_ports(&p->ports[i], e) : 0;
		if (r < 0)
			return r;
	}
	if (p->kind == NETWORK_PASTA)
		r = pasta_argv(p, &p->helper);
	else if (p->kind == NETWORK_SLIRP)
		r = slirp_argv(p, &p->helper);
	return r < 0 ? err_errno(e, -r, "network") : 0;
}
