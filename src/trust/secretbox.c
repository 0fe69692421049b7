/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * libcrypto has Poly1305 and no Salsa20, so that is here: Bernstein, "Salsa20
 * specification" and "Extending the Salsa20 nonce".
 */
#include "trust/secretbox.h"

#include <endian.h>
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

static uint32_t load(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static void store(uint8_t *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

static uint32_t rotate(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static void quarter(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
	*b ^= rotate(*a + *d, 7);
	*c ^= rotate(*b + *a, 9);
	*d ^= rotate(*c + *b, 13);
	*a ^= rotate(*d + *c, 18);
}

/* Twenty rounds of the matrix of key, 16 bytes of input and the constant; `before` and `x` are what a caller wants of it. */
static void rounds(const uint8_t key[static 32], const uint8_t in[static 16], uint32_t before[static 16], uint32_t x[static 16])
{
	static const uint32_t constant[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574}; /* "expand 32-byte k" */

	for (size_t i = 0; i < 4; i++) {
		before[5 * i] = constant[i];
		before[1 + i] = load(key + 4 * i);
		before[11 + i] = load(key + 16 + 4 * i);
		before[6 + i] = load(in + 4 * i);
	}
	before[10] = constant[2];
	memcpy(x, before, 16 * sizeof(*x));
	for (int i = 0; i < 20; i += 2) {
		quarter(&x[0], &x[4], &x[8], &x[12]);
		quarter(&x[5], &x[9], &x[13], &x[1]);
		quarter(&x[10], &x[14], &x[2], &x[6]);
		quarter(&x[15], &x[3], &x[7], &x[11]);
		quarter(&x[0], &x[1], &x[2], &x[3]);
		quarter(&x[5], &x[6], &x[7], &x[4]);
		quarter(&x[10], &x[11], &x[8], &x[9]);
		quarter(&x[15], &x[12], &x[13], &x[14]);
	}
}

/* One block of the stream. */
static void salsa20(const uint8_t key[static 32], const uint8_t nonce[static 8], uint64_t counter, uint8_t ret[static 64])
{
	uint32_t before[16], x[16];
	uint8_t in[16];

	memcpy(in, nonce, 8);
	store(in + 8, (uint32_t)counter);
	store(in + 12, (uint32_t)(counter >> 32));
	rounds(key, in, before, x);
	for (size_t i = 0; i < 16; i++)
		store(ret + 4 * i, x[i] + before[i]);
}

/* A key of the key and the first 16 bytes of the nonce. */
static void hsalsa20(const uint8_t key[static 32], const uint8_t nonce[static 16], uint8_t ret[static 32])
{
	static const uint8_t words[8] = {0, 5, 10, 15, 6, 7, 8, 9};
	uint32_t before[16], x[16];

	rounds(key, nonce, before, x);
	for (size_t i = 0; i < 8; i++)
		store(ret + 4 * i, x[words[i]]);
}

static bool is_tag_good(const uint8_t key[static 32], const void *data, size_t len, const uint8_t tag[static SECRETBOX_TAG_SIZE])
{
	uint8_t found[SECRETBOX_TAG_SIZE];
	size_t n = 0;
	bool good = EVP_Q_mac(NULL, "POLY1305", NULL, NULL, NULL, key, 32, data, len, found, sizeof(found), &n) != NULL;

	return good && n == sizeof(found) && CRYPTO_memcmp(found, tag, sizeof(found)) == 0;
}

int trust_secretbox_open(const uint8_t key[static SECRETBOX_KEY_SIZE], const uint8_t nonce[static SECRETBOX_NONCE_SIZE], const struct buf *box,
			 struct buf *ret)
{
	uint8_t own[32], stream[64];
	const uint8_t *tag = (const uint8_t *)box->data, *text = tag + SECRETBOX_TAG_SIZE;
	size_t len = box->len - SECRETBOX_TAG_SIZE;
	int r = 0;

	if (box->len <= SECRETBOX_TAG_SIZE)
		return -EACCES;
	hsalsa20(key, nonce, own);
	salsa20(own, nonce + 16, 0, stream);
	if (!is_tag_good(stream, text, len, tag))
		r = -EACCES;
	/* the stream's first 32 bytes were the tag's key */
	for (size_t i = 0; i < len && r == 0; i++) {
		size_t at = i + 32;

		if (at % 64 == 0)
			salsa20(own, nonce + 16, at / 64, stream);
		buf_addc(ret, (char)(text[i] ^ stream[at % 64]));
	}
	OPENSSL_cleanse(own, sizeof(own));
	OPENSSL_cleanse(stream, sizeof(stream));
	return r < 0 ? r : buf_bad(ret) ? -ENOMEM : 0;
}
