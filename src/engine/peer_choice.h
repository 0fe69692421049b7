/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * peer_choice - --uts, --ipc and --pid container:NAME and ns:PATH, when the
 * container is made. At each start peer.h finds the namespaces again.
 *
 *	_cleanup_(peer_choice_done) struct peer_choice p = {0};
 *	r = peer_choose(eng, o, &p, e);		// `o` says what is the other's: its map, its host name
 *	... p.set, p.other[PEER_IPC], p.path[PEER_UTS] ...
 */
#ifndef RANBY_ENGINE_PEER_CHOICE_H
#define RANBY_ENGINE_PEER_CHOICE_H

#include "base/err.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/options.h"
#include "engine/peer.h"

struct peer_choice {
	unsigned set;                    /* PEER_BIT()s */
	struct container *other[PEER_N]; /* whose it is; NULL: a file's; owned */
	const char *path[PEER_N];        /* of the file; borrowed from the options */
	char shm[4096];                  /* with another's IPC: the host's directory that is /dev/shm of both; "": none */
	char text[PEER_N][sizeof("container:") + CONTAINER_ID_LEN]; /* what the options say then */
};

/*
 * Changes `o`, which then borrows from `ret`: a name becomes an id, and with
 * another's processes come its user namespace and its map, without which no
 * /proc could be mounted. -EINVAL, -ENOTSUP: what cannot be together.
 */
int peer_choose(struct engine *eng, struct container_options *o, struct peer_choice *ret, struct err *e) _must_check_;

void peer_choice_done(struct peer_choice *p);

/* "peers" of "config" in container.json: {"ipc": id, …}; only those of containers. NULL without memory. */
struct json_object *peer_choice_json(const struct peer_choice *p) _must_check_;

/* -ENOTSUP for options that name a container or a file, where `what` has none of that. */
int peer_choice_refuse(const struct container_options *o, const char *what, struct err *e) _must_check_;

#endif
