/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * crosscheck - two logs that must agree: a ledger and the kernel's audit log.
 *
 *	struct crosscheck *x = crosscheck_new(&options);
 *	r = crosscheck_entry(x, seq, entry.o);		// each entry of the ledger
 *	r = crosscheck_log(x, path, e);			// the audit log's files, oldest first
 *	r = crosscheck_end(x, on_fault, data, e);
 *
 * An entry names its record (receipt), and a record names the entry that it
 * was made for (claimed-ledger: seq, and the hash of the one before), but for
 * the end of a run, which the monitor has recorded before there is an entry. So each
 * of them shows what is missing in the other; and the record, which the
 * ledger's owner cannot reach, is an anchor for the chain (ledger_verify.h).
 * Entries from before or after what the log covers are counted, and no fault.
 */
#ifndef RANBY_AUDIT_CROSSCHECK_H
#define RANBY_AUDIT_CROSSCHECK_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

enum crosscheck_kind {
	CROSS_NO_ENTRY,        /* an audit record, and no entry that names it */
	CROSS_NO_RECORD,       /* an entry names a record that the log does not have */
	CROSS_DIFFERENT,       /* the two say different things */
	CROSS_MISSING_SERIALS, /* the log has gaps */
	CROSS_NO_STOP,         /* a start whose end nobody recorded, and that does not run */
	CROSS_KINDS,
};

struct crosscheck_fault {
	enum crosscheck_kind kind;
	uint64_t seq;      /* 0: no entry */
	char receipt[48];  /* "": none */
	char text[240];
};

/* "no-entry", "no-record", "different", "missing-serials", "no-stop". */
const char *crosscheck_word(enum crosscheck_kind kind);

/* A start of a container, as its entry tells it. */
struct crosscheck_run {
	const char *uuid;  /* "" where no witness made one: then it is the container's next run after `ns` */
	uint32_t pid;      /* on the host; 0: not said */
	int64_t ns;        /* the entry's time, since 1970 */
};

struct crosscheck_options {
	bool system;    /* the system ledger: every exec and every VIRT_* record has an entry */
	uint32_t uid;   /* else: the ledger's owner; records of others are not looked at */
	/* Does it still go on? NULL: cannot be told, and then it is no fault. */
	bool (*runs)(const struct crosscheck_run *run);
};

struct crosscheck_stats {
	uint64_t records, entries; /* that were compared */
	uint64_t outside;          /* entries that the log does not cover */
	uint64_t missing;          /* serials */
	uint64_t unwitnessed;      /* entries without a receipt */
};

struct crosscheck;
struct crosscheck *crosscheck_new(const struct crosscheck_options *o);
struct crosscheck *crosscheck_free(struct crosscheck *x);
static inline void crosscheck_freep(struct crosscheck **x)
{
	*x = crosscheck_free(*x);
}

int crosscheck_entry(struct crosscheck *x, uint64_t seq, struct json_object *entry) _must_check_;
int crosscheck_log(struct crosscheck *x, const char *path, struct err *e) _must_check_;

/* For each record that names an entry: seq of the one before, and the first digits of its hash. */
typedef int crosscheck_anchor(uint64_t seq, const char *hash, const char *receipt, void *data);
int crosscheck_anchors(struct crosscheck *x, crosscheck_anchor *anchor, void *data) _must_check_;

typedef int crosscheck_sink(const struct crosscheck_fault *fault, void *data);
int crosscheck_end(struct crosscheck *x, struct crosscheck_stats *ret, crosscheck_sink *sink, void *data) _must_check_;

#endif
