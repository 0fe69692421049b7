/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * defaults - what containers.conf gives to a container whose options do not say otherwise.
 *
 *	r = defaults_apply(&conf, given, ctx, &options, &used, &warnings, e);
 *
 * Tables [containers], [network] and [engine], see ranby-run(1). An option
 * that is given wins; of lists of KEY=VALUE it wins key by key. What belongs to a pod is the pod's for
 * its members. Keys that confine a container and cannot be applied are a
 * warning here or an error of container_options_check().
 */
#ifndef RANBY_ENGINE_DEFAULTS_H
#define RANBY_ENGINE_DEFAULTS_H

#include "base/buf.h"
#include "base/err.h"
#include "engine/containers_conf.h"
#include "engine/options.h"

#include <stdbool.h>

/*
 * `given(ctx, "init")`: that option was on the command line, with whatever value. Strings of `o` are borrowed from
 * f->json afterwards, which o->source then keeps. Appends the names of the keys that were used, and sentences.
 */
int defaults_apply(const struct containers_conf *f, bool (*given)(void *ctx, const char *option), void *ctx, struct container_options *o,
		   struct buf *used, struct strv *warnings, struct err *e) _must_check_;

/* The same for a pod, or for the options of its first member that are the pod's: of its network, names and namespaces. */
int defaults_apply_pod(const struct containers_conf *f, bool (*given)(void *ctx, const char *option), void *ctx, struct container_options *o,
		       struct buf *used, struct err *e) _must_check_;

#endif
