/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ledger_entry - a line of a ledger, and the files that lines are in; audit/ledger.h is the manual.
 *
 *	_cleanup_(ledger_entry_done) struct ledger_entry entry = {.seq = 0};
 *	r = ledger_entry_parse(line, len, &entry, e);
 */
#ifndef RANBY_AUDIT_LEDGER_ENTRY_H
#define RANBY_AUDIT_LEDGER_ENTRY_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/sha256.h"

#include <stddef.h>
#include <stdint.h>

#define LEDGER_LINE_MAX ((size_t)64 << 10)   /* bytes of a line with its newline */
#define LEDGER_SEGMENTS_MAX 100000
#define LEDGER_SEGMENT_NAME_SIZE 27          /* "00000000000000000001.jsonl" and the NUL */

struct ledger_entry {
	struct json_object *o;
	uint64_t seq;
	char prev[SHA256_HEX_SIZE];
	char hash[SHA256_HEX_SIZE]; /* of this line */
};
void ledger_entry_done(struct ledger_entry *entry);

/* One line without its newline. -EINVAL, with words: it is no entry (not canonical, no seq, no prev, ...). */
int ledger_entry_parse(const char *line, size_t len, struct ledger_entry *ret, struct err *e) _must_check_;

/* Sorted first seqs of the segments in a ledger's directory; the caller frees. -E2BIG past LEDGER_SEGMENTS_MAX. */
int ledger_segments(int dirfd, uint64_t **ret, size_t *ret_n, struct err *e) _must_check_;
void ledger_segment_name(uint64_t first, char ret[static LEDGER_SEGMENT_NAME_SIZE]);

#endif
