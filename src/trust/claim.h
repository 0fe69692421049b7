/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * trust_claim - signatures as they were found, and what they turn out to say.
 *
 * A claim is good when the cryptography is: that it is about the image in
 * question is for trust_check() to find.
 */
#ifndef RANBY_TRUST_CLAIM_H
#define RANBY_TRUST_CLAIM_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "oci/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRUST_SIGNATURES_MAX 64
#define TRUST_SIGNATURE_BYTES_MAX (256U << 10) /* of one: payload, bundle, certificates */
#define TRUST_WORD_SIZE 512

enum trust_kind {
	TRUST_KIND_SIMPLE = 1U << 0, /* GPG, from a lookaside server */
	TRUST_KIND_SIGSTORE = 1U << 1, /* a payload and what its annotations say: the `.sig` tag */
	TRUST_KIND_BUNDLE = 1U << 2, /* sigstore's bundle, from referrers */
};

/* One signature as it was found; bytes of strangers. */
struct trust_signature {
	enum trust_kind kind;
	struct buf body;         /* SIMPLE: the OpenPGP message; SIGSTORE: the payload; BUNDLE: its JSON */
	char *signature;         /* SIGSTORE alone, each may be NULL: base64 */
	char *certificate, *chain; /* PEM */
	char *log_entry;         /* JSON, cosign's "bundle" annotation */
};
struct trust_signatures {
	struct trust_signature items[TRUST_SIGNATURES_MAX];
	size_t n;
};
void trust_signatures_done(struct trust_signatures *s);
/* Takes *one over, also when it fails; what is too large or too many is left out: -E2BIG, -EFBIG. */
int trust_signatures_add(struct trust_signatures *s, struct trust_signature *one) _must_check_;

/* What one signature vouches for. */
struct trust_claim {
	bool good;
	struct err err;             /* why it is not */
	struct digest digest;
	char key[TRUST_WORD_SIZE];  /* whose word it is */
	char name[TRUST_WORD_SIZE]; /* "": it names nothing */
	int64_t logged_at;          /* seconds; 0: no log was asked */
};

#endif
