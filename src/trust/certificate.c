/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The time is the log's: the certificate had to be valid when the log took the
 * signature, not now, and the caller has checked that the log says so.
 *
 * Each certificate of the policy's file is an anchor, an intermediate one too.
 */
#include "trust/certificate.h"

#include "base/base64.h"
#include "base/buf.h"
#include "trust/key.h"

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <string.h>

#define CERTIFICATES_MAX 16
#define ISSUER_OLD "1.3.6.1.4.1.57264.1.1" /* the bytes of the text */
#define ISSUER_NEW "1.3.6.1.4.1.57264.1.8" /* a UTF8String */

static void stack_freep(STACK_OF(X509) **s)
{
	sk_X509_pop_free(*s, X509_free);
	*s = NULL;
}

void trust_authority_done(struct trust_authority *a)
{
	stack_freep(&a->anchors);
}

/* Appends all that are there; something else in the text is -EINVAL. */
static int parse_pems(const void *data, size_t len, STACK_OF(X509) *to, struct err *e)
{
	BIO *bio = BIO_new_mem_buf(data, (int)len);
	X509 *x = NULL;
	int r = bio ? 0 : -ENOMEM, before = sk_X509_num(to);

	while (r == 0 && (x = PEM_read_bio_X509(bio, NULL, trust_no_passphrase, NULL)))
		if (sk_X509_num(to) >= CERTIFICATES_MAX || sk_X509_push(to, x) <= 0) {
			X509_free(x);
			r = -E2BIG;
		}
	BIO_free(bio);
	if (r == 0 && sk_X509_num(to) == before)
		r = -EINVAL;
	return r < 0 ? err_set(e, -r, "certificates: none in PEM, or more than %d", CERTIFICATES_MAX) : 0;
}

int trust_authority_read(struct json_object *request, struct trust_authority *ret, struct err *e)
{
	_cleanup_(strv_done) struct strv texts = {0};
	int r = json_get_strv(request, "ca", &texts, e);

	if (r < 0 || texts.n == 0)
		return r;
	ret->issuer = json_str(request, "oidcIssuer");
	ret->subject = json_str(request, "subjectEmail");
	if (!*ret->issuer || !*ret->subject)
		return err_set(e, EINVAL, "fulcio: whose certificates is not said");
	ret->anchors = sk_X509_new_null();
	if (!ret->anchors)
		return err_errno(e, ENOMEM, "certificates");
	for (size_t i = 0; i < texts.n && r == 0; i++) {
		_cleanup_(buf_done) struct buf bytes = BUF_INIT;

		r = base64_decode(texts.items[i], strlen(texts.items[i]), &bytes);
		r = r < 0 ? err_errno(e, -r, "ca") : parse_pems(bytes.data, bytes.len, ret->anchors, e);
	}
	return r;
}

int trust_certificate_parse(const void *data, size_t len, X509 **ret, struct err *e)
{
	_cleanup_(stack_freep) STACK_OF(X509) *all = sk_X509_new_null();
	const unsigned char *der = data;
	X509 *x;
	int r;

	if (!all)
		return err_errno(e, ENOMEM, "certificate");
	if (!memmem(data, len, "-----BEGIN", 10)) {
		x = d2i_X509(NULL, &der, (long)len);
		if (!x || der != (const unsigned char *)data + len) {
			X509_free(x);
			return err_set(e, EINVAL, "certificate: not one in PEM or DER");
		}
		*ret = x;
		return 0;
	}
	r = parse_pems(data, len, all, e);
	if (r == 0 && sk_X509_num(all) != 1)
		r = err_set(e, EINVAL, "certificate: more than one");
	if (r == 0)
		*ret = sk_X509_pop(all);
	return r;
}

/* ---- chain ---- */

/*
 * What a certificate is for nests: an authority that may name servers only
 * makes no signers of code. OpenSSL checks that for the purposes it knows, and
 * code signing is none of them before 3.2. The anchor is the policy's word.
 */
static int check_usage(X509_STORE_CTX *ctx, struct err *e)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	int anchor = sk_X509_num(chain) - 1;

	for (int i = 1; i < anchor; i++) {
		X509 *x = sk_X509_value(chain, i);

		if ((X509_get_extension_flags(x) & EXFLAG_XKUSAGE) && !(X509_get_extended_key_usage(x) & (XKU_CODE_SIGN | XKU_ANYEKU)))
			return err_set(e, EACCES, "certificate: an authority of its chain is not for signing code");
	}
	return 0;
}

static int check_chain(const struct trust_authority *a, X509 *certificate, STACK_OF(X509) *between, int64_t at, struct err *e)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int r = store && ctx ? 0 : -ENOMEM;

	for (int i = 0; r == 0 && i < sk_X509_num(a->anchors); i++)
		if (X509_STORE_add_cert(store, sk_X509_value(a->anchors, i)) != 1)
			r = -ENOMEM;
	if (r == 0 && X509_STORE_CTX_init(ctx, store, certificate, between) != 1)
		r = -ENOMEM;
	if (r == 0) {
		X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(ctx);

		X509_VERIFY_PARAM_set_time(p, (time_t)at);
		X509_VERIFY_PARAM_set_auth_level(p, 2);
		X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_PARTIAL_CHAIN);
		if (X509_verify_cert(ctx) != 1)
			r = err_set(e, EACCES, "certificate: %s", X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
		else
			r = check_usage(ctx, e);
	} else {
		r = err_errno(e, ENOMEM, "certificate");
	}
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return r;
}

/* ---- whose ---- */

static bool is_text(const ASN1_STRING *s, const char *text)
{
	size_t len = strlen(text);

	return ASN1_STRING_length(s) == (int)len && memcmp(ASN1_STRING_get0_data(s), text, len) == 0;
}

/* The address, or for a workload the URI, is among the names. */
static bool is_for(X509 *certificate, const char *subject)
{
	int wanted = strstr(subject, "://") ? GEN_URI : GEN_EMAIL;
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	bool found = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(names, i);

		found |= n->type == wanted && is_text(n->d.ia5, subject);
	}
	GENERAL_NAMES_free(names);
	return found;
}

/* The value of that extension: 1 when it is `issuer`, 0 when it is not there, -1 when it is another or there twice. */
static int compare_issuer(X509 *certificate, const char *oid, bool wrapped, const char *issuer)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	int at = object ? X509_get_ext_by_OBJ(certificate, object, -1) : -1, found = 0;
	const ASN1_OCTET_STRING *value;
	const unsigned char *p;
	ASN1_UTF8STRING *inside;

	if (at >= 0) {
		value = X509_EXTENSION_get_data(X509_get_ext(certificate, at));
		p = ASN1_STRING_get0_data(value);
		inside = wrapped ? d2i_ASN1_UTF8STRING(NULL, &p, ASN1_STRING_length(value)) : NULL;
		if (wrapped)
			found = inside && p == ASN1_STRING_get0_data(value) + ASN1_STRING_length(value) && is_text(inside, issuer) ? 1 : -1;
		else
			found = is_text(value, issuer) ? 1 : -1;
		ASN1_UTF8STRING_free(inside);
		if (X509_get_ext_by_OBJ(certificate, object, at) >= 0)
			found = -1;
	}
	ASN1_OBJECT_free(object);
	return object ? found : -1;
}

static int check_whose(const struct trust_authority *a, X509 *certificate, struct err *e)
{
	int old = compare_issuer(certificate, ISSUER_OLD, false, a->issuer), new = compare_issuer(certificate, ISSUER_NEW, true, a->issuer);

	if (old < 0 || new < 0 || old + new == 0)
		return err_set(e, EACCES, "certificate: its holder was not known by %s", a->issuer);
	if (!is_for(certificate, a->subject))
		return err_set(e, EACCES, "certificate: not of %s", a->subject);
	return 0;
}

int trust_certificate_check(const struct trust_authority *a, X509 *certificate, const char *chain, int64_t at, struct err *e)
{
	_cleanup_(stack_freep) STACK_OF(X509) *between = sk_X509_new_null();
	int r = between ? 0 : err_errno(e, ENOMEM, "certificate");

	if (r == 0 && chain && *chain)
		r = parse_pems(chain, strlen(chain), between, e);
	if (r == 0)
		r = check_chain(a, certificate, between, at, e);
	/* a server's certificate of the same authority is not one to sign with */
	if (r == 0 && (!(X509_get_extension_flags(certificate) & EXFLAG_XKUSAGE) ||
		       !(X509_get_extended_key_usage(certificate) & XKU_CODE_SIGN)))
		r = err_set(e, EACCES, "certificate: not for signing code");
	if (r == 0 && !(X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE))
		r = err_set(e, EACCES, "certificate: not for signatures");
	if (r == 0)
		r = trust_key_check(X509_get0_pubkey(certificate), e);
	return r < 0 ? r : check_whose(a, certificate, e);
}
