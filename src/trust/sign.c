/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* The key is in this process alone, for as long as it takes, and no core of it is ever written. */
#include "trust/sign.h"

#include "base/base64.h"
#include "trust/key.h"
#include "trust/secretbox.h"
#include "trust/worker.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <string.h>

#define SCRYPT_MEMORY (256UL << 20)
#define SCRYPT_N_MAX (1U << 20)

static void wipe(struct buf *b)
{
	if (b->data)
		OPENSSL_cleanse(b->data, b->cap);
	buf_done(b);
}

/* libcrypto's own would ask on the terminal. */
static int give_passphrase(char *buf, int size, int rwflag, void *ctx)
{
	const struct buf *passphrase = ctx;

	(void)rwflag;
	if (!passphrase || !passphrase->len || size < 0 || passphrase->len > (size_t)size)
		return -1;
	memcpy(buf, passphrase->data, passphrase->len);
	return (int)passphrase->len;
}

/* ---- cosign's ---- */

static int get_bytes(struct json_object *o, const char *path, size_t exact, struct buf *ret, struct err *e)
{
	const char *text = "";
	int r = json_get_str(o, path, &text, e);

	if (r == 0 && (base64_decode(text, strlen(text), ret) < 0 || ret->len == 0 || (exact && ret->len != exact)))
		r = err_set(e, EINVAL, "key: %s", path);
	return r;
}

static int derive(struct json_object *o, const struct buf *passphrase, uint8_t ret[static SECRETBOX_KEY_SIZE], struct err *e)
{
	_cleanup_(buf_done) struct buf salt = BUF_INIT;
	uint32_t n = 0, block = 0, parallel = 0;
	int r;

	if (strcmp(json_str(o, "kdf.name"), "scrypt") != 0 || strcmp(json_str(o, "cipher.name"), "nacl/secretbox") != 0)
		return err_set(e, EINVAL, "key: not of scrypt and nacl/secretbox");
	r = get_bytes(o, "kdf.salt", 0, &salt, e);
	if (r == 0)
		r = json_get_u32(o, "kdf.params.N", 2, SCRYPT_N_MAX, &n, e);
	if (r == 0)
		r = json_get_u32(o, "kdf.params.r", 1, 64, &block, e);
	if (r == 0)
		r = json_get_u32(o, "kdf.params.p", 1, 64, &parallel, e);
	if (r == 0 && EVP_PBE_scrypt(passphrase->data, passphrase->len, (const unsigned char *)salt.data, salt.len, n, block, parallel,
				     SCRYPT_MEMORY, ret, SECRETBOX_KEY_SIZE) != 1)
		r = err_set(e, EINVAL, "key: scrypt cannot be done with what it asks for");
	return r;
}

static int open_box(const struct buf *json, const struct buf *passphrase, struct buf *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf nonce = BUF_INIT, box = BUF_INIT;
	_cleanup_json_ struct json_object *o = NULL;
	uint8_t key[SECRETBOX_KEY_SIZE];
	int r = json_parse(buf_str(json), json->len, "key", &o, e);

	if (r == 0 && !json_object_is_type(o, json_type_object))
		r = err_set(e, EINVAL, "key: not an object");
	if (r == 0)
		r = get_bytes(o, "cipher.nonce", SECRETBOX_NONCE_SIZE, &nonce, e);
	if (r == 0)
		r = get_bytes(o, "ciphertext", 0, &box, e);
	if (r == 0)
		r = derive(o, passphrase, key, e);
	if (r < 0)
		return r;
	r = trust_secretbox_open(key, (const uint8_t *)nonce.data, &box, ret);
	OPENSSL_cleanse(key, sizeof(key));
	return r < 0 ? err_set(e, -r, "key: the passphrase is not the right one") : 0;
}

static int parse_cosign(const unsigned char *body, size_t len, const struct buf *passphrase, EVP_PKEY **ret, struct err *e)
{
	const struct buf none = BUF_INIT, json = {.data = (char *)(uintptr_t)body, .len = len};
	_cleanup_(wipe) struct buf der = BUF_INIT;
	const unsigned char *p;
	int r = open_box(&json, passphrase ? passphrase : &none, &der, e);

	if (r < 0)
		return r;
	p = (const unsigned char *)der.data;
	*ret = d2i_AutoPrivateKey(NULL, &p, (long)der.len);
	return *ret ? 0 : err_set(e, EINVAL, "key: no private key in it");
}

/* ---- any ---- */

static bool is_cosign(const char *name)
{
	return strcmp(name, "ENCRYPTED SIGSTORE PRIVATE KEY") == 0 || strcmp(name, "ENCRYPTED COSIGN PRIVATE KEY") == 0;
}

static int parse_pem(const struct buf *text, const struct buf *passphrase, EVP_PKEY **ret, struct err *e)
{
	BIO *bio = BIO_new_mem_buf(text->data, (int)text->len);
	char *name = NULL, *header = NULL;
	unsigned char *body = NULL;
	long len = 0;
	int r = 0;

	if (!bio || PEM_read_bio(bio, &name, &header, &body, &len) != 1) {
		r = err_set(e, EINVAL, "key: not in PEM");
	} else if (is_cosign(name)) {
		r = parse_cosign(body, (size_t)len, passphrase, ret, e);
	} else {
		(void)BIO_reset(bio);
		*ret = PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, (void *)(uintptr_t)passphrase);
		if (!*ret)
			r = err_set(e, EACCES, "key: no private key, or the passphrase is not the right one");
	}
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_clear_free(body, (size_t)len);
	BIO_free(bio);
	return r;
}

int trust_private_key_parse(const struct buf *text, const struct buf *passphrase, EVP_PKEY **ret, struct err *e)
{
	_cleanup_(trust_key_freep) EVP_PKEY *key = NULL;
	int r = text->len && text->len < (1U << 20) ? parse_pem(text, passphrase, &key, e) : err_set(e, EINVAL, "key: not in PEM");

	if (r == 0)
		r = trust_key_check(key, e);
	if (r == 0)
		*ret = TAKE_PTR(key);
	return r;
}

static int sign_one(EVP_PKEY *key, const struct buf *message, struct json_object *answer, struct err *e)
{
	const EVP_MD *md = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char signature[2048];
	size_t len = sizeof(signature);
	int r = 0;

	if (!ctx || EVP_DigestSignInit(ctx, NULL, md, NULL, key) != 1 ||
	    EVP_DigestSign(ctx, signature, &len, (const unsigned char *)message->data, message->len) != 1)
		r = err_set(e, EIO, "sign: libcrypto fails");
	EVP_MD_CTX_free(ctx);
	if (r == 0 && trust_append_bytes(answer, "signatures", signature, len) < 0)
		r = err_errno(e, ENOMEM, "sign");
	return r;
}

static int sign_all(EVP_PKEY *key, const struct strv *messages, struct json_object *answer, struct err *e)
{
	char id[TRUST_KEY_ID_SIZE];
	int r = 0;

	trust_key_id(key, id);
	if (json_add_str(answer, "keyId", id) < 0)
		return err_errno(e, ENOMEM, "sign");
	for (size_t i = 0; i < messages->n && r == 0; i++) {
		_cleanup_(buf_done) struct buf message = BUF_INIT;

		r = base64_decode(messages->items[i], strlen(messages->items[i]), &message);
		r = r < 0 ? err_errno(e, -r, "sign") : sign_one(key, &message, answer, e);
	}
	return r;
}

int trust_sign(struct json_object *request, struct json_object **ret, struct err *e)
{
	_cleanup_(wipe) struct buf text = BUF_INIT, passphrase = BUF_INIT;
	_cleanup_json_ struct json_object *answer = json_object_new_object();
	_cleanup_(trust_key_freep) EVP_PKEY *key = NULL;
	_cleanup_(strv_done) struct strv messages = {0};
	int r = answer ? get_bytes(request, "key", 0, &text, e) : err_errno(e, ENOMEM, "sign");

	if (r == 0 && json_at(request, "passphrase"))
		r = get_bytes(request, "passphrase", 0, &passphrase, e);
	if (r == 0)
		r = json_get_strv(request, "messages", &messages, e);
	if (r == 0)
		r = trust_private_key_parse(&text, passphrase.len ? &passphrase : NULL, &key, e);
	if (r == 0)
		r = sign_all(key, &messages, answer, e);
	if (r == 0)
		*ret = TAKE_PTR(answer);
	return r;
}
