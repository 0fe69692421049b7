/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ledger_verify - is the chain whole, and if not, where does it begin to fail?
 *
 *	_cleanup_(ledger_report_done) struct ledger_report rep = {0};
 *	r = ledger_verify(&reader, anchors, n, visit, arg, &rep, e);
 *	if (rep.n_faults > 0)
 *		... rep.faults[0] is the first
 *
 * The chain alone tells of every change in the middle. Of its end it tells
 * nothing: who cuts lines off at the end, or writes all of it anew, leaves a
 * whole chain. That takes an anchor: "entry N had the hash H", kept where the
 * ledger's owner cannot write (a signed head, an audit record).
 */
#ifndef RANBY_AUDIT_LEDGER_VERIFY_H
#define RANBY_AUDIT_LEDGER_VERIFY_H

#include "audit/ledger_read.h"

#define LEDGER_FAULTS_MAX 1000

enum ledger_fault_kind {
	LEDGER_CHANGED,   /* an entry, or the one after it that names it, is not what was written */
	LEDGER_MISSING,   /* entries are not there */
	LEDGER_REORDERED, /* an entry stands behind a later one */
	LEDGER_DUPLICATE, /* an entry is there twice */
	LEDGER_GARBAGE,   /* bytes that no entry accounts for */
	LEDGER_TRUNCATED, /* an anchor names an entry past the end */
	LEDGER_REWRITTEN, /* an anchor names another hash for an entry */
};

struct ledger_fault {
	enum ledger_fault_kind kind;
	uint64_t seq, to; /* the entry; for several the first and the last; 0: not known */
	char segment[LEDGER_SEGMENT_NAME_SIZE];
	uint64_t offset;
	char text[240]; /* one sentence */
};

struct ledger_report {
	uint64_t entries;      /* that were read as such */
	uint64_t last_seq;
	char last_hash[SHA256_HEX_SIZE];
	unsigned torn;         /* accounted for by entries: writers that were killed */
	bool unfinished;       /* the last line does not end: a writer was killed, or is at it */
	uint64_t anchors_met;
	struct ledger_fault *faults;
	size_t n_faults;
	uint64_t more_faults;  /* past LEDGER_FAULTS_MAX, counted only */
	/* inside */
	uint64_t *seqs;
	uint8_t (*hashes)[SHA256_SIZE];
	size_t n, room;
};

struct ledger_anchor {
	uint64_t seq;
	char hash[SHA256_HEX_SIZE]; /* or its first digits, 16 at least */
	const char *where;          /* for the sentence: "a signed head", "audit record 1700000000.123:4567" */
};

/* Called with each entry in file order, also with those of a broken chain; < 0 ends it. May be NULL. */
typedef int ledger_visit(const struct ledger_item *item, void *arg, struct err *e);

/* 0 also when there are faults: they are in the report. < 0: it could not be read. */
int ledger_verify(struct ledger_reader *rd, const struct ledger_anchor *anchors, size_t n_anchors, ledger_visit *visit, void *arg,
		  struct ledger_report *ret, struct err *e) _must_check_;

/* Checks one more anchor against what was read; a fault is added to the report. */
int ledger_verify_anchor(struct ledger_report *rep, const struct ledger_anchor *anchor) _must_check_;

/* "changed", "missing", ... */
const char *ledger_fault_word(enum ledger_fault_kind kind);

void ledger_report_done(struct ledger_report *rep);

#endif
