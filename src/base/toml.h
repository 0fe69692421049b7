/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * toml - TOML 1.0 (toml.io) as the configuration files of containers are written in it, read into JSON objects.
 *
 *	_cleanup_json_ struct json_object *o = NULL;
 *	r = toml_parse(text, len, "registries.conf", &o, e);
 *	r = json_get_strv(o, "unqualified-search-registries", &search, e);
 *
 * Tables are objects, arrays arrays, an array of tables an array of objects.
 * Dates and times, which none of these files has, are an error, and so are
 * floats that JSON has no word for. What is wrong is told with its line:
 * a rule that is read as another one is worse than none.
 */
#ifndef RANBY_BASE_TOML_H
#define RANBY_BASE_TOML_H

#include "base/err.h"
#include "base/json.h"

#include <stddef.h>

#define TOML_DEPTH_MAX 32     /* of tables and arrays in each other */
#define TOML_STRING_MAX 65536 /* bytes of one string or key */

/* -EINVAL: "WHAT:LINE: why". The caller owns the object. */
int toml_parse(const char *text, size_t len, const char *what, struct json_object **ret, struct err *e) _must_check_;

#endif
