/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ask - what the questions to ledgers have in common: moments logins and which ledger; and what their answers have: lines of JSON, cells of CSV. */
#ifndef RANBY_QUERY_ASK_H
#define RANBY_QUERY_ASK_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "2026-11-22T08:00:00Z", "10m" ago, ... in ns since 1970. A NULL `text` leaves *ret alone. */
int ask_moment(const char *text, const char *option, int64_t *ret, struct err *e) _must_check_;

/* A login's name or number. */
int ask_user(const char *text, uint32_t *ret, struct err *e) _must_check_;

enum ask_source { ASK_OWN, ASK_SYSTEM };
/*
 * Which ledger is asked, and in `path` where it is: --ledger's, --system's ("": the host's), or
 * with neither the host's when the caller may read it, else his own below `state`. enum ask_source, or -EINVAL for both.
 */
int ask_source(const char *ledger, const char *system, const char *state, char *path, size_t size, struct err *e) _must_check_;

/* One's own ledger is not there; always -ENOENT. */
int ask_no_ledger(const char *path, struct err *e);

/* One object, on a line of its own, to standard output; control bytes and what turns text around escaped. */
void ask_print_json(struct json_object *o);

/* A cell of RFC 4180, and a comma before it unless it is the first; one that a spreadsheet would compute is made text. */
void ask_csv_cell(const char *text, bool first, struct buf *out);

#endif
