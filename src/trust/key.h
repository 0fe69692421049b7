/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * trust_key - public keys, and whether one of them made a signature. In ranby-trust only.
 *
 * EC keys of the curves P-256, P-384 and P-521 with SHA-256, RSA keys of 2048
 * bits and more with PKCS #1 v1.5 and SHA-256, Ed25519 keys.
 */
#ifndef RANBY_TRUST_KEY_H
#define RANBY_TRUST_KEY_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>

#define TRUST_KEYS_MAX 64
/* For PEM that nobody is asked a pass phrase for: without it OpenSSL would ask at the terminal. */
int trust_no_passphrase(char *buf, int size, int rwflag, void *ctx);

#define TRUST_KEY_ID_SIZE 72 /* "sha256:" and 64 hex digits */

struct trust_keys {
	EVP_PKEY *items[TRUST_KEYS_MAX];
	size_t n;
};
void trust_keys_done(struct trust_keys *k);

/* Of the list of base64 at "name" in `o`, each PEM or DER. -EINVAL: not a public key, or too weak a one. */
int trust_keys_read(struct json_object *o, const char *name, struct trust_keys *ret, struct err *e) _must_check_;

/* One; the caller frees it. */
int trust_key_parse(const void *data, size_t len, EVP_PKEY **ret, struct err *e) _must_check_;

/* -EINVAL: not of the kinds above. */
int trust_key_check(EVP_PKEY *key, struct err *e) _must_check_;

bool trust_key_verify(EVP_PKEY *key, const void *data, size_t len, const struct buf *signature);

/* The key that made it, or NULL. */
EVP_PKEY *trust_keys_verify(const struct trust_keys *k, const void *data, size_t len, const struct buf *signature);

/* SHA-256 of the SubjectPublicKeyInfo; "" when it cannot be had. */
void trust_key_id(EVP_PKEY *key, char ret[static TRUST_KEY_ID_SIZE]);

/* ranby-trust's question "key": are "keys", base64 of each, some that signatures can be checked with? Answers the first's "id". */
int trust_key_question(struct json_object *request, struct json_object **ret, struct err *e) _must_check_;

static inline void trust_key_freep(EVP_PKEY **k)
{
	EVP_PKEY_free(*k);
	*k = NULL;
}

#endif
