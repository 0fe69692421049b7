/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ledger - what was done, in order, each line holding the hash of the one before.
 *
 *	_cleanup_(ledger_end) struct ledger l = LEDGER_INIT;
 *	r = ledger_begin(&place, &l, e);		// locked; l.seq and l.prev are the next entry's
 *	... put them into the audit record, ask for the receipt ...
 *	r = ledger_append(&l, event, "1700000000.123:4567", e);
 *	// ledger_end() lets go of the lock; without an append nothing was written
 *
 * A ledger is a directory (0700) of segments, each a file of lines named by the
 * seq of its first one, 20 digits and ".jsonl", at most LEDGER_SEGMENT_MAX
 * bytes; the chain goes on across them. A line is an object in canonical JSON
 * (audit/canonical.h) and a newline. In it:
 *
 *	seq      1, 2, 3, ...
 *	prev     SHA-256 of the line before without its newline, 64 hex digits;
 *	         of the first one 64 zeros
 *	time     UTC, RFC 3339 (a claim: order is by seq)
 *	receipt  "sec.milli:serial" of the kernel audit record that says the same,
 *	         when there is one
 *
 * and what the caller says of the event, in the words of audit records: op,
 * res, reason, virt, vm, uuid, vm-pid, ctr, auid, ses, ... These four keys are
 * not the caller's.
 *
 * Appending is one write(2) of one line to an O_APPEND descriptor, under an
 * open file description lock of the file "lock" in the directory. What can
 * go wrong then:
 *
 *  - the writer is killed, or power fails, in the middle of a line. Nothing
 *    is removed. The next writer begins with a line of its own, whose event
 *    is op=torn with offset, bytes and sha256 of what does not belong to the
 *    chain; its prev is the hash of the last whole entry. So a verifier can
 *    tell an accident that was seen from bytes that nobody accounted for;
 *  - the disk is full: what was written of the line is cut off again (where
 *    the file is append-only it stays, as above), and -ENOSPC is returned.
 *
 * The same format serves the user's own ledger and the system's.
 */
#ifndef RANBY_AUDIT_LEDGER_H
#define RANBY_AUDIT_LEDGER_H

#include "audit/ledger_entry.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/sha256.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LEDGER_SEGMENT_MAX ((uint64_t)8 << 20)
#define LEDGER_LOCK_MS 30000                 /* how long a writer waits for another */
#define LEDGER_USER_NAME "ledger"            /* in the user's state directory */

enum ledger_flags {
	LEDGER_APPEND_ONLY = 1U << 0, /* set the append-only attribute on segments (chattr +a), where that can be had */
	LEDGER_GROUP_READ = 1U << 1,  /* directory 0750, files 0640, of group `gid` */
};

/* Where a ledger is. */
struct ledger_place {
	int dirfd;           /* borrowed */
	const char *name;    /* the ledger's directory in it, made when missing */
	unsigned flags;      /* enum ledger_flags */
	gid_t gid;           /* for LEDGER_GROUP_READ */
	uint64_t segment_max; /* 0: LEDGER_SEGMENT_MAX */
	int lock_ms;          /* 0: LEDGER_LOCK_MS */
};

/* A ledger held for writing. */
struct ledger {
	int dirfd;   /* the ledger's directory */
	int lock_fd;
	int fd;      /* newest segment, -EBADF before there is one */
	uint64_t seq;              /* of the entry that comes next */
	char prev[SHA256_HEX_SIZE]; /* its prev */
	uint64_t size;             /* of the newest segment */
	uint64_t torn_at, torn;    /* bytes at its end that are no entry */
	struct ledger_place place; /* dirfd is not kept */
	bool append_only;          /* the attribute is on the newest segment */
	bool fresh;                /* a segment was made since the last ledger_sync() */
};
#define LEDGER_INIT {.dirfd = -EBADF, .lock_fd = -EBADF, .fd = -EBADF}

/*
 * Opens, locks, reads the end. -EAGAIN: another held it for LEDGER_LOCK_MS;
 * -EUCLEAN: there are segments, and no entry can be read in the newest two
 * (it was overwritten: nothing is appended to that, `ranby audit verify` says what is there).
 */
int ledger_begin(const struct ledger_place *place, struct ledger *ret, struct err *e) _must_check_;

/*
 * Lets go of the lock, and goes on later as ledger_begin() does, which costs
 * less when nobody else has written meanwhile. `l` may also be LEDGER_INIT.
 */
void ledger_pause(struct ledger *l);
int ledger_resume(const struct ledger_place *place, struct ledger *l, struct err *e) _must_check_;

/*
 * Writes one entry: `event` (an object, which is not kept and not changed)
 * with seq, prev, time and `receipt` (text or NULL) added. May be called again.
 * On return l->prev is the hash of what was written and l->seq the one after.
 * -EMSGSIZE: the line would be longer than LEDGER_LINE_MAX; -EINVAL: no
 * canonical JSON, or it holds one of the four keys; -ENOSPC, -EDQUOT, -EIO ...:
 * nothing was added to the chain.
 */
int ledger_append(struct ledger *l, struct json_object *event, const char *receipt, struct err *e) _must_check_;

/* fdatasync(2) of what was appended: where a receipt must not be lost with the power. */
int ledger_sync(struct ledger *l, struct err *e) _must_check_;

/* Closes and unlocks. For _cleanup_(); takes LEDGER_INIT. */
void ledger_end(struct ledger *l);

#endif
