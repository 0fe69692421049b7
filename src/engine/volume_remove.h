/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * volume_remove - a volume and all that is in it.
 *
 *	r = volume_remove(eng, "cache", &(struct volume_remove_options){0}, e);
 *
 * One that a container mounts stays, also when the container comes while it
 * is being removed. Killed half way, the next removal finishes it.
 */
#ifndef RANBY_ENGINE_VOLUME_REMOVE_H
#define RANBY_ENGINE_VOLUME_REMOVE_H

#include "base/err.h"
#include "base/mem.h"
#include "engine/engine.h"

#include <stdbool.h>

struct volume_remove_options {
	bool force;         /* the containers that mount it go first, running or not */
	int grace_ms;       /* with force: time between the stop signal and SIGKILL */
	const char *reason; /* of the record; NULL: the user said so */
};

/* Recorded here. -ENOENT; -EBUSY: a container mounts it (exit code 2). */
int volume_remove(struct engine *eng, const char *name, const struct volume_remove_options *o, struct err *e) _must_check_;

enum volume_release_outcome {
	VOLUME_RELEASED = 0, /* or it was not there */
	VOLUME_KEPT = 1,     /* another container mounts it */
};

/* The anonymous volume of container `id`, which is going to be removed. Recorded here. */
int volume_release(struct engine *eng, const char *name, const char *id, const char *reason, struct err *e) _must_check_;

/* What removals that were killed have left. */
void volume_sweep(struct engine *eng);

#endif
