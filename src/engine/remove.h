/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * remove - a container, all of it: processes, run directory, files, name.
 *
 *	r = remove_container(eng, c, &(struct remove_options){.force = true}, e);
 *
 * True when it says so: nothing of it runs and no file of it is there. Needs
 * no free disk space. Killed half way, the next command finishes it.
 */
#ifndef RANBY_ENGINE_REMOVE_H
#define RANBY_ENGINE_REMOVE_H

#include "base/err.h"
#include "base/mem.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/stop.h"

#include <stdbool.h>

struct remove_options {
	bool force;         /* ends it first when it runs */
	bool volumes;       /* its anonymous volumes too */
	int grace_ms;       /* with force: time between its stop signal and SIGKILL; 0: SIGKILL at once */
	bool with_pod;      /* also an infra container: its pod goes with it */
	const char *reason; /* of the records (engine/attest.h); NULL: the user said so */
};
#define REMOVE_AUTO "auto" /* the reason when it is nobody's command: goes on where a receipt is required and there is none */

/* -EBUSY: it runs, and no force. -ENOENT: somebody else has removed it meanwhile. Recorded here, as are its volumes and the end that is forced. */
int remove_container(struct engine *eng, struct container *c, const struct remove_options *o, struct err *e) _must_check_;

/*
 * Its two halves, for several at once: with force and a grace those that run are signalled, and then waited for and removed.
 * remove_end() takes what remove_begin() returned, and records a failure of either.
 */
int remove_begin(struct engine *eng, struct container *c, const struct remove_options *o, struct stopping *ret, struct err *e) _must_check_;
int remove_end(struct engine *eng, struct container *c, const struct remove_options *o, const struct stopping *s, int r, struct err *e) _must_check_;

/* Removes the run directory, the runtime's state and the cgroup of a container that has ended. */
int remove_run_dirs(struct engine *eng, const struct container *c, struct err *e) _must_check_;

/* What is left to do after the end of a run, by whoever comes first: --rm, --rmi, or the run directory. Started again meanwhile: nothing. */
int remove_after_end(struct engine *eng, struct container *c, struct err *e) _must_check_;

/* A container_remove_dir_fn: as the user, and what belongs to subordinate IDs in the keeper. */
int remove_container_dir(struct engine *eng, int dirfd, const char *id, struct err *e) _must_check_;

/* The same for any tree below one of our directories. */
int remove_tree(struct engine *eng, int dirfd, const char *name, struct err *e) _must_check_;

#endif
