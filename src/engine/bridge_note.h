/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * bridge_note - what one container has on the bridges: run/bridge/ID.
 *
 *	_cleanup_(bridge_notes_done) struct bridge_notes notes = {0};
 *	r = bridge_notes_read(dirfd, &notes, e);
 *	r = bridge_lease(&notes, &network, &link, ips, e);
 *	r = bridge_note_write(dirfd, note, e);
 *
 * A note is an object:
 *
 *	id           the container's
 *	pid, startTicks  the process that it stands and falls with: init, before that who starts it
 *	holderTicks  start time of the holder that it is in (bridge_holder.h)
 *	slot         bridge_ports.h; 0: nothing is published
 *	families     bridge_ports.h: those of the addresses that it started with
 *	request      what netavark is told: addresses, interfaces, names, ports
 *	status       what netavark answered; absent: it has not yet
 *
 * Notes are the leases too: an address is taken when a note has it. All of
 * this is done with the lock of the directory (bridge.h).
 */
#ifndef RANBY_ENGINE_BRIDGE_NOTE_H
#define RANBY_ENGINE_BRIDGE_NOTE_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "engine/network_link.h"
#include "engine/network_note.h"

#include <stdbool.h>
#include <stddef.h>

#define BRIDGE_NOTES_MAX 4096
#define BRIDGE_NOTE_MAX ((size_t)1 << 20)

struct bridge_notes {
	struct json_object **items;
	size_t n;
};
void bridge_notes_done(struct bridge_notes *l);

/* All that can be read; one that cannot is of no use to anybody, and is removed. */
int bridge_notes_read(int dirfd, struct bridge_notes *ret, struct err *e) _must_check_;

/* That of one container, borrowed; NULL: it has none. */
struct json_object *bridge_notes_find(const struct bridge_notes *l, const char *id);

/* -ENOENT: there is none. No lock is needed: it is read whole. The caller owns *ret. */
int bridge_note_read(int dirfd, const char *id, struct json_object **ret) _must_check_;
int bridge_note_write(int dirfd, struct json_object *note, struct err *e) _must_check_;
int bridge_note_remove(int dirfd, const char *id, struct err *e) _must_check_;

/* "request.networks" or "request.network_info", or the like; NULL: none. Names of networks have dots, and json_at() splits at them. */
struct json_object *bridge_note_of_network(struct json_object *note, const char *part, const char *network);

/* Whether the process that it stands and falls with is there. */
bool bridge_note_is_live(struct json_object *note);

/* Adds to the array `ips` an address in each of the network's subnets: the one that was asked for, else the lowest that is free. -EADDRINUSE. */
int bridge_lease(const struct bridge_notes *l, const struct network_note *n, const struct network_link *link, struct json_object *ips,
		 struct err *e) _must_check_;

#endif
