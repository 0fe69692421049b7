/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * trail - the processes of ranby-trail, and what they share.
 *
 *	auditd ──stdin──> reader ──messages──> writer ──files──> indexer
 *	                 (ranby-trail)          (root)           (ranby-trail)
 *
 * The reader parses what users could have a hand in (file names, arguments,
 * whatever programs say of themselves), so it has no privilege and no way to
 * a file. The writer owns the ledger, appends what it is told, and can neither
 * take back nor change; it is root for that files which root alone may write
 * are appended to, and keeps CAP_LINUX_IMMUTABLE alone, for the append-only
 * attribute. It holds the key. The indexer reads the ledger as any member of
 * its group could, and makes what can be made again: index and exports. It
 * may be slow: nobody waits for it.
 *
 * The writer is the process that auditd started; when it ends, so do the others.
 */
#ifndef RANBY_TRAIL_TRAIL_H
#define RANBY_TRAIL_TRAIL_H

#include "audit/head.h"
#include "base/err.h"
#include "trail/config.h"

#include <stdint.h>
#include <sys/types.h>

#define TRAIL_KEY_NAME "trail.key"
#define TRAIL_PUBLIC_NAME "trail.pub"
#define TRAIL_INDEX_DIR "index"
#define TRAIL_EXPORT_DIR "export"
#define TRAIL_PAST_MAX 64 /* files of auditd's log */

struct trail {
	struct trail_config config;
	uid_t uid;       /* of the account */
	gid_t gid;
	gid_t audit_gid; /* that may read */
	int dirfd;       /* the system ledger's directory */
	struct head_key *key;
	char boot[64];
	uint64_t boot_time;
	int past[TRAIL_PAST_MAX]; /* auditd's log, oldest first */
	size_t n_past;
	/* between the processes */
	int sock;        /* reader and writer, each its end */
	int wake;        /* writer: writes a byte when the ledger has grown; indexer: reads it */
};

/* Root's part: accounts, directories, key, the log. */
int trail_prepare(struct trail *t, struct err *e) _must_check_;
void trail_done(struct trail *t);

/* No way back: the account's ids, no capability, no new privileges. `groups` of one. */
int trail_drop_to(uid_t uid, gid_t gid, gid_t group, struct err *e) _must_check_;
/* Root's id with CAP_LINUX_IMMUTABLE and nothing else. */
int trail_drop_root(gid_t group, struct err *e) _must_check_;

/* The three; each returns when it is over. 0 or -errno. */
int trail_reader(struct trail *t, int in, struct err *e) _must_check_;
int trail_writer(struct trail *t, int reader_pidfd, struct err *e) _must_check_;
int trail_indexer(struct trail *t, struct err *e) _must_check_;

/* One line to syslog. */
void trail_say(int priority, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
