/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * exports - the files that a log shipper follows: export/json.jsonl, ecs.jsonl, ocsf.jsonl.
 *
 *	r = exports_open(dirfd, "json ecs", &x, e);
 *	r = exports_update(x, ledger_dirfd, "auid-1001", e);
 *	r = exports_commit(x, e);
 *
 * Each entry is in each file once: how far it has come and how long the files
 * are is in "position", written after them; what is longer is cut at the next
 * start. A file past EXPORTS_FILE_MAX becomes NAME.1, up to NAME.4.
 */
#ifndef RANBY_TRAIL_EXPORTS_H
#define RANBY_TRAIL_EXPORTS_H

#include "base/err.h"
#include "base/mem.h"

#include <stdint.h>

#define EXPORTS_FILE_MAX ((uint64_t)64 << 20)
#define EXPORTS_KEPT 4

struct exports;
/* `formats`: names joined by blanks. -EINVAL: one is not known. */
int exports_open(int dirfd, const char *formats, struct exports **ret, struct err *e) _must_check_;
struct exports *exports_close(struct exports *x);
static inline void exports_closep(struct exports **x)
{
	*x = exports_close(*x);
}

int exports_update(struct exports *x, int ledger_dirfd, const char *ledger, struct err *e) _must_check_;
int exports_commit(struct exports *x, struct err *e) _must_check_;

#endif
