/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * head - "ledger L had, as entry N, the one with hash H", signed.
 *
 *	_cleanup_(head_key_freep) struct head_key *key = NULL;
 *	r = head_key_open(dirfd, "trail.key", &key, e);
 *	r = head_sign(key, &head, &object, e);		// object is an event for a ledger, or a line for syslog
 *	...
 *	r = head_check(public_key, object, &head, e);	// 0: it is what the holder of the key signed
 *
 * A head that is out of the reach of whoever could rewrite the ledger (another
 * host, a journal, a printer) proves all that came before it. It is a JSON
 * object with these members:
 *
 *	op=head, ledger, ledger-seq, ledger-hash (64 hex digits), boot, head-time
 *	key        first 16 hex digits of the SHA-256 of the raw public key
 *	signature  Ed25519 (RFC 8032), 128 hex digits, over the bytes
 *	           "ranby-head-1\n" and the object in canonical JSON without `signature`
 *
 * What else a ledger adds to it (seq, prev, time) is not signed and not looked at.
 * Keys are PEM: PKCS #8 and SubjectPublicKeyInfo, as openssl(1) makes and reads them.
 */
#ifndef RANBY_AUDIT_HEAD_H
#define RANBY_AUDIT_HEAD_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/sha256.h"

#include <stdint.h>

#define HEAD_LEDGER_MAX 64
#define HEAD_KEY_ID_SIZE 17

struct head {
	char ledger[HEAD_LEDGER_MAX]; /* name of the ledger's directory */
	uint64_t seq;
	char hash[SHA256_HEX_SIZE];
	char boot[40];                /* boot id of the host; "" when not said */
	char time[40];                /* RFC 3339; head_check() only */
};

struct head_key;
struct head_key *head_key_free(struct head_key *key);
static inline void head_key_freep(struct head_key **key)
{
	*key = head_key_free(*key);
}

/* Makes a pair: `name` (0600) and `public_name` (0644) below dirfd. -EEXIST: it is there. */
int head_key_make(int dirfd, const char *name, const char *public_name, struct err *e) _must_check_;

/* Reads a private key; -EPERM when it is another's or others may read it. */
int head_key_open(int dirfd, const char *name, struct head_key **ret, struct err *e) _must_check_;

/* Reads a public key. The path may be anywhere. */
int head_key_open_public(int dirfd, const char *path, struct head_key **ret, struct err *e) _must_check_;

const char *head_key_id(const struct head_key *key);

/* The caller owns the object. */
int head_sign(const struct head_key *key, const struct head *head, struct json_object **ret, struct err *e) _must_check_;

/* -EINVAL: it is no head; -EKEYREJECTED: of another key, or not what was signed. */
int head_check(const struct head_key *key, struct json_object *o, struct head *ret, struct err *e) _must_check_;

#endif
