/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * trust_sign - the question "sign", answered. In ranby-trust only.
 *
 *	{"key": B64, "passphrase": B64, "messages": [B64…]}
 *	{"signatures": [B64…], "keyId": "sha256:…"}
 *
 * The key is PEM: PKCS #8 (perhaps encrypted) or EC, of P-256 or Ed25519; or
 * cosign's "ENCRYPTED SIGSTORE PRIVATE KEY".
 */
#ifndef RANBY_TRUST_SIGN_H
#define RANBY_TRUST_SIGN_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"

#include <openssl/evp.h>

int trust_sign(struct json_object *request, struct json_object **ret, struct err *e) _must_check_;

/* The key of such a text; the caller frees it. `passphrase` NULL: none. -EACCES: a wrong passphrase, or none where one is needed. */
int trust_private_key_parse(const struct buf *text, const struct buf *passphrase, EVP_PKEY **ret, struct err *e) _must_check_;

#endif
