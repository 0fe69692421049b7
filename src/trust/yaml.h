/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * trust_yaml - the question "yaml", answered: one document as JSON. In ranby-trust only.
 *
 *	{"text": B64}  →  {"value": …}
 *
 * Mappings, sequences and scalars, all scalars as strings; no aliases, tags or
 * second document, and no key twice: a reader of configuration needs none of
 * them, and an alias may stand for the world.
 */
#ifndef RANBY_TRUST_YAML_H
#define RANBY_TRUST_YAML_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"

#include <stddef.h>

int trust_yaml(struct json_object *request, struct json_object **ret, struct err *e) _must_check_;

/* The value of a text; NULL for an empty one. */
int trust_yaml_parse(const void *text, size_t len, struct json_object **ret, struct err *e) _must_check_;

#endif
