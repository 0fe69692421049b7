/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* remove - the end of a container's state. */
#ifndef RANBY_RUNTIME_REMOVE_H
#define RANBY_RUNTIME_REMOVE_H

#include "base/err.h"
#include "base/mem.h"
#include "runtime/context.h"

#include <stdbool.h>

/* Removes RROOT/ID. One that only waits is ended first; one that runs only with `force`. Missing: -ENOENT, with `force` 0. `warning` gets what a poststop hook did wrong. */
int runtime_remove(const struct runtime_context *x, const char *id, bool force, struct err *warning, struct err *e) _must_check_;

struct runtime_state;
/* For one that has ended: what served its file systems goes with its mounts; waits for that, and sees to it. */
int runtime_end_servers(const struct runtime_state *s, struct err *e) _must_check_;

#endif
