/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * networks - bridge networks: data/networks/NAME.json (network_note.h).
 *
 *	_cleanup_(network_list_done) struct network_list l = {0};
 *	r = network_list(eng, &l, e);			// by name, the default one among them
 *	r = network_load(eng, "web", &n, e);		// by name, else by the beginning of the id
 *	r = network_create(eng, &wanted, &n, e);
 *	r = network_remove(eng, &n, NULL, e);
 *
 * Whoever makes one holds networks/lock, so that no two get one subnet, and
 * so do who removes one and who puts a container on one. A subnet that is given out is none that the host reaches, or another network
 * has. A file is there or not; nobody else has to wait.
 */
#ifndef RANBY_ENGINE_NETWORKS_H
#define RANBY_ENGINE_NETWORKS_H

#include "base/err.h"
#include "base/json.h"
#include "base/strv.h"
#include "engine/engine.h"
#include "engine/network_note.h"

#include <stdbool.h>

#define NETWORKS_MAX 4096
#define NETWORKS_LOCK_MS 30000

struct network_list {
	struct network_note *items;
	size_t n;
};
void network_list_done(struct network_list *l);

int network_list(struct engine *eng, struct network_list *ret, struct err *e) _must_check_;

/* -ENOENT with podman's words; -EINVAL when several ids begin so. */
int network_load(struct engine *eng, const char *name, struct network_note *ret, struct err *e) _must_check_;

struct network_wanted {
	const char *name; /* NULL: that of its bridge */
	const char *device; /* the bridge; NULL: a free one */
	const struct strv *subnets, *gateways, *ranges; /* the n-th gateway and range belong to the n-th subnet */
	bool ipv6;        /* a subnet of each family at least */
	bool internal, no_dns;
	struct json_object *labels, *options; /* borrowed, may be NULL */
};

/* Records it too, done or not. -EEXIST when there is one of that name. */
int network_create(struct engine *eng, const struct network_wanted *w, struct network_note *ret, struct err *e) _must_check_;

/* networks/lock. Whoever holds it takes no container's lock. */
int networks_lock(struct engine *eng, int *ret_lock, struct err *e) _must_check_;

/* The same, and all that a new container's "config.network.networks" names are there. NULL: it is on none, and nothing is locked. -ENOENT. */
int networks_hold(struct engine *eng, struct json_object *links, int *ret_lock, struct err *e) _must_check_;

/* Records it too. `reason` is the record's; NULL: the verb's own. */
int network_remove(struct engine *eng, const struct network_note *n, const char *reason, struct err *e) _must_check_;

/* For templates, with Go's names of the fields; `in_list`: as `network ls` has them. network_note_json() is for JSON. */
int network_fields(const struct network_note *n, bool in_list, bool whole_id, struct json_object **ret) _must_check_;

/* KEY=VALUE: dangling, driver, id, label, label!, name, until. */
int network_filter_parse(const struct strv *filters, struct strv *ret, struct err *e) _must_check_;
bool network_filter_match(const struct strv *items, const struct network_note *n);

#endif
