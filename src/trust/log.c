/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Three things must hold: the log said that it has the entry, by a key that the
 * policy names; and the entry is of this signature, by this key, of this text.
 * Without the last one a log's word about anything would do for everything.
 *
 * Where there are both a promise and a proof, both must be good.
 */
#include "trust/log.h"

#include "base/base64.h"
#include "base/parse.h"
#include "trust/certificate.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BODY_MAX (128U << 10)

void trust_log_entry_done(struct trust_log_entry *l)
{
	buf_done(&l->body);
	buf_done(&l->promise);
	free(l->body_base64);
	free(l->proof.checkpoint);
	*l = (struct trust_log_entry){0};
}

/* ---- reading ---- */

/* A number, or its digits as a string: protobuf's JSON writes 64 bits so. */
static int get_number(struct json_object *o, const char *path, int64_t *ret, struct err *e)
{
	struct json_object *value = json_at(o, path);

	if (value && json_object_is_type(value, json_type_string)) {
		if (parse_i64(json_object_get_string(value), 0, INT64_MAX, ret) < 0)
			return err_set(e, EINVAL, "log entry: %s", path);
		return 0;
	}
	return json_get_i64(o, path, 0, INT64_MAX, ret, e);
}

static int get_bytes(struct json_object *o, const char *path, size_t exact, struct buf *ret, struct err *e)
{
	const char *text = "";
	int r = json_get_str(o, path, &text, e);

	if (r == 0 && (base64_decode(text, strlen(text), ret) < 0 || (exact && ret->len != exact)))
		r = err_set(e, EINVAL, "log entry: %s", path);
	return r;
}

static int get_hash(struct json_object *o, const char *path, uint8_t ret[static SHA256_SIZE], struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = get_bytes(o, path, SHA256_SIZE, &b, e);

	if (r == 0)
		memcpy(ret, b.data, SHA256_SIZE);
	return r;
}

static int take_body(const char *text, struct trust_log_entry *l, struct err *e)
{
	size_t len = strlen(text);

	if (len == 0 || len > BODY_MAX || base64_decode(text, len, &l->body) < 0)
		return err_set(e, EINVAL, "log entry: its body");
	l->body_base64 = strdup(text);
	return l->body_base64 ? 0 : err_errno(e, ENOMEM, "log entry");
}

int trust_log_from_annotation(const char *text, size_t len, struct trust_log_entry *ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	const char *body = "", *id = "";
	int r = json_parse(text, len, "log entry", &o, e);

	if (r == 0)
		r = get_bytes(o, "SignedEntryTimestamp", 0, &ret->promise, e);
	if (r == 0)
		r = json_get_str(o, "Payload.body", &body, e);
	if (r == 0)
		r = take_body(body, ret, e);
	if (r == 0)
		r = json_get_str(o, "Payload.logID", &id, e);
	if (r == 0 && (strlen(id) != SHA256_HEX_SIZE - 1 || strspn(id, "0123456789abcdef") != SHA256_HEX_SIZE - 1))
		r = err_set(e, EINVAL, "log entry: logID");
	if (r == 0)
		r = get_number(o, "Payload.integratedTime", &ret->at, e);
	if (r == 0)
		r = get_number(o, "Payload.logIndex", &ret->index, e);
	if (r == 0)
		memcpy(ret->id, id, sizeof(ret->id));
	return r;
}

static int read_path(struct json_object *o, struct trust_log_entry *l, struct err *e)
{
	_cleanup_(strv_done) struct strv hashes = {0};
	int r = json_get_strv(o, "hashes", &hashes, e);

	if (r == 0 && hashes.n > TRUST_MERKLE_DEPTH_MAX)
		r = err_set(e, EINVAL, "log entry: a proof of %zu steps", hashes.n);
	for (size_t i = 0; i < hashes.n && r == 0; i++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT;

		if (base64_decode(hashes.items[i], strlen(hashes.items[i]), &b) < 0 || b.len != SHA256_SIZE)
			return err_set(e, EINVAL, "log entry: a hash of its proof");
		memcpy(l->proof.path[l->proof.n++], b.data, SHA256_SIZE);
	}
	return r;
}

static int read_proof(struct json_object *o, struct trust_log_entry *l, struct err *e)
{
	const char *checkpoint = "";
	int64_t index = 0, size = 0;
	int r = get_number(o, "logIndex", &index, e);

	if (r == 0)
		r = get_number(o, "treeSize", &size, e);
	if (r == 0)
		r = get_hash(o, "rootHash", l->proof.root, e);
	if (r == 0)
		r = json_get_str(o, "checkpoint.envelope", &checkpoint, e);
	if (r == 0)
		r = read_path(o, l, e);
	if (r < 0)
		return r;
	l->proof.has = true;
	l->proof.index = (uint64_t)index;
	l->proof.size = (uint64_t)size;
	l->proof.checkpoint = strdup(checkpoint);
	return l->proof.checkpoint ? 0 : err_errno(e, ENOMEM, "log entry");
}

int trust_log_from_bundle(struct json_object *o, struct trust_log_entry *ret, struct err *e)
{
	struct json_object *proof = NULL;
	const char *body = "";
	uint8_t id[SHA256_SIZE];
	int r = json_get_str(o, "canonicalizedBody", &body, e);

	if (r == 0)
		r = take_body(body, ret, e);
	if (r == 0)
		r = get_hash(o, "logId.keyId", id, e);
	if (r == 0)
		r = get_number(o, "logIndex", &ret->index, e);
	if (r == 0)
		r = get_number(o, "integratedTime", &ret->at, e);
	if (r == 0 && json_at(o, "inclusionPromise.signedEntryTimestamp"))
		r = get_bytes(o, "inclusionPromise.signedEntryTimestamp", 0, &ret->promise, e);
	if (r == 0)
		r = json_get_object(o, "inclusionProof", &proof, e);
	if (r == 0 && proof)
		r = read_proof(proof, ret, e);
	for (size_t i = 0; i < SHA256_SIZE && r == 0; i++)
		snprintf(ret->id + 2 * i, 3, "%02x", id[i]);
	return r;
}

/* ---- did the log say so ---- */

/* The text that the log signs: keys in order, no blanks (RFC 8785). */
static int check_promise(const struct trust_log_entry *l, const struct trust_keys *keys, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;

	/* base64_decode() let only the characters of base64 through: nothing to escape */
	buf_addf(&text, "{\"body\":\"%s\",\"integratedTime\":%" PRId64 ",\"logID\":\"%s\",\"logIndex\":%" PRId64 "}", l->body_base64, l->at,
		 l->id, l->index);
	if (buf_bad(&text))
		return err_errno(e, ENOMEM, "log entry");
	if (!trust_keys_verify(keys, text.data, text.len, &l->promise))
		return err_set(e, EACCES, "log entry: its promise is not of a log that the policy names");
	return 0;
}

/* "ORIGIN\nSIZE\nROOT\n…\n\n— NAME BASE64\n": c2sp.org/signed-note, tlog-checkpoint. */
static int check_checkpoint(const struct trust_log_entry *l, const struct trust_keys *keys, struct err *e)
{
	const char *text = l->proof.checkpoint, *end = strstr(text, "\n\n"), *size = strchr(text, '\n'), *root, *line;
	_cleanup_(buf_done) struct buf hash = BUF_INIT;
	char digits[24];
	size_t body;

	if (!end || !size || size >= end)
		return err_set(e, EACCES, "log entry: no checkpoint");
	body = (size_t)(end - text) + 1;
	root = strchr(++size, '\n');
	if (!root || root >= end)
		return err_set(e, EACCES, "log entry: a checkpoint without root");
	root++;
	snprintf(digits, sizeof(digits), "%" PRIu64, l->proof.size);
	if (strlen(digits) != (size_t)(root - 1 - size) || strncmp(size, digits, strlen(digits)) != 0)
		return err_set(e, EACCES, "log entry: the checkpoint is of another tree");
	if (base64_decode(root, strcspn(root, "\n"), &hash) < 0 || hash.len != SHA256_SIZE || memcmp(hash.data, l->proof.root, SHA256_SIZE) != 0)
		return err_set(e, EACCES, "log entry: the checkpoint is of another root");
	for (line = end + 2; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		_cleanup_(buf_done) struct buf signature = BUF_INIT;
		size_t len = strcspn(line, "\n");
		const char *last = memrchr(line, ' ', len);

		if (strncmp(line, "\xe2\x80\x94 ", 4) != 0 || !last)
			continue;
		if (base64_decode(last + 1, len - (size_t)(last + 1 - line), &signature) < 0 || signature.len <= 4)
			continue;
		/* four bytes say which key; all are tried */
		memmove(signature.data, signature.data + 4, signature.len -= 4);
		if (trust_keys_verify(keys, text, body, &signature))
			return 0;
	}
	return err_set(e, EACCES, "log entry: its checkpoint is not of a log that the policy names");
}

static int check_proof(const struct trust_log_entry *l, const struct trust_keys *keys, struct err *e)
{
	uint8_t leaf[SHA256_SIZE];

	trust_merkle_leaf(l->body.data, l->body.len, leaf);
	if (!trust_merkle_included(leaf, l->proof.index, l->proof.size, l->proof.path, l->proof.n, l->proof.root))
		return err_set(e, EACCES, "log entry: it is not in the tree");
	return check_checkpoint(l, keys, e);
}

/* ---- what is in it ---- */

static bool same_bytes(const char *base64, const struct buf *bytes)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	return base64_decode(base64, strlen(base64), &b) == 0 && b.len == bytes->len && memcmp(b.data, bytes->data, b.len) == 0;
}

/* `base64` is of PEM of the certificate, or of the key. */
static bool same_key(const char *base64, const struct trust_logged *what)
{
	_cleanup_(trust_certificate_freep) X509 *x = NULL;
	_cleanup_(trust_key_freep) EVP_PKEY *key = NULL;
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	if (base64_decode(base64, strlen(base64), &b) < 0 || b.len == 0)
		return false;
	if (trust_certificate_parse(b.data, b.len, &x, NULL) == 0)
		return what->certificate ? X509_cmp(x, what->certificate) == 0 : EVP_PKEY_eq(X509_get0_pubkey(x), what->key) == 1;
	if (what->certificate)
		return false;
	return trust_key_parse(b.data, b.len, &key, NULL) == 0 && EVP_PKEY_eq(key, what->key) == 1;
}

static bool is_hashedrekord(struct json_object *o, const struct trust_logged *what)
{
	return strcmp(json_str(o, "spec.data.hash.algorithm"), "sha256") == 0 &&
	       strcmp(json_str(o, "spec.data.hash.value"), what->hash) == 0 &&
	       same_bytes(json_str(o, "spec.signature.content"), what->signature) &&
	       same_key(json_str(o, "spec.signature.publicKey.content"), what);
}

static bool is_dsse(struct json_object *o, const struct trust_logged *what)
{
	struct json_object *list = json_at(o, "spec.signatures"), *one;

	if (strcmp(json_str(o, "spec.payloadHash.algorithm"), "sha256") != 0 || strcmp(json_str(o, "spec.payloadHash.value"), what->hash) != 0)
		return false;
	if (!json_object_is_type(list, json_type_array) || json_object_array_length(list) != 1)
		return false;
	one = json_object_array_get_idx(list, 0);
	return same_bytes(json_str(one, "signature"), what->signature) && same_key(json_str(one, "verifier"), what);
}

static int check_body(const struct trust_log_entry *l, const struct trust_logged *what, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	int r = json_parse(buf_str(&l->body), l->body.len, "log entry", &o, e);
	bool good;

	if (r < 0)
		return r;
	if (!json_object_is_type(o, json_type_object) || strcmp(json_str(o, "kind"), what->kind) != 0 ||
	    strcmp(json_str(o, "apiVersion"), "0.0.1") != 0)
		return err_set(e, EACCES, "log entry: not a %s 0.0.1", what->kind);
	good = strcmp(what->kind, "dsse") == 0 ? is_dsse(o, what) : is_hashedrekord(o, what);
	return good ? 0 : err_set(e, EACCES, "log entry: it is of another signature");
}

int trust_log_check(const struct trust_log_entry *l, const struct trust_keys *log_keys, const struct trust_logged *what, int64_t *ret_at,
		    struct err *e)
{
	int r;

	if (l->promise.len == 0 && !l->proof.has)
		return err_set(e, EACCES, "log entry: neither promise nor proof");
	r = l->promise.len ? check_promise(l, log_keys, e) : 0;
	if (r == 0 && l->proof.has)
		r = check_proof(l, log_keys, e);
	if (r == 0)
		r = check_body(l, what, e);
	if (r == 0)
		*ret_at = l->promise.len ? l->at : 0;
	return r;
}
