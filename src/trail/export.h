/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * export - entries of the ledger in the words of log shippers.
 *
 *	json   the entry as it is, and `ledger`, the name of its shard
 *	ecs    Elastic Common Schema 8: what the schema has no field for is below `ranby`
 *	ocsf   Open Cybersecurity Schema Framework 1.1: an exec is Process Activity
 *	       (1007), a login is Authentication (3002), the rest Application
 *	       Lifecycle (6002); what has no attribute is in `unmapped`
 *
 * The mapping is a table in export.c, and in ranby-trail(8).
 */
#ifndef RANBY_TRAIL_EXPORT_H
#define RANBY_TRAIL_EXPORT_H

#include "base/json.h"
#include "base/mem.h"

enum export_format { EXPORT_JSON, EXPORT_ECS, EXPORT_OCSF, EXPORT_FORMATS };

/* "json", "ecs", "ocsf". */
extern const char *const export_names[EXPORT_FORMATS];

/* The caller owns the object. `ledger` is the shard's name. */
int export_object(enum export_format format, const char *ledger, struct json_object *entry, struct json_object **ret) _must_check_;

#endif
