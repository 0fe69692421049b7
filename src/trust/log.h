/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * trust_log - did a transparency log (Rekor) take this signature, and when. In ranby-trust only.
 *
 *	r = trust_log_from_annotation(text, len, &entry, e);	// or _from_bundle()
 *	r = trust_log_check(&entry, &log_keys, &what, &at, e);
 *
 * Nobody is asked: the log's promise (a signature over the entry and its time)
 * or its proof (a path to a root that it signed) came with the signature. The
 * proof does not speak of time, the promise does.
 */
#ifndef RANBY_TRUST_LOG_H
#define RANBY_TRUST_LOG_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "trust/key.h"
#include "trust/merkle.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

struct trust_log_entry {
	struct buf body;        /* JSON, canonical as the log has it */
	char *body_base64;
	char id[SHA256_HEX_SIZE]; /* of the log */
	int64_t index, at;
	struct buf promise;     /* empty: none */
	struct {
		bool has;
		uint64_t index, size;
		uint8_t root[SHA256_SIZE];
		uint8_t path[TRUST_MERKLE_DEPTH_MAX][SHA256_SIZE];
		size_t n;
		char *checkpoint;
	} proof;
};
void trust_log_entry_done(struct trust_log_entry *l);

/* cosign's annotation: {"SignedEntryTimestamp": …, "Payload": {"body", "integratedTime", "logIndex", "logID"}}. */
int trust_log_from_annotation(const char *text, size_t len, struct trust_log_entry *ret, struct err *e) _must_check_;

/* One of a bundle's tlogEntries. */
int trust_log_from_bundle(struct json_object *o, struct trust_log_entry *ret, struct err *e) _must_check_;

/* What must be in the entry. */
struct trust_logged {
	const char *kind;             /* "hashedrekord", "dsse" */
	char hash[SHA256_HEX_SIZE];   /* of what was signed */
	const struct buf *signature;
	EVP_PKEY *key;                /* that made it */
	X509 *certificate;            /* in which the key is; NULL: the key alone */
};

/* -EACCES with why not. *ret_at: when, if the log's promise says so, else 0. */
int trust_log_check(const struct trust_log_entry *l, const struct trust_keys *log_keys, const struct trust_logged *what, int64_t *ret_at,
		    struct err *e) _must_check_;

#endif
