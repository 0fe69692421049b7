/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * inspect - what `inspect` verbs do with their operands: an object for each,
 * and an error for each that names none, which does not keep the others.
 *
 *	return inspect_operands(call, add_network, NULL, a->format, e);
 */
#ifndef RANBY_CMD_INSPECT_H
#define RANBY_CMD_INSPECT_H

#include "base/json.h"
#include "cmd/command.h"

/* Appends the object of that name to `list`. */
typedef int (*inspect_fn)(const struct command_call *call, const char *name, void *ctx, struct json_object *list, struct err *e);

/* Returns the exit code; errors have been printed. */
int inspect_each(const struct command_call *call, inspect_fn fn, void *ctx, struct json_object *list) _must_check_;

/* That, and prints them: as an array, or by the template. Returns what run() is to return. */
int inspect_operands(const struct command_call *call, inspect_fn fn, void *ctx, const char *format, struct err *e) _must_check_;

/* One volume, network or pod of that name; `whole`: with what only templates can ask for. -ENOENT. */
int inspect_add_volume(struct engine *eng, const char *name, bool whole, struct json_object *list, struct err *e) _must_check_;
int inspect_add_network(struct engine *eng, const char *name, bool whole, struct json_object *list, struct err *e) _must_check_;
int inspect_add_pod(struct engine *eng, const char *name, bool whole, struct json_object *list, struct err *e) _must_check_;

#endif
