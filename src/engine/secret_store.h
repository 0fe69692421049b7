/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * secret_store - secrets by name: data/secrets/NAME/.
 *
 *	r = secret_create(eng, "token", data, len, labels, false, id, e);
 *	_cleanup_(secret_note_done) struct secret_note n = {0};
 *	r = secret_find(eng, "token", &n, e);		// a name, an id, the beginning of an id
 *	_cleanup_(secret_data_done) struct buf data = BUF_INIT;
 *	r = secret_data(eng, n.name, &data, e);
 *
 *	data         the secret itself, 0600
 *	secret.json  {"id","name","createdAt","updatedAt","labels"}
 *
 * All directories are 0700. Nothing but secret_data() reads what is secret.
 */
#ifndef RANBY_ENGINE_SECRET_STORE_H
#define RANBY_ENGINE_SECRET_STORE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "engine/engine.h"

#include <stdbool.h>
#include <stddef.h>

#define SECRET_ID_SIZE 26
#define SECRET_STORE_NAME_MAX 253

struct secret_note {
	char id[SECRET_ID_SIZE];
	char *name;
	char *created, *updated;    /* RFC 3339 */
	struct json_object *labels; /* NULL: none */
};
void secret_note_done(struct secret_note *n);

struct secret_list {
	struct secret_note *items;
	size_t n;
};
void secret_list_done(struct secret_list *l);

/* The podman rules: letters, digits, "_", "." and "-", a letter or digit first. */
bool secret_name_is_valid(const char *name);

/* -EEXIST unless `replace`: then it has a new id and the old one is gone. Whole or not at all, also when killed. `len` 1 to SECRET_DATA_MAX (runtime/secrets.h). */
int secret_create(struct engine *eng, const char *name, const char *data, size_t len, struct json_object *labels, bool replace,
		  char ret_id[static SECRET_ID_SIZE], struct err *e) _must_check_;

/* All, by name. */
int secret_list(struct engine *eng, struct secret_list *ret, struct err *e) _must_check_;

/* -ENOENT with podman's words; -EEXIST: the beginning of more than one id. */
int secret_find(struct engine *eng, const char *name_or_id, struct secret_note *ret, struct err *e) _must_check_;

/* The secret itself, appended to `b`. */
int secret_data(struct engine *eng, const char *name, struct buf *b, struct err *e) _must_check_;
/* Overwrites before it frees; for _cleanup_(). */
void secret_data_done(struct buf *b);

/* By its very name. -ENOENT. Containers that were made with it no longer start. */
int secret_remove(struct engine *eng, const char *name, struct err *e) _must_check_;

/* podman's object of `secret inspect`. */
int secret_json(const struct engine *eng, const struct secret_note *n, struct json_object **ret) _must_check_;

#endif
