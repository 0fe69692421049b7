/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * trust_payload - the text that simple signing and cosign sign.
 *
 *	{"critical": {"identity": {"docker-reference": NAME}, "image": {"docker-manifest-digest": DIGEST}, "type": TYPE},
 *	 "optional": {…}}
 *
 * Source: containers-signature(5), cosign's SIGNATURE_SPEC.md. "critical" holds
 * exactly these: what a reader does not know there could change what is meant.
 */
#ifndef RANBY_TRUST_PAYLOAD_H
#define RANBY_TRUST_PAYLOAD_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "oci/digest.h"

#include <stddef.h>

#define TRUST_PAYLOAD_SIMPLE "atomic container signature"
#define TRUST_PAYLOAD_COSIGN "cosign container image signature"
#define TRUST_PAYLOAD_MAX (64U << 10)
#define TRUST_PAYLOAD_NAME_SIZE 512

struct trust_payload {
	struct digest digest;
	char name[TRUST_PAYLOAD_NAME_SIZE]; /* never "" */
};

/* -EINVAL: not of that type, or more or less than the above. */
int trust_payload_parse(const char *text, size_t len, const char *type, struct trust_payload *ret, struct err *e) _must_check_;

/* The text of one, appended. */
int trust_payload_write(const struct trust_payload *p, const char *type, struct buf *ret, struct err *e) _must_check_;

#endif
