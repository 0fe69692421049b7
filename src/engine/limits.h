/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * limits - the resource limits of `run` and `create`, as linux.resources of
 * the runtime's configuration (oci/cgroup_limits.h makes files of it).
 *
 *	r = limits_make(&o, &resources, e);	// NULL: none asked for
 *	if (limits_want_cgroup(&o)) ...		// see place.h
 *
 * As podman has them: --memory-swap counts memory too, and is twice --memory
 * unless it is given; --cpus is a quota of 100 ms.
 */
#ifndef RANBY_ENGINE_LIMITS_H
#define RANBY_ENGINE_LIMITS_H

#include "base/err.h"
#include "base/json.h"
#include "engine/options.h"

#include <stdbool.h>

/* -EINVAL with the option's name. The caller owns *ret, which stays NULL when nothing is limited. */
int limits_make(const struct container_options *o, struct json_object **ret, struct err *e) _must_check_;

/* The check alone, for container_options_check(). */
int limits_check(const struct container_options *o, struct err *e) _must_check_;

/* --cpus in billionths of a processor; 0 when not given. */
uint64_t limits_nano_cpus(const struct container_options *o);

/* The first option that asks for a limit ("--memory"), or for a cgroup; NULL: none does, and the container stays where it is started. */
const char *limits_option(const struct container_options *o);

/* Was one of them given, be it "no limit"? */
bool limits_is_given(const struct container_options *o);

/* The values that `change` has replace those of `o`, which borrows them; what contradicts them goes (--cpu-quota with a new --cpus). 0 or -ENOMEM. */
int limits_change(struct container_options *o, const struct container_options *change) _must_check_;

/* Writes them over those of container.json's "options"; what `o` borrowed from there is gone then. 0 or -ENOMEM. */
int limits_to_options(const struct container_options *o, struct json_object *options) _must_check_;

#endif
