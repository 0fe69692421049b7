/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * trust_worker - ask ranby-trust, which has the cryptography and nothing else.
 *
 *	r = trust_worker_ask("verify", request, &answer, e);
 *
 * It is started with two descriptors: 3, a sealed memory file with the request's
 * JSON, and 4, a pipe for the answer's. It confines itself before it reads
 * either; what it answers is checked like a stranger's.
 */
#ifndef RANBY_TRUST_WORKER_H
#define RANBY_TRUST_WORKER_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"

#define TRUST_FD_REQUEST 3
#define TRUST_FD_ANSWER 4
#define TRUST_REQUEST_MAX (32U << 20)
#define TRUST_ANSWER_MAX (4U << 20)

/* *ret: an object. What the worker refuses comes as its errno and words.. */
int trust_worker_ask(const char *verb, struct json_object *request, struct json_object **ret, struct err *e) _must_check_;

/* "key": base64 of the bytes. */
int trust_add_bytes(struct json_object *o, const char *key, const void *data, size_t len) _must_check_;

/* Appends base64 of the bytes to the list "key", which is made. */
int trust_append_bytes(struct json_object *o, const char *key, const void *data, size_t len) _must_check_;

#endif
