/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What `ranby audit who` does, in ranby-audit. What is asked about is told by its form alone, so that the same words
 * ask the same of every log: digits are a process id or a serial (both), "sec.milli:serial" is a receipt, what has a slash is
 * a file, what begins as a date or has a colon is a moment, and the rest is a container's name, uuid, or the
 * beginning of its id. A form that is almost one of these is an error and no container: who mistypes a date must not
 * read that nothing happened. What a form takes for something else than was meant, an option asks for.
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

enum kind { BY_PID = 1, BY_SERIAL = 2, BY_TIME = 4, BY_FILE = 8, BY_CONTAINER = 16 };

struct question {
	const struct audit_who_args *a;
	struct audit_log *log;
	const char *text;
	unsigned by;         /* of enum kind */
	uint32_t number;
	uint64_t sec, until; /* a receipt's second, or those of a moment: until is the first after it */
	bool is_exact;       /* a container has it as its name or uuid: not the beginning of an id */
	struct buf rows;
	bool json;
	size_t found;
};

/* "2026-11-22", with anything behind it that is no part of a name. */
static bool begins_as_date(const char *s)
{
	size_t year = strspn(s, "0123456789"), month, day;

	if (year != 4 || s[4] != '-')
		return false;
	month = strspn(s + 5, "0123456789");
	if (month == 0 || month > 2 || s[5 + month] != '-')
		return false;
	day = strspn(s + 6 + month, "0123456789");
	s += 6 + month + day;
	return day > 0 && day <= 2 && (*s == '\0' || strchr("Tt :", *s));
}

/* A date is its day and a time of day without seconds its minute; anything else is its second. */
static int take_moment(struct question *q, struct err *e)
{
	struct timespec now = clock_now(), then;
	size_t len = strlen(q->text);
	struct tm tm;

	if (clock_parse_moment(q->text, &now, &then) < 0) {
		err_set(e, EINVAL, "\"%s\" is no time", q->text);
		err_hint(e, "2026-11-22, 2026-11-22T10:44, 2026-11-22T10:44:05Z, a receipt (sec.milli:serial); --container for a container of that name");
		return -EINVAL;
	}
	q->by = BY_TIME;
	q->sec = (uint64_t)then.tv_sec;
	q->until = q->sec + (begins_as_date(q->text) && len == strlen("2026-11-22T10:44") ? 60 : 1);
	if (begins_as_date(q->text) && len == strlen("2026-11-22") && localtime_r(&then.tv_sec, &tm)) {
		tm.tm_mday++;
		tm.tm_isdst = -1;
		q->until = (uint64_t)mktime(&tm);
	}
	return 0;
}

static bool take_receipt(struct question *q)
{
	struct audit_receipt receipt = {0};

	if (audit_receipt_parse(q->text, &receipt) < 0 || receipt.serial == 0 || receipt.serial > UINT32_MAX)
		return false;
	q->by = BY_SERIAL;
	q->number = (uint32_t)receipt.serial;
	q->sec = receipt.sec;
	return true;
}

static int take_number(struct question *q, unsigned by, struct err *e)
{
	if (parse_u32(q->text, 1, UINT32_MAX, &q->number) < 0)
		return err_set(e, EINVAL, "\"%s\" is no %s", q->text, by == BY_PID ? "process id" : "serial, and no receipt");
	q->by = by;
	return 0;
}

/* By option: what its form says does not count. */
static int take_asked(struct question *q, unsigned by, struct err *e)
{
	if (by & (by - 1))
		return err_set(e, EINVAL, "--pid, --serial, --time, --file and --container exclude each other");
	if (by == BY_TIME)
		return take_moment(q, e);
	if (by == BY_SERIAL && take_receipt(q))
		return 0;
	if (by & (BY_PID | BY_SERIAL))
		return take_number(q, by, e);
	q->by = by;
	return 0;
}

static int understand(struct question *q, struct err *e)
{
	unsigned asked = (q->a->pid ? BY_PID : 0U) | (q->a->serial ? BY_SERIAL : 0U) | (q->a->time ? BY_TIME : 0U) | (q->a->file ? BY_FILE : 0U) |
			 (q->a->container ? BY_CONTAINER : 0U);

	if (!*q->text)
		return err_set(e, EINVAL, "nothing is asked about");
	if (asked)
		return take_asked(q, asked, e);
	if (parse_u32(q->text, 1, UINT32_MAX, &q->number) == 0)
		q->by = BY_PID | BY_SERIAL;
	else if (take_receipt(q))
		return 0;
	else if (strchr(q->text, '/'))
		q->by = BY_FILE;
	else if (begins_as_date(q->text) || strchr(q->text, ':'))
		return take_moment(q, e);
	else
		q->by = BY_CONTAINER;
	return 0;
}

static bool begins_id(const struct question *q, const struct chain_container *k)
{
	size_t n = strlen(q->text);

	return n >= 4 && strncmp(k->ctr, q->text, n) == 0;
}

static bool is_named(const struct question *q, const struct chain_container *k)
{
	return strcmp(q->text, k->name) == 0 || strcmp(q->text, k->uuid) == 0;
}

/* Once the log is there. One name may have been several containers', one beginning of an id may not. By a claim's neither is decided. */
static int settle_container(struct question *q, struct err *e)
{
	const char *first = NULL;
	size_t n = q->by == BY_CONTAINER ? chain_containers(q->log->chain) : 0;

	for (size_t i = 0; i < n; i++) {
		const struct chain_container *k = chain_container_at(q->log->chain, (uint32_t)i);

		q->is_exact |= !k->claimed && is_named(q, k);
	}
	for (size_t i = 0; i < n && !q->is_exact; i++) {
		const struct chain_container *k = chain_container_at(q->log->chain, (uint32_t)i);

		if (k->claimed || !begins_id(q, k))
			continue;
		if (first && strcmp(first, k->ctr) != 0)
			return err_set(e, ENOTUNIQ, "\"%s\" is the beginning of several containers' ids", q->text);
		first = k->ctr;
	}
	return 0;
}

/* A name of a container in the answer is what was asked for; by its form also "host" and "unknown". */
static bool is_container(const struct question *q, const struct chain_answer *a)
{
	const struct chain_container *k;

	if (a->where != CHAIN_CONTAINER)
		return !q->a->container && strcmp(q->text, chain_where_text(q->log->chain, a)) == 0;
	k = chain_container_at(q->log->chain, a->container);
	return is_named(q, k) || (!q->is_exact && begins_id(q, k));
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

static bool has_serial(const struct question *q, const struct log_event *ev)
{
	return (q->by & BY_SERIAL) && ev->serial == q->number && (q->sec == 0 || ev->sec == q->sec);
}

static bool is_meant(const struct question *q, const struct log_event *ev, const struct chain_answer *a)
{
	if (has_serial(q, ev))
		return true;
	if (q->by & BY_PID)
		return ev->pid == q->number;
	if (q->by == BY_TIME)
		return ev->sec >= q->sec && ev->sec < q->until;
	if (q->by == BY_FILE)
		return has_file(q, ev);
	return q->by == BY_CONTAINER && is_container(q, a);
}

/* What is worth a line: for a pid or a container only its programs, else all that had a process. */
static bool is_shown(const struct question *q, const struct log_event *ev)
{
	if (ev->kind == LOG_DAEMON || ev->pid == 0)
		return false;
	if (q->by == BY_FILE || has_serial(q, ev))
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

	if (q->by != BY_CONTAINER || ev->kind != LOG_SYSCALL || ev->call != LOG_CALL_KILL || !ev->done ||
	    ev->signal == 0 || ev->opid == LOG_NONE)
		return NULL;
	for (size_t i = 0; i < chain_containers(q->log->chain); i++) {
		const struct chain_answer a = {.where = CHAIN_CONTAINER, .container = (uint32_t)i};
		const struct chain_container *k = chain_container_at(q->log->chain, (uint32_t)i);

		if (is_container(q, &a) && !k->claimed && k->pid == ev->opid && k->start < key && (!k->stop || key < k->stop))
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
	if (k->claimed)
		fputs(", a claim: who sent the record was in a container, or may have been", stdout);
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

static int says_nothing(const struct question *q, struct err *e)
{
	static const struct {
		unsigned by;
		const char *of;
	} words[] = {
		{BY_PID | BY_SERIAL, "a process or a record"}, {BY_PID, "a process"}, {BY_SERIAL, "a record"},
		{BY_TIME, "the time"}, {BY_FILE, "a file"}, {BY_CONTAINER, "a container"},
	};
	size_t i = 0;

	while (words[i].by != q->by)
		i++;
	return err_set(e, ENOENT, "the log says nothing of %s \"%s\"", words[i].of, q->text);
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
	r = r < 0 ? r : settle_container(&q, e);
	if (r < 0)
		return r;
	audit_log_warn(&l);
	if (!q.json) {
		if (q.by == BY_CONTAINER)
			print_containers(&q);
		audit_row_headings(&q.rows);
	}
	r = log_files_read(&l.files, each, &q, NULL, e);
	if (r == 0 && q.found == 0)
		r = says_nothing(&q, e);
	if (r == 0 && !q.json) {
		table_format(&q.rows, TABLE_TIGHT, &out);
		fwrite(buf_str(&out), 1, out.len, stdout);
	}
	buf_done(&q.rows);
	return r;
}
