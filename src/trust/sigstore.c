/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The request has all keys as bytes, so that the worker opens no file:
 *
 *	{"keys": [B64…], "rekorKeys": [B64…], "ca": [B64], "oidcIssuer": …, "subjectEmail": …,
 *	 "signatures": [{"payload": B64, "signature": …, "certificate": …, "chain": …, "logEntry": …}, {"bundle": B64}]}
 *
 * and the answer {"results": [{"digest": …, "name": …, "key": …, "loggedAt": N} or {"why": …}, …]}.
 */
#include "trust/sigstore.h"

#include "trust/keys.h"
#include "trust/worker.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct list {
	struct json_object *o;
	const char *name;
};

static int take(void *ctx, const struct buf *key)
{
	const struct list *l = ctx;

	return trust_append_bytes(l->o, l->name, key->data, key->len);
}

static int add_keys(const struct trust_requirement *q, struct json_object *request, struct err *e)
{
	struct json_object *fulcio = json_at(q->json, "fulcio");
	struct list keys = {request, "keys"}, logs = {request, "rekorKeys"}, ca = {request, "ca"};
	int r = trust_keys_each(q->json, "key", take, &keys, e);

	if (r == 0)
		r = trust_keys_each(q->json, "rekorPublicKey", take, &logs, e);
	if (r < 0 || !fulcio)
		return r;
	r = trust_keys_each(fulcio, "ca", take, &ca, e);
	if (r == 0 && (json_add_str(request, "oidcIssuer", json_str(fulcio, "oidcIssuer")) < 0 ||
		       json_add_str(request, "subjectEmail", json_str(fulcio, "subjectEmail")) < 0))
		r = err_errno(e, ENOMEM, "signatures");
	return r;
}

static int add_signature(const struct trust_signature *s, struct json_object *list)
{
	struct json_object *o = json_object_new_object();
	int r = o ? 0 : -ENOMEM;

	if (r == 0)
		r |= trust_add_bytes(o, s->kind == TRUST_KIND_BUNDLE ? "bundle" : "payload", s->body.data, s->body.len);
	if (r == 0 && s->kind != TRUST_KIND_BUNDLE) {
		r |= json_add_str(o, "signature", s->signature);
		r |= json_add_str(o, "certificate", s->certificate);
		r |= json_add_str(o, "chain", s->chain);
		r |= json_add_str(o, "logEntry", s->log_entry);
	}
	if (r) {
		json_object_put(o);
		return -ENOMEM;
	}
	return json_append(list, o);
}

static int copy_text(struct json_object *o, const char *key, char *ret, size_t size, struct err *e)
{
	const char *text = "";
	int r = json_get_str(o, key, &text, e);

	if (r == 0 && strlen(text) >= size)
		r = err_set(e, ENAMETOOLONG, "%s", key);
	if (r == 0)
		snprintf(ret, size, "%s", text);
	return r;
}

static int read_claim(struct json_object *o, struct trust_claim *c, struct err *e)
{
	const char *why = NULL, *digest = "";
	int r = json_get_str(o, "why", &why, e);

	*c = (struct trust_claim){0};
	if (r == 0 && why)
		return (void)err_set(&c->err, EACCES, "%s", why), 0;
	if (r == 0)
		r = json_get_str(o, "digest", &digest, e);
	if (r == 0)
		r = digest_parse(digest, &c->digest, e);
	if (r == 0)
		r = copy_text(o, "key", c->key, sizeof(c->key), e);
	if (r == 0)
		r = copy_text(o, "name", c->name, sizeof(c->name), e);
	if (r == 0)
		r = json_get_i64(o, "loggedAt", 0, INT64_MAX, &c->logged_at, e);
	if (r == 0 && !c->key[0])
		r = err_set(e, EPROTO, "nobody's signature");
	c->good = r == 0;
	return r;
}

int trust_sigstore_verify(const struct trust_requirement *q, const struct trust_signatures *s, struct trust_claim *claims, struct err *e)
{
	_cleanup_json_ struct json_object *request = json_object_new_object(), *answer = NULL;
	struct json_object *list = json_object_new_array(), *results = NULL;
	int r = request && list ? 0 : -ENOMEM;

	for (size_t i = 0; i < s->n && r == 0; i++)
		r = add_signature(&s->items[i], list);
	if (r == 0)
		r = json_add(request, "signatures", list);
	else
		json_object_put(list);
	if (r < 0)
		return err_errno(e, ENOMEM, "signatures");
	r = add_keys(q, request, e);
	if (r == 0)
		r = trust_worker_ask("verify", request, &answer, e);
	if (r == 0)
		r = json_get_array(answer, "results", &results, e);
	if (r == 0 && (!results || json_object_array_length(results) != s->n))
		r = err_set(e, EPROTO, "ranby-trust gave a bad answer");
	for (size_t i = 0; i < s->n && r == 0; i++)
		r = read_claim(json_object_array_get_idx(results, i), &claims[i], e);
	return r;
}
