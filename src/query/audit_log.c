/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The log is read twice: the solver wants all of it before it answers, and
 * what is printed about an event (its program, its arguments) need not be
 * kept for millions of them meanwhile.
 */
#include "query/audit_log.h"

#include "base/clock.h"
#include "base/parse.h"
#include "base/table.h"
#include "query/ask.h"
#include "sys/user_name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ORIGINS_MAX 1000000

void audit_log_done(struct audit_log *l)
{
	log_files_done(&l->files);
	l->chain = chain_free(l->chain);
	free(l->origins);
}

/* Where that session is, or belongs: they are sorted by boot and number. */
static size_t origin_place(const struct audit_log *l, uint32_t boot, uint32_t ses)
{
	size_t low = 0, high = l->n_origins;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct audit_origin *o = &l->origins[middle];

		if (o->boot < boot || (o->boot == boot && o->ses < ses))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_origin(const struct audit_log *l, size_t i, uint32_t boot, uint32_t ses)
{
	return i < l->n_origins && l->origins[i].boot == boot && l->origins[i].ses == ses;
}

static int keep_origin(struct audit_log *l, const struct log_event *ev, struct err *e)
{
	const struct log_user *u = &ev->user;
	struct audit_origin *o;
	size_t at;

	/* USER_LOGIN, or USER_START where there is none (cron, su) */
	if (ev->kind != LOG_USER || (ev->type != 1112 && ev->type != 1105) || !u->success || ev->ses == LOG_NONE)
		return 0;
	at = origin_place(l, ev->boot, ev->ses);
	if (is_origin(l, at, ev->boot, ev->ses) || l->n_origins == ORIGINS_MAX)
		return 0;
	o = mem_regrow(l->origins, l->n_origins + 1, sizeof(*o));
	if (!o)
		return err_errno(e, ENOMEM, "audit log");
	l->origins = o;
	o += at;
	memmove(o + 1, o, (l->n_origins++ - at) * sizeof(*o));
	*o = (struct audit_origin){.boot = ev->boot, .ses = ev->ses};
	snprintf(o->acct, sizeof(o->acct), "%s", u->acct);
	snprintf(o->addr, sizeof(o->addr), "%s", u->addr);
	snprintf(o->terminal, sizeof(o->terminal), "%s", u->terminal);
	return 0;
}

static int take(const struct log_event *ev, void *data, struct err *e)
{
	struct audit_log *l = data;
	int r = keep_origin(l, ev, e);

	l->last_boot = ev->boot;
	return r < 0 ? r : chain_feed(l->chain, ev, e);
}

/* "PID[@SERIAL]=NAME" */
static int add_anchor(struct audit_log *l, const char *text, struct err *e)
{
	_cleanup_free_ char *copy = strdup(text);
	char *name = copy ? strchr(copy, '=') : NULL, *serial;
	struct chain_anchor a = {.boot = l->last_boot};
	int r;

	if (!name || name == copy || !name[1])
		return err_set(e, EINVAL, "anchor \"%s\": not PID[@SERIAL]=NAME", text);
	*name++ = 0;
	serial = strchr(copy, '@');
	if (serial)
		*serial++ = 0;
	r = parse_u32(copy, 1, INT32_MAX, &a.pid);
	if (r == 0 && serial)
		r = parse_u32(serial, 1, UINT32_MAX - 1, &a.serial);
	if (r < 0)
		return err_set(e, EINVAL, "anchor \"%s\": not PID[@SERIAL]=NAME", text);
	if (strcmp(name, "unknown") == 0)
		return err_set(e, EINVAL, "anchor \"%s\": \"unknown\" is an answer, and no container's name", text);
	a.name = strcmp(name, "host") == 0 ? NULL : name;
	return chain_anchor(l->chain, &a, e);
}

int audit_log_open(struct audit_log *l, char *const *names, size_t n, const struct strv *anchors, struct err *e)
{
	int r = log_files_open(&l->files, names, n, e);

	r = r < 0 ? r : chain_new(&CHAIN_OPTIONS_DEFAULT, &l->chain, e);
	r = r < 0 ? r : log_files_read(&l->files, take, l, &l->stats, e);
	for (size_t i = 0; r == 0 && anchors && i < anchors->n; i++)
		r = add_anchor(l, anchors->items[i], e);
	return r;
}

const struct audit_origin *audit_log_origin(const struct audit_log *l, uint32_t boot, uint32_t ses)
{
	size_t i = origin_place(l, boot, ses);

	return is_origin(l, i, boot, ses) ? &l->origins[i] : NULL;
}

void audit_log_warn(const struct audit_log *l)
{
	const struct log_stats *s = &l->stats;

	if (s->missing)
		fprintf(stderr, "Warning: %llu records are missing in the log (serials that never came)\n", (unsigned long long)s->missing);
	if (s->damaged)
		fprintf(stderr, "Warning: %llu records are damaged\n", (unsigned long long)s->damaged);
	if (s->bad_lines)
		fprintf(stderr, "Warning: %llu lines are no audit records\n", (unsigned long long)s->bad_lines);
	if (s->foreign)
		fprintf(stderr, "Warning: %llu records of another host are left out\n", (unsigned long long)s->foreign);
}

static const char *uuid_of(const struct audit_log *l, const struct chain_answer *a)
{
	return a->where == CHAIN_CONTAINER ? chain_container_at(l->chain, a->container)->uuid : "";
}

static char *time_text(const struct log_event *ev, char out[static CLOCK_TEXT_SIZE])
{
	const struct timespec t = {.tv_sec = (time_t)ev->sec, .tv_nsec = (long)ev->milli * 1000000};

	return clock_rfc3339(&t, CLOCK_UTC, out);
}

/* -1 is how audit's own tools write an id that is unset. */
static int64_t id_number(uint32_t id)
{
	return id == LOG_NONE ? -1 : (int64_t)id;
}

static int add_answer(const struct audit_log *l, const struct chain_answer *a, struct json_object *o)
{
	const struct chain_container *k = a->where == CHAIN_CONTAINER ? chain_container_at(l->chain, a->container) : NULL;
	int r = json_add_str(o, "container", chain_where_text(l->chain, a));

	r = r < 0 ? r : json_add_str(o, "method", chain_method_text(a->method));
	r = r < 0 ? r : json_add_str(o, "confidence", chain_confidence_text(a->confidence));
	if (k && k->uuid[0])
		r = r < 0 ? r : json_add_str(o, "uuid", k->uuid);
	if (k && k->ctr[0])
		r = r < 0 ? r : json_add_str(o, "id", k->ctr);
	if (k && !k->anchor)
		r = r < 0 ? r : json_add_u64(o, "start", (uint32_t)k->start);
	if (a->anchor)
		r = r < 0 ? r : json_add_u64(o, "anchor", (uint32_t)a->anchor);
	if (a->where == CHAIN_UNKNOWN)
		r = r < 0 ? r : json_add_str(o, "why", chain_doubt_text(a->doubt));
	return r;
}

int audit_row_json(const struct audit_log *l, const struct audit_row *row, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	const struct log_event *ev = row->ev;
	const struct audit_origin *from = audit_log_origin(l, ev->boot, ev->ses);
	char when[CLOCK_TEXT_SIZE];
	int r = o ? json_add_u64(o, "serial", ev->serial) : -ENOMEM;

	r = r < 0 ? r : json_add_str(o, "time", time_text(ev, when));
	r = r < 0 ? r : json_add_u64(o, "pid", ev->pid);
	r = r < 0 ? r : json_add_u64(o, "ppid", ev->ppid);
	r = r < 0 ? r : json_add_int(o, "auid", id_number(ev->auid));
	r = r < 0 ? r : json_add_int(o, "ses", id_number(ev->ses));
	r = r < 0 ? r : json_add_int(o, "uid", id_number(ev->uid));
	r = r < 0 ? r : add_answer(l, &row->a, o);
	if (ev->boot)
		r = r < 0 ? r : json_add_u64(o, "boot", ev->boot);
	r = r < 0 ? r : json_add_str(o, "exe", ev->exe);
	r = r < 0 ? r : json_add_str(o, "command", ev->argv);
	if (from && from->addr[0])
		r = r < 0 ? r : json_add_str(o, "from", from->addr);
	if (from && from->terminal[0])
		r = r < 0 ? r : json_add_str(o, "terminal", from->terminal);
	if (r == 0)
		*ret = TAKE_PTR(o);
	return r;
}

static void user_cell(uint32_t auid, struct buf *rows)
{
	char name[USER_NAME_SIZE];

	if (auid == LOG_NONE)
		table_cell(rows, "-");
	else if (user_name_of(auid, name) == 0)
		table_cell(rows, name);
	else
		table_cellf(rows, "%u", auid);
}

void audit_row_headings(struct buf *rows)
{
	static const char *const names[] = {"SERIAL", "TIME", "USER", "SES", "PID", "CONTAINER", "METHOD", "CONFIDENCE", "COMMAND"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		table_cell(rows, names[i]);
	table_end_row(rows);
}

void audit_row_cells(const struct audit_log *l, const struct audit_row *row, struct buf *rows)
{
	const struct log_event *ev = row->ev;
	char when[CLOCK_TEXT_SIZE];

	table_cellf(rows, "%u", ev->serial);
	table_cell(rows, time_text(ev, when));
	user_cell(ev->auid, rows);
	table_cellf(rows, "%lld", (long long)id_number(ev->ses));
	table_cellf(rows, "%u", ev->pid);
	table_cell(rows, chain_where_text(l->chain, &row->a));
	table_cell(rows, chain_method_text(row->a.method));
	table_cell(rows, row->a.where == CHAIN_UNKNOWN ? chain_doubt_text(row->a.doubt) : chain_confidence_text(row->a.confidence));
	table_cell_cut(rows, ev->argv[0] ? ev->argv : ev->exe, 60);
	table_end_row(rows);
}

void audit_row_csv(const struct audit_log *l, const struct audit_row *row, struct buf *out)
{
	const struct log_event *ev = row->ev;
	char when[CLOCK_TEXT_SIZE];

	buf_addf(out, "%u,%s,%u,%u,%lld,%lld,", ev->serial, time_text(ev, when), ev->pid, ev->ppid, (long long)id_number(ev->auid),
		 (long long)id_number(ev->ses));
	ask_csv_cell(chain_where_text(l->chain, &row->a), true, out);
	ask_csv_cell(uuid_of(l, &row->a), false, out);
	ask_csv_cell(chain_method_text(row->a.method), false, out);
	ask_csv_cell(chain_confidence_text(row->a.confidence), false, out);
	ask_csv_cell(ev->exe, false, out);
	ask_csv_cell(ev->argv, false, out);
	buf_adds(out, "\r\n");
}
