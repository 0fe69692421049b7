/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * health_spec - the health check of a container: --health-* over what the image says over the defaults.
 *
 * "config.healthcheck" of container.json: test[] as the image has it, command[] that is
 * executed, intervalNs (0: nobody runs it but `healthcheck run`), timeoutNs, startPeriodNs, retries,
 * onFailure (none, kill, restart, stop); logDir, where ID-healthcheck.log is written, not there: nowhere; startup{}, what must succeed `successes` times (0: once) before the first of
 * these, after `retries` failures (0: never) of which it is restarted. Not there: there is none.
 */
#ifndef RANBY_ENGINE_HEALTH_SPEC_H
#define RANBY_ENGINE_HEALTH_SPEC_H

#include "base/err.h"
#include "base/json.h"
#include "engine/options.h"

/* The grammars, before there is an image. */
int health_spec_check(const struct container_options *o, struct err *e) _must_check_;

/* `image`: its Healthcheck, or NULL. *ret is NULL when there is none; else the caller's. */
int health_spec_make(const struct container_options *o, struct json_object *image, struct json_object **ret, struct err *e) _must_check_;

#endif
