/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * One ledger for each login uid, so that who may one day read his own need
 * not be shown another's, and so that one user's flood is in one user's
 * files. A ledger stays open, and locked, while it is in use: this process is
 * the only one that appends.
 */
#include "trail/shards.h"

#include <stdio.h>
#include <string.h>

void shards_init(struct shards *s, int dirfd, gid_t gid, const char *boot, const struct head_key *key)
{
	*s = (struct shards){.dirfd = dirfd, .gid = gid, .boot = boot, .key = key};
}

static void shard_close(struct shards *s, size_t i)
{
	ledger_end(&s->items[i]->ledger);
	free(s->items[i]);
	s->items[i] = s->items[--s->n];
}

void shards_done(struct shards *s)
{
	while (s->n > 0)
		shard_close(s, s->n - 1);
}

static int sync_one(struct shard *shard, struct err *e)
{
	int r = shard->dirty ? ledger_sync(&shard->ledger, e) : 0;

	if (r == 0)
		shard->dirty = false;
	return r;
}

/* Makes room: the one that was used the longest time ago, but neither of our own two. */
static int close_oldest(struct shards *s, struct err *e)
{
	size_t oldest = s->n;
	int r;

	for (size_t i = 0; i < s->n; i++)
		if (strncmp(s->items[i]->name, SYSTEM_LEDGER_AUID, strlen(SYSTEM_LEDGER_AUID)) == 0 && (oldest == s->n || s->items[i]->used < s->items[oldest]->used))
			oldest = i;
	if (oldest == s->n)
		return -EMFILE;
	if (s->items[oldest]->unsigned_entries > 0 && s->key) {
		r = shards_sign(s, NULL, e);
		if (r < 0)
			return r;
	}
	r = sync_one(s->items[oldest], e);
	if (r == 0)
		shard_close(s, oldest);
	return r;
}

static int shard_open(struct shards *s, const char *name, struct shard **ret, struct err *e)
{
	const struct ledger_place place = {
		.dirfd = s->dirfd,
		.name = name,
		.flags = LEDGER_APPEND_ONLY | LEDGER_GROUP_READ,
		.gid = s->gid,
		.lock_ms = 2000,
	};
	_cleanup_free_ struct shard *shard = NULL;
	int r;

	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->items[i]->name, name) == 0) {
			*ret = s->items[i];
			return 0;
		}
	r = s->n == SHARDS_OPEN_MAX ? close_oldest(s, e) : 0;
	if (r < 0)
		return r;
	shard = calloc(1, sizeof(*shard));
	if (!shard)
		return -ENOMEM;
	snprintf(shard->name, sizeof(shard->name), "%s", name);
	r = ledger_begin(&place, &shard->ledger, e);
	if (r < 0)
		return r;
	*ret = s->items[s->n++] = shard;
	(void)TAKE_PTR(shard);
	return 0;
}

int shards_append(struct shards *s, const char *name, struct json_object *event, const char *receipt, struct err *e)
{
	struct shard *shard = NULL;
	int r = shard_open(s, name, &shard, e);

	r = r < 0 ? r : ledger_append(&shard->ledger, event, receipt, e);
	if (r < 0)
		return err_wrap(e, r, "%s", name);
	shard->dirty = true;
	shard->used = ++s->uses;
	if (strcmp(name, SYSTEM_LEDGER_HEADS) != 0) {
		shard->unsigned_entries++;
		s->unsigned_entries++;
	}
	return 0;
}

int shards_sync(struct shards *s, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < s->n; i++) {
		int k = sync_one(s->items[i], e);

		r = r < 0 ? r : k;
	}
	return r;
}

static int sign_one(struct shards *s, struct shard *shard, shards_said *said, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct head head = {.seq = shard->ledger.seq - 1};
	int r;

	snprintf(head.ledger, sizeof(head.ledger), "%s", shard->name);
	snprintf(head.boot, sizeof(head.boot), "%s", s->boot);
	memcpy(head.hash, shard->ledger.prev, sizeof(head.hash));
	r = head_sign(s->key, &head, &o, e);
	r = r < 0 ? r : shards_append(s, SYSTEM_LEDGER_HEADS, o, NULL, e);
	if (r < 0)
		return r;
	if (said)
		said(json_text(o, NULL));
	s->unsigned_entries -= shard->unsigned_entries;
	shard->unsigned_entries = 0;
	return 0;
}

int shards_sign(struct shards *s, shards_said *said, struct err *e)
{
	struct shard *heads = NULL;
	int r = s->key ? shard_open(s, SYSTEM_LEDGER_HEADS, &heads, e) : 0;

	/* signed is what is on the disk */
	r = r < 0 ? r : shards_sync(s, e);
	for (size_t i = 0; r == 0 && s->key && i < s->n; i++)
		if (s->items[i]->unsigned_entries > 0)
			r = sign_one(s, s->items[i], said, e);
	return r < 0 ? r : shards_sync(s, e);
}

bool shards_append_only(const struct shards *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->items[i]->ledger.fd >= 0 && !s->items[i]->ledger.append_only)
			return false;
	return true;
}
