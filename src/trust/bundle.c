/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Sigstore's bundle v0.3, with what cosign puts into one for an image: an
 * in-toto statement in a DSSE envelope, whose subject is the image. An
 * attestation has the same shape and the same signer, and says something else
 * of its subject (that it has holes, perhaps): only the predicate of a
 * signature is one.
 *
 * Source: sigstore/protobuf-specs, sigstore_bundle.proto; in-toto/attestation
 * spec/v1/statement.md; secure-systems-lab/dsse.
 */
#include "trust/verify.h"

#include "base/base64.h"
#include "trust/claim.h"
#include "trust/log.h"
#include "trust/statement.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int get_bytes(struct json_object *o, const char *path, struct buf *ret, struct err *e)
{
	const char *text = "";
	int r = json_get_str(o, path, &text, e);

	if (r == 0 && (base64_decode(text, strlen(text), ret) < 0 || ret->len == 0))
		r = err_set(e, EINVAL, "bundle: %s", path);
	return r;
}

static int check_type(struct json_object *o, struct err *e)
{
	const char *type = "";
	int r;

	if (!json_object_is_type(o, json_type_object))
		return err_set(e, EINVAL, "bundle: not an object");
	r = json_get_str(o, "mediaType", &type, e);
	if (r == 0 && strcmp(type, BUNDLE_TYPE) != 0 && strcmp(type, "application/vnd.dev.sigstore.bundle+json;version=0.3") != 0)
		r = err_set(e, EINVAL, "bundle: of type \"%.128s\", not v0.3", type);
	if (r == 0 && !json_at(o, "dsseEnvelope"))
		r = err_set(e, EINVAL, "bundle: without an envelope");
	return r;
}

/* The envelope's one signature. */
static int read_envelope(struct json_object *o, struct buf *payload, struct buf *signature, struct err *e)
{
	struct json_object *list = NULL;
	const char *type = "";
	int r = json_get_str(o, "payloadType", &type, e);

	if (r == 0 && strcmp(type, STATEMENT_MEDIA) != 0)
		r = err_set(e, EINVAL, "bundle: it holds \"%.64s\"", type);
	if (r == 0)
		r = get_bytes(o, "payload", payload, e);
	if (r == 0)
		r = json_get_array(o, "signatures", &list, e);
	if (r == 0 && (!list || json_object_array_length(list) != 1))
		r = err_set(e, EINVAL, "bundle: not one signature");
	return r < 0 ? r : get_bytes(json_object_array_get_idx(list, 0), "sig", signature, e);
}

/* *ret_has: there was one. */
static int read_entry(struct json_object *material, struct trust_log_entry *ret, bool *ret_has, struct err *e)
{
	struct json_object *list = NULL;
	int r = json_get_array(material, "tlogEntries", &list, e);

	*ret_has = false;
	if (r < 0 || !list || json_object_array_length(list) == 0)
		return r;
	if (json_object_array_length(list) != 1)
		return err_set(e, EINVAL, "bundle: not one log entry");
	*ret_has = true;
	return trust_log_from_bundle(json_object_array_get_idx(list, 0), ret, e);
}

static int read_subject(struct json_object *o, struct trust_claim *c, struct err *e)
{
	const char *digest = "", *name = "";
	int r = json_get_str(o, "digest.sha256", &digest, e);

	if (r == 0)
		r = json_get_str(o, "name", &name, e);
	if (r == 0 && (!digest_is_hex(digest) || strlen(name) >= sizeof(c->name)))
		r = err_set(e, EINVAL, "statement: its subject");
	if (r < 0)
		return r;
	digest_from_hex(digest, &c->digest);
	snprintf(c->name, sizeof(c->name), "%s", name);
	return 0;
}

static int read_statement(const struct buf *text, struct trust_claim *c, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct json_object *subjects = NULL;
	const char *type = "", *predicate = "";
	int r = json_parse(buf_str(text), text->len, "statement", &o, e);

	if (r == 0 && !json_object_is_type(o, json_type_object))
		r = err_set(e, EINVAL, "statement: not an object");
	if (r == 0)
		r = json_get_str(o, "_type", &type, e);
	if (r == 0)
		r = json_get_str(o, "predicateType", &predicate, e);
	if (r == 0)
		r = json_get_array(o, "subject", &subjects, e);
	if (r < 0)
		return r;
	if (strcmp(type, STATEMENT_TYPE) != 0)
		return err_set(e, EINVAL, "statement: of type \"%.64s\"", type);
	if (strcmp(predicate, STATEMENT_PREDICATE) != 0)
		return err_set(e, EACCES, "statement: \"%.128s\" is no signature", predicate);
	if (!subjects || json_object_array_length(subjects) != 1)
		return err_set(e, EINVAL, "statement: not one subject");
	return read_subject(json_object_array_get_idx(subjects, 0), c, e);
}

int trust_verify_bundle(const struct trust_verifier *v, const char *text, size_t len, struct trust_claim *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf payload = BUF_INIT, signature = BUF_INIT, certificate = BUF_INIT, signed_text = BUF_INIT;
	_cleanup_(trust_log_entry_done) struct trust_log_entry entry = {0};
	_cleanup_json_ struct json_object *o = NULL;
	struct trust_signed s = {.text = &signed_text, .signature = &signature, .kind = "dsse", .hashed = &payload};
	struct json_object *material;
	bool logged = false;
	int r = json_parse(text, len, "bundle", &o, e);

	if (r == 0)
		r = check_type(o, e);
	if (r == 0)
		r = read_envelope(json_at(o, "dsseEnvelope"), &payload, &signature, e);
	material = r == 0 ? json_at(o, "verificationMaterial") : NULL;
	if (r == 0 && material && v->logs.n)
		r = read_entry(material, &entry, &logged, e);
	if (r == 0 && material && json_at(material, "certificate.rawBytes"))
		r = get_bytes(material, "certificate.rawBytes", &certificate, e);
	if (r < 0)
		return r;
	trust_statement_pae(payload.data, payload.len, &signed_text);
	if (buf_bad(&signed_text))
		return err_errno(e, ENOMEM, "bundle");
	s.entry = logged ? &entry : NULL;
	s.certificate = certificate.len ? certificate.data : NULL;
	s.certificate_len = certificate.len;
	r = trust_verify_signed(v, &s, ret, e);
	return r < 0 ? r : read_statement(&payload, ret, e);
}
