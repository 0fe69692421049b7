/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A signature may be of the image's manifest or of the index that it was
 * picked from; both are looked for. What cannot be read as a signature is
 * passed over: it vouches for nothing, and must not hide one that does. A
 * registry that fails is an error, and no image.
 */
#include "image/signatures.h"

#include "oci/descriptor.h"
#include "registry/download.h"
#include "registry/listing.h"
#include "sys/fd.h"
#include "sys/memfd.h"
#include "trust/payload.h"
#include "trust/statement.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BUNDLES_MAX 32

void signatures_tag(const struct digest *d, char ret[static DIGEST_TEXT_SIZE + 4])
{
	snprintf(ret, DIGEST_TEXT_SIZE + 4, "sha256-%s.sig", digest_hex(d));
}

/* The value of an annotation, copied; NULL when it is not there. */
static int annotation(struct json_object *annotations, const char *key, char **ret)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(annotations, key, &value) || !json_object_is_type(value, json_type_string))
		return 0;
	*ret = strdup(json_object_get_string(value));
	return *ret ? 0 : -ENOMEM;
}

int signatures_read_layer(struct json_object *layer, struct trust_signature *ret, struct descriptor *ret_payload, struct err *e)
{
	struct json_object *annotations = json_at(layer, "annotations");
	int r;

	if (descriptor_parse(layer, ret_payload, NULL) < 0 || strcmp(json_str(layer, "mediaType"), SIGNATURE_LAYER) != 0 ||
	    !json_object_is_type(annotations, json_type_object) || ret_payload->size_bytes > TRUST_PAYLOAD_MAX)
		return 0;
	ret->kind = TRUST_KIND_SIGSTORE;
	r = annotation(annotations, SIGNATURE_ANNOTATION, &ret->signature);
	if (r == 0)
		r = annotation(annotations, "dev.sigstore.cosign/certificate", &ret->certificate);
	if (r == 0)
		r = annotation(annotations, "dev.sigstore.cosign/chain", &ret->chain);
	if (r == 0)
		r = annotation(annotations, "dev.sigstore.cosign/bundle", &ret->log_entry);
	if (r < 0)
		return err_errno(e, -r, "signature");
	return ret->signature != NULL;
}

static void one_done(struct trust_signature *s)
{
	buf_done(&s->body);
	free(s->signature);
	free(s->certificate);
	free(s->chain);
	free(s->log_entry);
}

/* -ENOENT and content that differs from its digest are of one signature, not of the registry. */
static int get_body(struct fetch_client *fc, const struct descriptor *d, struct buf *ret, struct err *e)
{
	struct err own = {0};
	int r = registry_small(fc, FETCH_BLOB, d->digest.text, d->size_bytes, &d->digest, ret, NULL, &own);

	if (r == -ENOENT || r == -EBADMSG)
		return 0;
	if (r < 0 && e)
		*e = own;
	return r < 0 ? r : 1;
}

static int add_layer(struct signatures_at *at, struct json_object *layer, struct trust_signatures *ret, struct err *e)
{
	_cleanup_(one_done) struct trust_signature one = {0};
	struct descriptor d;
	int r = signatures_read_layer(layer, &one, &d, e);

	if (r > 0)
		r = get_body(at->fc, &d, &one.body, e);
	if (r > 0)
		(void)!trust_signatures_add(ret, &one);
	return r < 0 ? r : 0;
}

static int gather_tag(struct signatures_at *at, const struct digest *d, struct trust_signatures *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	_cleanup_json_ struct json_object *o = NULL;
	struct json_object *layers = NULL;
	char tag[DIGEST_TEXT_SIZE + 4];
	struct err own = {0};
	int r;

	signatures_tag(d, tag);
	r = registry_small(at->fc, FETCH_MANIFEST, tag, UINT64_MAX, NULL, &text, NULL, &own);
	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		if (e)
			*e = own;
		return err_wrap(e, r, "signatures");
	}
	if (json_parse(buf_str(&text), text.len, tag, &o, NULL) < 0 || json_get_array(o, "layers", &layers, NULL) < 0 || !layers)
		return 0;
	for (size_t i = 0; i < json_object_array_length(layers) && i < TRUST_SIGNATURES_MAX && r == 0; i++)
		r = add_layer(at, json_object_array_get_idx(layers, i), ret, e);
	return r;
}

/* The bundle of a manifest that is of `subject`; 0: it is none. */
static int bundle_of(struct json_object *o, const struct digest *subject, struct descriptor *ret)
{
	struct json_object *layers = json_at(o, "layers"), *layer;
	struct descriptor of;

	if (!json_at(o, "subject") || descriptor_parse(json_at(o, "subject"), &of, NULL) < 0 || !digest_equal(&of.digest, subject))
		return 0;
	if (!json_object_is_type(layers, json_type_array) || json_object_array_length(layers) != 1)
		return 0;
	layer = json_object_array_get_idx(layers, 0);
	if (descriptor_parse(layer, ret, NULL) < 0 || strcmp(json_str(layer, "mediaType"), BUNDLE_TYPE) != 0)
		return 0;
	return ret->size_bytes <= TRUST_SIGNATURE_BYTES_MAX;
}

static int add_referrer(struct signatures_at *at, const struct referrer *one, const struct digest *subject, struct trust_signatures *ret,
			struct err *e)
{
	_cleanup_(one_done) struct trust_signature s = {.kind = TRUST_KIND_BUNDLE};
	const struct descriptor manifest = {.digest = one->digest, .size_bytes = one->size_bytes};
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	_cleanup_json_ struct json_object *o = NULL;
	struct err own = {0};
	struct descriptor d;
	int r;

	r = registry_small(at->fc, FETCH_MANIFEST, manifest.digest.text, manifest.size_bytes, &manifest.digest, &text, NULL, &own);
	if (r == -ENOENT || r == -EBADMSG || r == -EFBIG)
		return 0;
	if (r < 0) {
		if (e)
			*e = own;
		return r;
	}
	if (json_parse(buf_str(&text), text.len, "referrer", &o, NULL) < 0 || !bundle_of(o, subject, &d))
		return 0;
	r = get_body(at->fc, &d, &s.body, e);
	if (r > 0)
		(void)!trust_signatures_add(ret, &s);
	return r < 0 ? r : 0;
}

static int gather_referrers(struct signatures_at *at, const struct digest *d, struct trust_signatures *ret, struct err *e)
{
	_cleanup_(referrers_done) struct referrers found = {0};
	int r = registry_referrers(at->fc, d, BUNDLE_TYPE, &found, e);

	for (size_t i = 0; i < found.n && i < BUNDLES_MAX && r == 0; i++)
		r = add_referrer(at, &found.items[i], d, ret, e);
	return r < 0 ? err_wrap(e, r, "signatures") : 0;
}

/* ---- a lookaside server ---- */

/* 1: there is one more; 0: that was all. */
static int get_nth(struct signatures_at *at, const char *base, const struct digest *d, unsigned n, struct trust_signatures *ret, struct err *e)
{
	struct trust_signature one = {.kind = TRUST_KIND_SIMPLE, .body = BUF_INIT_MAX(TRUST_SIGNATURE_BYTES_MAX)};
	_cleanup_free_ char *url = NULL;
	_cleanup_close_ int fd = -EBADF;
	struct download got;
	int r = trust_lookaside_url(base, at->ref, d, n, &url, e);

	if (r < 0)
		return r;
	r = memfd_empty("signature", &fd);
	if (r < 0)
		return err_errno(e, -r, "signature");
	r = download(url, NULL, TRUST_SIGNATURE_BYTES_MAX, at->access, fd, &got, e);
	/* one that is too large vouches for nothing, and must not hide one that does */
	if (r == -ENOENT || r == -EFBIG) {
		err_clear(e);
		return r == -EFBIG;
	}
	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0 || (r = fd_read_all(fd, TRUST_SIGNATURE_BYTES_MAX, &one.body)) < 0) {
		buf_done(&one.body);
		return err_errno(e, r < 0 ? -r : errno, "signature");
	}
	(void)!trust_signatures_add(ret, &one);
	return 1;
}

static int gather_lookaside(struct signatures_at *at, const char *base, const struct digest *d, struct trust_signatures *ret, struct err *e)
{
	int r = 1;

	if (strncmp(base, "https://", 8) != 0 && strncmp(base, "http://", 7) != 0)
		return trust_lookaside_read(base, at->ref, d, ret, e);
	for (unsigned n = 1; n <= TRUST_SIGNATURES_MAX && r > 0; n++)
		r = get_nth(at, base, d, n, ret, e);
	return r < 0 ? err_wrap(e, r, "lookaside") : 0;
}

int signatures_gather(void *ctx, unsigned wanted, struct trust_signatures *ret, struct err *e)
{
	_cleanup_(trust_lookaside_done) struct trust_lookaside where = {0};
	struct signatures_at *at = ctx;
	const struct digest *of[] = {&at->manifest, &at->index};
	int r = trust_lookaside_find(at->access->home, at->ref, &where, e);

	for (size_t i = 0; i < ARRAY_SIZE(of) && r == 0; i++) {
		if (!digest_is_set(of[i]))
			continue;
		if ((wanted & TRUST_KIND_SIGSTORE) && where.attachments)
			r = gather_tag(at, of[i], ret, e);
		if (r == 0 && (wanted & TRUST_KIND_BUNDLE) && where.attachments)
			r = gather_referrers(at, of[i], ret, e);
		if (r == 0 && (wanted & TRUST_KIND_SIMPLE) && where.read)
			r = gather_lookaside(at, where.read, of[i], ret, e);
	}
	return r;
}
