/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * collect - a stream of audit records becomes labelled entries for the ledger, each once.
 *
 *	r = collect_new(&options, sink, data, &c, e);
 *	collect_recorded(c, serial);		// for what the ledger holds of this boot already
 *	r = collect_past(c, text, len, e);	// what auditd's log says, if there is one
 *	r = collect_feed(c, text, len, now_ms, e);	// what auditd hands to us
 *	... while collect_wants_past(c): collect_past() of what the log has got since; then
 *	r = collect_past_end(c, e);
 *	r = collect_idle(c, now_ms, e);		// when nothing came for a while: events that are open are whole, then
 *	r = collect_end(c, e);
 */
#ifndef RANBY_TRAIL_COLLECT_H
#define RANBY_TRAIL_COLLECT_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COLLECT_WAIT_MS 1000 /* an exec waits so long at most for what may still tell where it was */
#define COLLECT_GAP_MS 5000  /* a serial that has not come after so long counts as missing; an exec behind it waits for it, no longer */
#define COLLECT_GAPS_MAX 1024 /* gaps that are watched at a time; then the oldest counts */

struct collect_options {
	const char *boot;    /* boot id */
	uint64_t boot_time;  /* seconds since 1970; what the log has from before is another boot's */
};

/* One entry for the shard of `auid` (UINT32_MAX: unset). `o` is the collector's. */
typedef int collect_sink(uint32_t auid, const char *receipt, struct json_object *o, void *data, struct err *e);
/*
 * `count` events are missing before `receipt` ("missing-serials"), or known no more ("forgotten");
 * or so many lines behind it were no records ("malformed").
 * Missing are those after the newest that the ledger has, if it has any of this boot, and those between what auditd handed out.
 */
typedef int collect_gap(const char *reason, uint64_t count, const char *receipt, void *data, struct err *e);

struct collect;
int collect_new(const struct collect_options *o, collect_sink *sink, collect_gap *gap, void *data, struct collect **ret, struct err *e) _must_check_;
struct collect *collect_free(struct collect *c);
static inline void collect_freep(struct collect **c)
{
	*c = collect_free(*c);
}

void collect_recorded(struct collect *c, uint64_t serial);
int collect_past(struct collect *c, const char *text, size_t len, struct err *e) _must_check_;
/*
 * True until the log has reached what auditd handed out first: the beginning
 * of that event may have gone to the one before us, and only the log has it.
 */
bool collect_wants_past(const struct collect *c);
int collect_past_end(struct collect *c, struct err *e) _must_check_;
int collect_feed(struct collect *c, const char *text, size_t len, int64_t now_ms, struct err *e) _must_check_;
int collect_idle(struct collect *c, int64_t now_ms, struct err *e) _must_check_;
int collect_end(struct collect *c, struct err *e) _must_check_;
/* Entries that wait for their label. */
size_t collect_waiting(const struct collect *c);

#endif
