/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Making a network, under networks/lock, and away with what one left that was
 * killed at it. Free subnets are those of podman:
 * 10.89.0.0/24 and up for IPv4, a random one of the unique local addresses
 * (RFC 4193) for IPv6. Containers reach the host's networks through the
 * uplink, so a subnet that the host has would hide some of its neighbours.
 */
#include "engine/networks.h"

#include "base/clock.h"
#include "engine/attest.h"
#include "engine/volumes.h"
#include "sys/fd.h"
#include "sys/netif.h"
#include "sys/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define FIRST_SUBNET "10.89.0.0/24"
#define LAST_SUBNET "10.255.255.0/24"

struct making {
	const struct network_wanted *w;
	struct network_list others;
	struct netif_subnets host;
	int dirfd;
};

static void making_done(struct making *m)
{
	network_list_done(&m->others);
	netif_subnets_done(&m->host);
	fd_closep(&m->dirfd);
}

static bool is_taken(const struct making *m, const struct subnet *s)
{
	/* routes to nearly everything (a VPN's two halves of the Internet) do not count: nothing would be left */
	for (size_t i = 0; i < m->host.n; i++)
		if (m->host.items[i].prefix >= 4 && subnet_overlap(&m->host.items[i], s))
			return true;
	for (size_t i = 0; i < m->others.n; i++)
		for (size_t k = 0; k < m->others.items[i].n_subnets; k++)
			if (subnet_overlap(&m->others.items[i].subnets[k].subnet, s))
				return true;
	return false;
}

static int add_subnet(struct network_note *n, const struct subnet *s, struct err *e)
{
	struct network_subnet *to = &n->subnets[n->n_subnets];

	if (n->n_subnets == NETWORK_SUBNETS_MAX)
		return err_set(e, E2BIG, "more than %d subnets", NETWORK_SUBNETS_MAX);
	*to = (struct network_subnet){.subnet = *s, .gateway = subnet_first(s)};
	n->n_subnets++;
	return 0;
}

/* ---- subnets that were asked for ---- */

static int parse_range(const char *text, struct network_subnet *s, struct err *e)
{
	struct subnet range;

	if (subnet_parse(text, &range) < 0)
		return err_set(e, EINVAL, "invalid CIDR address: %s", text);
	s->has_range = true;
	s->first = subnet_first(&range);
	s->last = subnet_last(&range);
	return 0;
}

static int add_wanted(const struct making *m, size_t i, struct network_note *n, struct err *e)
{
	const struct network_wanted *w = m->w;
	char text[SUBNET_TEXT_SIZE];
	struct subnet s;
	int r;

	if (subnet_parse(w->subnets->items[i], &s) < 0)
		return err_set(e, EINVAL, "invalid CIDR address: %s", w->subnets->items[i]);
	if (is_taken(m, &s))
		return err_set(e, EADDRINUSE, "subnet %s is already used on the host or by another config", subnet_text(&s, text));
	r = add_subnet(n, &s, e);
	if (r == 0 && i < w->gateways->n && ip_parse(w->gateways->items[i], &n->subnets[n->n_subnets - 1].gateway) < 0)
		r = err_set(e, EINVAL, "--gateway %s: not an IP address", w->gateways->items[i]);
	if (r == 0 && i < w->ranges->n)
		r = parse_range(w->ranges->items[i], &n->subnets[n->n_subnets - 1], e);
	return r;
}

/* ---- free ones ---- */

static int add_free_four(const struct making *m, struct network_note *n, struct err *e)
{
	struct subnet s, last;

	if (subnet_parse(FIRST_SUBNET, &s) < 0 || subnet_parse(LAST_SUBNET, &last) < 0)
		return -EINVAL;
	while (is_taken(m, &s))
		if (ip_compare(&s.base, &last.base) >= 0 || !subnet_next(&s))
			return err_set(e, EADDRNOTAVAIL, "no subnet is free from " FIRST_SUBNET " to " LAST_SUBNET);
	return add_subnet(n, &s, e);
}

static int add_free_six(const struct making *m, struct network_note *n, struct err *e)
{
	struct ip ip = {.six = true};
	struct subnet s;

	for (int tries = 0; tries < 64; tries++) {
		if (getrandom(ip.bytes + 1, 7, 0) != 7)
			return err_errno(e, errno, "random subnet");
		ip.bytes[0] = 0xfd;
		s = subnet_of(&ip, 64);
		if (!is_taken(m, &s))
			return add_subnet(n, &s, e);
	}
	return err_set(e, EADDRNOTAVAIL, "no subnet of fd00::/8 is free");
}

static int add_subnets(const struct making *m, struct network_note *n, struct err *e)
{
	const struct network_wanted *w = m->w;
	bool four = false, six = false;
	int r = 0;

	if (w->gateways->n > w->subnets->n || w->ranges->n > w->subnets->n)
		return w->subnets->n == 0 ? err_set(e, EINVAL, "cannot set gateway or range without subnet")
					  : err_set(e, EINVAL, "cannot set more gateways or ranges than subnets");
	for (size_t i = 0; r == 0 && i < w->subnets->n; i++)
		r = add_wanted(m, i, n, e);
	for (size_t i = 0; i < n->n_subnets; i++) {
		six |= n->subnets[i].subnet.base.six;
		four |= !n->subnets[i].subnet.base.six;
	}
	if (r == 0 && !four && (w->ipv6 || !six))
		r = add_free_four(m, n, e);
	if (r == 0 && !six && w->ipv6)
		r = add_free_six(m, n, e);
	n->ipv6 = w->ipv6 || six;
	return r == 0 ? network_note_check(n, e) : r;
}

/* ---- the whole ---- */

static bool is_device_taken(const struct making *m, const char *device)
{
	bool taken = false;

	for (size_t i = 0; i < m->others.n; i++)
		taken |= strcmp(m->others.items[i].device, device) == 0 || (!m->w->name && strcmp(m->others.items[i].name, device) == 0);
	return taken;
}

/* The one that was asked for, else podman1 and up: of no other network the bridge, or the name when there is none. */
static int choose_device(const struct making *m, struct network_note *n, struct err *e)
{
	const char *wanted = m->w->device;

	if (wanted && !network_device_is_valid(wanted))
		return err_set(e, EINVAL, "--interface-name %s: no name for a bridge", wanted);
	if (wanted && is_device_taken(m, wanted))
		return err_set(e, EEXIST, "bridge name %s already in use", wanted);
	if (wanted)
		snprintf(n->device, sizeof(n->device), "%s", wanted);
	for (unsigned k = 1; !wanted; k++) {
		snprintf(n->device, sizeof(n->device), "podman%u", k);
		if (!is_device_taken(m, n->device))
			break;
	}
	return 0;
}

static int fill(const struct making *m, struct network_note *n, struct err *e)
{
	struct timespec now = clock_now();
	char created[CLOCK_TEXT_SIZE], id[VOLUME_NAME_SIZE];
	int r = volume_random_name(id);

	if (r < 0)
		return err_errno(e, -r, "random id");
	snprintf(n->id, sizeof(n->id), "%.64s", id);
	r = choose_device(m, n, e);
	if (r < 0)
		return r;
	n->name = strdup(m->w->name ? m->w->name : n->device);
	n->created = strdup(clock_rfc3339(&now, CLOCK_UTC, created));
	n->labels = json_object_get(m->w->labels);
	n->options = json_object_get(m->w->options);
	n->internal = m->w->internal;
	n->dns = !m->w->no_dns;
	if (!n->name || !n->created)
		return err_errno(e, ENOMEM, "network");
	r = network_options_check(n->options, e);
	return r == 0 ? add_subnets(m, n, e) : r;
}

static int write_file(int dirfd, const struct network_note *n, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	char file[NETWORK_NAME_MAX + sizeof(".json")];
	const char *text;
	int r = network_note_json(n, &o);

	if (r < 0)
		return err_errno(e, -r, "network %s", n->name);
	snprintf(file, sizeof(file), "%s.json", n->name);
	text = json_pretty(o);
	r = text ? path_own_write_new(dirfd, file, text, strlen(text), 0644, PATH_SYNC_FULL) : -ENOMEM;
	if (r == -EEXIST)
		return err_set(e, EEXIST, "network name %s already used: network already exists", n->name);
	return r < 0 ? err_errno(e, -r, "network %s", n->name) : 0;
}

static int check_new(const struct making *m, struct err *e)
{
	for (size_t i = 0; m->w->name && i < m->others.n; i++)
		if (strcmp(m->others.items[i].name, m->w->name) == 0)
			return err_set(e, EEXIST, "network name %s already used: network already exists", m->w->name);
	return 0;
}

static int make(struct engine *eng, const struct network_wanted *w, struct network_note *n, struct err *e)
{
	_cleanup_(making_done) struct making m = {.w = w, .dirfd = -EBADF};
	_cleanup_close_ int lock = -EBADF;
	int r = w->name ? network_name_check(w->name, e) : 0;

	if (r < 0)
		return r;
	/* beside the files of its networks are aardvark-dns's own, aardvark.pid and aardvark.lock */
	if (w->name && strncmp(w->name, "aardvark.", strlen("aardvark.")) == 0)
		return err_set(e, EINVAL, "network name %s invalid: what begins with \"aardvark.\" is a file of aardvark-dns", w->name);
	r = networks_lock(eng, &lock, e);
	if (r < 0)
		return r;
	r = path_own_mkdirs(eng->data_fd, ENGINE_NETWORKS, &m.dirfd);
	if (r == 0)
		path_own_tidy(m.dirfd); /* under the lock nobody else writes here */
	if (r == 0)
		r = netif_subnets_read(&m.host);
	if (r < 0)
		return err_errno(e, -r, "networks");
	r = network_list(eng, &m.others, e);
	if (r == 0)
		r = check_new(&m, e);
	if (r == 0)
		r = fill(&m, n, e);
	return r == 0 ? write_file(m.dirfd, n, e) : r;
}

int network_create(struct engine *eng, const struct network_wanted *w, struct network_note *ret, struct err *e)
{
	_cleanup_(network_note_done) struct network_note n = {0};
	struct attest a = ATTEST_INIT(AUDIT_VERB_NETWORK_CREATE);
	int r = make(eng, w, &n, e);

	a.name = w->name ? w->name : n.name;
	r = attest_result(eng, &a, r, e);
	if (r < 0)
		return r;
	*ret = n;
	n = (struct network_note){0};
	return 0;
}
