/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* trust_statement - the text that a sigstore bundle for an image signs, and the bundle around it. */
#ifndef RANBY_TRUST_STATEMENT_H
#define RANBY_TRUST_STATEMENT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "trust/payload.h"

#include <stddef.h>

#define BUNDLE_TYPE "application/vnd.dev.sigstore.bundle.v0.3+json"
#define STATEMENT_MEDIA "application/vnd.in-toto+json"
#define STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define STATEMENT_PREDICATE "https://sigstore.dev/cosign/sign/v1"

/* The in-toto statement that this image is signed, appended. */
int trust_statement_write(const struct trust_payload *p, struct buf *ret, struct err *e) _must_check_;

/* What the envelope's signature is over, appended (secure-systems-lab/dsse, protocol.md). Failure is in the buffer. */
void trust_statement_pae(const void *statement, size_t len, struct buf *ret);

/* The bundle of that statement and signature; `key_id` is its hint. */
int trust_bundle_write(const struct buf *statement, const struct buf *signature, const char *key_id, struct buf *ret, struct err *e)
	_must_check_;

#endif
