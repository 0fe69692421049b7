/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* all_users - what ps, top and events have in common where they look at everybody's containers. */
#ifndef RANBY_CMD_ALL_USERS_H
#define RANBY_CMD_ALL_USERS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "view/census.h"
#include "view/names.h"
#include "view/top.h"
#include "sys/procfs.h"

#include <stdbool.h>

/* Asks whether the caller may, opens /proc, takes the census and asks the system ledger. Notes on what was not seen go to standard error. */
int all_users_take(struct procfs *ret_fs, struct census *ret, struct err *e) _must_check_;

struct all_users_ps {
	const char *format;          /* NULL: the table */
	const struct strv *filter;
	bool no_trunc, noheading, quiet;
};
int all_users_ps(const struct all_users_ps *a, struct buf *out, struct err *e) _must_check_;

/* One row's facts as they are, and as words for templates; into `o`. */
int all_users_json(const struct census *c, const struct census_row *row, struct names *names, struct json_object *o) _must_check_;
int all_users_texts(const struct census *c, const struct census_row *row, struct names *names, bool no_trunc, struct json_object *o) _must_check_;
/* `text` of `max` bytes at most; 0: all of it. */
int all_users_cut(struct json_object *o, const char *key, const char *text, size_t max) _must_check_;
/* Of one that is random its beginning, by which it is found again; another is a name, and whole. */
int all_users_id(struct json_object *o, const char *id, bool whole) _must_check_;
const char *all_users_user(struct names *names, uint32_t id, char out[static NAMES_CELL_SIZE]);

/* ---- filters: of one key any value, of different keys all, as in `ps` ---- */

struct filter_rows {
	const char *const *keys; /* ends with NULL */
	bool (*matches)(const void *row, const char *key, const char *value);
	const char *there_are;   /* for the error: "--x there are a= and b=" */
};
int filter_rows_check(const struct filter_rows *f, const struct strv *filter, struct err *e) _must_check_;
bool filter_rows_match(const struct filter_rows *f, const struct strv *filter, const void *row);
/* Of --all-users: auid, name, pid, session, trust. */
bool all_users_matches(const struct census *c, const struct census_row *row, struct names *names, const char *key, const char *value);

/* A target of `top` for each row; *ret_names owns the strings that they borrow. */
int all_users_targets(const struct census *c, struct top_target **ret, struct strv *ret_names, struct err *e) _must_check_;

#endif
