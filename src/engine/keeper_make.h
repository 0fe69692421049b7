/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* keeper_make - a new keeper namespace, or the finding that none is needed. For keeper.c. */
#ifndef RANBY_ENGINE_KEEPER_MAKE_H
#define RANBY_ENGINE_KEEPER_MAKE_H

#include "engine/keeper.h"

/* Root of the namespace that we are in, be it the initial one. */
bool keeper_is_needless(const struct engine *eng);

/* No namespace, and the map of the one that we are in. */
int keeper_as_we_are(const struct engine *eng, struct keeper *ret, struct err *e) _must_check_;

/*
 * Starts to make one: the namespace is there and its map is known, but is
 * still being written. ret->making is the caller's.
 */
int keeper_make_begin(const struct engine *eng, struct keeper *ret, struct err *e) _must_check_;

/* Waits for the maps. Again: nothing to do. */
int keeper_make_finish(struct keeper_making *m, struct err *e) _must_check_;

/* Also in the middle: then nothing of it is left. Takes NULL, returns NULL. */
struct keeper_making *keeper_making_free(struct keeper_making *m);

#endif
