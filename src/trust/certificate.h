/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * trust_certificate - Fulcio's certificates: minutes long, for who logged in somewhere. In ranby-trust only.
 *
 * Source: sigstore/fulcio docs/certificate-specification.md, docs/oid-info.md.
 */
#ifndef RANBY_TRUST_CERTIFICATE_H
#define RANBY_TRUST_CERTIFICATE_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"

#include <openssl/x509.h>
#include <stddef.h>
#include <stdint.h>

/* Whom a policy trusts to give out certificates, and for whom. */
struct trust_authority {
	STACK_OF(X509) *anchors; /* NULL: none, keys alone count */
	const char *issuer, *subject; /* borrowed from the request */
};
void trust_authority_done(struct trust_authority *a);
int trust_authority_read(struct json_object *request, struct trust_authority *ret, struct err *e) _must_check_;

/* Exactly one, PEM or DER; the caller frees it. */
int trust_certificate_parse(const void *data, size_t len, X509 **ret, struct err *e) _must_check_;

/*
 * Was it given out by the authority, for its subject as its issuer knows them,
 * and valid at that time (seconds)? `chain`: PEM of certificates between, or NULL.
 * -EACCES with why not.
 */
int trust_certificate_check(const struct trust_authority *a, X509 *certificate, const char *chain, int64_t at, struct err *e) _must_check_;

static inline void trust_certificate_freep(X509 **x)
{
	X509_free(*x);
	*x = NULL;
}

#endif
