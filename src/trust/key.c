/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* libcrypto's errors say little to a user; what they are about is said here. */
#include "trust/key.h"

#include "base/base64.h"
#include "base/sha256.h"

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#define RSA_BITS_MIN 2048

void trust_keys_done(struct trust_keys *k)
{
	for (size_t i = 0; i < k->n; i++)
		EVP_PKEY_free(k->items[i]);
	k->n = 0;
}

int trust_key_check(EVP_PKEY *key, struct err *e)
{
	char group[32] = "";

	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_ED25519:
		return 0;
	case EVP_PKEY_RSA:
		if (EVP_PKEY_get_bits(key) < RSA_BITS_MIN)
			return err_set(e, EINVAL, "key: RSA of less than %d bits", RSA_BITS_MIN);
		return 0;
	case EVP_PKEY_EC:
		if (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
		    (strcmp(group, "prime256v1") == 0 || strcmp(group, "secp384r1") == 0 || strcmp(group, "secp521r1") == 0))
			return 0;
		return err_set(e, EINVAL, "key: not of the curves P-256, P-384 and P-521");
	default:
		return err_set(e, EINVAL, "key: neither ECDSA, RSA nor Ed25519");
	}
}

int trust_no_passphrase(char *buf, int size, int rwflag, void *ctx)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)ctx;
	return -1;
}

static EVP_PKEY *parse_any(const void *data, size_t len)
{
	const unsigned char *der = data;
	EVP_PKEY *key;
	BIO *bio;

	if (memmem(data, len, "-----BEGIN", 10)) {
		bio = BIO_new_mem_buf(data, (int)len);
		key = bio ? PEM_read_bio_PUBKEY(bio, NULL, trust_no_passphrase, NULL) : NULL;
		BIO_free(bio);
		return key;
	}
	return d2i_PUBKEY(NULL, &der, (long)len);
}

int trust_key_parse(const void *data, size_t len, EVP_PKEY **ret, struct err *e)
{
	_cleanup_(trust_key_freep) EVP_PKEY *key = len && len < (1U << 20) ? parse_any(data, len) : NULL;
	int r;

	if (!key)
		return err_set(e, EINVAL, "key: not a public key in PEM or DER");
	r = trust_key_check(key, e);
	if (r == 0)
		*ret = TAKE_PTR(key);
	return r;
}

int trust_keys_read(struct json_object *o, const char *name, struct trust_keys *ret, struct err *e)
{
	_cleanup_(strv_done) struct strv texts = {0};
	int r = json_get_strv(o, name, &texts, e);

	for (size_t i = 0; i < texts.n && r == 0; i++) {
		_cleanup_(buf_done) struct buf bytes = BUF_INIT;

		if (ret->n == TRUST_KEYS_MAX)
			return err_set(e, E2BIG, "%s: more than %d keys", name, TRUST_KEYS_MAX);
		r = base64_decode(texts.items[i], strlen(texts.items[i]), &bytes);
		if (r < 0)
			return err_errno(e, -r, "%s", name);
		r = trust_key_parse(bytes.data, bytes.len, &ret->items[ret->n], e);
		ret->n += r == 0;
	}
	return r;
}

bool trust_key_verify(EVP_PKEY *key, const void *data, size_t len, const struct buf *signature)
{
	const EVP_MD *md = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good;

	good = ctx && signature->len && EVP_DigestVerifyInit(ctx, NULL, md, NULL, key) == 1 &&
	       EVP_DigestVerify(ctx, (const unsigned char *)signature->data, signature->len, data, len) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

EVP_PKEY *trust_keys_verify(const struct trust_keys *k, const void *data, size_t len, const struct buf *signature)
{
	for (size_t i = 0; i < k->n; i++)
		if (trust_key_verify(k->items[i], data, len, signature))
			return k->items[i];
	return NULL;
}

void trust_key_id(EVP_PKEY *key, char ret[static TRUST_KEY_ID_SIZE])
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	char hex[SHA256_HEX_SIZE];
	struct sha256 hash;

	ret[0] = '\0';
	if (len <= 0)
		return;
	sha256_init(&hash);
	sha256_add(&hash, der, (size_t)len);
	sha256_end_hex(&hash, hex);
	snprintf(ret, TRUST_KEY_ID_SIZE, "sha256:%s", hex);
	OPENSSL_free(der);
}

int trust_key_question(struct json_object *request, struct json_object **ret, struct err *e)
{
	_cleanup_(trust_keys_done) struct trust_keys keys = {0};
	_cleanup_json_ struct json_object *answer = json_object_new_object();
	char id[TRUST_KEY_ID_SIZE];
	int r = trust_keys_read(request, "keys", &keys, e);

	if (r == 0 && keys.n == 0)
		r = err_set(e, EINVAL, "key: there is none");
	if (r < 0)
		return r;
	trust_key_id(keys.items[0], id);
	if (!answer || json_add_str(answer, "id", id) < 0)
		return err_errno(e, ENOMEM, "key");
	*ret = TAKE_PTR(answer);
	return 0;
}
