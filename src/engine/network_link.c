/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The grammar is podman's. Addresses and MAC addresses are kept as this file
 * spells them, whatever the spelling they came in, so that two of them are the
 * same when their text is. An alias is a name in DNS, and no more than that:
 * aardvark-dns reads them from a line with blanks and commas in it.
 */
#include "engine/network_link.h"

#include "engine/hosts.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

void network_link_done(struct network_link *l)
{
	strv_done(&l->aliases);
	*l = (struct network_link){0};
}

static int set_ip(struct network_link *l, const char *what, const char *value, bool six_only, struct err *e)
{
	struct ip ip;

	if (ip_parse(value, &ip) < 0 || (six_only && !ip.six))
		return err_set(e, EINVAL, "%s %s: not an IP%s address", what, value, six_only ? "v6" : "");
	(void)ip_text(&ip, ip.six ? l->ip6 : l->ip);
	return 0;
}

static bool hex_pair(const char *s, unsigned *ret)
{
	static const char digits[] = "0123456789abcdef";
	const char *high = *s ? strchr(digits, tolower((unsigned char)s[0])) : NULL;
	const char *low = high && s[1] ? strchr(digits, tolower((unsigned char)s[1])) : NULL;

	if (!low)
		return false;
	*ret = (unsigned)(high - digits) * 16 + (unsigned)(low - digits);
	return true;
}

/* Six pairs; not a group's address, nor none. */
static int set_mac(struct network_link *l, const char *what, const char *value, struct err *e)
{
	unsigned bytes[6], any = 0;
	bool fine = strlen(value) == MAC_TEXT_SIZE - 1;

	for (size_t i = 0; fine && i < ARRAY_SIZE(bytes); i++) {
		fine = hex_pair(value + 3 * i, &bytes[i]) && (i == 5 || value[3 * i + 2] == ':' || value[3 * i + 2] == '-');
		any |= fine ? bytes[i] : 0;
	}
	if (!fine || any == 0 || bytes[0] % 2)
		return err_set(e, EINVAL, "%s %s: not the MAC address of one interface", what, value);
	snprintf(l->mac, sizeof(l->mac), "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0] & 0xff, bytes[1] & 0xff, bytes[2] & 0xff,
		 bytes[3] & 0xff, bytes[4] & 0xff, bytes[5] & 0xff);
	return 0;
}

static int add_alias(struct network_link *l, const char *what, const char *value, struct err *e)
{
	if (!host_name_is_valid(value, HOST_NAME_LEN_MAX))
		return err_set(e, EINVAL, "%s %s: not a host name", what, value);
	if (strv_find(&l->aliases, value) >= 0)
		return 0;
	if (l->aliases.n == NETWORK_ALIASES_MAX)
		return err_set(e, E2BIG, "%s: more than %d", what, NETWORK_ALIASES_MAX);
	return strv_add(&l->aliases, value) < 0 ? err_errno(e, ENOMEM, "%s", what) : 0;
}

static int set_interface(struct network_link *l, const char *what, const char *value, struct err *e)
{
	size_t n = strlen(value);

	/* dev_valid_name() of the kernel, and nothing that would have to be quoted; lo is taken */
	if (n == 0 || n >= sizeof(l->interface) || !host_name_is_valid(value, sizeof(l->interface)) || strcmp(value, "lo") == 0)
		return err_set(e, EINVAL, "%s %s: not the name of an interface", what, value);
	snprintf(l->interface, sizeof(l->interface), "%s", value);
	return 0;
}

int network_link_set(struct network_link *l, const char *what, const char *key, const char *value, struct err *e)
{
	if (strcmp(key, "ip") == 0)
		return set_ip(l, what, value, false, e);
	if (strcmp(key, "ip6") == 0)
		return set_ip(l, what, value, true, e);
	if (strcmp(key, "mac") == 0)
		return set_mac(l, what, value, e);
	if (strcmp(key, "alias") == 0)
		return add_alias(l, what, value, e);
	if (strcmp(key, "interface_name") == 0)
		return set_interface(l, what, value, e);
	return err_set(e, EINVAL, "%s: unknown option \"%s\": there are alias, interface_name, ip, ip6 and mac", what, key);
}

static int set_options(struct network_link *l, char *options, struct err *e)
{
	char *save = NULL;
	int r = 0;

	for (char *o = strtok_r(options, ",", &save); r == 0 && o; o = strtok_r(NULL, ",", &save)) {
		char *equals = strchr(o, '=');

		if (!equals)
			return err_set(e, EINVAL, "--network %s: option \"%s\" has no value", l->name, o);
		*equals = '\0';
		r = network_link_set(l, "--network", o, equals + 1, e);
	}
	return r;
}

int network_link_parse(const char *value, struct network_link *ret, struct err *e)
{
	_cleanup_(network_link_done) struct network_link l = {0};
	_cleanup_free_ char *copy = strdup(value);
	char *colon;
	int r;

	if (!copy)
		return err_errno(e, ENOMEM, "--network");
	colon = strchr(copy, ':');
	if (colon)
		*colon = '\0';
	r = network_name_check(strcmp(copy, "bridge") == 0 ? NETWORK_DEFAULT : copy, NULL);
	if (r < 0)
		return err_set(e, EINVAL, "--network %s: neither a network's name nor bridge, none, host, pasta, slirp4netns, container:NAME or ns:PATH",
			       value);
	snprintf(l.name, sizeof(l.name), "%s", strcmp(copy, "bridge") == 0 ? NETWORK_DEFAULT : copy);
	if (colon)
		r = set_options(&l, colon + 1, e);
	if (r < 0)
		return r;
	*ret = l;
	l = (struct network_link){0};
	return 0;
}

int network_link_json(const struct network_link *l, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();

	if (!o || json_add_str(o, "name", l->name) < 0 || json_add_str(o, "ip", l->ip[0] ? l->ip : NULL) < 0 ||
	    json_add_str(o, "ip6", l->ip6[0] ? l->ip6 : NULL) < 0 || json_add_str(o, "mac", l->mac[0] ? l->mac : NULL) < 0 ||
	    json_add_str(o, "interface", l->interface[0] ? l->interface : NULL) < 0 || json_add_strv(o, "aliases", &l->aliases) < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(o);
	return 0;
}

int network_link_from_json(struct json_object *o, struct network_link *ret, struct err *e)
{
	static const struct {
		const char *member, *key;
	} rows[] = {{"ip", "ip"}, {"ip6", "ip6"}, {"mac", "mac"}, {"interface", "interface_name"}};
	_cleanup_(network_link_done) struct network_link l = {0};
	_cleanup_(strv_done) struct strv aliases = {0};
	int r = network_link_parse(json_str(o, "name"), &l, e);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++)
		if (*json_str(o, rows[i].member))
			r = network_link_set(&l, "container.json", rows[i].key, json_str(o, rows[i].member), e);
	if (r == 0)
		r = json_get_strv(o, "aliases", &aliases, e);
	for (size_t i = 0; r == 0 && i < aliases.n; i++)
		r = network_link_set(&l, "container.json", "alias", aliases.items[i], e);
	if (r < 0)
		return r;
	*ret = l;
	l = (struct network_link){0};
	return 0;
}

/* The first and the last address are no host's, but for subnets of two and of one (RFC 3021). */
static int check_ends(const char *text, const struct ip *ip, const struct subnet *s, const struct network_note *n, struct err *e)
{
	struct ip last = subnet_last(s);

	if (s->prefix + 2U > (ip->six ? 128U : 32U))
		return 0;
	if (ip_compare(&s->base, ip) == 0 || (!ip->six && ip_compare(&last, ip) == 0))
		return err_set(e, EINVAL, "requested static ip %s is the %s address of network %s, and no container's", text,
			       ip_compare(&s->base, ip) == 0 ? "first" : "broadcast", n->name);
	return 0;
}

static int check_address(const char *text, const struct network_note *n, struct err *e)
{
	struct ip ip;

	if (!*text || ip_parse(text, &ip) < 0)
		return 0;
	for (size_t i = 0; i < n->n_subnets; i++) {
		const struct network_subnet *s = &n->subnets[i];

		if (!subnet_contains(&s->subnet, &ip))
			continue;
		if (ip_compare(&s->gateway, &ip) == 0)
			return err_set(e, EADDRINUSE, "requested static ip %s is the gateway of network %s", text, n->name);
		return check_ends(text, &ip, &s->subnet, n, e);
	}
	return err_set(e, EINVAL, "requested static ip %s not in any subnet on network %s", text, n->name);
}

int network_link_check(const struct network_link *l, const struct network_note *n, struct err *e)
{
	int r = check_address(l->ip, n, e);

	return r < 0 ? r : check_address(l->ip6, n, e);
}
