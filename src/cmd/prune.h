/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * prune - what nobody uses, found and removed; for `container prune` and its
 * like, and for all of them in `system prune`.
 *
 *	_cleanup_(strv_done) struct strv ids = {0};
 *	r = prune_volumes.find(eng, &(struct prune_query){.filters = &a->filter}, &ids, e);
 *	code = prune_remove(eng, &prune_volumes, &ids, &removed);
 */
#ifndef RANBY_CMD_PRUNE_H
#define RANBY_CMD_PRUNE_H

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"
#include "engine/engine.h"

#include <stdbool.h>

struct prune_query {
	const struct strv *filters; /* KEY=VALUE of that kind */
	bool all;                   /* images: those with a name too */
};

struct prune_kind {
	const char *title; /* "Deleted Volumes" */
	/* Appends names or ids. A filter that is none is -EINVAL, with text. */
	int (*find)(struct engine *eng, const struct prune_query *q, struct strv *ids, struct err *e);
	/* -ENOENT and -EBUSY: somebody was faster. */
	int (*remove)(struct engine *eng, const char *id, struct err *e);
	void (*sweep)(struct engine *eng); /* afterwards, or NULL */
};

extern const struct prune_kind prune_containers, prune_images, prune_volumes, prune_networks, prune_pods;

/* Those that went are appended to `removed`. Errors of single ones are printed; the exit code of the last is returned. */
int prune_remove(struct engine *eng, const struct prune_kind *k, const struct strv *ids, struct strv *removed) _must_check_;

/* What builds keep besides images: which steps led to them, and with `mounts` what RUN --mount=type=cache has kept and no build holds locked. */
int prune_builds(struct engine *eng, bool mounts, struct err *e) _must_check_;

#endif
