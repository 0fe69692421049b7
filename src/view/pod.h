/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * pod - pods as `pod ps` and `pod inspect` show them, with podman's keys.
 *
 *	r = pod_row(p, no_trunc, &now, &row);	// texts, for templates
 *	r = pod_json(p, &row);			// --format json
 *	r = pod_inspect(p, &o);
 */
#ifndef RANBY_VIEW_POD_H
#define RANBY_VIEW_POD_H

#include "base/json.h"
#include "base/mem.h"
#include "engine/pod.h"

#include <stdbool.h>
#include <time.h>

/* The caller owns *ret. 0 or -ENOMEM. */
int pod_row(const struct pod *p, bool no_trunc, const struct timespec *now, struct json_object **ret) _must_check_;
int pod_json(const struct pod *p, struct json_object **ret) _must_check_;
int pod_inspect(const struct pod *p, struct json_object **ret) _must_check_;

/* KEY=VALUE: id, name, status, label, label!, ctr-ids, ctr-names, ctr-number, ctr-status, network, until. */
int pod_filter_parse(const struct strv *filters, struct strv *ret, struct err *e) _must_check_;
bool pod_filter_match(const struct strv *items, const struct pod *p);

#endif
