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

/* Makes one. */
int keeper_make(const struct engine *eng, struct keeper *ret, struct err *e) _must_check_;

#endif
