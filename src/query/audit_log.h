/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * audit_log - a log with its chain solved, as attribute, who and rogue ask it.
 *
 *	_cleanup_(audit_log_done) struct audit_log l = AUDIT_LOG_INIT;
 *	r = audit_log_open(&l, names, n, &anchors, e);	// reads it all once
 *	r = log_files_read(&l.files, sink, data, NULL, e);	// again, to ask chain_ask(l.chain, ...) about events
 */
#ifndef RANBY_QUERY_AUDIT_LOG_H
#define RANBY_QUERY_AUDIT_LOG_H

#include "audit/chain.h"
#include "audit/log_files.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/strv.h"

/* Where a session came from, as the login said. */
struct audit_origin {
	uint32_t boot, ses;
	char acct[64], addr[64], terminal[32];
};

struct audit_log {
	struct log_files files;
	struct chain *chain;
	struct log_stats stats;
	struct audit_origin *origins;
	size_t n_origins;
	uint32_t last_boot;
};
#define AUDIT_LOG_INIT {.files = LOG_FILES_INIT}

/* `anchors` are "PID[@SERIAL]=NAME" of the last boot in the log. */
int audit_log_open(struct audit_log *l, char *const *names, size_t n, const struct strv *anchors, struct err *e) _must_check_;
void audit_log_done(struct audit_log *l);

/* NULL: the log does not say. */
const struct audit_origin *audit_log_origin(const struct audit_log *l, uint32_t boot, uint32_t ses);

/* Says on stderr what is wrong with the log as a whole: missing serials, lines that are none. */
void audit_log_warn(const struct audit_log *l);

/* One event with its answer, as all three print it. */
struct audit_row {
	const struct log_event *ev;
	struct chain_answer a;
};
int audit_row_json(const struct audit_log *l, const struct audit_row *row, struct json_object **ret) _must_check_;
void audit_row_headings(struct buf *rows);
void audit_row_cells(const struct audit_log *l, const struct audit_row *row, struct buf *rows);
void audit_row_csv(const struct audit_log *l, const struct audit_row *row, struct buf *out);

#endif
