/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * network_link - how a container is on one bridge network: --network
 * NAME[:OPTION,...] with ip=, ip6=, mac=, alias= (may be given again) and
 * interface_name=, and what `network connect` is told.
 *
 *	_cleanup_(network_link_done) struct network_link l = {0};
 *	r = network_link_parse("web:ip=10.89.0.5,alias=db", &l, e);
 *	r = network_link_json(&l, &o);		// config.network.networks[]
 *	r = network_link_from_json(o, &l, e);
 *
 * All of it is checked here: it goes to netavark, which writes it into lines
 * of files and of a firewall.
 */
#ifndef RANBY_ENGINE_NETWORK_LINK_H
#define RANBY_ENGINE_NETWORK_LINK_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/subnet.h"
#include "engine/network_note.h"

#include <stdbool.h>

#define NETWORK_LINKS_MAX 16
#define NETWORK_ALIASES_MAX 64
#define MAC_TEXT_SIZE 18 /* "02:42:0a:59:00:02" */

struct network_link {
	char name[NETWORK_NAME_MAX + 1];
	char ip[IP_TEXT_SIZE], ip6[IP_TEXT_SIZE]; /* asked for; "": any */
	char mac[MAC_TEXT_SIZE];                  /* asked for; "": any */
	char interface[NETWORK_DEVICE_SIZE];      /* asked for; "": the next of eth0, eth1, ... */
	struct strv aliases;
};
void network_link_done(struct network_link *l);

/* "bridge" is NETWORK_DEFAULT. -EINVAL with text that names the option. */
int network_link_parse(const char *value, struct network_link *ret, struct err *e) _must_check_;

/* One option of it, as after the colon: "ip", "10.89.0.5". `what` names it in errors. */
int network_link_set(struct network_link *l, const char *what, const char *key, const char *value, struct err *e) _must_check_;

int network_link_json(const struct network_link *l, struct json_object **ret) _must_check_;
int network_link_from_json(struct json_object *o, struct network_link *ret, struct err *e) _must_check_;

/* Whether the addresses that were asked for are of this network's subnets, and not the gateway's. */
int network_link_check(const struct network_link *l, const struct network_note *n, struct err *e) _must_check_;

#endif
