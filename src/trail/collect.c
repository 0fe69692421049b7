/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Between the records and the ledger lies a short queue: an exec can only be
 * placed when its parent's fork has been read, whose record may come after
 * it. So an entry waits until CHAIN_LOOK_AHEAD later events, or a second,
 * have gone by, and is labelled then; entries keep their order.
 *
 * After a restart the process tree is not known any more, and events were
 * missed. Both are in auditd's log: all of this boot's events in it are fed
 * to the chain, and those that the ledger lacks are recorded. The same event
 * may then come from auditd as well, so serials that were fed are remembered.
 * The log and the stream are read by two readers, because to one of them a
 * serial that goes back would mean another boot. auditd hands out records, not
 * events: the first half of what it handed out first may have gone to the one
 * before us. So the log is read on until it has passed the stream's beginning.
 *
 * Serials are counted over both. One that is passed over may come late, so it
 * is watched for a while before the ledger says that it is missing, and entries behind it wait for their answer.
 *
 * No answer is looked up in /proc: what is there now is not what was then.
 */
#include "trail/collect.h"

#include "audit/chain.h"
#include "audit/log_reader.h"
#include "trail/event.h"
#include "trail/seen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KEEP_EVENTS 2000000 /* then the process tree is forgotten: some 300 MiB */
#define WAITING_MAX 20000   /* entries that wait for the log to be caught up with */

struct waiting {
	struct waiting *next;
	struct json_object *o;
	uint64_t key;
	uint64_t at_event;
	int64_t at_ms;
	uint32_t auid;
	enum event_want want;
	struct chain_sender sender;
	char receipt[EVENT_RECEIPT_SIZE];
};

/* Serials that were passed over and may still come. */
struct missing {
	uint64_t first, last;
	int64_t at_ms;
	char receipt[EVENT_RECEIPT_SIZE]; /* of what came instead */
};

struct collect {
	char boot[64];
	uint64_t boot_time;
	collect_sink *sink;
	collect_gap *gap;
	void *data;
	struct chain *chain;
	struct log_reader *past, *stream;
	struct seen recorded, fed;
	uint32_t past_boot;
	bool past_open;         /* the log is still being read */
	uint64_t past_last;     /* the newest serial in it */
	uint64_t stream_first;  /* the first whole event that auditd handed out; 0: none yet */
	uint64_t expected;      /* the serial that comes next; 0: not counted yet */
	uint64_t recorded_last;
	uint64_t events, chain_events;
	struct missing *gaps;
	size_t n_gaps;
	int64_t now_ms;
	struct waiting *first, **last;
	size_t n_waiting;
	uint64_t malformed;     /* lines of the stream that were no records, of which the ledger has been told */
	char newest[EVENT_RECEIPT_SIZE]; /* of the stream's last event */
};

static struct waiting *waiting_free(struct waiting *w)
{
	if (w)
		json_object_put(w->o);
	free(w);
	return NULL;
}
DEFINE_CLEANUP(struct waiting *, waiting_free);

static void drop_waiting(struct collect *c)
{
	while (c->first) {
		struct waiting *w = c->first;

		c->first = w->next;
		waiting_free(w);
	}
	c->last = &c->first;
	c->n_waiting = 0;
}

struct collect *collect_free(struct collect *c)
{
	if (!c)
		return NULL;
	drop_waiting(c);
	chain_free(c->chain);
	log_reader_free(c->past);
	log_reader_free(c->stream);
	free(c->gaps);
	free(c);
	return NULL;
}

/* ---- serials that did not come ---- */

static uint64_t count_missing(const struct collect *c, const struct missing *m)
{
	uint64_t first = m->first, n = 0, known = c->fed.newest < SEEN_WINDOW ? 0 : c->fed.newest - SEEN_WINDOW + 1;

	/* what lies before the window was not met, and need not be counted one by one */
	if (first < known) {
		n = (m->last < known ? m->last + 1 : known) - first;
		first += n;
	}
	for (uint64_t i = first; i <= m->last; i++)
		n += !seen_has(&c->fed, i);
	return n;
}

static int tell_gap(struct collect *c, struct err *e)
{
	struct missing m = c->gaps[0];
	uint64_t n = count_missing(c, &m);

	memmove(c->gaps, c->gaps + 1, --c->n_gaps * sizeof(*c->gaps));
	return n > 0 ? c->gap("missing-serials", n, m.receipt, c->data, e) : 0;
}

static int tell_gaps(struct collect *c, bool all, struct err *e)
{
	int r = 0;

	while (r == 0 && c->n_gaps > 0 && (all || (!c->past_open && c->now_ms - c->gaps[0].at_ms >= COLLECT_GAP_MS)))
		r = tell_gap(c, e);
	return r;
}

/* What was no record at all may have been one: of an event with a serial, its serial is missing too. */
static int tell_malformed(struct collect *c, struct err *e)
{
	uint64_t bad = log_reader_stats(c->stream)->bad_lines, n = bad - c->malformed;

	c->malformed = bad;
	return n > 0 ? c->gap("malformed", n, c->newest, c->data, e) : 0;
}

/* Before `ev` is met: what would have come next? */
static int note_gap(struct collect *c, const struct log_event *ev, struct err *e)
{
	uint64_t expected = c->expected;
	int r = 0;

	/* of a log of which the ledger has nothing yet, what is missing was missing before our time */
	if ((expected == 0 && c->stream_first == 0) || ev->serial < expected)
		return 0;
	c->expected = (uint64_t)ev->serial + 1;
	if (expected == 0 || ev->serial == expected)
		return 0;
	if (c->n_gaps == COLLECT_GAPS_MAX)
		r = tell_gap(c, e);
	c->gaps[c->n_gaps] = (struct missing){.first = expected, .last = (uint64_t)ev->serial - 1, .at_ms = c->now_ms};
	event_receipt(ev, c->gaps[c->n_gaps++].receipt);
	return r;
}

/* ---- entries ---- */

/*
 * A serial before this one was passed over and may still come: at a restart an event's halves come by two ways, and the later by
 * seconds under load. Until then an answer would be "unknown" for all who are below a process that lives now.
 */
static bool is_held(struct collect *c, const struct waiting *w)
{
	while (c->n_gaps > 0 && count_missing(c, &c->gaps[0]) == 0)
		memmove(c->gaps, c->gaps + 1, --c->n_gaps * sizeof(*c->gaps));
	return c->n_gaps > 0 && c->gaps[0].first < (uint32_t)w->key && c->now_ms - c->gaps[0].at_ms < COLLECT_GAP_MS &&
	       c->n_waiting < WAITING_MAX;
}

static bool must_wait(struct collect *c, const struct waiting *w)
{
	if (w->want == EVENT_PLAIN)
		return false;
	return (c->events - w->at_event < CHAIN_LOOK_AHEAD && c->now_ms - w->at_ms < COLLECT_WAIT_MS) || is_held(c, w);
}

static int judge(struct collect *c, const struct waiting *w)
{
	struct chain_answer a;

	if (w->want == EVENT_WEIGHED)
		return event_weigh(w->o, chain_weigh(c->chain, &w->sender));
	if (w->want == EVENT_PLAIN)
		return 0;
	chain_ask(c->chain, w->key, &a);
	return event_label(w->o, c->chain, &a);
}

/* Labels and hands on what has waited long enough; with `all`, everything. */
static int settle(struct collect *c, bool all, struct err *e)
{
	int r = 0;

	/* an answer given before the log has been caught up with would be worse than one that comes later */
	if (!all && c->past_open && c->stream_first > 0 && c->n_waiting < WAITING_MAX)
		return 0;
	while (r == 0 && c->first) {
		_cleanup_(waiting_freep) struct waiting *w = c->first;

		if (!all && must_wait(c, w)) {
			(void)TAKE_PTR(w);
			break;
		}
		c->first = w->next;
		if (!c->first)
			c->last = &c->first;
		c->n_waiting--;
		r = judge(c, w);
		if (r == 0)
			r = c->sink(w->auid, w->receipt, w->o, c->data, e);
	}
	return r;
}

static int enqueue(struct collect *c, const struct log_event *ev, enum event_want want)
{
	_cleanup_(waiting_freep) struct waiting *w = calloc(1, sizeof(*w));
	int r = w ? event_object(ev, c->boot, &w->o) : -ENOMEM;

	if (r < 0)
		return r;
	w->key = log_event_key(ev);
	w->at_event = c->events;
	w->at_ms = c->now_ms;
	w->auid = ev->auid;
	w->want = want;
	chain_sender_of(ev, &w->sender);
	event_receipt(ev, w->receipt);
	*c->last = w;
	c->last = &w->next;
	c->n_waiting++;
	(void)TAKE_PTR(w);
	return 0;
}

static int renew(struct collect *c, struct err *e)
{
	struct chain *fresh = NULL;
	int r = chain_new(&CHAIN_OPTIONS_DEFAULT, &fresh, e);

	if (r < 0)
		return r;
	chain_free(c->chain);
	c->chain = fresh;
	c->chain_events = 0;
	return 0;
}

/* The solver keeps all of a log; a stream has no end. What is forgotten makes later answers "unknown", and the ledger says so. */
static int bound(struct collect *c, const struct log_event *ev, struct err *e)
{
	char receipt[EVENT_RECEIPT_SIZE];
	int r;

	if (++c->chain_events < KEEP_EVENTS)
		return 0;
	r = settle(c, true, e);
	r = r < 0 ? r : renew(c, e);
	event_receipt(ev, receipt);
	return r < 0 ? r : c->gap("forgotten", KEEP_EVENTS, receipt, c->data, e);
}

/* An event of this boot, whichever reader it comes from. */
static int take(struct collect *c, const struct log_event *from, struct err *e)
{
	struct log_event ev = *from;
	enum event_want want = event_wanted(from);
	int r;

	/* of an event that began before us or was cut at the log's end: it may yet come whole; if not, its serial is missing, which is the same to the chain */
	if (ev.kind == LOG_DAMAGED)
		return 0;
	ev.boot = 0;
	r = note_gap(c, &ev, e);
	if (r < 0 || seen_add(&c->fed, ev.serial))
		return r;
	c->events++;
	r = chain_feed(c->chain, &ev, e);
	if (r == 0 && want != EVENT_IGNORED && !seen_add(&c->recorded, ev.serial))
		r = enqueue(c, &ev, want);
	r = r < 0 ? r : settle(c, false, e);
	r = r < 0 ? r : tell_gaps(c, false, e);
	return r < 0 ? r : bound(c, &ev, e);
}

static int on_past(const struct log_event *ev, void *data, struct err *e)
{
	struct collect *c = data;

	/* a second, because the kernel's clock and its idea of when it began may differ by that */
	if (ev->serial == 0 || ev->sec + 1 < c->boot_time)
		return 0;
	if (ev->boot != c->past_boot) {
		/* what came before was another boot's after all: the clock was changed */
		int r = renew(c, e);

		if (r < 0)
			return r;
		drop_waiting(c);
		memset(&c->fed, 0, sizeof(c->fed));
		c->past_boot = ev->boot;
		c->past_last = c->n_gaps = 0;
		c->expected = c->recorded_last ? c->recorded_last + 1 : 0;
	}
	if (ev->serial > c->past_last)
		c->past_last = ev->serial;
	return take(c, ev, e);
}

static int on_stream(const struct log_event *ev, void *data, struct err *e)
{
	struct collect *c = data;

	if (ev->serial == 0)
		return 0;
	event_receipt(ev, c->newest);
	if (c->stream_first == 0 && ev->kind != LOG_DAMAGED)
		c->stream_first = ev->serial;
	return take(c, ev, e);
}

int collect_new(const struct collect_options *o, collect_sink *sink, collect_gap *gap, void *data, struct collect **ret, struct err *e)
{
	_cleanup_(collect_freep) struct collect *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->last = &c->first;
	snprintf(c->boot, sizeof(c->boot), "%s", o->boot);
	c->boot_time = o->boot_time;
	c->sink = sink;
	c->gap = gap;
	c->data = data;
	c->gaps = mem_array(COLLECT_GAPS_MAX, sizeof(*c->gaps));
	if (!c->gaps)
		return -ENOMEM;
	r = chain_new(&CHAIN_OPTIONS_DEFAULT, &c->chain, e);
	r = r < 0 ? r : log_reader_new(on_past, c, &c->past, e);
	r = r < 0 ? r : log_reader_new(on_stream, c, &c->stream, e);
	if (r == 0)
		*ret = TAKE_PTR(c);
	return r;
}

void collect_recorded(struct collect *c, uint64_t serial)
{
	(void)seen_add(&c->recorded, serial);
	if (serial > c->recorded_last)
		c->recorded_last = serial;
	c->expected = c->recorded_last + 1;
}

size_t collect_waiting(const struct collect *c)
{
	return c->n_waiting;
}

int collect_past(struct collect *c, const char *text, size_t len, struct err *e)
{
	c->past_open = true;
	return log_reader_feed(c->past, text, len, e);
}

bool collect_wants_past(const struct collect *c)
{
	return c->past_open && (c->stream_first == 0 || c->past_last < c->stream_first);
}

int collect_past_end(struct collect *c, struct err *e)
{
	int r = log_reader_end(c->past, e);

	c->past_open = false;
	return r;
}

int collect_feed(struct collect *c, const char *text, size_t len, int64_t now_ms, struct err *e)
{
	int r;

	/* what the log alone told begins to wait now */
	for (struct waiting *w = c->now_ms == 0 ? c->first : NULL; w; w = w->next)
		w->at_ms = now_ms;
	c->now_ms = now_ms;
	r = log_reader_feed(c->stream, text, len, e);
	r = r < 0 ? r : tell_malformed(c, e);
	r = r < 0 ? r : settle(c, false, e);
	return r < 0 ? r : tell_gaps(c, false, e);
}

int collect_idle(struct collect *c, int64_t now_ms, struct err *e)
{
	int r = log_reader_idle(c->stream, e);

	c->now_ms = now_ms;
	r = r < 0 ? r : settle(c, false, e);
	return r < 0 ? r : tell_gaps(c, false, e);
}

int collect_end(struct collect *c, struct err *e)
{
	int r = log_reader_end(c->stream, e); /* a line that was cut by it is whole in the log */

	r = r < 0 ? r : settle(c, true, e);
	return r < 0 ? r : tell_gaps(c, true, e);
}
