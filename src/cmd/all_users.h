/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* all_users - what ps, top and events have in common where they look at everybody's containers. */
#ifndef RANBY_CMD_ALL_USERS_H
#define RANBY_CMD_ALL_USERS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"
#include "view/census.h"
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

/* A target of `top` for each row; *ret_names owns the strings that they borrow. */
int all_users_targets(const struct census *c, struct top_target **ret, struct strv *ret_names, struct err *e) _must_check_;

#endif
