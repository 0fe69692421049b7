/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* What `ranby audit attribute` does, in ranby-audit: a line for each successful exec by somebody who logged in. */
#include "base/table.h"
#include "query/query.h"
#include "query/ask.h"
#include "query/audit_log.h"

#include <stdio.h>
#include <string.h>

#define TABLE_CHUNK ((size_t)1 << 20) /* a table is aligned by pieces of this size */

struct view {
	const struct audit_attribute_args *a;
	struct audit_log *log;
	struct buf rows;
	bool json, csv;
	uint64_t execs, host, container, unknown;
};

static void flush_rows(struct view *v)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT;

	if (v->csv)
		fwrite(buf_str(&v->rows), 1, v->rows.len, stdout);
	else {
		table_format(&v->rows, TABLE_TIGHT, &out);
		fwrite(buf_str(&out), 1, out.len, stdout);
	}
	buf_reset(&v->rows);
}

static int show(struct view *v, const struct audit_row *row, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	int r;

	if (!v->json) {
		if (v->csv)
			audit_row_csv(v->log, row, &v->rows);
		else
			audit_row_cells(v->log, row, &v->rows);
		if (v->rows.len > TABLE_CHUNK)
			flush_rows(v);
		return 0;
	}
	r = audit_row_json(v->log, row, &o);
	if (r < 0)
		return err_errno(e, -r, "audit log");
	ask_print_json(o);
	return 0;
}

static bool wanted(const struct view *v, const struct audit_row *row)
{
	const char *name = v->a->container;

	return !name || strcmp(chain_where_text(v->log->chain, &row->a), name) == 0 ||
	       (row->a.where == CHAIN_CONTAINER && strcmp(chain_container_at(v->log->chain, row->a.container)->uuid, name) == 0);
}

static int each(const struct log_event *ev, void *data, struct err *e)
{
	struct view *v = data;
	struct audit_row row = {.ev = ev};

	if (ev->kind != LOG_SYSCALL || ev->call != LOG_CALL_EXEC || !ev->done)
		return 0;
	chain_ask(v->log->chain, log_event_key(ev), &row.a);
	v->execs++;
	v->host += row.a.where == CHAIN_HOST;
	v->container += row.a.where == CHAIN_CONTAINER;
	v->unknown += row.a.where == CHAIN_UNKNOWN;
	return v->a->summary || !wanted(v, &row) ? 0 : show(v, &row, e);
}

int query_attribute(const struct command_call *call, const char *state, struct err *e)
{
	_cleanup_(audit_log_done) struct audit_log l = AUDIT_LOG_INIT;
	const struct audit_attribute_args *a = call->args;
	struct view v = {.a = a, .log = &l};
	const char *format = a->format ? a->format : "table";
	int r = audit_log_open(&l, call->argv, (size_t)call->argc, &a->anchors, e);

	(void)state;
	if (r < 0)
		return r;
	audit_log_warn(&l);
	v.json = strcmp(format, "json") == 0;
	v.csv = strcmp(format, "csv") == 0;
	if (v.csv)
		buf_adds(&v.rows, "serial,time,pid,ppid,auid,ses,container,uuid,method,confidence,exe,command\r\n");
	else if (!v.json && !a->summary)
		audit_row_headings(&v.rows);
	r = log_files_read(&l.files, each, &v, NULL, e);
	flush_rows(&v);
	buf_done(&v.rows);
	if (r == 0 && a->summary)
		printf("%llu execs: %llu in containers, %llu on the host, %llu unknown\n", (unsigned long long)v.execs,
		       (unsigned long long)v.container, (unsigned long long)v.host, (unsigned long long)v.unknown);
	return r;
}
