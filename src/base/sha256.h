/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * sha256 - digests, streamed or at once (FIPS 180-4).
 *
 *	struct sha256 h;
 *	char hex[SHA256_HEX_SIZE];
 *	sha256_init(&h);
 *	sha256_add(&h, data, len);
 *	sha256_end_hex(&h, hex);
 *
 * Cannot fail, uses no heap.
 */
#ifndef RANBY_BASE_SHA256_H
#define RANBY_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32
#define SHA256_HEX_SIZE 65 /* 64 lower-case digits and the NUL */

struct sha256 {
	uint64_t state[16]; /* libcrypto's SHA256_CTX */
};

void sha256_init(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *data, size_t len);

/* The digest of all that was added; the state must be made anew afterwards. */
void sha256_end(struct sha256 *h, uint8_t digest[static SHA256_SIZE]);
void sha256_end_hex(struct sha256 *h, char hex[static SHA256_HEX_SIZE]);

/* All at once. */
void sha256_hex(const void *data, size_t len, char hex[static SHA256_HEX_SIZE]);

#endif
