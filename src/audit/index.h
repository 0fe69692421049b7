/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * index - the ledgers' entries in SQLite, for questions.
 *
 *	_cleanup_(index_closep) struct index *ix = NULL;
 *	r = index_open("/var/log/ranby/index/index.sqlite", INDEX_WRITE, &ix, e);
 *	r = index_update(ix, ledger_dirfd, "auid-1001", e);	// what came since the last time
 *	r = index_query(ix, &q, on_row, data, e);
 *
 * Nothing is in it that is not in the ledger, so it proves nothing, and can be
 * removed at any time: it is made again. Where in a ledger it has come to is
 * kept in the same transaction as the rows.
 */
#ifndef RANBY_AUDIT_INDEX_H
#define RANBY_AUDIT_INDEX_H

#include "audit/ledger_read.h"
#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

#define INDEX_FILE "index.sqlite"

enum index_mode {
	INDEX_WRITE,  /* made when missing; made anew when damaged */
	INDEX_READ,   /* -ENOENT when it is not there */
	INDEX_MEMORY, /* of its own, for who may not write */
};

struct index;
int index_open(const char *path, enum index_mode mode, struct index **ret, struct err *e) _must_check_;
struct index *index_close(struct index *ix);
static inline void index_closep(struct index **ix)
{
	*ix = index_close(*ix);
}

/*
 * Reads what the ledger `name` below dirfd has beyond what was read. When what
 * was read is not there any more, or does not fit, all of it is read again.
 * -EUCLEAN: the database is damaged; open it again with INDEX_WRITE.
 */
int index_update(struct index *ix, int dirfd, const char *name, struct err *e) _must_check_;

/* True while the file that was opened is the one at its path. */
bool index_is_there(const struct index *ix);

/* Strings are "" where the entry has none; numbers -1. */
struct index_row {
	const char *ledger, *time, *receipt, *type, *op, *res, *container, *where, *uuid, *ctr, *image, *method, *confidence, *exe, *cmd, *vm;
	const char *profile, *profile_hash; /* seccomp, as claimed */
	int64_t seq, ns, auid, ses, uid, pid, ppid;
};

struct index_query {
	int64_t since_ns, until_ns; /* of the kernel's time where there is a receipt, else the entry's; INT64_MIN, INT64_MAX: no bound */
	int64_t auid;               /* -1: all */
	const char *container;      /* name, or the beginning of its id or uuid; NULL: all */
	const char *image;          /* containers started from it; NULL: all */
	const char *ledger;         /* NULL: all */
	int64_t limit;              /* rows at most, the newest of them; 0: all */
};
#define INDEX_QUERY_ALL ((struct index_query){.since_ns = INT64_MIN, .until_ns = INT64_MAX, .auid = -1})

typedef int index_sink(const struct index_row *row, void *data, struct err *e);
/* In the order of time, then serial. */
int index_query(struct index *ix, const struct index_query *q, index_sink *sink, void *data, struct err *e) _must_check_;

#endif
