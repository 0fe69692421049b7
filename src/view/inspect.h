/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * inspect - one container as podman's `inspect` shows it, and .Ranby beside.
 *
 * .Ranby.CreatedBy and .Ranby.StartedBy are origin.h's records, .Ranby.InForce
 * is inforce.h's, .Ranby.Execs[] have both for each exec that runs,
 * .Ranby.Options is what was asked for, as given.
 */
#ifndef RANBY_ENGINE_INSPECT_H
#define RANBY_ENGINE_INSPECT_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "engine/container.h"
#include "engine/engine.h"

/* The caller owns *ret. */
int inspect_container(struct engine *eng, const struct container *c, struct json_object **ret, struct err *e) _must_check_;

#endif
