/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Both sides become a sorted list of the same small struct, and are walked
 * side by side. What only one of them has is named, with the reason why it
 * should be in the other.
 *
 * A log that is rotated away covers a span of time only: entries outside of
 * it are counted. Serials that the log lacks are told first, since they may
 * be the reason of all the rest.
 */
#include "audit/crosscheck.h"

#include "audit/log_reader.h"
#include "audit/receipt.h"
#include "audit/system_ledger.h"
#include "base/clock.h"
#include "base/parse.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define GAPS_MAX 1000

struct item {
	uint64_t sec, serial;
	uint32_t milli;
	uint64_t seq;          /* entry: its own; record: the one that it claims */
	char op[16], uuid[40];
	char prev[40];         /* record: hash of the entry before, its beginning */
	bool failed;
};

struct list {
	struct item *items;
	size_t n, room;
};

enum turn_kind { RUN_START, RUN_STOP, RUN_GONE };

/* What an entry says of a run: that it began or ended, or that the container is gone. */
struct turn {
	char key[72];  /* uuid, or the container's id where there is none */
	uint64_t seq;
	int64_t ns;
	uint32_t pid;
	bool by_uuid;
	unsigned what; /* enum turn_kind */
};

struct gap {
	uint32_t first, last;
};

struct crosscheck {
	struct crosscheck_options o;
	struct list entries, records;
	struct turn *turns;
	size_t n_turns, turns_room;
	struct crosscheck_stats stats;
	struct gap gaps[GAPS_MAX];
	size_t n_gaps;
	bool any;                   /* an event of the log was seen */
	uint64_t from_sec, to_sec;  /* the span that it covers */
	uint32_t first_serial;      /* of the first event */
	uint32_t boot, serial;      /* of the last one */
};

static const char *const words[CROSS_KINDS] = {"no-entry", "no-record", "different", "missing-serials", "no-stop"};

const char *crosscheck_word(enum crosscheck_kind kind)
{
	return words[kind];
}

struct crosscheck *crosscheck_new(const struct crosscheck_options *o)
{
	struct crosscheck *x = calloc(1, sizeof(*x));

	if (x)
		x->o = *o;
	return x;
}

struct crosscheck *crosscheck_free(struct crosscheck *x)
{
	if (x) {
		free(x->entries.items);
		free(x->records.items);
		free(x->turns);
	}
	free(x);
	return NULL;
}

static int add(struct list *l, const struct item *item)
{
	if (l->n == l->room) {
		struct item *more = mem_regrow(l->items, l->room ? 2 * l->room : 256, sizeof(*more));

		if (!more)
			return -ENOMEM;
		l->items = more;
		l->room = l->room ? 2 * l->room : 256;
	}
	l->items[l->n++] = *item;
	return 0;
}

static int add_turn(struct crosscheck *x, uint64_t seq, struct json_object *entry)
{
	static const char *const ops[] = {[RUN_START] = "start", [RUN_STOP] = "stop", [RUN_GONE] = "rm"};
	const char *uuid = json_str(entry, "uuid"), *ctr = json_str(entry, "ctr");
	struct turn turn = {.seq = seq, .by_uuid = uuid[0] != '\0'};
	int64_t pid = json_int(entry, "vm-pid");
	struct timespec t;
	size_t what = 0;

	while (what < ARRAY_SIZE(ops) && strcmp(ops[what], json_str(entry, "op")) != 0)
		what++;
	if (what == ARRAY_SIZE(ops) || (!uuid[0] && (!ctr[0] || x->o.system)))
		return 0;
	/* who is not believed begins and ends nothing */
	if (x->o.system && *system_ledger_doubt(entry))
		return 0;
	turn.what = (unsigned)what;
	snprintf(turn.key, sizeof(turn.key), "%s", uuid[0] ? uuid : ctr);
	if (pid > 0 && pid <= INT32_MAX)
		turn.pid = (uint32_t)pid;
	if (clock_parse_rfc3339(json_str(entry, "time"), &t) == 0)
		turn.ns = clock_ns(&t);
	if (x->n_turns == x->turns_room) {
		struct turn *more = mem_regrow(x->turns, x->turns_room ? 2 * x->turns_room : 256, sizeof(*more));

		if (!more)
			return -ENOMEM;
		x->turns = more;
		x->turns_room = x->turns_room ? 2 * x->turns_room : 256;
	}
	x->turns[x->n_turns++] = turn;
	return 0;
}

int crosscheck_entry(struct crosscheck *x, uint64_t seq, struct json_object *entry)
{
	struct audit_receipt receipt = {.serial = 0};
	struct item item = {.seq = seq};
	const char *op = json_str(entry, "op");
	int r;

	/* what the recorder does not take from a sender (trail/event.c) */
	snprintf(item.op, sizeof(item.op), "%s", *op ? op : json_str(entry, "claimed-op"));
	snprintf(item.uuid, sizeof(item.uuid), "%s", json_str(entry, "uuid"));
	item.failed = strcmp(json_str(entry, "res"), "failed") == 0;
	r = item.failed ? 0 : add_turn(x, seq, entry);
	if (r < 0)
		return r;
	if (audit_receipt_parse(json_str(entry, "receipt"), &receipt) < 0 || receipt.serial == 0) {
		x->stats.unwitnessed++;
		return 0;
	}
	item.sec = receipt.sec;
	item.milli = receipt.milli;
	item.serial = receipt.serial;
	return add(&x->entries, &item);
}

/* "17:0123456789abcdef0123456789abcdef" */
static void read_claim(const char *text, struct item *item)
{
	const char *colon = strchr(text, ':');
	char number[24];

	if (!colon || (size_t)(colon - text) >= sizeof(number))
		return;
	snprintf(number, sizeof(number), "%.*s", (int)(colon - text), text);
	if (parse_u64(number, 1, UINT64_MAX, &item->seq) == 0)
		snprintf(item->prev, sizeof(item->prev), "%s", colon + 1);
}

static bool wanted(const struct crosscheck *x, const struct log_event *ev)
{
	if (x->o.system)
		return system_ledger_holds(ev);
	return ev->kind == LOG_VIRT && ev->uid == x->o.uid;
}

static void note_serial(struct crosscheck *x, const struct log_event *ev)
{
	bool follows = x->any && ev->boot == x->boot;

	if (follows && ev->serial > x->serial + 1) {
		if (x->n_gaps < GAPS_MAX)
			x->gaps[x->n_gaps++] = (struct gap){x->serial + 1, ev->serial - 1};
		x->stats.missing += ev->serial - x->serial - 1;
	}
	if (!x->any)
		x->first_serial = ev->serial;
	if (!x->any || ev->sec < x->from_sec)
		x->from_sec = ev->sec;
	if (!x->any || ev->sec > x->to_sec)
		x->to_sec = ev->sec;
	if (!follows || ev->serial > x->serial)
		x->serial = ev->serial;
	x->boot = ev->boot;
	x->any = true;
}

/* As the entry's members say it (trail/event.c). */
static const char *op_of(const struct log_event *ev)
{
	return ev->kind == LOG_VIRT ? ev->virt.op : ev->kind == LOG_SYSCALL ? "execve" : "login";
}

static bool has_failed(const struct log_event *ev)
{
	if (ev->kind == LOG_VIRT)
		return !ev->virt.success;
	return ev->kind == LOG_USER ? !ev->user.success : !ev->done;
}

static int on_event(const struct log_event *ev, void *data, struct err *e)
{
	struct crosscheck *x = data;
	struct item item = {.sec = ev->sec, .milli = ev->milli, .serial = ev->serial};

	(void)e;
	if (ev->serial == 0)
		return 0;
	note_serial(x, ev);
	if (!wanted(x, ev))
		return 0;
	snprintf(item.op, sizeof(item.op), "%s", op_of(ev));
	snprintf(item.uuid, sizeof(item.uuid), "%s", ev->virt.uuid);
	item.failed = has_failed(ev);
	if (ev->kind == LOG_VIRT)
		read_claim(ev->virt.ledger, &item);
	return add(&x->records, &item);
}

int crosscheck_log(struct crosscheck *x, const char *path, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	_cleanup_(log_reader_freep) struct log_reader *lr = NULL;
	char block[65536];
	ssize_t n = 1;
	int r = fd < 0 ? err_errno(e, errno, "cannot open %s", path) : log_reader_new(on_event, x, &lr, e);

	while (r == 0 && n > 0) {
		n = read(fd, block, sizeof(block));
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			r = err_errno(e, errno, "cannot read %s", path);
		else if (n > 0)
			r = log_reader_feed(lr, block, (size_t)n, e);
	}
	return r < 0 ? r : log_reader_end(lr, e);
}

static int compare(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->sec != y->sec)
		return x->sec < y->sec ? -1 : 1;
	if (x->serial != y->serial)
		return x->serial < y->serial ? -1 : 1;
	return (x->milli > y->milli) - (x->milli < y->milli);
}

static int by_run(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;
	int k = strcmp(x->key, y->key);

	return k != 0 ? k : (x->seq > y->seq) - (x->seq < y->seq);
}

static void sort(struct list *l, int (*how)(const void *, const void *))
{
	if (l->n > 1)
		qsort(l->items, l->n, sizeof(l->items[0]), how);
}

int crosscheck_anchors(struct crosscheck *x, crosscheck_anchor *anchor, void *data)
{
	char receipt[AUDIT_RECEIPT_SIZE];
	int r = 0;

	for (size_t i = 0; r == 0 && !x->o.system && i < x->records.n; i++) {
		const struct item *item = &x->records.items[i];

		if (item->seq < 2 || strlen(item->prev) < 16)
			continue;
		audit_receipt_text(&(struct audit_receipt){.sec = item->sec, .milli = item->milli, .serial = item->serial}, receipt);
		r = anchor(item->seq - 1, item->prev, receipt, data);
	}
	return r;
}

struct teller {
	crosscheck_sink *sink;
	void *data;
};

#define say(f, ...) (void)snprintf((f)->text, sizeof((f)->text), __VA_ARGS__)
typedef unsigned long long ull;

static void fault_of(struct crosscheck_fault *f, enum crosscheck_kind kind, const struct item *item)
{
	*f = (struct crosscheck_fault){.kind = kind, .seq = item->seq};
	if (item->serial > 0)
		audit_receipt_text(&(struct audit_receipt){.sec = item->sec, .milli = item->milli, .serial = item->serial}, f->receipt);
}

static int tell_gaps(const struct crosscheck *x, const struct teller *t)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < x->n_gaps; i++) {
		struct crosscheck_fault f = {.kind = CROSS_MISSING_SERIALS};
		const struct gap *g = &x->gaps[i];

		if (g->last > g->first)
			say(&f, "serials %u to %u are missing in the audit log", g->first, g->last);
		else
			say(&f, "serial %u is missing in the audit log", g->first);
		r = t->sink(&f, t->data);
	}
	return r;
}

static int tell_different(const struct item *entry, const struct item *record, bool system, const struct teller *t)
{
	struct crosscheck_fault f;

	fault_of(&f, CROSS_DIFFERENT, record);
	f.seq = entry->seq;
	if (strcmp(entry->op, record->op) != 0)
		say(&f, "entry %llu says op=%s, the audit record op=%s", (ull)entry->seq, entry->op, record->op);
	else if (entry->uuid[0] && record->uuid[0] && strcmp(entry->uuid, record->uuid) != 0)
		say(&f, "entry %llu is about run %s, the audit record about %s", (ull)entry->seq, entry->uuid, record->uuid);
	else if (entry->failed != record->failed)
		say(&f, "entry %llu and the audit record do not agree on whether it was done", (ull)entry->seq);
	else if (!system && record->seq > 0 && record->seq != entry->seq)
		say(&f, "the audit record was made for entry %llu, and entry %llu names it", (ull)record->seq, (ull)entry->seq);
	else
		return 0;
	return t->sink(&f, t->data);
}

static int tell_one_sided(const struct crosscheck *x, const struct item *item, bool is_entry, const struct teller *t)
{
	struct crosscheck_fault f;

	fault_of(&f, is_entry ? CROSS_NO_RECORD : CROSS_NO_ENTRY, item);
	if (is_entry)
		say(&f, "entry %llu (op=%s) names audit record %s, which the log does not have", (ull)item->seq, item->op, f.receipt);
	else if (x->o.system)
		say(&f, "the system ledger has no entry for audit record %s (op=%s)", f.receipt, item->op);
	else if (item->seq == 0)
		say(&f, "no entry of the ledger names audit record %s, the end of run %s", f.receipt, item->uuid);
	else
		say(&f, "no entry of the ledger names audit record %s (op=%s), which was made for entry %llu", f.receipt, item->op, (ull)item->seq);
	return t->sink(&f, t->data);
}

static bool is_outside(const struct crosscheck *x, const struct item *entry)
{
	return !x->any || entry->sec < x->from_sec || entry->sec > x->to_sec || (entry->sec == x->from_sec && entry->serial < x->first_serial) ||
	       (entry->sec == x->to_sec && entry->serial > x->serial);
}

static int compare_key(const void *key, const void *turn)
{
	return strcmp(key, ((const struct turn *)turn)->key);
}

/*
 * A record that no entry names, of a user's own: it claims an entry, or it is
 * the monitor's word of the end of a run that the ledger knows, which is
 * written before there is an entry for it. Others go with a record that claims one.
 */
static bool needs_entry(const struct crosscheck *x, const struct item *record)
{
	if (x->o.system || record->seq > 0)
		return true;
	return strcmp(record->op, "stop") == 0 && x->n_turns > 0 &&
	       bsearch(record->uuid, x->turns, x->n_turns, sizeof(*x->turns), compare_key) != NULL;
}

/* Both lists side by side. */
static int tell_pairs(struct crosscheck *x, const struct teller *t)
{
	size_t i = 0, k = 0;
	int r = 0;

	while (r == 0 && (i < x->entries.n || k < x->records.n)) {
		const struct item *entry = i < x->entries.n ? &x->entries.items[i] : NULL;
		const struct item *record = k < x->records.n ? &x->records.items[k] : NULL;
		int order = !entry ? 1 : !record ? -1 : compare(entry, record);

		i += order <= 0;
		k += order >= 0;
		if (order == 0) {
			r = tell_different(entry, record, x->o.system, t);
			x->stats.entries++;
			x->stats.records++;
		} else if (order > 0) {
			r = needs_entry(x, record) ? tell_one_sided(x, record, false, t) : 0;
			x->stats.records += needs_entry(x, record);
		} else if (is_outside(x, entry)) {
			x->stats.outside++;
		} else {
			r = tell_one_sided(x, entry, true, t);
			x->stats.entries++;
		}
	}
	return r;
}

static int tell_run(const struct crosscheck *x, const struct turn *start, bool over, const struct teller *t)
{
	const struct crosscheck_run run = {.uuid = start->by_uuid ? start->key : "", .pid = start->pid, .ns = start->ns};
	struct crosscheck_fault f = {.kind = CROSS_NO_STOP, .seq = start->seq};

	if (!over && (!x->o.runs || x->o.runs(&run)))
		return 0;
	say(&f, "run %s%.40s was started by entry %llu, and its end was not recorded", start->by_uuid ? "" : "of container ", start->key,
	    (ull)start->seq);
	return t->sink(&f, t->data);
}

/* The entries of one key, in order. A uuid is one run, whose entries may be out of order; a container's id is each of its runs. */
static int tell_key(const struct crosscheck *x, const struct turn *turns, size_t n, const struct teller *t)
{
	const struct turn *open = NULL;
	bool stopped = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		/* it has begun again, or is not there any more: so it had ended */
		if (open && !open->by_uuid && turns[i].what != RUN_STOP)
			r = tell_run(x, open, true, t);
		stopped |= turns[i].what == RUN_STOP;
		if (turns[i].what == RUN_START)
			open = open && open->by_uuid ? open : &turns[i];
		else if (!turns[i].by_uuid)
			open = NULL;
	}
	return r < 0 || !open || (open->by_uuid && stopped) ? r : tell_run(x, open, false, t);
}

static int tell_no_stop(const struct crosscheck *x, const struct teller *t)
{
	int r = 0;

	for (size_t i = 0, n; r == 0 && i < x->n_turns; i += n) {
		for (n = 1; i + n < x->n_turns && strcmp(x->turns[i + n].key, x->turns[i].key) == 0; n++)
			;
		r = tell_key(x, &x->turns[i], n, t);
	}
	return r;
}

int crosscheck_end(struct crosscheck *x, struct crosscheck_stats *ret, crosscheck_sink *sink, void *data)
{
	const struct teller t = {sink, data};
	int r;

	sort(&x->entries, compare);
	sort(&x->records, compare);
	if (x->n_turns > 1)
		qsort(x->turns, x->n_turns, sizeof(*x->turns), by_run);
	r = tell_gaps(x, &t);
	r = r < 0 ? r : x->any ? tell_pairs(x, &t) : 0;
	r = r < 0 ? r : tell_no_stop(x, &t);
	*ret = x->stats;
	return r;
}
