/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* trust_verify - the question "verify" of trust/sigstore.c, answered. In ranby-trust only. */
#ifndef RANBY_TRUST_VERIFY_H
#define RANBY_TRUST_VERIFY_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "trust/certificate.h"
#include "trust/key.h"

/* Whose signatures count. */
struct trust_verifier {
	struct trust_keys keys, logs;
	struct trust_authority authority;
};
void trust_verifier_done(struct trust_verifier *v);
int trust_verifier_read(struct json_object *request, struct trust_verifier *ret, struct err *e) _must_check_;

struct trust_claim;

/* One of the request's "signatures". -EACCES and other failures: not good, with why. */
int trust_verify_one(const struct trust_verifier *v, struct json_object *o, struct trust_claim *ret, struct err *e) _must_check_;
/* One bundle's text. */
int trust_verify_bundle(const struct trust_verifier *v, const char *text, size_t len, struct trust_claim *ret, struct err *e) _must_check_;

/* The answer to the whole request; the caller owns *ret. */
int trust_verify(struct json_object *request, struct json_object **ret, struct err *e) _must_check_;

/* Common to payloads and bundles: the signer is one that counts, and the log has it where one is asked for. */
struct trust_signed {
	const struct buf *text;      /* what the signature is over */
	const struct buf *signature;
	const void *certificate;     /* PEM or DER; NULL: none came with it */
	size_t certificate_len;
	const char *chain;           /* PEM or NULL */
	const struct trust_log_entry *entry; /* NULL: none came with it */
	const char *kind;            /* of the entry */
	const struct buf *hashed;    /* whose hash it has */
};
int trust_verify_signed(const struct trust_verifier *v, const struct trust_signed *s, struct trust_claim *ret, struct err *e) _must_check_;

#endif
