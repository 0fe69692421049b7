/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * changes - which files an upper directory changes of the layers below it.
 *
 *	_cleanup_(strv_done) struct strv list = {0};
 *	r = changes_find(eng, &lower, upper, &list, e);	// "C/etc", "A/etc/new", "D/bin/old", sorted by path
 */
#ifndef RANBY_ENGINE_CHANGES_H
#define RANBY_ENGINE_CHANGES_H

#include "base/err.h"
#include "base/strv.h"
#include "engine/container.h"
#include "engine/engine.h"

#define CHANGES_MAX 1000000

/* Absolute directories of ours, the lower ones lowest first. Looked at as root of the keeper; what we put into each container is left out. */
int changes_find(struct engine *eng, const struct strv *lower, const char *upper, struct strv *ret, struct err *e) _must_check_;

/* Of a container; -ENOTSUP: one of --rootfs. */
int changes_of(struct engine *eng, const struct container *c, struct strv *ret, struct err *e) _must_check_;

#endif
