/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What happened to containers, images and volumes, from a ledger: the
 * system's with --all-users, else one's own. Programs that ran inside are no
 * events here (`ranby audit trail` has them); what a ledger says of itself (a
 * gap in what it saw, a writer that was killed) is one, since what is missing belongs
 * to the answer.
 *
 * Each ledger is read from where it was left the last time, what came is put in order of
 * the kernel's time, and shown. Following is doing that again every now and
 * then: nobody has to be asked to tell us, and a ledger that is being written shows an unfinished
 * last line, which is left for the next time.
 */
#include "audit/chain.h"
#include "audit/event_labels.h"
#include "audit/ledger_read.h"
#include "audit/system_ledger.h"
#include "audit/verb.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/parse.h"
#include "base/template.h"
#include "cmd/screen.h"
#include "query/ask.h"
#include "query/query.h"
#include "sys/fd.h"
#include "sys/journal_read.h"
#include "sys/user_name.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLLOW_MS 300
#define EVENTS_MAX 500000 /* that are put in order at a time */

struct source {
	char *name;
	uint64_t first, offset; /* where the next line begins; first 0: at the beginning */
};

struct event {
	struct json_object *row;
	int64_t ns;
	uint64_t serial, seq;
};

struct filter {
	const char *key;
	const char *value;
};

struct watch {
	const struct events_args *a;
	const struct template *template;
	bool json, own;
	struct journal_reader journal; /* of --journal */
	int dirfd;
	struct source *sources;
	size_t n_sources;
	struct event *events;
	size_t n, room;
	int64_t since_ns, until_ns;
	struct json_object *labels; /* of the containers that there are, by their ids: the entry that made it */
	struct filter filters[16];
	size_t n_filters;
};

static void watch_done(struct watch *w)
{
	for (size_t i = 0; i < w->n_sources; i++)
		free(w->sources[i].name);
	for (size_t i = 0; i < w->n; i++)
		json_object_put(w->events[i].row);
	free(w->sources);
	free(w->events);
	json_putp(&w->labels);
	fd_closep(&w->dirfd);
	journal_reader_done(&w->journal);
}

/* ---- an entry as a row ---- */

static const char *word(struct json_object *o, const char *a, const char *b)
{
	const char *text = json_str(o, a);

	return *text || !b ? text : json_str(o, b);
}

/* NULL: it is no event. */
static const char *type_of(struct json_object *o)
{
	const char *type = audit_op_about(json_str(o, "op"));

	if (strcmp(type, "ledger") == 0)
		return type;
	return *json_str(o, "op") && *json_str(o, "virt") ? type : NULL;
}

static const char *login_text(int64_t auid, char out[static USER_NAME_SIZE])
{
	if (auid < 0)
		return "";
	if (user_name_of((uid_t)auid, out) < 0)
		snprintf(out, USER_NAME_SIZE, "%lld", (long long)auid);
	return out;
}

/* -1 where the entry has none; 0 is a login like others. */
static int64_t number(struct json_object *o, const char *key)
{
	return json_at(o, key) ? json_int(o, key) : -1;
}

static int add_number(struct json_object *row, const char *name, int64_t n)
{
	return n < 0 ? json_object_object_add(row, name, NULL) : json_add_int(row, name, n);
}

/* What rows show of the labels in an entry. */
static int labels_shown(struct json_object *entry, struct json_object **ret)
{
	_cleanup_json_ struct json_object *shown = json_object_new_object();
	struct json_object *map = NULL;
	int r = shown ? event_labels_read(entry, &map) : -ENOMEM;

	if (r == 0)
		r = json_add(shown, "Attributes", map);
	if (r == 0)
		r = json_add_int(shown, "AttributesLeftOut", json_int(entry, "labels-left-out"));
	if (r == 0)
		*ret = TAKE_PTR(shown);
	return r;
}

/* Those of one container are one object in all its rows. */
static int add_labels(const struct watch *w, struct json_object *row, struct json_object *entry)
{
	struct json_object *known = w->labels ? json_object_object_get(w->labels, json_str(entry, "ctr")) : NULL;
	_cleanup_json_ struct json_object *own = NULL;
	int r = known ? 0 : labels_shown(entry, &own);

	if (r < 0)
		return r;
	json_object_object_foreach(known ? known : own, key, value) {
		r = json_add(row, key, json_object_get(value));
		if (r < 0)
			return r;
	}
	return 0;
}

/* podman's name for what the end of a container has as its detail; -1: it is no end, or nobody knows. */
static int64_t exit_code(struct json_object *entry)
{
	uint32_t code;

	return strcmp(json_str(entry, "op"), "stop") == 0 && parse_u32(json_str(entry, "detail"), 0, 255, &code) == 0 ? (int64_t)code : -1;
}

static int make_row(const struct watch *w, const char *ledger, const struct ledger_entry *entry, const char *type, int64_t ns,
		    struct json_object **ret)
{
	_cleanup_json_ struct json_object *row = json_object_new_object();
	struct json_object *o = entry->o;
	char user[USER_NAME_SIZE];
	struct timespec t = clock_from_ns(ns);
	const char *receipt = json_str(o, "receipt"), *doubt = system_ledger_doubt(o);
	int r = row ? 0 : -ENOMEM;

#define ADD(call) r = r < 0 ? r : (call)
	ADD(json_add_time(row, "Time", &t));
	ADD(json_add_int(row, "TimeNano", ns));
	ADD(json_add_str(row, "Type", type));
	ADD(json_add_str(row, "Status", json_str(o, "op")));
	ADD(json_add_str(row, "Reason", json_str(o, "reason")));
	ADD(json_add_str(row, "Result", json_str(o, "res")));
	ADD(json_add_str(row, "Name", json_str(o, "vm")));
	ADD(json_add_str(row, "ID", json_str(o, "ctr")));
	ADD(json_add_str(row, "UUID", json_str(o, "uuid")));
	ADD(json_add_str(row, "Image", word(o, "image", "claimed-image")));
	ADD(json_add_str(row, "LoginUser", login_text(number(o, "auid"), user)));
	ADD(add_number(row, "LoginUID", number(o, "auid")));
	ADD(add_number(row, "Session", number(o, "ses")));
	ADD(add_number(row, "UID", number(o, "uid")));
	ADD(add_number(row, "Pid", number(o, "vm-pid")));
	ADD(json_add_str(row, "Detail", json_str(o, "detail")));
	ADD(add_number(row, "ContainerExitCode", exit_code(o)));
	ADD(json_add_str(row, "Receipt", strcmp(receipt, "self") == 0 ? "" : receipt));
	ADD(json_add_str(row, "Trust", w->own ? "self" : *doubt ? doubt : word(o, "trust", NULL)));
	ADD(json_add_str(row, "Ledger", ledger));
	ADD(json_add_u64(row, "Seq", entry->seq));
	ADD(add_labels(w, row, o));
#undef ADD
	if (r == 0)
		*ret = TAKE_PTR(row);
	return r;
}

/* ---- which ---- */

/* How a key of --filter is compared. */
enum how {
	WHOLE,
	BEGINNING,
	OF_TYPE, /* what is of the type that is called as the key; a beginning of its ID too */
	EVENT,   /* docker's and podman's words too */
	LOGIN,   /* by its number too */
	LABEL,   /* KEY, or KEY=VALUE */
};

static const struct {
	const char *key, *field;
	enum how how;
} keys[] = {
	{"container", "Name", OF_TYPE}, {"event", "Status", EVENT}, {"id", "ID", BEGINNING}, {"image", "Image", WHOLE},
	{"label", "Attributes", LABEL},
	{"name", "Name", WHOLE}, {"network", "Name", OF_TYPE}, {"pod", "Name", OF_TYPE}, {"result", "Result", WHOLE},
	{"secret", "Name", OF_TYPE}, {"session", "Session", WHOLE}, {"type", "Type", WHOLE},
	{"user", "LoginUser", LOGIN}, {"uuid", "UUID", BEGINNING}, {"volume", "Name", OF_TYPE},
};
#define KEYS "container, event, id, image, label, name, network, pod, result, secret, session, status, type, user, uuid, volume"

/* docker's and podman's words for an event. */
static bool is_peers_word(const char *word, const char *status)
{
	static const struct {
		const char *word, *status;
	} peers[] = {
		{"die", "stop"}, {"died", "stop"}, {"destroy", "rm"}, {"remove", "rm"}, {"remove", "rmi"}, {"delete", "rmi"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(peers); i++)
		if (strcmp(peers[i].word, word) == 0 && strcmp(peers[i].status, status) == 0)
			return true;
	return false;
}

static int check_filter(const struct watch *w, const char *key, struct err *e)
{
	if (strcmp(key, "label") != 0 || (!w->a->all_users && !w->a->system))
		return 0;
	err_set(e, EINVAL, "--filter label: kernel audit's records hold no labels, nor does a ledger of them");
	err_hint(e, "without --all-users and --system, one's own events have them");
	return -EINVAL;
}

static int add_filter(struct watch *w, char *text, struct err *e)
{
	const char *key = strncmp(text, "status=", 7) == 0 ? "event" : text;
	char *value = strchr(text, '=');

	if (!value || value == text)
		return err_set(e, EINVAL, "--filter \"%s\": not KEY=VALUE", text);
	*value++ = '\0';
	if (w->n_filters == ARRAY_SIZE(w->filters))
		return err_set(e, E2BIG, "--filter: more than %zu", ARRAY_SIZE(w->filters));
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcmp(keys[i].key, key) == 0) {
			w->filters[w->n_filters++] = (struct filter){keys[i].key, value};
			return check_filter(w, key, e);
		}
	err_set(e, EINVAL, "--filter: \"%s\" is no key", text);
	err_hint(e, KEYS);
	return -EINVAL;
}

/* "create" of "pod-create". */
static bool is_event(struct json_object *row, const char *value)
{
	const char *status = json_str(row, "Status"), *type = json_str(row, "Type"), *own = status;
	size_t n = strlen(type);

	if (strncmp(status, type, n) == 0 && status[n] == '-')
		own = status + n + 1;
	return strcmp(value, status) == 0 || strcmp(value, own) == 0 || is_peers_word(value, own);
}

static bool begins(const char *text, const char *beginning, size_t least)
{
	size_t n = strlen(beginning);

	return n >= least && strncmp(text, beginning, n) == 0;
}

static bool is_login(struct json_object *row, const char *text, const char *value)
{
	char uid[24];

	snprintf(uid, sizeof(uid), "%lld", (long long)number(row, "LoginUID"));
	return strcmp(text, value) == 0 || strcmp(uid, value) == 0;
}

/* Eight digits of an ID are no name by chance. */
static bool is_of_type(struct json_object *row, const char *type, const char *name, const char *value)
{
	return strcmp(json_str(row, "Type"), type) == 0 && (strcmp(name, value) == 0 || begins(json_str(row, "ID"), value, 8));
}

static bool has_label(struct json_object *labels, const char *wanted)
{
	json_object_object_foreach(labels, name, value) {
		size_t n = strlen(name);

		if (strncmp(wanted, name, n) == 0 && (wanted[n] == '\0' || (wanted[n] == '=' && strcmp(wanted + n + 1, json_object_get_string(value)) == 0)))
			return true;
	}
	return false;
}

static bool fits(struct json_object *row, const struct filter *f)
{
	size_t i = 0;
	struct json_object *v;
	const char *text;

	while (i + 1 < ARRAY_SIZE(keys) && strcmp(keys[i].key, f->key) != 0)
		i++;
	v = json_at(row, keys[i].field);
	text = v ? json_object_get_string(v) : "";
	switch (keys[i].how) {
	case BEGINNING:
		return begins(text, f->value, 1);
	case OF_TYPE:
		return is_of_type(row, f->key, text, f->value);
	case EVENT:
		return is_event(row, f->value);
	case LOGIN:
		return is_login(row, text, f->value);
	case LABEL:
		return has_label(v, f->value);
	default:
		return strcmp(text, f->value) == 0;
	}
}

/* Of one key any value, of different keys all. */
static bool wanted(const struct watch *w, struct json_object *row)
{
	for (size_t i = 0; i < w->n_filters; i++) {
		bool any = false;

		for (size_t k = 0; k < w->n_filters && !any; k++)
			any = strcmp(w->filters[k].key, w->filters[i].key) == 0 && fits(row, &w->filters[k]);
		if (!any)
			return false;
	}
	return true;
}

/* ---- reading ---- */

/* They are in the entry that made it; in the journal, which forgets, in each. */
static int learn_labels(struct watch *w, struct json_object *o, struct err *e)
{
	struct json_object *shown = NULL;
	int r;

	if (!w->own || w->a->journal || strcmp(json_str(o, "op"), "create") != 0 || !json_at(o, "labels"))
		return 0;
	if (!w->labels)
		w->labels = json_object_new_object();
	if (w->labels && json_object_object_length(w->labels) >= EVENTS_MAX)
		return err_set(e, E2BIG, "more than %d containers with labels", EVENTS_MAX);
	r = w->labels ? labels_shown(o, &shown) : -ENOMEM;
	r = r < 0 ? r : json_add(w->labels, json_str(o, "ctr"), shown);
	return r < 0 ? err_errno(e, -r, "events") : 0;
}

/* Its last event is a row. */
static void forget_labels(struct watch *w, struct json_object *o)
{
	if (w->labels && strcmp(json_str(o, "op"), "rm") == 0 && strcmp(json_str(o, "res"), "success") == 0)
		json_object_object_del(w->labels, json_str(o, "ctr"));
}

static int keep_row(struct watch *w, const char *ledger, const struct ledger_entry *entry, const char *type, struct err *e)
{
	_cleanup_json_ struct json_object *row = NULL;
	struct event ev = {.seq = entry->seq};
	int r;

	ev.ns = ledger_entry_time(entry->o, &ev.serial);
	if (ev.ns < w->since_ns || ev.ns > w->until_ns)
		return 0;
	r = make_row(w, ledger, entry, type, ev.ns, &row);
	if (r < 0)
		return err_errno(e, -r, "events");
	if (!wanted(w, row))
		return 0;
	if (w->n == EVENTS_MAX)
		return err_set(e, E2BIG, "more than %d events: narrow it by --since, --until or --filter", EVENTS_MAX);
	if (w->n == w->room) {
		struct event *grown = mem_regrow(w->events, w->room ? w->room * 2 : 64, sizeof(*grown));

		if (!grown)
			return err_errno(e, ENOMEM, "events");
		w->events = grown;
		w->room = w->room ? w->room * 2 : 64;
	}
	ev.row = TAKE_PTR(row);
	w->events[w->n++] = ev;
	return 0;
}

static int keep(struct watch *w, const char *ledger, const struct ledger_entry *entry, struct err *e)
{
	const char *type = type_of(entry->o);
	int r = type ? learn_labels(w, entry->o, e) : 0;

	if (r == 0 && type)
		r = keep_row(w, ledger, entry, type, e);
	if (type)
		forget_labels(w, entry->o);
	return r;
}

static int read_source(struct watch *w, struct source *s, struct err *e)
{
	_cleanup_(ledger_reader_done) struct ledger_reader rd = LEDGER_READER_INIT;
	struct ledger_item item;
	int r = ledger_reader_open(w->dirfd, s->name, &rd, e);

	if (r == 0 && s->first && ledger_reader_seek(&rd, s->first, s->offset) < 0)
		r = err_set(e, EUCLEAN, "ledger %s: what was read of it is not there any more", s->name);
	while (r == 0) {
		r = ledger_reader_next(&rd, &item, e);
		if (r <= 0 || item.unfinished)
			break;
		ledger_reader_place(&rd, &s->first, &s->offset);
		r = item.is_entry ? keep(w, s->name, &item.entry, e) : 0;
	}
	return r < 0 ? r : 0;
}

/* Of this user, and with the kernel's word for the login. An entry that another program wrote under our name has no JSON, or no op. */
static int keep_from_journal(struct watch *w, struct err *e)
{
	struct ledger_entry entry = {.seq = 0};
	const char *text;
	char login[16];
	uint32_t auid;
	size_t len;
	int r;

	if (journal_get(&w->journal, "RANBY_ENTRY", &text, &len) < 0 || json_parse(text, len, "journal", &entry.o, NULL) < 0)
		return 0;
	if (journal_get(&w->journal, "_AUDIT_LOGINUID", &text, &len) == 0 && len < sizeof(login)) {
		snprintf(login, sizeof(login), "%.*s", (int)len, text);
		if (parse_u32(login, 0, UINT32_MAX - 1, &auid) == 0)
			(void)!json_add_int(entry.o, "auid", auid);
	}
	r = json_object_is_type(entry.o, json_type_object) ? keep(w, "journal", &entry, e) : 0;
	json_object_put(entry.o);
	return r;
}

static int open_journal(struct watch *w, struct err *e)
{
	uint64_t from = w->since_ns > 0 ? (uint64_t)w->since_ns / 1000 : 0;
	char match[32];
	int r = journal_reader_open(&w->journal, e);

	if (r < 0)
		return r;
	snprintf(match, sizeof(match), "_UID=%u", getuid());
	r = journal_match(&w->journal, "SYSLOG_IDENTIFIER=ranby");
	if (r == 0)
		r = journal_match(&w->journal, match);
	if (r == 0)
		r = journal_seek(&w->journal, from);
	return r < 0 ? err_errno(e, -r, "journal") : 0;
}

static int read_journal(struct watch *w, struct err *e)
{
	int r = 0, n = 0;

	while (r == 0 && (n = journal_step(&w->journal, 1)) > 0)
		r = keep_from_journal(w, e);
	return n < 0 ? err_errno(e, -n, "journal") : r;
}

static int add_source(int dirfd, const char *name, void *data, struct err *e)
{
	struct watch *w = data;
	struct source *grown;

	(void)dirfd;
	for (size_t i = 0; i < w->n_sources; i++)
		if (strcmp(w->sources[i].name, name) == 0)
			return 0;
	grown = mem_regrow(w->sources, w->n_sources + 1, sizeof(*grown));
	if (!grown)
		return err_errno(e, ENOMEM, "events");
	w->sources = grown;
	grown[w->n_sources] = (struct source){.name = strdup(name)};
	return grown[w->n_sources].name ? (w->n_sources++, 0) : err_errno(e, ENOMEM, "events");
}

/* A shard is made when a login does something for the first time. */
static int find_sources(struct watch *w, struct err *e)
{
	if (w->own)
		return faccessat(w->dirfd, LEDGER_USER_NAME, F_OK, 0) == 0 ? add_source(w->dirfd, LEDGER_USER_NAME, w, e) : 0;
	return system_ledger_each(w->dirfd, SYSTEM_LEDGER_USERS | SYSTEM_LEDGER_OWN, add_source, w, e);
}

static int open_place(struct watch *w, const char *state, struct err *e)
{
	const char *system = w->a->system ? w->a->system : w->a->all_users ? SYSTEM_LEDGER_DIR : NULL;
	struct stat st;
	int r;

	w->own = system == NULL;
	w->dirfd = open(w->own ? state : system, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->dirfd < 0 || fstat(w->dirfd, &st) < 0) {
		r = err_errno(e, errno, w->own ? "the directory of your ledger, %s" : "the system ledger %s", w->own ? state : system);
		if (!w->own && r == -ENOENT)
			err_hint(e, "auditd's plugin ranby-trail writes it: `ranby audit setup`");
		return r;
	}
	if (!w->own && !w->a->system && (st.st_uid != 0 || (st.st_mode & 022)))
		return err_set(e, EPERM, "%s can be written by others than root: it is not believed", system);
	return 0;
}

/* ---- showing ---- */

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	if (x->serial != y->serial)
		return x->serial < y->serial ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void pair(struct buf *out, const char **between, const char *key, const char *value)
{
	if (!*value)
		return;
	buf_addf(out, "%s%s=", *between, key);
	escape_text(value, strlen(value), 0, out);
	*between = ", ";
}

/* As podman's: each as a detail of its own. */
static void pair_labels(struct buf *out, const char **between, struct json_object *labels)
{
	json_object_object_foreach(labels, name, value) {
		buf_adds(out, *between);
		escape_text(name, strlen(name), 0, out);
		buf_addc(out, '=');
		escape_text(json_object_get_string(value), (size_t)json_object_get_string_len(value), 0, out);
		*between = ", ";
	}
}

static bool is_doubted(const char *trust)
{
	return strcmp(trust, chain_word_text(CHAIN_WORD_CLAIMED)) == 0 || strcmp(trust, chain_word_text(CHAIN_WORD_UNKNOWN)) == 0;
}

/* As podman's: when, what, which (details); and whose. */
static void line_text(struct json_object *row, bool whole, struct buf *out)
{
	const char *user = json_str(row, "LoginUser"), *id = json_str(row, "ID"), *between = "";
	struct json_object *pid = json_at(row, "Pid");

	buf_addf(out, "%s %s", json_str(row, "Time"), *user ? user : "-");
	if (number(row, "Session") >= 0)
		buf_addf(out, "/%lld", (long long)number(row, "Session"));
	buf_addf(out, " %s ", json_str(row, "Type"));
	escape_text(json_str(row, "Status"), strlen(json_str(row, "Status")), 0, out);
	if (*id) {
		buf_adds(out, " ");
		escape_text(id, whole || strlen(id) < 12 ? strlen(id) : 12, 0, out);
	}
	buf_adds(out, " (");
	pair(out, &between, "name", json_str(row, "Name"));
	pair(out, &between, "image", json_str(row, "Image"));
	pair(out, &between, "reason", json_str(row, "Reason"));
	pair(out, &between, "result", strcmp(json_str(row, "Result"), "success") == 0 ? "" : json_str(row, "Result"));
	pair(out, &between, "detail", json_str(row, "Detail"));
	/* whoever sent it was, or may have been, in a container: nobody else says that it is so */
	pair(out, &between, "trust", is_doubted(json_str(row, "Trust")) ? json_str(row, "Trust") : "");
	pair(out, &between, "pid", pid ? json_object_get_string(pid) : "");
	pair(out, &between, "receipt", json_str(row, "Receipt"));
	pair_labels(out, &between, json_at(row, "Attributes"));
	buf_adds(out, ")\n");
}

static int show_all(struct watch *w, struct err *e)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT_MAX((size_t)1 << 30);
	int r = 0;

	if (w->n > 1)
		qsort(w->events, w->n, sizeof(*w->events), by_time);
	for (size_t i = 0; i < w->n; i++) {
		struct json_object *row = w->events[i].row;
		size_t len;
		const char *text;

		if (r == 0 && w->json) {
			text = json_text(row, &len);
			escape_json(text, len, &out);
			buf_addc(&out, '\n');
		} else if (r == 0 && w->template) {
			r = template_exec(w->template, row, TEMPLATE_STRICT, &out, e);
			buf_addc(&out, '\n');
		} else if (r == 0) {
			line_text(row, w->a->no_trunc, &out);
		}
		json_object_put(row);
	}
	w->n = 0;
	r = r < 0 ? r : screen_put(&out, e);
	fflush(stdout);
	return r;
}

static int watch_run(struct watch *w, bool stream, struct err *e)
{
	struct timespec now;

	for (;;) {
		int r = w->a->journal ? read_journal(w, e) : find_sources(w, e);

		for (size_t i = 0; r == 0 && i < w->n_sources; i++)
			r = read_source(w, &w->sources[i], e);
		r = r < 0 ? r : show_all(w, e);
		if (r < 0 || !stream || ferror(stdout))
			return r;
		now = clock_now();
		if (clock_ns(&now) > w->until_ns)
			return 0;
		if (w->a->journal)
			(void)!journal_wait(&w->journal, FOLLOW_MS * 1000);
		else
			(void)poll(NULL, 0, FOLLOW_MS);
	}
}

/* ---- the question ---- */

int query_events(const struct command_call *call, const char *state, struct err *e)
{
	const struct events_args *a = call->args;
	_cleanup_(watch_done) struct watch w = {.a = a, .journal = JOURNAL_READER_INIT, .own = a->journal, .dirfd = -EBADF, .since_ns = INT64_MIN, .until_ns = INT64_MAX};
	_cleanup_template_ struct template *t = NULL;
	const char *format = a->format ? a->format : "";
	bool stream = a->stream || !option_given(call->command->rows, call->full_argc, call->full_argv, "stream");
	struct timespec now = clock_now();
	int r;

	w.json = strcmp(format, "json") == 0 || strcmp(format, "{{json .}}") == 0;
	/* as podman: without a beginning, what comes from now on; but all of it when nothing is waited for */
	if (stream && !a->since)
		w.since_ns = clock_ns(&now);
	r = ask_moment(a->since, "--since", &w.since_ns, e);
	r = r < 0 ? r : ask_moment(a->until, "--until", &w.until_ns, e);
	for (size_t i = 0; r == 0 && i < a->filters.n; i++)
		r = add_filter(&w, a->filters.items[i], e);
	if (r == 0 && *format && !w.json)
		r = template_parse(format, &t, e);
	w.template = t;
	if (r == 0)
		r = a->journal ? open_journal(&w, e) : open_place(&w, state, e);
	return r < 0 ? r : watch_run(&w, stream, e);
}
