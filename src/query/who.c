/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What `ranby audit who` does, in ranby-audit. What is asked about is told by its form: digits are a
 * process id or a serial (both, unless one is named), "sec.milli:serial" is a receipt, what has a slash is a file,
 * RFC 3339 is a moment, and the rest is a container's name, uuid, or the beginning of its id.
 */
#include "audit/receipt.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/parse.h"
#include "base/table.h"
#include "query/query.h"
#include "query/ask.h"
#include "query/audit_log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct question {
	const struct audit_who_args *a;
	struct audit_log *log;
	const char *text;
	bool by_pid, by_serial, by_time, by_file;
	uint32_t number;
	uint64_t sec;
	struct buf rows;
	bool json;
	size_t found;
};

static int understand(struct question *q, struct err *e)
{
	struct audit_receipt receipt;
	struct timespec now = clock_now(), then;

	if (parse_u32(q->text, 1, UINT32_MAX, &q->number) == 0) {
		q->by_pid = !q->a->serial;
		q->by_serial = !q->a->pid;
	} else if (q->a->pid || q->a->serial) {
		return err_set(e, EINVAL, "\"%s\" is no number", q->text);
	} else if (audit_receipt_parse(q->text, &receipt) == 0 && receipt.serial <= UINT32_MAX) {
		q->number = (uint32_t)receipt.serial;
		q->sec = receipt.sec;
		q->by_serial = true;
	} else if (strchr(q->text, '/')) {
		q->by_file = true;
	} else if (strchr(q->text, ':') && clock_parse_moment(q->text, &now, &then) == 0) {
		q->sec = (uint64_t)then.tv_sec;
		q->by_time = true;
	}
	return 0;
}

/* A name of a container in the answer is what was asked for. */
static bool is_container(const struct question *q, const struct chain_answer *a)
{
	const struct chain_container *k;

	if (strcmp(q->text, chain_where_text(q->log->chain, a)) == 0)
		return true;
	if (a->where != CHAIN_CONTAINER)
		return false;
	k = chain_container_at(q->log->chain, a->container);
	return strcmp(q->text, k->uuid) == 0 || (strlen(q->text) >= 4 && strncmp(k->ctr, q->text, strlen(q->text)) == 0);
}

/* The name as it was given, or below the directory in which the call was made. */
static bool has_file(const struct question *q, const struct log_event *ev)
{
	size_t cwd = strlen(ev->cwd);

	for (unsigned i = 0; i < ev->n_paths; i++) {
		const char *path = ev->paths[i];

		if (strcmp(path, q->text) == 0)
			return true;
		if (path[0] != '/' && strncmp(q->text, ev->cwd, cwd) == 0 && q->text[cwd] == '/' &&
		    strcmp(q->text + cwd + 1, path) == 0)
			return true;
	}
	return false;
}

static bool is_meant(const struct question *q, const struct log_event *ev, const struct chain_answer *a)
{
	if (q->by_serial && ev->serial == q->number && (q->sec == 0 || ev->sec == q->sec))
		return true;
	if (q->by_pid)
		return ev->pid == q->number;
	if (q->by_time)
		return ev->sec == q->sec;
	if (q->by_file)
		return has_file(q, ev);
	return !q->by_serial && is_container(q, a);
}

/* What is worth a line: for a pid or a container only its programs, else all that had a process. */
static bool is_shown(const struct question *q, const struct log_event *ev)
{
	if (ev->kind == LOG_DAEMON || ev->pid == 0)
		return false;
	if (q->by_serial && ev->serial == q->number)
		return true;
	if (q->by_file)
		return true;
	return (ev->kind == LOG_SYSCALL && ev->call == LOG_CALL_EXEC && ev->done) || ev->kind == LOG_LOGIN;
}

static int show(struct question *q, const struct audit_row *row, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	int r;

	q->found++;
	if (!q->json) {
		audit_row_cells(q->log, row, &q->rows);
		return buf_bad(&q->rows) ? err_set(e, E2BIG, "too many events for a table: ask for --format json") : 0;
	}
	r = audit_row_json(q->log, row, &o);
	if (r < 0)
		return err_errno(e, -r, "audit log");
	ask_print_json(o);
	return 0;
}

/* The container that is asked for, when this is a signal to its init: OBJ_PID names the process by its host pid. */
static const struct chain_container *killed(const struct question *q, const struct log_event *ev)
{
	uint64_t key = log_event_key(ev);

	if (q->by_pid || q->by_serial || q->by_file || q->by_time || ev->kind != LOG_SYSCALL || ev->call != LOG_CALL_KILL || !ev->done ||
	    ev->signal == 0 || ev->opid == LOG_NONE)
		return NULL;
	for (size_t i = 0; i < chain_containers(q->log->chain); i++) {
		const struct chain_answer a = {.where = CHAIN_CONTAINER, .container = (uint32_t)i};
		const struct chain_container *k = chain_container_at(q->log->chain, (uint32_t)i);

		if (is_container(q, &a) && k->pid == ev->opid && k->start < key && (!k->stop || key < k->stop))
			return k;
	}
	return NULL;
}

static int show_kill(struct question *q, const struct audit_row *row, const struct chain_container *k, struct err *e)
{
	const struct log_event *ev = row->ev;
	_cleanup_json_ struct json_object *o = NULL;
	char name[256], exe[256];
	int r;

	if (!q->json) {
		printf("%s: init %u got signal %u from auid %u in session %u, pid %u in %s, %s, record %u\n", escape_into(name, sizeof(name), k->name),
		       k->pid, ev->signal, ev->auid, ev->ses, ev->pid, chain_where_text(q->log->chain, &row->a), escape_into(exe, sizeof(exe), ev->exe),
		       ev->serial);
		return 0;
	}
	r = audit_row_json(q->log, row, &o);
	r = r < 0 ? r : json_add_u64(o, "signal", ev->signal);
	r = r < 0 ? r : json_add_str(o, "killed", k->name);
	if (r < 0)
		return err_errno(e, -r, "audit log");
	ask_print_json(o);
	return 0;
}

static int each(const struct log_event *ev, void *data, struct err *e)
{
	struct question *q = data;
	struct audit_row row = {.ev = ev};
	const struct chain_container *k = killed(q, ev);

	if (k) {
		chain_ask(q->log->chain, log_event_key(ev), &row.a);
		return show_kill(q, &row, k, e);
	}
	if (!is_shown(q, ev))
		return 0;
	chain_ask(q->log->chain, log_event_key(ev), &row.a);
	return is_meant(q, ev, &row.a) ? show(q, &row, e) : 0;
}

/* Where the sessions of the table came from, and the containers' own records. */
static void print_container(const struct question *q, const struct chain_container *k)
{
	const struct audit_origin *from = audit_log_origin(q->log, (uint32_t)(k->start >> 32), k->ses);
	char name[256];

	printf("%s: ", escape_into(name, sizeof(name), k->name));
	if (k->anchor)
		printf("init %u, by the caller's word\n", k->pid);
	else
		printf("uuid %s, init %u, started by auid %u in session %u, record %u", k->uuid, k->pid, k->auid, k->ses, (uint32_t)k->start);
	if (!k->anchor && k->stop)
		printf(", stopped, record %u", (uint32_t)k->stop);
	if (from && from->addr[0])
		printf(", from %s", escape_into(name, sizeof(name), from->addr));
	if (!k->anchor)
		putchar('\n');
}

static void print_containers(struct question *q)
{
	for (size_t i = 0; i < chain_containers(q->log->chain); i++) {
		const struct chain_answer a = {.where = CHAIN_CONTAINER, .container = (uint32_t)i};

		if (!is_container(q, &a))
			continue;
		print_container(q, chain_container_at(q->log->chain, (uint32_t)i));
		q->found++;
	}
}

int query_who(const struct command_call *call, const char *state, struct err *e)
{
	_cleanup_(audit_log_done) struct audit_log l = AUDIT_LOG_INIT;
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	const struct audit_who_args *a = call->args;
	struct question q = {.a = a, .log = &l, .text = call->argv[0], .json = a->format && strcmp(a->format, "json") == 0};
	int r = understand(&q, e);

	(void)state;
	r = r < 0 ? r : audit_log_open(&l, a->logs.items, a->logs.n, &a->anchors, e);
	if (r < 0)
		return r;
	audit_log_warn(&l);
	if (!q.json) {
		if (!q.by_pid && !q.by_serial && !q.by_file && !q.by_time)
			print_containers(&q);
		audit_row_headings(&q.rows);
	}
	r = log_files_read(&l.files, each, &q, NULL, e);
	if (r == 0 && q.found == 0)
		r = err_set(e, ENOENT, "the log says nothing of \"%s\"", q.text);
	if (r == 0 && !q.json) {
		table_format(&q.rows, TABLE_TIGHT, &out);
		fwrite(buf_str(&out), 1, out.len, stdout);
	}
	buf_done(&q.rows);
	return r;
}
