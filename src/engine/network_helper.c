/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The values go to the helper as they are, each an argument of its own: what
 * it does not understand is its own error. slirp4netns has few, with a grammar
 * that is podman's and not its own, so they are checked here.
 */
#include "engine/network_helper.h"

#include "base/parse.h"
#include "base/subnet.h"
#include "engine/network_note.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define MTU_MIN 68
#define MTU_MAX 65521

#define NONE SIZE_MAX
#define SET(member) offsetof(struct network_helper_set, member)

static const struct {
	const char *name, *letter;
	bool has_value;
	size_t sets;
} pasta[] = {
	{"--map-gw", NULL, false, SET(map_gw)},     {"--no-map-gw", NULL, false, NONE},    {"--ipv4-only", "-4", false, NONE},
	{"--ipv6-only", "-6", false, NONE},         {"--no-tcp", NULL, false, NONE},       {"--no-udp", NULL, false, NONE},
	{"--no-icmp", NULL, false, NONE},           {"--no-dhcp", NULL, false, NONE},      {"--no-dhcpv6", NULL, false, NONE},
	{"--no-ndp", NULL, false, NONE},            {"--no-ra", NULL, false, NONE},        {"--mtu", "-m", true, NONE},
	{"--address", "-a", true, NONE},            {"--netmask", "-n", true, NONE},       {"--gateway", "-g", true, NONE},
	{"--interface", "-i", true, NONE},          {"--outbound", "-o", true, NONE},      {"--outbound-if4", NULL, true, NONE},
	{"--outbound-if6", NULL, true, NONE},       {"--ns-ifname", "-I", true, NONE},     {"--mac-addr", "-M", true, NONE},
	{"--tcp-ports", "-t", true, SET(tcp)},      {"--udp-ports", "-u", true, SET(udp)}, {"--tcp-ns", "-T", true, SET(tcp_ns)},
	{"--udp-ns", "-U", true, SET(udp_ns)},
};

static int find_pasta(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(pasta); i++)
		if (strcmp(word, pasta[i].name) == 0 || (pasta[i].letter && strcmp(word, pasta[i].letter) == 0))
			return (int)i;
	return -1;
}

int network_helper_pasta(const char *options, struct network_helper_set *set, struct strv *argv, struct err *e)
{
	_cleanup_free_ char *copy = strdup(options);
	char *save = NULL;

	if (!copy)
		return err_errno(e, ENOMEM, "--network pasta");
	for (char *word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		int i = find_pasta(word);
		const char *value = i >= 0 && pasta[i].has_value ? strtok_r(NULL, ",", &save) : NULL;

		if (i < 0)
			return err_set(e, EINVAL, "--network pasta: option \"%s\" is not one that a container can have", word);
		if (pasta[i].has_value && !value)
			return err_set(e, EINVAL, "--network pasta: option \"%s\" has no value", word);
		if (pasta[i].sets != NONE)
			*(bool *)((char *)set + pasta[i].sets) = true;
		/* the absence of --no-map-gw is what it means */
		if (pasta[i].sets == SET(map_gw))
			continue;
		if (strv_add(argv, word) < 0 || (value && strv_add(argv, value) < 0))
			return err_errno(e, ENOMEM, "--network pasta");
	}
	return 0;
}

/* ---- slirp4netns ---- */

struct slirp {
	bool host_loopback, ipv6;
	uint32_t mtu;
	const char *cidr, *outbound, *outbound6;
};

static bool is_outbound(const char *value, bool six)
{
	struct ip ip;

	return ip_parse(value, &ip) == 0 ? ip.six == six : network_device_is_valid(value);
}

static int set_slirp(struct slirp *s, const char *key, const char *value)
{
	struct subnet subnet;

	if (strcmp(key, "allow_host_loopback") == 0)
		return parse_bool(value, &s->host_loopback);
	if (strcmp(key, "enable_ipv6") == 0)
		return parse_bool(value, &s->ipv6);
	if (strcmp(key, "mtu") == 0)
		return parse_u32(value, MTU_MIN, MTU_MAX, &s->mtu);
	if (strcmp(key, "cidr") == 0) {
		s->cidr = value;
		return subnet_parse(value, &subnet) < 0 || subnet.base.six ? -EINVAL : 0;
	}
	if (strcmp(key, "outbound_addr") == 0) {
		s->outbound = value;
		return is_outbound(value, false) ? 0 : -EINVAL;
	}
	if (strcmp(key, "outbound_addr6") == 0) {
		s->outbound6 = value;
		return is_outbound(value, true) ? 0 : -EINVAL;
	}
	/* its own API (slirp_ports.h), which keeps the peers' addresses; rootlesskit's proxy would not */
	if (strcmp(key, "port_handler") == 0)
		return strcmp(value, "slirp4netns") == 0 ? 0 : strcmp(value, "rootlesskit") == 0 ? -ENOTSUP : -EINVAL;
	return -ENOENT;
}

static int parse_slirp(char *text, struct slirp *s, struct err *e)
{
	char *save = NULL;

	for (char *word = strtok_r(text, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		char *equals = strchr(word, '=');
		int r;

		if (!equals)
			return err_set(e, EINVAL, "--network slirp4netns: option \"%s\" has no value", word);
		*equals = '\0';
		r = set_slirp(s, word, equals + 1);
		if (r == -ENOENT)
			return err_set(e, EINVAL, "--network slirp4netns: unknown option \"%s\"", word);
		if (r == -ENOTSUP) {
			err_set(e, ENOTSUP, "--network slirp4netns: port_handler=rootlesskit: ports are published by slirp4netns itself");
			err_hint(e, "port_handler=slirp4netns is that, and the default; it keeps the clients' addresses");
			return -ENOTSUP;
		}
		if (r < 0)
			return err_set(e, EINVAL, "--network slirp4netns: \"%s\" is no value of %s", equals + 1, word);
	}
	return 0;
}

int network_helper_slirp(const char *options, struct strv *argv, struct err *e)
{
	_cleanup_free_ char *copy = strdup(options);
	struct slirp s = {.mtu = 65520, .ipv6 = true};
	int r = copy ? parse_slirp(copy, &s, e) : err_errno(e, ENOMEM, "--network slirp4netns");

	if (r < 0)
		return r;
	r = strv_add(argv, "--configure");
	if (r == 0)
		r = strv_addf(argv, "--mtu=%u", s.mtu);
	if (r == 0 && !s.host_loopback)
		r = strv_add(argv, "--disable-host-loopback");
	if (r == 0 && s.ipv6)
		r = strv_add(argv, "--enable-ipv6");
	if (r == 0 && s.cidr)
		r = strv_addf(argv, "--cidr=%s", s.cidr);
	if (r == 0 && s.outbound)
		r = strv_addf(argv, "--outbound-addr=%s", s.outbound);
	if (r == 0 && s.outbound6)
		r = strv_addf(argv, "--outbound-addr6=%s", s.outbound6);
	return r < 0 ? err_errno(e, ENOMEM, "--network slirp4netns") : 0;
}
