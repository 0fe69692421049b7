/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * One table of keys for each object of the file: an object with any other key
 * is refused. Addresses are numbers from here on, so that what is written
 * again, and what netavark is told, has one spelling.
 */
#include "engine/network_note.h"

#include "base/clock.h"
#include "base/parse.h"
#include "engine/options.h"
#include "oci/digest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MTU_MIN 68
#define MTU_MAX 65535

void network_note_done(struct network_note *n)
{
	free(n->name);
	free(n->created);
	json_object_put(n->labels);
	json_object_put(n->options);
	*n = (struct network_note){0};
}

/* ---- what a network may have ---- */

int network_name_check(const char *name, struct err *e)
{
	static const char *const modes[] = {"bridge", "host", "none", "container", "ns", "private", "default", "pasta", "slirp4netns"};

	if (!container_name_is_valid(name) || strlen(name) > NETWORK_NAME_MAX)
		return err_set(e, EINVAL, "network name %s invalid: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*, and have at most %d characters",
			       name, NETWORK_NAME_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (strcmp(name, modes[i]) == 0)
			return err_set(e, EINVAL, "cannot create network with name \"%s\" because it conflicts with a valid network mode", name);
	return 0;
}

/* netavark before 1.6 leaves out what it does not know, vlan among it, and the bridges reach no network of the host that could have one. */
static int check_option(const char *key, const char *value, struct err *e)
{
	uint32_t n;
	bool yes;

	if (strcmp(key, "mtu") == 0)
		return parse_u32(value, MTU_MIN, MTU_MAX, &n) == 0
			       ? 0
			       : err_set(e, EINVAL, "network option mtu=%s: not a number from %d to %d", value, MTU_MIN, MTU_MAX);
	if (strcmp(key, "isolate") == 0)
		return parse_bool(value, &yes) == 0 ? 0 : err_set(e, EINVAL, "network option isolate=%s: not true or false", value);
	if (strcmp(key, "vlan") == 0)
		return err_set(e, ENOTSUP, "network option vlan=%s: these bridges reach no VLAN of the host", value);
	return err_set(e, EINVAL, "unsupported bridge network option %s", key);
}

int network_options_check(struct json_object *options, struct err *e)
{
	int r = 0;

	if (!options)
		return 0;
	json_object_object_foreach(options, key, value)
	{
		if (r == 0)
			r = check_option(key, json_object_get_string(value), e);
	}
	return r;
}

static int check_subnet(const struct network_subnet *s, struct err *e)
{
	char subnet[SUBNET_TEXT_SIZE], address[IP_TEXT_SIZE];
	const char *what = NULL;
	const struct ip *ip = NULL;

	if (!subnet_contains(&s->subnet, &s->gateway)) {
		what = "gateway";
		ip = &s->gateway;
	} else if (s->has_range && !subnet_contains(&s->subnet, &s->first)) {
		what = "lease range start ip";
		ip = &s->first;
	} else if (s->has_range && !subnet_contains(&s->subnet, &s->last)) {
		what = "lease range end ip";
		ip = &s->last;
	}
	if (what)
		return err_set(e, EINVAL, "%s %s not in subnet %s", what, ip_text(ip, address), subnet_text(&s->subnet, subnet));
	if (s->has_range && ip_compare(&s->first, &s->last) > 0)
		return err_set(e, EINVAL, "lease range of subnet %s: it ends before it starts", subnet_text(&s->subnet, subnet));
	return 0;
}

int network_note_check(const struct network_note *n, struct err *e)
{
	char text[SUBNET_TEXT_SIZE];

	for (size_t i = 0; i < n->n_subnets; i++) {
		int r = check_subnet(&n->subnets[i], e);

		if (r < 0)
			return r;
		for (size_t k = 0; k < i; k++)
			if (subnet_overlap(&n->subnets[i].subnet, &n->subnets[k].subnet))
				return err_set(e, EINVAL, "subnet %s overlaps another one of the network",
					       subnet_text(&n->subnets[i].subnet, text));
	}
	return n->n_subnets ? 0 : err_set(e, EINVAL, "the network has no subnet");
}

/* ---- reading ---- */

static int check_keys(struct json_object *o, const char *const *known, size_t n, const char *what, struct err *e)
{
	if (!o || !json_object_is_type(o, json_type_object))
		return err_set(e, EINVAL, "%s: not an object", what);
	json_object_object_foreach(o, key, value)
	{
		size_t i = 0;

		(void)value;
		while (i < n && strcmp(known[i], key) != 0)
			i++;
		if (i == n)
			return err_set(e, ENOTSUP, "%s: ranby does not know \"%.64s\"", what, key);
	}
	return 0;
}

static int get_ip(struct json_object *o, const char *path, struct ip *ret, struct err *e)
{
	const char *text = "";
	int r = json_get_str(o, path, &text, e);

	if (r == 0 && ip_parse(text, ret) < 0)
		r = err_set(e, EINVAL, "%s: not an IP address", path);
	return r;
}

static int read_range(struct json_object *range, struct network_subnet *s, struct err *e)
{
	static const char *const known[] = {"start_ip", "end_ip"};
	int r;

	if (!range)
		return 0;
	s->has_range = true;
	s->first = subnet_first(&s->subnet);
	s->last = subnet_last(&s->subnet);
	r = check_keys(range, known, ARRAY_SIZE(known), "lease_range", e);
	if (r == 0 && json_at(range, "start_ip"))
		r = get_ip(range, "start_ip", &s->first, e);
	if (r == 0 && json_at(range, "end_ip"))
		r = get_ip(range, "end_ip", &s->last, e);
	return r;
}

static int read_subnet(struct json_object *o, struct network_subnet *s, struct err *e)
{
	static const char *const known[] = {"subnet", "gateway", "lease_range"};
	struct json_object *range = NULL;
	const char *text = "";
	int r = check_keys(o, known, ARRAY_SIZE(known), "subnet", e);

	if (r == 0)
		r = json_get_str(o, "subnet", &text, e);
	if (r == 0 && subnet_parse(text, &s->subnet) < 0)
		r = err_set(e, EINVAL, "subnet: not ADDRESS/BITS");
	if (r < 0)
		return r;
	s->gateway = subnet_first(&s->subnet);
	if (json_at(o, "gateway"))
		r = get_ip(o, "gateway", &s->gateway, e);
	if (r == 0)
		r = json_get_object(o, "lease_range", &range, e);
	return r == 0 ? read_range(range, s, e) : r;
}

static int read_subnets(struct json_object *o, struct network_note *n, struct err *e)
{
	struct json_object *list = NULL;
	int r = json_get_array(o, "subnets", &list, e);

	for (size_t i = 0; r == 0 && list && i < json_object_array_length(list); i++) {
		if (n->n_subnets == NETWORK_SUBNETS_MAX)
			return err_set(e, E2BIG, "more than %d subnets", NETWORK_SUBNETS_MAX);
		r = read_subnet(json_object_array_get_idx(list, i), &n->subnets[n->n_subnets++], e);
	}
	return r;
}

/* Objects of strings; *ret stays NULL for none. */
static int read_words(struct json_object *o, const char *key, struct json_object **ret, struct err *e)
{
	struct json_object *words = NULL;
	int r = json_get_object(o, key, &words, e);

	if (r < 0 || !words)
		return r;
	json_object_object_foreach(words, name, value)
	{
		const char *text;

		(void)value;
		/* by the value, not by json_get_str(): a key may hold dots */
		if (!json_object_is_type(value, json_type_string) ||
		    strlen(text = json_object_get_string(value)) != (size_t)json_object_get_string_len(value))
			return err_set(e, EINVAL, "%s: the value of \"%.64s\" is not a string", key, name);
	}
	*ret = json_object_get(words);
	return 0;
}

bool network_device_is_valid(const char *name)
{
	size_t n = strlen(name);
	bool ours = strcmp(name, "lo") == 0 || (n > 3 && strncmp(name, "tap", 3) == 0 && strspn(name + 3, "0123456789") == n - 3);

	return !ours && n > 0 && n < NETWORK_DEVICE_SIZE && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == n;
}

static int read_names(struct json_object *o, struct network_note *n, struct err *e)
{
	const char *name = "", *id = "", *device = "", *created = "", *driver = "bridge", *ipam = "host-local";
	struct timespec when;
	const struct {
		const char *key;
		const char **to;
	} texts[] = {
		{"name", &name},     {"id", &id},         {"network_interface", &device},
		{"created", &created}, {"driver", &driver}, {"ipam_options.driver", &ipam},
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(texts); i++)
		r = json_get_str(o, texts[i].key, texts[i].to, e);
	if (r == 0)
		r = network_name_check(name, e);
	if (r < 0)
		return r;
	if (!digest_is_hex(id))
		return err_set(e, EINVAL, "id: not 64 hexadecimal digits");
	if (!network_device_is_valid(device))
		return err_set(e, EINVAL, "network_interface: not the name of a device");
	if (strcmp(driver, "bridge") != 0 || strcmp(ipam, "host-local") != 0)
		return err_set(e, ENOTSUP, "driver %s with addresses by %s: there is only bridge with host-local", driver, ipam);
	if (*created && clock_parse_rfc3339(created, &when) < 0)
		return err_set(e, EINVAL, "created: not a time");
	memcpy(n->id, id, sizeof(n->id));
	snprintf(n->device, sizeof(n->device), "%s", device);
	n->name = strdup(name);
	n->created = strdup(*created ? created : "1970-01-01T00:00:00Z");
	return n->name && n->created ? 0 : err_errno(e, ENOMEM, "network");
}

static int read_note(struct json_object *o, struct network_note *n, struct err *e)
{
	static const char *const known[] = {"name", "id", "driver", "network_interface", "created", "subnets", "ipv6_enabled",
					    "internal", "dns_enabled", "labels", "options", "ipam_options"};
	static const char *const known_ipam[] = {"driver"};
	struct json_object *ipam = NULL;
	int r = check_keys(o, known, ARRAY_SIZE(known), "network", e);

	if (r == 0)
		r = json_get_object(o, "ipam_options", &ipam, e);
	if (r == 0 && ipam)
		r = check_keys(ipam, known_ipam, ARRAY_SIZE(known_ipam), "ipam_options", e);
	if (r == 0)
		r = read_names(o, n, e);
	if (r == 0)
		r = read_subnets(o, n, e);
	if (r == 0)
		r = json_get_bool(o, "ipv6_enabled", &n->ipv6, e);
	if (r == 0)
		r = json_get_bool(o, "internal", &n->internal, e);
	if (r == 0)
		r = json_get_bool(o, "dns_enabled", &n->dns, e);
	if (r == 0)
		r = read_words(o, "labels", &n->labels, e);
	if (r == 0)
		r = read_words(o, "options", &n->options, e);
	if (r == 0)
		r = network_options_check(n->options, e);
	return r == 0 ? network_note_check(n, e) : r;
}

int network_note_parse(const char *text, size_t len, const char *what, struct network_note *ret, struct err *e)
{
	_cleanup_(network_note_done) struct network_note n = {0};
	_cleanup_json_ struct json_object *o = NULL;
	int r = json_parse(text, len, what, &o, e);

	if (r < 0)
		return r;
	r = read_note(o, &n, e);
	if (r < 0)
		return err_wrap(e, r, "%s", what);
	*ret = n;
	n = (struct network_note){0};
	return 0;
}

/* ---- writing ---- */

static int add_ip(struct json_object *o, const char *key, const struct ip *ip)
{
	char text[IP_TEXT_SIZE];

	return json_add_str(o, key, ip_text(ip, text));
}

static int add_subnet(struct json_object *list, const struct network_subnet *s)
{
	_cleanup_json_ struct json_object *o = json_object_new_object(), *range = NULL;
	char text[SUBNET_TEXT_SIZE];

	if (!o || json_add_str(o, "subnet", subnet_text(&s->subnet, text)) < 0 || add_ip(o, "gateway", &s->gateway) < 0)
		return -ENOMEM;
	if (s->has_range) {
		range = json_object_new_object();
		if (!range || add_ip(range, "start_ip", &s->first) < 0 || add_ip(range, "end_ip", &s->last) < 0 ||
		    json_add(o, "lease_range", TAKE_PTR(range)) < 0)
			return -ENOMEM;
	}
	return json_append(list, TAKE_PTR(o));
}

static int add_subnets(struct json_object *o, const struct network_note *n)
{
	_cleanup_json_ struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < n->n_subnets; i++)
		if (!list || add_subnet(list, &n->subnets[i]) < 0)
			return -ENOMEM;
	return list ? json_add(o, "subnets", TAKE_PTR(list)) : -ENOMEM;
}

static int add_words(struct json_object *o, const char *key, struct json_object *words)
{
	return words && json_object_object_length(words) > 0 ? json_add(o, key, json_object_get(words)) : 0;
}

int network_note_json(const struct network_note *n, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object(), *ipam = json_object_new_object();

	if (!o || !ipam || json_add_str(o, "name", n->name) < 0 || json_add_str(o, "id", n->id) < 0 ||
	    json_add_str(o, "driver", "bridge") < 0 || json_add_str(o, "network_interface", n->device) < 0 ||
	    json_add_str(o, "created", n->created) < 0 || add_subnets(o, n) < 0 || json_add_bool(o, "ipv6_enabled", n->ipv6) < 0 ||
	    json_add_bool(o, "internal", n->internal) < 0 || json_add_bool(o, "dns_enabled", n->dns) < 0 ||
	    add_words(o, "labels", n->labels) < 0 || add_words(o, "options", n->options) < 0 ||
	    json_add_str(ipam, "driver", "host-local") < 0 || json_add(o, "ipam_options", TAKE_PTR(ipam)) < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(o);
	return 0;
}

int network_note_default(struct network_note *ret)
{
	_cleanup_(network_note_done) struct network_note n = {.device = "podman0", .n_subnets = 1};
	struct timespec now = clock_now();
	char created[CLOCK_TEXT_SIZE];

	sha256_hex(NETWORK_DEFAULT, strlen(NETWORK_DEFAULT), n.id);
	n.name = strdup(NETWORK_DEFAULT);
	n.created = strdup(clock_rfc3339(&now, CLOCK_UTC, created));
	if (!n.name || !n.created || subnet_parse("10.88.0.0/16", &n.subnets[0].subnet) < 0)
		return -ENOMEM;
	n.subnets[0].gateway = subnet_first(&n.subnets[0].subnet);
	*ret = n;
	n = (struct network_note){0};
	return 0;
}
