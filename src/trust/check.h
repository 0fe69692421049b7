/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * trust_check - may this image come here: the one door of all that brings images.
 *
 *	const struct trust_image image = {.transport = "docker", .ref = &ref, .manifest = digest, .index = index};
 *	const struct trust_source source = {.gather = my_gather, .ctx = &mine};
 *	struct trust_decision d;
 *
 *	r = trust_check(&access, &image, &source, &d, e);	// -EKEYREJECTED: no, with why
 *
 * Called when the manifest is known and before anything of it is visible in a
 * store. Signatures are asked for by `gather` only when the policy wants some.
 * What is accepted says on whose word: TRUST_VERIFIED is one of a key,
 * TRUST_UNSIGNED the policy's alone, TRUST_NO_POLICY nobody's.
 */
#ifndef RANBY_TRUST_CHECK_H
#define RANBY_TRUST_CHECK_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "oci/digest.h"
#include "trust/claim.h"
#include "trust/policy.h"

#include <stddef.h>
#include <stdint.h>

struct trust_source {
	/* Appends those of the kinds in `wanted` (enum trust_kind) for the image; none is 0. NULL: this source has none. */
	int (*gather)(void *ctx, unsigned wanted, struct trust_signatures *ret, struct err *e);
	void *ctx;
};

enum trust_verdict {
	TRUST_NO_POLICY,  /* no policy.json: accepted, nobody vouches */
	TRUST_UNSIGNED,   /* the policy accepts it without a signature */
	TRUST_VERIFIED,   /* signed as the policy asks */
	TRUST_REJECTED,
};

struct trust_decision {
	enum trust_verdict verdict;
	char policy[TRUST_WORD_SIZE];      /* the file; "": none */
	char scope[TRUST_WORD_SIZE];       /* what of it decided, "docker:registry.example/ns" */
	char requirement[32];              /* its last requirement's type */
	char key[TRUST_WORD_SIZE];         /* VERIFIED: "sha256:…" of the key, an OpenPGP fingerprint, or "EMAIL (ISSUER)" */
	char signed_name[TRUST_WORD_SIZE]; /* VERIFIED: what the signature calls the image; "": nothing */
	struct digest signed_digest;       /* VERIFIED: of the manifest, or of the index that leads to it */
	int64_t logged_at;                 /* when the transparency log took it, seconds; 0: not asked */
};

/* 0 and *ret; -EKEYREJECTED: the policy says no, *ret says by what. Other failures: it could not be judged, which is no yes either. */
int trust_check(const struct trust_access *access, const struct trust_image *image, const struct trust_source *source,
		struct trust_decision *ret, struct err *e) _must_check_;

/* "no policy", "accepted without signature", "verified", "rejected". */
const char *trust_verdict_word(enum trust_verdict v);

/* As it is kept with the image and shown by inspect; the caller owns *ret. */
int trust_decision_json(const struct trust_decision *d, struct json_object **ret, struct err *e) _must_check_;

#define TRUST_RECORD_SIZE 173 /* as much as the kernel's record takes of a detail, and a NUL */

/*
 * One line for a record, of that JSON: "image verified key=…", and " digest=…" when it was signed by another digest than
 * the record's own, as of the index; "" for NULL.
 */
void trust_record_text(struct json_object *decision, const char *digest, char ret[static TRUST_RECORD_SIZE]);

#endif
