/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * shards - the ledgers below one directory, opened when they are needed.
 *
 *	struct shards s;
 *	shards_init(&s, dirfd, gid, boot);
 *	r = shards_append(&s, "auid-1001", event, receipt, e);
 *	r = shards_sync(&s, e);			// all of it is on the disk
 *	r = shards_sign(&s, key, said, data, e);	// heads of all that has grown, into the shard "heads"
 *	shards_done(&s);
 */
#ifndef RANBY_TRAIL_SHARDS_H
#define RANBY_TRAIL_SHARDS_H

#include "audit/head.h"
#include "audit/ledger.h"
#include "audit/system_ledger.h"

#define SHARDS_OPEN_MAX 128 /* three descriptors each */
#define SHARD_NAME_SIZE 32

struct shard {
	char name[SHARD_NAME_SIZE];
	struct ledger ledger;
	bool dirty;        /* appended to since it was synced */
	uint64_t unsigned_entries;
	uint64_t used;     /* when, counted in uses */
};

struct shards {
	int dirfd; /* borrowed */
	gid_t gid;
	const char *boot;
	const struct head_key *key;
	struct shard *items[SHARDS_OPEN_MAX];
	size_t n;
	uint64_t uses;
	uint64_t unsigned_entries; /* of all */
};

/* Called with each head that was signed, as text: for syslog. May be NULL. */
typedef void shards_said(const char *text);

void shards_init(struct shards *s, int dirfd, gid_t gid, const char *boot, const struct head_key *key);
void shards_done(struct shards *s);

/* As ledger_append(). */
int shards_append(struct shards *s, const char *name, struct json_object *event, const char *receipt, struct err *e) _must_check_;
int shards_sync(struct shards *s, struct err *e) _must_check_;
int shards_sign(struct shards *s, shards_said *said, struct err *e) _must_check_;
/* False when some segment could not be made append-only. */
bool shards_append_only(const struct shards *s);

#endif
