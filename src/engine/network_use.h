/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * network_use - which containers are on a bridge network, and changes of that.
 *
 *	r = network_use_connect(eng, c, &link, e);		// running or not
 *	r = network_use_disconnect(eng, c, "web", e);
 *	r = network_use_remove(eng, &note, force, grace_ms, NULL, e);	// network rm, with its containers
 *	if (network_use_is_on(c, "web")) ...
 */
#ifndef RANBY_ENGINE_NETWORK_USE_H
#define RANBY_ENGINE_NETWORK_USE_H

#include "base/err.h"
#include "base/mem.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/network_link.h"
#include "engine/networks.h"

#include <stdbool.h>

bool network_use_is_on(const struct container *c, const char *network);

/* Fills is_used of each. */
int network_use_mark(struct engine *eng, struct network_list *l, struct err *e) _must_check_;

/* `link->name` may be the beginning of an id. Takes the container's lock. Nothing when it is on it; -EEXIST with an address or alias then. Recorded by the caller. */
int network_use_connect(struct engine *eng, struct container *c, struct network_link *link, struct err *e) _must_check_;

/* 1: it is not on it. -ENOENT: there is no such network. */
int network_use_disconnect(struct engine *eng, struct container *c, const char *network, struct err *e) _must_check_;

/* -EBUSY (exit code 2): a container is on it, and no force. Recorded (`reason` as network_remove() has it), and so are the containers that go first. */
int network_use_remove(struct engine *eng, const struct network_note *n, bool force, int grace_ms, const char *reason, struct err *e) _must_check_;

/* {id: {name, interfaces}} of those that run, as podman 5 has it. The caller owns *ret. */
int network_use_json(struct engine *eng, const struct container_list *all, const char *network, struct json_object **ret) _must_check_;

#endif
