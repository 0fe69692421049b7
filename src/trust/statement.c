/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The subject carries the image's name, which cosign leaves out: without it a
 * signature is for whatever tag a registry puts that content under.
 */
#include "trust/statement.h"

#include "base/base64.h"
#include "base/json.h"

#include <errno.h>
#include <string.h>

void trust_statement_pae(const void *statement, size_t len, struct buf *ret)
{
	buf_addf(ret, "DSSEv1 %zu %s %zu ", strlen(STATEMENT_MEDIA), STATEMENT_MEDIA, len);
	buf_add(ret, statement, len);
}

static int put(struct json_object *o, struct buf *ret, const char *what, struct err *e)
{
	size_t len = 0;
	const char *text = json_text(o, &len);

	if (text)
		buf_add(ret, text, len);
	return !text || buf_bad(ret) ? err_errno(e, ENOMEM, "%s", what) : 0;
}

int trust_statement_write(const struct trust_payload *p, struct buf *ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct json_object *digest = json_object_new_object(), *subject = json_object_new_object(), *subjects = json_object_new_array();
	int r = 0;

	r |= json_add_str(digest, "sha256", digest_hex(&p->digest));
	r |= json_add_str(subject, "name", p->name);
	r |= json_add(subject, "digest", digest);
	r |= json_append(subjects, subject);
	r |= json_add_str(o, "_type", STATEMENT_TYPE);
	r |= json_add(o, "subject", subjects);
	r |= json_add_str(o, "predicateType", STATEMENT_PREDICATE);
	r |= json_add(o, "predicate", json_object_new_object());
	return r ? err_errno(e, ENOMEM, "statement") : put(o, ret, "statement", e);
}

static int add_base64(struct json_object *o, const char *key, const struct buf *bytes)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;

	base64_encode(bytes->data, bytes->len, &text);
	return buf_bad(&text) ? -ENOMEM : json_add_str(o, key, buf_str(&text));
}

int trust_bundle_write(const struct buf *statement, const struct buf *signature, const char *key_id, struct buf *ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct json_object *material = json_object_new_object(), *key = json_object_new_object(), *envelope = json_object_new_object(),
			   *list = json_object_new_array(), *one = json_object_new_object();
	int r = 0;

	r |= json_add_str(key, "hint", key_id);
	r |= json_add(material, "publicKey", key);
	r |= add_base64(envelope, "payload", statement);
	r |= json_add_str(envelope, "payloadType", STATEMENT_MEDIA);
	r |= add_base64(one, "sig", signature);
	r |= json_append(list, one);
	r |= json_add(envelope, "signatures", list);
	r |= json_add_str(o, "mediaType", BUNDLE_TYPE);
	r |= json_add(o, "verificationMaterial", material);
	r |= json_add(o, "dsseEnvelope", envelope);
	return r ? err_errno(e, ENOMEM, "bundle") : put(o, ret, "bundle", e);
}
