/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The signing of heads. Ed25519 by OpenSSL 3, which this file alone uses: what
 * links it is ranby-trail and ranby-audit, never `ranby`, whose start would pay
 * for the library.
 *
 * The signed bytes begin with a word of their own, so that a signature of ours
 * cannot be taken for one over something else by the same key. Members that
 * the signature does not cover are never returned.
 */
#include "audit/head.h"

#include "audit/canonical.h"
#include "base/clock.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define KEY_FILE_MAX 8192
#define SIGNATURE_SIZE 64
#define RAW_KEY_SIZE 32

struct head_key {
	EVP_PKEY *pkey;
	char id[HEAD_KEY_ID_SIZE];
};

static const char *const signed_keys[] = {"op", "ledger", "ledger-seq", "ledger-hash", "boot", "head-time", "key"};

static void bio_free(BIO **b)
{
	BIO_free(*b);
}
static void md_free(EVP_MD_CTX **c)
{
	EVP_MD_CTX_free(*c);
}
static void pkey_free(EVP_PKEY **k)
{
	EVP_PKEY_free(*k);
}

struct head_key *head_key_free(struct head_key *key)
{
	if (key)
		EVP_PKEY_free(key->pkey);
	free(key);
	return NULL;
}

const char *head_key_id(const struct head_key *key)
{
	return key->id;
}

/* Takes the key; -EINVAL when it is of another kind. */
static int wrap_key(EVP_PKEY *taken, const char *what, struct head_key **ret, struct err *e)
{
	_cleanup_(pkey_free) EVP_PKEY *pkey = taken;
	_cleanup_(head_key_freep) struct head_key *key = calloc(1, sizeof(*key));
	unsigned char raw[RAW_KEY_SIZE];
	char hex[SHA256_HEX_SIZE];
	size_t len = sizeof(raw);

	if (!key)
		return -ENOMEM;
	if (!pkey || EVP_PKEY_get_id(pkey) != EVP_PKEY_ED25519 || EVP_PKEY_get_raw_public_key(pkey, raw, &len) != 1 || len != sizeof(raw))
		return err_set(e, EINVAL, "%s is no Ed25519 key in PEM", what);
	sha256_hex(raw, len, hex);
	memcpy(key->id, hex, sizeof(key->id) - 1);
	key->pkey = TAKE_PTR(pkey);
	*ret = TAKE_PTR(key);
	return 0;
}

int head_key_open(int dirfd, const char *name, struct head_key **ret, struct err *e)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	_cleanup_(bio_free) BIO *bio = NULL;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(e, errno, "cannot open the key %s", name);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		return err_set(e, EPERM, "the key %s must be a file of uid %u that nobody else can read", name, geteuid());
	r = fd_read_all(fd, KEY_FILE_MAX, &text);
	if (r < 0)
		return err_errno(e, -r, "cannot read the key %s", name);
	bio = BIO_new_mem_buf(text.data, (int)text.len);
	r = wrap_key(bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL, name, ret, e);
	explicit_bzero(text.data, text.len);
	return r;
}

int head_key_open_public(int dirfd, const char *path, struct head_key **ret, struct err *e)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	_cleanup_(bio_free) BIO *bio = NULL;
	int r = fd < 0 ? -errno : fd_read_all(fd, KEY_FILE_MAX, &text);

	if (r < 0)
		return err_errno(e, -r, "cannot read the key %s", path);
	bio = BIO_new_mem_buf(buf_str(&text), (int)text.len);
	return wrap_key(bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL, path, ret, e);
}

static int write_pem(int dirfd, const char *name, BIO *bio, mode_t mode, struct err *e)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);
	int r = path_own_write_new(dirfd, name, data, (size_t)len, mode, PATH_SYNC_FULL);

	return r < 0 ? err_errno(e, -r, "cannot write the key %s", name) : 0;
}

int head_key_make(int dirfd, const char *name, const char *public_name, struct err *e)
{
	_cleanup_(pkey_free) EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	_cleanup_(bio_free) BIO *private_pem = BIO_new(BIO_s_secmem());
	_cleanup_(bio_free) BIO *public_pem = BIO_new(BIO_s_mem());
	int r;

	if (!pkey || !private_pem || !public_pem || PEM_write_bio_PrivateKey(private_pem, pkey, NULL, NULL, 0, NULL, NULL) != 1 ||
	    PEM_write_bio_PUBKEY(public_pem, pkey) != 1)
		return err_set(e, EIO, "cannot make a key");
	r = write_pem(dirfd, name, private_pem, 0600, e);
	if (r < 0)
		return r;
	(void)unlinkat(dirfd, public_name, 0); /* of a private key that is gone */
	return write_pem(dirfd, public_name, public_pem, 0644, e);
}

/* The bytes that are signed: the members that `from` has, in canonical order. */
static int signed_text(struct json_object *from, struct buf *out, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	int r = o ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(signed_keys); i++) {
		struct json_object *v = json_at(from, signed_keys[i]);

		if (v)
			r = json_add(o, signed_keys[i], json_object_get(v));
	}
	buf_adds(out, "ranby-head-1\n");
	return r < 0 ? r : canonical_add(o, out, e);
}

static int signature_hex(const struct head_key *key, const struct buf *text, char hex[static 2 * SIGNATURE_SIZE + 1])
{
	_cleanup_(md_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[SIGNATURE_SIZE];
	size_t len = sizeof(sig);

	if (!ctx || EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->pkey) != 1 ||
	    EVP_DigestSign(ctx, sig, &len, (const unsigned char *)text->data, text->len) != 1 || len != sizeof(sig))
		return -EIO;
	for (size_t i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", sig[i]);
	return 0;
}

int head_sign(const struct head_key *key, const struct head *head, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	char hex[2 * SIGNATURE_SIZE + 1], when[CLOCK_TEXT_SIZE];
	struct timespec now = clock_now();
	int r = o ? json_add_str(o, "op", "head") : -ENOMEM;

	r = r < 0 ? r : json_add_str(o, "ledger", head->ledger);
	r = r < 0 ? r : json_add_u64(o, "ledger-seq", head->seq);
	r = r < 0 ? r : json_add_str(o, "ledger-hash", head->hash);
	r = r < 0 ? r : json_add_str(o, "boot", head->boot[0] ? head->boot : NULL);
	r = r < 0 ? r : json_add_str(o, "head-time", clock_rfc3339(&now, CLOCK_UTC, when));
	r = r < 0 ? r : json_add_str(o, "key", key->id);
	r = r < 0 ? r : signed_text(o, &text, e);
	r = r < 0 ? r : signature_hex(key, &text, hex);
	if (r < 0)
		return err_set(e, -r, "cannot sign the head of %s", head->ledger);
	r = json_add_str(o, "signature", hex);
	if (r == 0)
		*ret = TAKE_PTR(o);
	return r;
}

/* 2 * n hex digits to n bytes. */
static int bytes_of(const char *hex, unsigned char *out, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	if (strlen(hex) != 2 * n || hex[strspn(hex, digits)] != '\0')
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)((strchr(digits, hex[2 * i]) - digits) << 4 | (strchr(digits, hex[2 * i + 1]) - digits));
	return 0;
}

int head_check(const struct head_key *key, struct json_object *o, struct head *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	_cleanup_(md_free) EVP_MD_CTX *ctx = NULL;
	unsigned char sig[SIGNATURE_SIZE], hash[SHA256_SIZE];
	struct head head = {.seq = 0};
	int r;

	if (!json_object_is_type(o, json_type_object) || strcmp(json_str(o, "op"), "head") != 0 || strlen(json_str(o, "ledger")) >= HEAD_LEDGER_MAX ||
	    bytes_of(json_str(o, "ledger-hash"), hash, sizeof(hash)) < 0 || bytes_of(json_str(o, "signature"), sig, sizeof(sig)) < 0)
		return err_set(e, EINVAL, "it is no signed head");
	r = json_get_u64(o, "ledger-seq", 1, (uint64_t)CANONICAL_INT_MAX, &head.seq, e);
	r = r < 0 ? r : signed_text(o, &text, e);
	if (r < 0)
		return r;
	if (strcmp(json_str(o, "key"), key->id) != 0)
		return err_set(e, EKEYREJECTED, "the head was signed by another key (%.16s, not %s)", json_str(o, "key"), key->id);
	ctx = EVP_MD_CTX_new();
	if (!ctx || EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key->pkey) != 1)
		return -ENOMEM;
	if (EVP_DigestVerify(ctx, sig, sizeof(sig), (const unsigned char *)text.data, text.len) != 1)
		return err_set(e, EKEYREJECTED, "the signature does not fit the head");
	snprintf(head.ledger, sizeof(head.ledger), "%s", json_str(o, "ledger"));
	snprintf(head.hash, sizeof(head.hash), "%s", json_str(o, "ledger-hash"));
	snprintf(head.boot, sizeof(head.boot), "%s", json_str(o, "boot"));
	snprintf(head.time, sizeof(head.time), "%s", json_str(o, "head-time"));
	*ret = head;
	return 0;
}
