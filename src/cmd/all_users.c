/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The table of `ps --all-users` begins with the login, because that is the
 * question. The column TRUST says where a row comes from: `ledger`, a start
 * record of this very process in the system ledger; or `proc`, seen in /proc
 * and nothing more, when its name is only what its parent calls itself.
 */
#include "cmd/all_users.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/json.h"
#include "base/suggest.h"
#include "base/template.h"
#include "engine/container.h"
#include "view/names.h"

#include <stdio.h>
#include <string.h>

#define COMMAND_WIDTH 32
#define NAME_WIDTH 32
#define MAP_WIDTH 32

/* ---- taking it ---- */

static void print_notes(const struct census *c)
{
	if (c->hidden)
		fputs("Note: /proc hides processes from you (hidepid): what is theirs is missing here\n", stderr);
	if (c->blind)
		fputs("Note: only root can look at the namespaces of others: containers are told by their first process and its ID map\n",
		      stderr);
	if (c->unplaced)
		fprintf(stderr, "Note: %zu process%s that entered a PID namespace from outside: only root can see whose\n", c->unplaced,
			c->unplaced == 1 ? "" : "es");
	if (c->cut)
		fprintf(stderr, "Note: %zu more containers are not shown\n", c->cut);
}

/* Without a ledger all is seen in /proc only: that is what the column says. */
static void ask_ledger(const struct procfs *fs, struct census *c)
{
	char boot[64];
	int r = procfs_read_line(fs, "sys/kernel/random/boot_id", boot, sizeof(boot));

	r = r < 0 ? r : census_join(c, CENSUS_LEDGER_DIR, boot, 0);
	if (r == -EPERM)
		fputs("Note: " CENSUS_LEDGER_DIR " can be written by others than root: it is not believed\n", stderr);
	else if (r == -EACCES)
		fputs("Note: you may not read " CENSUS_LEDGER_DIR "\n", stderr);
}

int all_users_take(struct procfs *ret_fs, struct census *ret, struct err *e)
{
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	int r = procfs_open(&fs);

	if (r < 0) {
		err_errno(e, -r, "/proc");
		err_hint(e, "it must be a proc file system of this PID namespace");
		return r;
	}
	r = census_allowed(&fs, e);
	if (r == 0)
		r = census_take(&fs, ret, e);
	if (r < 0)
		return r;
	ask_ledger(&fs, ret);
	print_notes(ret);
	*ret_fs = fs;
	fs = (struct procfs)PROCFS_INIT;
	return 0;
}

/* ---- rows ---- */

const char *all_users_user(struct names *names, uint32_t id, char out[static NAMES_CELL_SIZE])
{
	const char *name = id == PROC_ID_UNSET ? NULL : names_host(names, NAMES_USER, id);

	if (id == PROC_ID_UNSET)
		return "unset";
	if (!name)
		snprintf(out, NAMES_CELL_SIZE, "%u", id);
	return name ? name : out;
}

static int add_id(struct json_object *o, const char *key, uint32_t id)
{
	return id == PROC_ID_UNSET ? json_object_object_add(o, key, NULL) : json_add_int(o, key, id);
}

/* Facts as they are: `--format json`. */
int all_users_json(const struct census *c, const struct census_row *row, struct names *names, struct json_object *o)
{
	_cleanup_free_ char *name = census_name(c, row);
	char cell[NAMES_CELL_SIZE], time[CLOCK_TEXT_SIZE];
	struct timespec started = clock_from_ns(row->started_ns);
	int r = name ? 0 : -ENOMEM;

#define ADD(call) r = r < 0 ? r : (call)
	ADD(json_add_str(o, "Trust", census_source_word(row->source)));
	ADD(json_add_str(o, "LoginUser", row->auid == PROC_ID_UNSET ? NULL : all_users_user(names, row->auid, cell)));
	ADD(add_id(o, "LoginUID", row->auid));
	ADD(add_id(o, "Session", row->ses));
	ADD(json_add_int(o, "UID", row->uid));
	ADD(json_add_str(o, "User", all_users_user(names, row->uid, cell)));
	ADD(add_id(o, "OwnerUID", row->owner));
	ADD(json_add_int(o, "Pid", row->pid));
	ADD(json_add_u64(o, "StartTicks", row->start_ticks));
	ADD(json_add_str(o, "StartedAt", clock_rfc3339(&started, CLOCK_UTC, time)));
	ADD(json_add_str(o, "Name", name));
	ADD(json_add_str(o, "Command", row->command));
	ADD(json_add_str(o, "Comm", row->comm));
	ADD(json_add_str(o, "ParentComm", row->parent));
	ADD(json_add_str(o, "UIDMap", row->uid_map));
	ADD(json_add_u64(o, "UserNS", row->userns));
	ADD(json_add_u64(o, "PidNS", row->pidns));
	ADD(json_add_bool(o, "OwnPidNS", row->has_pidns));
	ADD(json_add_u64(o, "Processes", row->n_processes));
	if (row->outer < c->n)
		ADD(json_add_int(o, "OuterPid", c->rows[row->outer].pid));
	ADD(json_add_str(o, "ID", row->ctr));
	ADD(json_add_str(o, "UUID", row->uuid));
	ADD(json_add_str(o, "Image", row->image));
	ADD(json_add_str(o, "Receipt", row->receipt));
	return r;
}

int all_users_cut(struct json_object *o, const char *key, const char *text, size_t max)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	buf_adds(&b, text);
	if (max && b.len > max) {
		b.len = max - 3;
		while (b.len > 0 && ((unsigned char)b.data[b.len] & 0xc0) == 0x80)
			b.len--;
		buf_adds(&b, "...");
	}
	return buf_bad(&b) ? -ENOMEM : json_add_str(o, key, buf_str(&b));
}

int all_users_id(struct json_object *o, const char *id, bool whole)
{
	bool random = strlen(id) == CONTAINER_ID_LEN && strspn(id, "0123456789abcdef") == CONTAINER_ID_LEN;
	char beginning[13];

	snprintf(beginning, sizeof(beginning), "%.12s", id);
	return json_add_str(o, "ID", random && !whole ? beginning : id);
}

/* Words for templates and the table. */
int all_users_texts(const struct census *c, const struct census_row *row, struct names *names, bool no_trunc,
		    struct json_object *o)
{
	_cleanup_free_ char *name = census_name(c, row);
	char cell[NAMES_CELL_SIZE], number[32], time[CLOCK_TEXT_SIZE];
	struct timespec started = clock_from_ns(row->started_ns), now = clock_now();
	int r = name ? all_users_json(c, row, names, o) : -ENOMEM;

	ADD(json_add_str(o, "LoginUser", all_users_user(names, row->auid, cell)));
	snprintf(number, sizeof(number), "%u", row->ses);
	ADD(json_add_str(o, "Session", row->ses == PROC_ID_UNSET ? "-" : number));
	ADD(json_add_str(o, "Owner", row->owner == PROC_ID_UNSET ? "-" : all_users_user(names, row->owner, cell)));
	ADD(all_users_cut(o, "Names", name, no_trunc ? 0 : NAME_WIDTH));
	ADD(all_users_cut(o, "Command", row->command, no_trunc ? 0 : COMMAND_WIDTH));
	ADD(all_users_cut(o, "UIDMap", row->uid_map, no_trunc ? 0 : MAP_WIDTH));
	ADD(all_users_id(o, row->ctr ? row->ctr : "", no_trunc));
	ADD(json_add_str(o, "Image", row->image ? row->image : "-"));
	ADD(json_add_str(o, "UUID", row->uuid ? row->uuid : ""));
	ADD(json_add_str(o, "Receipt", row->receipt ? row->receipt : ""));
	ADD(json_add_str(o, "CreatedAt", clock_go(&started, CLOCK_LOCAL, time)));
	ADD(json_add_str(o, "RunningFor", clock_ago(&started, &now, time)));
	ADD(json_add_str(o, "Age", clock_human(now.tv_sec - started.tv_sec, time)));
	return r;
}
#undef ADD

/* ---- filters ---- */

static const char *const filter_keys[] = {"auid", "name", "pid", "session", "trust", NULL};
struct whose {
	const struct census *c;
	const struct census_row *row;
	struct names *names;
};

static bool is_number(uint32_t id, const char *value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", id);
	return strcmp(text, value) == 0;
}

bool all_users_matches(const struct census *c, const struct census_row *row, struct names *names, const char *key,
		       const char *value)
{
	_cleanup_free_ char *name = NULL;
	char cell[NAMES_CELL_SIZE];

	if (strcmp(key, "auid") == 0)
		return is_number(row->auid, value) || strcmp(all_users_user(names, row->auid, cell), value) == 0;
	if (strcmp(key, "session") == 0)
		return is_number(row->ses, value);
	if (strcmp(key, "pid") == 0)
		return is_number((uint32_t)row->pid, value);
	if (strcmp(key, "trust") == 0)
		return strcmp(census_source_word(row->source), value) == 0;
	name = census_name(c, row);
	return name && strstr(name, value);
}

bool filter_rows_match(const struct filter_rows *f, const struct strv *filter, const void *row)
{
	for (size_t k = 0; f->keys[k]; k++) {
		bool asked = false, met = false;
		size_t len = strlen(f->keys[k]);

		for (size_t i = 0; i < filter->n; i++)
			if (strncmp(filter->items[i], f->keys[k], len) == 0 && filter->items[i][len] == '=') {
				asked = true;
				met = met || f->matches(row, f->keys[k], filter->items[i] + len + 1);
			}
		if (asked && !met)
			return false;
	}
	return true;
}

int filter_rows_check(const struct filter_rows *f, const struct strv *filter, struct err *e)
{
	for (size_t i = 0; i < filter->n; i++) {
		const char *text = filter->items[i], *equals = strchr(text, '=');
		size_t k = 0;

		while (f->keys[k] && !(equals && strlen(f->keys[k]) == (size_t)(equals - text) &&
				       strncmp(text, f->keys[k], (size_t)(equals - text)) == 0))
			k++;
		if (!f->keys[k])
			return err_set(e, EINVAL, "invalid filter \"%s\": with %s", text, f->there_are);
	}
	return 0;
}

static bool matches(const void *row, const char *key, const char *value)
{
	const struct whose *w = row;

	return all_users_matches(w->c, w->row, w->names, key, value);
}

static const struct filter_rows filters = {
	.keys = filter_keys,
	.matches = matches,
	.there_are = "--all-users there are auid=, name=, pid=, session= and trust=",
};

/* ---- ps ---- */

#define TABLE                                                                                                                     \
	"table {{.LoginUser}}\t{{.Session}}\t{{.Trust}}\t{{.Names}}\t{{.Image}}\t{{.Command}}\t{{.Age}}\t{{.Pid}}\t{{.User}}\t" \
	"{{.UIDMap}}"
static const struct template_heading headings[] = {
	{"LoginUser", "LOGIN"}, {"Session", "SES"},          {"ID", "CONTAINER ID"},   {"Pid", "HPID"},
	{"UIDMap", "UID MAP"},  {"LoginUID", "LOGINUID"},    {"CreatedAt", "CREATED AT"}, {"RunningFor", "CREATED"},
	{"UserNS", "USER NS"},  {"PidNS", "PID NS"},         {NULL, NULL},
};

static int make_rows(const struct census *c, const struct all_users_ps *a, bool json, struct json_object *rows)
{
	_cleanup_(names_freep) struct names *names = names_new();
	int r = names ? 0 : -ENOMEM;

	for (size_t i = 0; i < c->n && r == 0; i++) {
		const struct whose whose = {c, &c->rows[i], names};
		struct json_object *o;

		if (!filter_rows_match(&filters, a->filter, &whose))
			continue;
		o = json_object_new_object();
		if (!o || json_append(rows, o) < 0)
			return -ENOMEM;
		r = json ? all_users_json(c, &c->rows[i], names, o) : all_users_texts(c, &c->rows[i], names, a->no_trunc, o);
	}
	return r;
}

int all_users_ps(const struct all_users_ps *a, struct buf *out, struct err *e)
{
	const char *format = a->format && strcmp(a->format, "table") != 0 ? a->format : a->quiet ? "{{.Pid}}" : TABLE;
	_cleanup_json_ struct json_object *rows = json_object_new_array();
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	_cleanup_template_ struct template *t = NULL;
	_cleanup_(census_done) struct census c = {0};
	bool json = strcmp(format, "json") == 0;
	int r = filter_rows_check(&filters, a->filter, e);

	if (r == 0)
		r = all_users_take(&fs, &c, e);
	if (r < 0)
		return r;
	if (!rows || make_rows(&c, a, json, rows) < 0)
		return err_errno(e, ENOMEM, "ps");
	if (json) {
		buf_addf(out, "%s\n", json_pretty(rows));
		return 0;
	}
	r = template_parse(format, &t, e);
	if (r == 0)
		r = template_print(t, rows, headings, TEMPLATE_STRICT | (a->noheading ? TEMPLATE_NO_HEADING : 0U), out, e);
	return r;
}

/* ---- top ---- */

int all_users_targets(const struct census *c, struct top_target **ret, struct strv *ret_names, struct err *e)
{
	_cleanup_(names_freep) struct names *names = names_new();
	_cleanup_free_ struct top_target *targets = mem_array(c->n, sizeof(*targets));
	char cell[NAMES_CELL_SIZE];

	if (!targets || !names)
		return err_errno(e, ENOMEM, "top");
	for (size_t i = 0; i < c->n; i++) {
		const struct census_row *row = &c->rows[i];
		_cleanup_free_ char *name = census_name(c, row);

		/* a recorded name is one of its user's only; an unrecorded row has none but its process */
		if (!name || strv_addf(ret_names, row->name ? "%s/%s" : "%s/%s %d", all_users_user(names, row->auid, cell), name,
				       (int)row->pid) < 0)
			return err_errno(e, ENOMEM, "top");
		targets[i] = (struct top_target){
			.id = ret_names->items[i],
			.name = ret_names->items[i],
			.pid = row->pid,
			.start_ticks = row->start_ticks,
			.shared_userns = !row->userns || row->owner == PROC_ID_UNSET,
			.foreign = true,
		};
	}
	*ret = TAKE_PTR(targets);
	return 0;
}
