/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * network_note - a network's definition: networks/NAME.json, in the format of
 * podman and netavark (podman-network-inspect(1)).
 *
 *	_cleanup_(network_note_done) struct network_note n = {0};
 *	r = network_note_parse(text, len, "web.json", &n, e);
 *	r = network_note_json(&n, &o);
 *
 * Such a file may have been written by hand or by another program. What is in
 * it that ranby does not know is an error and not left out: a network with
 * less than its owner asked for is another one.
 */
#ifndef RANBY_ENGINE_NETWORK_NOTE_H
#define RANBY_ENGINE_NETWORK_NOTE_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/subnet.h"

#include <stdbool.h>

#define NETWORK_JSON_MAX ((size_t)256 << 10)
#define NETWORK_SUBNETS_MAX 16
#define NETWORK_NAME_MAX 128
#define NETWORK_DEVICE_SIZE 16 /* IFNAMSIZ */
#define NETWORK_DEFAULT "podman" /* the one that is there without a file */

struct network_subnet {
	struct subnet subnet;
	struct ip gateway;       /* in it */
	bool has_range;
	struct ip first, last;   /* what containers get, in it; both without has_range: any */
};

struct network_note {
	char *name;                           /* network_name_check() */
	char id[SHA256_HEX_SIZE];
	char device[NETWORK_DEVICE_SIZE];     /* the bridge */
	char *created;                        /* RFC 3339 */
	size_t n_subnets;
	struct network_subnet subnets[NETWORK_SUBNETS_MAX];
	bool ipv6, internal, dns;
	struct json_object *labels, *options; /* objects of strings, or NULL */
	bool is_used;                         /* for the filter "dangling"; who filters fills it (network_use.h) */
};
void network_note_done(struct network_note *n);

/* Whether a network may be called that: the grammar, and no word that --network has another meaning for. */
int network_name_check(const char *name, struct err *e) _must_check_;

/* Whether a bridge may be called that: a device of the kernel (dev_valid_name()), and none that is there already (bridge_holder.h). */
bool network_device_is_valid(const char *name);

/* --opt of a bridge, an object of strings or NULL: mtu, isolate. */
int network_options_check(struct json_object *options, struct err *e) _must_check_;

/* A gateway and a range must be in their subnet, and subnets must not overlap. */
int network_note_check(const struct network_note *n, struct err *e) _must_check_;

/* Checks it too. */
int network_note_parse(const char *text, size_t len, const char *what, struct network_note *ret, struct err *e) _must_check_;

/* What network_note_parse() reads. */
int network_note_json(const struct network_note *n, struct json_object **ret) _must_check_;

/* NETWORK_DEFAULT. */
int network_note_default(struct network_note *ret) _must_check_;

#endif
