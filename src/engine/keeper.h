/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * keeper - the user namespace that holds all of the user's IDs.
 *
 *	_cleanup_(keeper_done) struct keeper k = KEEPER_INIT;
 *	r = keeper_begin(eng, &k, e);
 *	... k.map, and what needs nobody in it ...
 *	r = keeper_ready(&k, e);		// or keeper_open() for both
 *	... setns(k.userns_fd) ...
 *
 * 0 is the user, 1 and up the subordinate IDs. Containers' namespaces are
 * nested in it, and work on files that belong to subordinate IDs is done in
 * it. It lives as long as a container does; keeper_open() finds that of a
 * running container, else makes one with newuidmap(1) and newgidmap(1). These
 * two take as long as all that a start does before it needs them, so it does
 * that meanwhile.
 *
 * Root in the initial user namespace, and root of a user namespace that is
 * given to us ready-made, need none: userns_fd is -EBADF and the map that of
 * the namespace we are in.
 */
#ifndef RANBY_ENGINE_KEEPER_H
#define RANBY_ENGINE_KEEPER_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "sys/idmap.h"

#include <stdbool.h>

struct keeper_making; /* keeper_make.c */

struct keeper {
	int userns_fd;     /* -EBADF: none is needed, work as we are. Not to be entered before keeper_ready() */
	struct id_map map; /* keeper IDs to the caller's */
	bool single;       /* the user has no subordinate IDs: only 0 is mapped, see keeper_notice() */
	struct keeper_making *making; /* NULL: ready */
	struct engine *eng; /* where it is kept for later calls; NULL when none is needed */
};
#define KEEPER_INIT {.userns_fd = -EBADF}

void keeper_done(struct keeper *k);
void keeper_freep(struct keeper **k);

/* Finds it, or starts to make it. The text of a failure says what the host lacks, the hint what to do. */
int keeper_begin(struct engine *eng, struct keeper *ret, struct err *e) _must_check_;

/* Waits until it is made; no wait when it was found. From then on it is the engine's answer to all who ask. */
int keeper_ready(struct keeper *k, struct err *e) _must_check_;

/* Takes the ends of the processes that made a ready one, which ended meanwhile. keeper_done() does it too. */
void keeper_tidy(struct keeper *k);

/* Both. */
int keeper_open(struct engine *eng, struct keeper *ret, struct err *e) _must_check_;

/* The keeper that a running container's namespace is nested in (its own, with --userns=host). */
int keeper_of(struct engine *eng, const struct container *c, struct keeper *ret, struct err *e) _must_check_;

/* The same of any process of ours, with what keeper_to_json() said of it; NULL: none is needed. -ESRCH: it is gone. */
int keeper_of_process(struct engine *eng, pid_t pid, uint64_t start_ticks, struct json_object *noted, struct keeper *ret,
		      struct err *e) _must_check_;

/* The same, also of one whose init waits to be started (prepared.h): for its files. */
int keeper_of_init(struct engine *eng, const struct container *c, struct keeper *ret, struct err *e) _must_check_;

/* What of it a container's state records, for keeper_of() ("keeper"). `nested`: the container has a namespace of its own in it. */
int keeper_to_json(const struct keeper *k, bool nested, struct json_object **ret) _must_check_;

/* Remembers that `id` runs in a keeper, so that the next one finds it at once. */
void keeper_remember(struct engine *eng, const char *id);

/* For store_set_keeper(): ctx is the struct engine; gives a userns fd that the callee then owns. */
int keeper_for_store(void *ctx, int *ret_userns_fd, struct err *e) _must_check_;

/* One line on what a single ID means, for stderr. */
const char *keeper_notice(void);

#endif
