/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * digest - "sha256:<64 lower-case hex digits>", the name of content.
 *
 *	struct digest d;
 *	r = digest_parse(text, &d, e);		// before any use in a path
 *	openat(blobs_fd, digest_hex(&d), ...);
 *
 * Source: OCI image-spec, descriptor.md, "Digests". A digest that was parsed
 * holds nothing but its algorithm's name, one colon and hex digits, so its
 * hex part may be a file name (CVE-2024-3727 was a digest that was not).
 */
#ifndef RANBY_OCI_DIGEST_H
#define RANBY_OCI_DIGEST_H

#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_HEX_LEN 64
#define DIGEST_HEX_SIZE (DIGEST_HEX_LEN + 1)
#define DIGEST_TEXT_SIZE (7 + DIGEST_HEX_SIZE) /* "sha256:" */

struct digest {
	char text[DIGEST_TEXT_SIZE]; /* "" : none */
};

/*
 * Exactly "sha256:" and 64 lower-case hex digits. sha512, which the
 * specification also registers, is -EOPNOTSUPP: the store is addressed by
 * sha256. Anything else is -EINVAL.
 */
int digest_parse(const char *text, struct digest *ret, struct err *e) _must_check_;

/* The same for text that need not end in NUL; one inside is -EINVAL. */
int digest_parse_n(const char *text, size_t len, struct digest *ret, struct err *e) _must_check_;

/* From 64 hex digits that are already known to be such (our own sha256). */
void digest_from_hex(const char hex[static DIGEST_HEX_SIZE], struct digest *ret);

/* sha256 of the bytes. */
void digest_of(const void *data, size_t len, struct digest *ret);

/* The hex digits; "" when it is none. */
const char *digest_hex(const struct digest *d);

bool digest_is_set(const struct digest *d);
bool digest_equal(const struct digest *a, const struct digest *b);

/* True for exactly 64 lower-case hex digits. */
bool digest_is_hex(const char *s);

/* True for 1 to 64 lower-case hex digits: what may abbreviate an id. */
bool digest_is_hex_prefix(const char *s);

#endif
