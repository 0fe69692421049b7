/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * OpenSSL's block function (SHA-NI, AVX2 where there is one), by its
 * low-level interface out of the static libcrypto: that pulls half a dozen
 * objects, while EVP would pull the provider machinery, and the shared
 * library costs each start a millisecond. The interface is deprecated in
 * favour of EVP, not unsafe.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/sha256.h"

#include <openssl/sha.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct sha256), "SHA256_CTX fits");
_Static_assert(_Alignof(SHA256_CTX) <= _Alignof(struct sha256), "SHA256_CTX is aligned");

static SHA256_CTX *ctx(struct sha256 *h)
{
	return (SHA256_CTX *)(void *)h->state;
}

void sha256_init(struct sha256 *h)
{
	(void)SHA256_Init(ctx(h));
}

void sha256_add(struct sha256 *h, const void *data, size_t len)
{
	(void)SHA256_Update(ctx(h), data, len);
}

void sha256_end(struct sha256 *h, uint8_t digest[static SHA256_SIZE])
{
	(void)SHA256_Final(digest, ctx(h));
}

void sha256_end_hex(struct sha256 *h, char hex[static SHA256_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t digest[SHA256_SIZE];

	sha256_end(h, digest);
	for (int i = 0; i < SHA256_SIZE; i++) {
		hex[2 * i] = digits[digest[i] >> 4];
		hex[2 * i + 1] = digits[digest[i] & 0xf];
	}
	hex[2 * SHA256_SIZE] = '\0';
}

void sha256_hex(const void *data, size_t len, char hex[static SHA256_HEX_SIZE])
{
	struct sha256 h;

	sha256_init(&h);
	sha256_add(&h, data, len);
	sha256_end_hex(&h, hex);
}
