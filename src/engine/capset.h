/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * capset - which capabilities a container may have: --cap-add, --cap-drop.
 *
 * Names with or without "CAP_", in any case, and ALL. The rule is docker's and
 * podman's: the default set, or all after --cap-add ALL, or none after
 * --cap-drop ALL; then what was dropped by name goes and what was added by
 * name comes.
 */
#ifndef RANBY_ENGINE_CAPSET_H
#define RANBY_ENGINE_CAPSET_H

#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>

/*
 * "CAP_CHOWN", … in the order of their numbers. `usual`: another default set; none in it, or NULL: podman's.
 * `all`: --privileged. -EINVAL: unknown, or both added and dropped.
 */
int capset_resolve(const struct strv *usual, const struct strv *add, const struct strv *drop, bool all, struct strv *ret, struct err *e) _must_check_;

/* True for a name that capset_resolve() knows, "CAP_" or not. */
bool capset_is_name(const char *name);

#endif
