/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The walk along the chain. Each entry is compared with the one before; where
 * that fails the walk goes on from the entry as it is, so that one change is
 * one fault and not a thousand.
 *
 * Which of two entries was changed, when the second does not hold the hash of
 * the first? The first, unless the second does not match its successor
 * either: then it was the second, whose `prev` (or all of it) was changed. So
 * a fault is kept back until the next link has been seen.
 */
#include "audit/ledger_verify.h"

#include "base/sha256.h"

#include <stdio.h>
#include <string.h>

struct walk {
	struct ledger_report *rep;
	uint64_t last;              /* seq that the next entry follows */
	char hash[SHA256_HEX_SIZE]; /* that it must name */
	bool doubt;                 /* the newest fault is a broken link to the entry that was read last */
	/* bytes that are no entry, before the one that is read now */
	struct sha256 trash_hash;   /* of all but the last newline */
	uint64_t trash, trash_at;   /* how many, where; with the last newline when there is one */
	bool trash_newline, trash_empty; /* the last of its lines has a newline; is empty but for it */
	char trash_segment[LEDGER_SEGMENT_NAME_SIZE], trash_why[160];
};

static const char *const words[] = {
	[LEDGER_CHANGED] = "changed",     [LEDGER_MISSING] = "missing",     [LEDGER_REORDERED] = "reordered",
	[LEDGER_DUPLICATE] = "duplicate", [LEDGER_GARBAGE] = "garbage",     [LEDGER_TRUNCATED] = "truncated",
	[LEDGER_REWRITTEN] = "rewritten",
};

const char *ledger_fault_word(enum ledger_fault_kind kind)
{
	return words[kind];
}

void ledger_report_done(struct ledger_report *rep)
{
	free(rep->faults);
	free(rep->seqs);
	free(rep->hashes);
	*rep = (struct ledger_report){0};
}

/* NULL when there are too many already, or no memory: they are counted. */
static struct ledger_fault *fault_add(struct ledger_report *rep, enum ledger_fault_kind kind, uint64_t seq)
{
	struct ledger_fault *more;

	if (rep->n_faults == LEDGER_FAULTS_MAX || !(more = mem_regrow(rep->faults, rep->n_faults + 1, sizeof(*more)))) {
		rep->more_faults++;
		return NULL;
	}
	rep->faults = more;
	more += rep->n_faults++;
	*more = (struct ledger_fault){.kind = kind, .seq = seq, .to = seq};
	return more;
}

static void fault_place(struct ledger_fault *f, const char *segment, uint64_t offset)
{
	snprintf(f->segment, sizeof(f->segment), "%s", segment);
	f->offset = offset;
}

#define say(f, ...) (void)snprintf((f)->text, sizeof((f)->text), __VA_ARGS__)
typedef unsigned long long ull;

static void hash_to_bytes(const char *hex, uint8_t bytes[static SHA256_SIZE])
{
	for (size_t i = 0; i < SHA256_SIZE; i++) {
		unsigned v = 0;

		for (size_t k = 0; k < 2; k++) {
			char c = hex[2 * i + k];

			v = v << 4 | (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
		}
		bytes[i] = (uint8_t)v;
	}
}

static int remember(struct ledger_report *rep, const struct ledger_entry *entry)
{
	if (rep->n == rep->room) {
		size_t room = rep->room ? 2 * rep->room : 1024;
		uint64_t *seqs = mem_regrow(rep->seqs, room, sizeof(*seqs));
		uint8_t(*hashes)[SHA256_SIZE];

		if (!seqs)
			return -ENOMEM;
		rep->seqs = seqs;
		hashes = mem_regrow(rep->hashes, room, sizeof(*hashes));
		if (!hashes)
			return -ENOMEM;
		rep->hashes = hashes;
		rep->room = room;
	}
	rep->seqs[rep->n] = entry->seq;
	hash_to_bytes(entry->hash, rep->hashes[rep->n++]);
	return 0;
}

/* Where `seq` was read, n when it was not. In a whole chain that is one step. */
static size_t find_seq(const struct ledger_report *rep, uint64_t seq)
{
	size_t guess = seq > 0 && seq <= rep->n ? (size_t)seq - 1 : 0;

	if (guess < rep->n && rep->seqs[guess] == seq)
		return guess;
	for (size_t i = 0; i < rep->n; i++)
		if (rep->seqs[i] == seq)
			return i;
	return rep->n;
}

static void trash_add(struct walk *w, const struct ledger_item *item)
{
	if (w->trash == 0) {
		sha256_init(&w->trash_hash);
		w->trash_at = item->offset;
		memcpy(w->trash_segment, item->segment, sizeof(w->trash_segment));
		memcpy(w->trash_why, item->why, sizeof(w->trash_why));
	} else if (w->trash_newline) {
		sha256_add(&w->trash_hash, "\n", 1);
	}
	sha256_add(&w->trash_hash, item->text, item->len);
	w->trash += item->len + !item->unfinished;
	w->trash_newline = !item->unfinished;
	w->trash_empty = item->len == 0;
}

/* Is this the entry that accounts for the bytes before it? */
static bool accounts_for(struct walk *w, const struct ledger_item *item)
{
	char without[SHA256_HEX_SIZE], with[SHA256_HEX_SIZE];
	struct sha256 h = w->trash_hash;
	struct json_object *o = item->entry.o;
	uint64_t bytes = (uint64_t)json_int(o, "bytes");
	const char *hash = json_str(o, "sha256");

	if (strcmp(json_str(o, "op"), "torn") != 0 || w->trash == 0 || strcmp(w->trash_segment, item->segment) != 0 ||
	    (uint64_t)json_int(o, "offset") != w->trash_at)
		return false;
	sha256_end_hex(&h, without);
	h = w->trash_hash;
	if (w->trash_newline)
		sha256_add(&h, "\n", 1);
	sha256_end_hex(&h, with);
	/* the newline behind it is the writer's, unless the bytes ended in one */
	return (bytes == w->trash && strcmp(hash, with) == 0) || (bytes + 1 == w->trash && !w->trash_empty && strcmp(hash, without) == 0);
}

/* What stands before this entry and is none. True when it is the entry that is missing here, changed beyond reading. */
static bool trash_end(struct walk *w, const struct ledger_item *item)
{
	bool torn = strcmp(json_str(item->entry.o, "op"), "torn") == 0, lost = false;
	struct ledger_fault *f;

	if (w->trash > 0 && accounts_for(w, item)) {
		w->rep->torn++;
	} else if (w->trash > 0) {
		lost = item->entry.seq == w->last + 2;
		f = fault_add(w->rep, lost ? LEDGER_CHANGED : LEDGER_GARBAGE, lost ? w->last + 1 : 0);
		if (f) {
			fault_place(f, w->trash_segment, w->trash_at);
			if (lost)
				say(f, "entry %llu cannot be read any more: %s", (ull)f->seq, w->trash_why);
			else
				say(f, "%llu bytes are no entry, and no entry accounts for them: %s", (ull)w->trash, w->trash_why);
		}
	} else if (torn && (f = fault_add(w->rep, LEDGER_CHANGED, item->entry.seq)) != NULL) {
		fault_place(f, item->segment, item->offset);
		say(f, "entry %llu accounts for torn bytes that are not there", (ull)f->seq);
	}
	w->trash = 0;
	return lost;
}

/* An entry whose seq is not past the last one's. */
static void step_back(struct walk *w, const struct ledger_item *item)
{
	uint64_t seq = item->entry.seq;
	size_t at = find_seq(w->rep, seq);
	uint8_t hash[SHA256_SIZE];
	struct ledger_fault *f;

	hash_to_bytes(item->entry.hash, hash);
	/* was it missed before? then that was this */
	for (size_t i = 0; at == w->rep->n && i < w->rep->n_faults; i++) {
		f = &w->rep->faults[i];
		if (f->kind != LEDGER_MISSING || seq < f->seq || seq > f->to)
			continue;
		f->kind = LEDGER_REORDERED;
		f->seq = f->to = seq;
		fault_place(f, item->segment, item->offset);
		say(f, "entry %llu stands behind entry %llu", (ull)seq, (ull)w->last);
		return;
	}
	f = fault_add(w->rep, LEDGER_REORDERED, seq);
	if (!f)
		return;
	fault_place(f, item->segment, item->offset);
	if (at < w->rep->n && memcmp(w->rep->hashes[at], hash, sizeof(hash)) == 0) {
		f->kind = LEDGER_DUPLICATE;
		say(f, "entry %llu is there a second time", (ull)seq);
	} else if (at < w->rep->n) {
		f->kind = LEDGER_CHANGED;
		say(f, "there is another entry %llu, of other content", (ull)seq);
	} else {
		say(f, "entry %llu stands behind entry %llu", (ull)seq, (ull)w->last);
	}
}

/* The entry before, or this one, was changed: which, the next one tells. */
static void broken_link(struct walk *w, const struct ledger_item *item)
{
	uint64_t seq = item->entry.seq;
	struct ledger_fault *f;

	if (w->doubt && w->rep->n_faults > 0) {
		f = &w->rep->faults[w->rep->n_faults - 1];
		f->seq = f->to = seq - 1;
		say(f, "entry %llu was changed: it does not hold the hash of the one before, and the one after does not hold its", (ull)seq - 1);
		w->doubt = false;
		return;
	}
	f = fault_add(w->rep, LEDGER_CHANGED, seq > 1 ? seq - 1 : seq);
	if (!f)
		return;
	fault_place(f, item->segment, item->offset);
	if (seq > 1)
		say(f, "entry %llu was changed: entry %llu holds another hash for it", (ull)seq - 1, (ull)seq);
	else
		say(f, "entry 1 was changed: it is the first, and names one before it");
	w->doubt = seq > 1;
}

static int step(struct walk *w, const struct ledger_item *item)
{
	const struct ledger_entry *entry = &item->entry;
	bool lost = trash_end(w, item);
	int r;

	w->rep->entries++;
	if (entry->seq <= w->last) {
		step_back(w, item);
		r = remember(w->rep, entry);
		return r;
	}
	if (entry->seq > w->last + 1) {
		struct ledger_fault *f = lost ? NULL : fault_add(w->rep, LEDGER_MISSING, w->last + 1);

		if (f) {
			f->to = entry->seq - 1;
			fault_place(f, item->segment, item->offset);
			if (f->to > f->seq)
				say(f, "entries %llu to %llu are missing", (ull)f->seq, (ull)f->to);
			else
				say(f, "entry %llu is missing", (ull)f->seq);
		}
		w->doubt = false;
	} else if (strcmp(entry->prev, w->hash) != 0) {
		broken_link(w, item);
	} else {
		w->doubt = false;
	}
	w->last = entry->seq;
	memcpy(w->hash, entry->hash, sizeof(w->hash));
	return remember(w->rep, entry);
}

int ledger_verify_anchor(struct ledger_report *rep, const struct ledger_anchor *anchor)
{
	size_t len = strlen(anchor->hash), at = find_seq(rep, anchor->seq);
	char whole[SHA256_HEX_SIZE];
	struct ledger_fault *f;

	if (len < 16 || len >= SHA256_HEX_SIZE || anchor->hash[strspn(anchor->hash, "0123456789abcdef")] != '\0')
		return -EINVAL;
	for (size_t i = 0; at < rep->n && i < SHA256_SIZE; i++)
		snprintf(whole + 2 * i, 3, "%02x", rep->hashes[at][i]);
	if (at < rep->n && strncmp(whole, anchor->hash, len) == 0) {
		rep->anchors_met++;
		return 0;
	}
	f = fault_add(rep, at < rep->n ? LEDGER_REWRITTEN : LEDGER_TRUNCATED, anchor->seq);
	if (!f)
		return 0;
	if (f->kind == LEDGER_REWRITTEN)
		say(f, "entry %llu is not the one that %s names", (ull)anchor->seq, anchor->where);
	else if (anchor->seq > rep->last_seq)
		say(f, "the ledger ends at entry %llu, and %s names entry %llu", (ull)rep->last_seq, anchor->where, (ull)anchor->seq);
	else
		say(f, "entry %llu, which %s names, is missing", (ull)anchor->seq, anchor->where);
	return 0;
}

int ledger_verify(struct ledger_reader *rd, const struct ledger_anchor *anchors, size_t n_anchors, ledger_visit *visit, void *arg,
		  struct ledger_report *ret, struct err *e)
{
	_cleanup_(ledger_report_done) struct ledger_report rep = {0};
	struct walk w = {.rep = &rep};
	struct ledger_item item = {.offset = 0};
	int r;

	memset(w.hash, '0', sizeof(w.hash) - 1);
	while ((r = ledger_reader_next(rd, &item, e)) > 0) {
		if (item.is_entry)
			r = step(&w, &item);
		else
			trash_add(&w, &item);
		if (r >= 0 && item.is_entry && visit)
			r = visit(&item, arg, e);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	rep.last_seq = w.last;
	memcpy(rep.last_hash, w.hash, sizeof(rep.last_hash));
	rep.unfinished = w.trash > 0 && !w.trash_newline;
	if (w.trash > 0 && w.trash_newline) {
		struct ledger_fault *f = fault_add(&rep, LEDGER_GARBAGE, 0);

		if (f) {
			fault_place(f, w.trash_segment, w.trash_at);
			say(f, "%llu bytes at the end are no entry: %s", (ull)w.trash, w.trash_why);
		}
	}
	for (size_t i = 0; i < n_anchors; i++)
		if (ledger_verify_anchor(&rep, &anchors[i]) < 0)
			return err_set(e, EINVAL, "%s is no hash", anchors[i].hash);
	*ret = rep;
	rep = (struct ledger_report){0};
	return 0;
}
