/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The order matters for certificates: whose one is counts only at the time
 * that the log vouches for, so the log is checked first, with the certificate
 * in hand, and the certificate then with the log's time.
 */
#include "trust/verify.h"

#include "base/base64.h"
#include "trust/claim.h"
#include "trust/log.h"
#include "trust/payload.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void trust_verifier_done(struct trust_verifier *v)
{
	trust_keys_done(&v->keys);
	trust_keys_done(&v->logs);
	trust_authority_done(&v->authority);
}

int trust_verifier_read(struct json_object *request, struct trust_verifier *ret, struct err *e)
{
	int r = trust_keys_read(request, "keys", &ret->keys, e);

	if (r == 0)
		r = trust_keys_read(request, "rekorKeys", &ret->logs, e);
	if (r == 0)
		r = trust_authority_read(request, &ret->authority, e);
	if (r == 0 && (ret->keys.n > 0) == (ret->authority.anchors != NULL))
		r = err_set(e, EINVAL, "either keys or an authority");
	if (r == 0 && ret->authority.anchors && ret->logs.n == 0)
		r = err_set(e, EINVAL, "an authority without a log");
	return r;
}

/* -EACCES when the log is asked for and does not have it. *ret_at: 0 without its word. */
static int check_log(const struct trust_verifier *v, const struct trust_signed *s, EVP_PKEY *key, X509 *certificate, int64_t *ret_at,
		     struct err *e)
{
	struct trust_logged what = {.kind = s->kind, .signature = s->signature, .key = key, .certificate = certificate};

	*ret_at = 0;
	if (v->logs.n == 0)
		return 0;
	if (!s->entry)
		return err_set(e, EACCES, "the signature is not from the log that the policy asks for");
	sha256_hex(s->hashed->data, s->hashed->len, what.hash);
	return trust_log_check(s->entry, &v->logs, &what, ret_at, e);
}

static int by_key(const struct trust_verifier *v, const struct trust_signed *s, struct trust_claim *c, struct err *e)
{
	EVP_PKEY *key = trust_keys_verify(&v->keys, s->text->data, s->text->len, s->signature);

	if (!key)
		return err_set(e, EACCES, "the signature is not of a key that the policy names, or not of this text");
	trust_key_id(key, c->key);
	if (!c->key[0])
		return err_set(e, EIO, "a key without id");
	return check_log(v, s, key, NULL, &c->logged_at, e);
}

static int by_certificate(const struct trust_verifier *v, const struct trust_signed *s, struct trust_claim *c, struct err *e)
{
	_cleanup_(trust_certificate_freep) X509 *x = NULL;
	EVP_PKEY *key;
	int r;

	if (!s->certificate)
		return err_set(e, EACCES, "the signature comes without a certificate");
	r = trust_certificate_parse(s->certificate, s->certificate_len, &x, e);
	key = r == 0 ? X509_get0_pubkey(x) : NULL;
	if (r == 0 && !key)
		r = err_set(e, EACCES, "certificate: no key in it");
	if (r == 0)
		r = check_log(v, s, key, x, &c->logged_at, e);
	if (r == 0 && c->logged_at == 0)
		r = err_set(e, EACCES, "the log does not say when the certificate was used");
	if (r == 0)
		r = trust_certificate_check(&v->authority, x, s->chain, c->logged_at, e);
	if (r == 0 && !trust_key_verify(key, s->text->data, s->text->len, s->signature))
		r = err_set(e, EACCES, "the signature is not of the certificate's key, or not of this text");
	if (r == 0)
		snprintf(c->key, sizeof(c->key), "%.200s (%.200s)", v->authority.subject, v->authority.issuer);
	return r;
}

int trust_verify_signed(const struct trust_verifier *v, const struct trust_signed *s, struct trust_claim *ret, struct err *e)
{
	return v->authority.anchors ? by_certificate(v, s, ret, e) : by_key(v, s, ret, e);
}

static int get_bytes(struct json_object *o, const char *key, struct buf *ret, struct err *e)
{
	const char *text = "";
	int r = json_get_str(o, key, &text, e);

	if (r == 0 && (base64_decode(text, strlen(text), ret) < 0 || ret->len == 0))
		r = err_set(e, EINVAL, "%s: not base64", key);
	return r;
}

static int verify_payload(const struct trust_verifier *v, struct json_object *o, const struct buf *payload, struct trust_claim *c,
			  struct err *e)
{
	_cleanup_(trust_log_entry_done) struct trust_log_entry entry = {0};
	_cleanup_(buf_done) struct buf signature = BUF_INIT;
	const char *certificate = NULL, *log_entry = NULL;
	struct trust_signed s = {.text = payload, .signature = &signature, .kind = "hashedrekord", .hashed = payload};
	struct trust_payload p;
	int r = get_bytes(o, "signature", &signature, e);

	if (r == 0)
		r = json_get_str(o, "certificate", &certificate, e);
	if (r == 0)
		r = json_get_str(o, "chain", &s.chain, e);
	if (r == 0)
		r = json_get_str(o, "logEntry", &log_entry, e);
	if (r == 0 && log_entry && v->logs.n) {
		r = trust_log_from_annotation(log_entry, strlen(log_entry), &entry, e);
		s.entry = &entry;
	}
	s.certificate = certificate;
	s.certificate_len = certificate ? strlen(certificate) : 0;
	if (r == 0)
		r = trust_verify_signed(v, &s, c, e);
	if (r == 0)
		r = trust_payload_parse(buf_str(payload), payload->len, TRUST_PAYLOAD_COSIGN, &p, e);
	if (r < 0)
		return r;
	c->digest = p.digest;
	snprintf(c->name, sizeof(c->name), "%s", p.name);
	return 0;
}

int trust_verify_one(const struct trust_verifier *v, struct json_object *o, struct trust_claim *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf body = BUF_INIT;
	bool bundle = json_at(o, "bundle") != NULL;
	int r = get_bytes(o, bundle ? "bundle" : "payload", &body, e);

	*ret = (struct trust_claim){0};
	if (r < 0)
		return r;
	return bundle ? trust_verify_bundle(v, body.data, body.len, ret, e) : verify_payload(v, o, &body, ret, e);
}

static struct json_object *result(const struct trust_claim *c, int r, const struct err *e)
{
	struct json_object *o = json_object_new_object();
	int bad = o ? 0 : -ENOMEM;

	if (!bad && r < 0)
		bad |= json_add_str(o, "why", e->text);
	if (!bad && r == 0) {
		bad |= json_add_str(o, "digest", c->digest.text);
		bad |= json_add_str(o, "key", c->key);
		bad |= json_add_str(o, "name", c->name);
		bad |= json_add_int(o, "loggedAt", c->logged_at);
	}
	if (bad) {
		json_object_put(o);
		return NULL;
	}
	return o;
}

int trust_verify(struct json_object *request, struct json_object **ret, struct err *e)
{
	_cleanup_(trust_verifier_done) struct trust_verifier v = {0};
	_cleanup_json_ struct json_object *answer = json_object_new_object();
	struct json_object *list = NULL, *results = json_object_new_array();
	int r = answer ? json_add(answer, "results", results) : -ENOMEM;

	if (r < 0)
		return err_errno(e, ENOMEM, "verify");
	r = trust_verifier_read(request, &v, e);
	if (r == 0)
		r = json_get_array(request, "signatures", &list, e);
	if (r < 0)
		return r;
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct trust_claim claim;
		struct err own = {0};
		struct json_object *one;

		r = trust_verify_one(&v, json_object_array_get_idx(list, i), &claim, &own);
		one = result(&claim, r, &own);
		if (!one || json_append(results, one) < 0)
			return err_errno(e, ENOMEM, "verify");
	}
	*ret = TAKE_PTR(answer);
	return 0;
}
