/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Of which ledger? The system's when the caller may read it, else his own;
 * and standard error says which, since they prove different things. The
 * index is asked when it is there and has all that the ledger has; otherwise
 * the ledger is read, into an index in memory: the answer is the same.
 */
#include "audit/index.h"
#include "audit/system_ledger.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/table.h"
#include "query/ask.h"
#include "query/query.h"
#include "sys/fd.h"
#include "sys/user_name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CELL_MAX 48

enum form { FORM_TABLE, FORM_JSON, FORM_CSV };

struct output {
	enum form form;
	size_t cell;
	struct buf rows;
	uint64_t n;
};

static const char *const heading[] = {"TIME", "USER", "SES", "CONTAINER", "EVENT", "PID", "COMMAND", "RECEIPT", "METHOD"};

/* ---- one row ---- */

static const char *user_text(int64_t auid, char out[static USER_NAME_SIZE])
{
	if (auid < 0)
		return "";
	if (user_name_of((uid_t)auid, out) < 0)
		snprintf(out, USER_NAME_SIZE, "%lld", (long long)auid);
	return out;
}

static const char *event_text(const struct index_row *row, char out[static 64])
{
	snprintf(out, 64, "%s%s", row->op, strcmp(row->res, "failed") == 0 ? " failed" : "");
	return out;
}

static void table_row(struct output *out, const struct index_row *row)
{
	char when[CLOCK_TEXT_SIZE], name[USER_NAME_SIZE], event[64];
	struct timespec t = clock_from_ns(row->ns);

	clock_rfc3339(&t, CLOCK_LOCAL, when);
	table_cell(&out->rows, when);
	table_cell(&out->rows, user_text(row->auid, name));
	if (row->ses >= 0)
		table_cellf(&out->rows, "%lld", (long long)row->ses);
	else
		table_cell(&out->rows, "");
	table_cell_cut(&out->rows, row->container[0] ? row->container : row->vm, out->cell);
	table_cell(&out->rows, event_text(row, event));
	if (row->pid >= 0)
		table_cellf(&out->rows, "%lld", (long long)row->pid);
	else
		table_cell(&out->rows, "");
	table_cell_cut(&out->rows, row->cmd[0] ? row->cmd : row->exe, out->cell);
	table_cell(&out->rows, row->receipt);
	table_cell(&out->rows, row->method[0] ? row->method : row->confidence);
	table_end_row(&out->rows);
}

static const struct {
	const char *name;
	size_t text, number; /* one of them, as its offset and 1 */
} fields[] = {
#define TEXT(name, field) {name, offsetof(struct index_row, field) + 1, 0}
#define NUMBER(name, field) {name, 0, offsetof(struct index_row, field) + 1}
	TEXT("ledger", ledger),         NUMBER("seq", seq),       TEXT("receipt", receipt), TEXT("type", type),   TEXT("op", op),
	TEXT("res", res),               NUMBER("auid", auid),     NUMBER("ses", ses),       NUMBER("uid", uid),   NUMBER("pid", pid),
	NUMBER("ppid", ppid),           TEXT("where", where),     TEXT("container", container), TEXT("vm", vm),   TEXT("uuid", uuid),
	TEXT("ctr", ctr),               TEXT("image", image),     TEXT("method", method),   TEXT("confidence", confidence), TEXT("exe", exe),
	TEXT("cmd", cmd),               TEXT("profile", profile), TEXT("profile-hash", profile_hash),
};

static const char *text_of(const struct index_row *row, size_t i)
{
	return *(const char *const *)((const char *)row + fields[i].text - 1);
}

static int64_t number_of(const struct index_row *row, size_t i)
{
	return *(const int64_t *)((const char *)row + fields[i].number - 1);
}

static int json_row(const struct index_row *row)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct timespec t = clock_from_ns(row->ns);
	char when[CLOCK_TEXT_SIZE];
	int r = o ? json_add_str(o, "time", clock_rfc3339(&t, CLOCK_UTC, when)) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(fields); i++) {
		if (fields[i].text && text_of(row, i)[0])
			r = json_add_str(o, fields[i].name, text_of(row, i));
		else if (fields[i].number && number_of(row, i) >= 0)
			r = json_add_int(o, fields[i].name, number_of(row, i));
	}
	if (r == 0)
		ask_print_json(o);
	return r;
}

static void csv_row(const struct index_row *row)
{
	_cleanup_(buf_done) struct buf line = BUF_INIT;
	struct timespec t = clock_from_ns(row->ns);
	char when[CLOCK_TEXT_SIZE];

	ask_csv_cell(clock_rfc3339(&t, CLOCK_UTC, when), true, &line);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (fields[i].text)
			ask_csv_cell(text_of(row, i), false, &line);
		else if (number_of(row, i) >= 0)
			buf_addf(&line, ",%lld", (long long)number_of(row, i));
		else
			buf_addc(&line, ',');
	}
	printf("%s\r\n", buf_str(&line));
}

static int on_row(const struct index_row *row, void *data, struct err *e)
{
	struct output *out = data;
	int r = 0;

	out->n++;
	if (out->form == FORM_JSON)
		r = json_row(row);
	else if (out->form == FORM_CSV)
		csv_row(row);
	else
		table_row(out, row);
	return r < 0 ? err_errno(e, -r, "output") : 0;
}

/* ---- where from ---- */

static int update_one(int dirfd, const char *name, void *data, struct err *e)
{
	return index_update(data, dirfd, name, e);
}

static int update_system(struct index *ix, const char *path, struct err *e)
{
	_cleanup_close_ int dirfd = -EBADF;
	int r = system_ledger_open(path, &dirfd, e);

	return r < 0 ? r : system_ledger_each(dirfd, SYSTEM_LEDGER_USERS, update_one, ix, e);
}

/* Its index, or, where that cannot be opened, the ledger itself. */
static int open_system(const char *path, struct index **ret, struct err *e)
{
	char file[4096 + 32];
	struct err why = {0};
	int r;

	snprintf(file, sizeof(file), "%s/index/" INDEX_FILE, path);
	r = index_open(file, INDEX_READ, ret, &why);
	if (r == 0) {
		fprintf(stderr, "From the system ledger's index in %s. The ledger is root's; what it proves, `ranby audit verify --system %s` tells.\n", path,
			path);
		return 0;
	}
	fprintf(stderr, "From the system ledger in %s, read as a whole (%s).\n", path, why.text);
	r = index_open("", INDEX_MEMORY, ret, e);
	return r < 0 ? r : update_system(*ret, path, e);
}

static int open_own(const char *path, struct index **ret, struct err *e)
{
	int r = index_open("", INDEX_MEMORY, ret, e);

	fprintf(stderr, "From the ledger %s. Its owner can write it: it proves nothing against him, and knows only what ranby did.\n", path);
	r = r < 0 ? r : index_update(*ret, AT_FDCWD, path, e);
	return r == -ENOENT ? ask_no_ledger(path, e) : r;
}

static int open_source(const struct audit_trail_args *a, const char *state, struct index **ret, struct err *e)
{
	char path[4096];
	int which = ask_source(a->ledger, a->system, state, path, sizeof(path), e);

	if (which < 0)
		return which;
	return which == ASK_SYSTEM ? open_system(path, ret, e) : open_own(path, ret, e);
}

/* ---- the question ---- */

static void print_heading(struct output *out)
{
	if (out->form == FORM_TABLE) {
		for (size_t i = 0; i < ARRAY_SIZE(heading); i++)
			table_cell(&out->rows, heading[i]);
		table_end_row(&out->rows);
	} else if (out->form == FORM_CSV) {
		fputs("time", stdout);
		for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
			printf(",%s", fields[i].name);
		fputs("\r\n", stdout);
	}
}

int query_trail(const struct command_call *call, const char *state, struct err *e)
{
	const struct audit_trail_args *a = call->args;
	_cleanup_(index_closep) struct index *ix = NULL;
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	struct index_query q = INDEX_QUERY_ALL;
	uint32_t auid = 0;
	struct output out = {.form = FORM_TABLE, .cell = a->no_trunc ? 0 : CELL_MAX};
	int r;

	if (a->format)
		out.form = a->format[0] == 'j' ? FORM_JSON : a->format[0] == 'c' ? FORM_CSV : FORM_TABLE;
	q.container = a->container;
	q.image = a->image;
	q.limit = a->last > INT32_MAX ? INT32_MAX : (int64_t)a->last;
	r = ask_moment(a->since, "--since", &q.since_ns, e);
	r = r < 0 ? r : ask_moment(a->until, "--until", &q.until_ns, e);
	if (r == 0 && a->user) {
		r = ask_user(a->user, &auid, e);
		q.auid = auid;
	}
	r = r < 0 ? r : open_source(a, state, &ix, e);
	if (r < 0)
		return r;
	print_heading(&out);
	r = index_query(ix, &q, on_row, &out, e);
	if (r == 0 && out.form == FORM_TABLE) {
		table_format(&out.rows, TABLE_PODMAN, &text);
		r = -buf_bad(&text);
		fwrite(buf_str(&text), 1, text.len, stdout);
	}
	buf_done(&out.rows);
	return r;
}
