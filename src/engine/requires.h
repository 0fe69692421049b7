/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * requires - containers that need others: --requires.
 *
 * They are named when the container is made, and kept by their ids ("requires" of
 * container.json); so each is older than who needs it, and there are no cycles.
 * A start starts them first, those that do not run; a policy's restart does not, because
 * somebody may have stopped them.
 */
#ifndef RANBY_ENGINE_REQUIRES_H
#define RANBY_ENGINE_REQUIRES_H

#include "base/err.h"
#include "base/strv.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/start.h"

#include <stdbool.h>

/* The ids of what `names` name. -ENOENT. */
int requires_resolve(struct engine *eng, const struct strv *names, struct strv *ret_ids, struct err *e) _must_check_;

/* Starts what q->c needs, and what that needs. -ENOENT: one is not there any more. */
int requires_start(const struct start_request *q, struct err *e) _must_check_;

/* Does its start look at another container: --requires, a namespace of another's, a pod's infra container? */
bool requires_another(const struct container *c);

/* Did somebody ever need it? Nobody has to be looked for, when not. */
bool requires_was_named(const struct container *c);

/* The ids of those that need it themselves. */
int requires_dependents(struct engine *eng, const struct container *c, struct strv *ret_ids, struct err *e) _must_check_;

/* -EEXIST, with their ids, when there are some: then it may not be removed. */
int requires_check_free(struct engine *eng, const struct container *c, struct err *e) _must_check_;

#endif
