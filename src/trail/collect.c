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
 * serial that goes back would mean another boot.
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

struct waiting {
	struct waiting *next;
	struct json_object *o;
	uint64_t key;
	uint64_t at_event;
	int64_t at_ms;
	uint32_t auid;
	bool label;
	char receipt[EVENT_RECEIPT_SIZE];
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
	uint64_t events, chain_events, missing;
	int64_t now_ms;
	struct waiting *first, **last;
	size_t n_waiting;
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
	free(c);
	return NULL;
}

/* Labels and hands on what has waited long enough; with `all`, everything. */
static int settle(struct collect *c, bool all, struct err *e)
{
	int r = 0;

	while (r == 0 && c->first) {
		_cleanup_(waiting_freep) struct waiting *w = c->first;

		if (!all && w->label && c->events - w->at_event < CHAIN_LOOK_AHEAD && c->now_ms - w->at_ms < COLLECT_WAIT_MS) {
			(void)TAKE_PTR(w);
			break;
		}
		c->first = w->next;
		if (!c->first)
			c->last = &c->first;
		c->n_waiting--;
		if (w->label) {
			struct chain_answer a;

			chain_ask(c->chain, w->key, &a);
			r = event_label(w->o, c->chain, &a);
		}
		if (r == 0)
			r = c->sink(w->auid, w->receipt, w->o, c->data, e);
	}
	return r;
}

static int enqueue(struct collect *c, const struct log_event *ev, bool label)
{
	_cleanup_(waiting_freep) struct waiting *w = calloc(1, sizeof(*w));
	int r = w ? event_object(ev, c->boot, &w->o) : -ENOMEM;

	if (r < 0)
		return r;
	w->key = log_event_key(ev);
	w->at_event = c->events;
	w->at_ms = c->now_ms;
	w->auid = ev->auid;
	w->label = label;
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

	ev.boot = 0;
	if (seen_add(&c->fed, ev.serial))
		return 0;
	c->events++;
	r = chain_feed(c->chain, &ev, e);
	if (r == 0 && want != EVENT_IGNORED && !seen_add(&c->recorded, ev.serial))
		r = enqueue(c, &ev, want == EVENT_LABELLED);
	r = r < 0 ? r : settle(c, false, e);
	return r < 0 ? r : bound(c, &ev, e);
}

static int on_past(const struct log_event *ev, void *data, struct err *e)
{
	struct collect *c = data;

	/* a second, because the kernel's clock and its idea of when it began may differ by that */
	if (ev->serial == 0 || ev->sec + 1 < c->boot_time)
		return 0;
	/* cut at the end of the file: it may come whole from auditd; if not, its serial is missing, which is the same to the chain */
	if (ev->kind == LOG_DAMAGED)
		return 0;
	if (ev->boot != c->past_boot) {
		/* what came before was another boot's after all: the clock was changed */
		int r = renew(c, e);

		if (r < 0)
			return r;
		drop_waiting(c);
		memset(&c->fed, 0, sizeof(c->fed));
		c->past_boot = ev->boot;
	}
	return take(c, ev, e);
}

static int on_stream(const struct log_event *ev, void *data, struct err *e)
{
	struct collect *c = data;
	const struct log_stats *stats = log_reader_stats(c->stream);
	int r = 0;

	if (ev->serial == 0)
		return 0;
	if (stats->missing > c->missing) {
		char receipt[EVENT_RECEIPT_SIZE];

		event_receipt(ev, receipt);
		r = c->gap("missing-serials", stats->missing - c->missing, receipt, c->data, e);
	}
	c->missing = stats->missing;
	return r < 0 ? r : take(c, ev, e);
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
}

size_t collect_waiting(const struct collect *c)
{
	return c->n_waiting;
}

int collect_past(struct collect *c, const char *text, size_t len, struct err *e)
{
	return log_reader_feed(c->past, text, len, e);
}

int collect_past_end(struct collect *c, struct err *e)
{
	return log_reader_end(c->past, e);
}

int collect_feed(struct collect *c, const char *text, size_t len, int64_t now_ms, struct err *e)
{
	c->now_ms = now_ms;
	return log_reader_feed(c->stream, text, len, e);
}

int collect_idle(struct collect *c, int64_t now_ms, struct err *e)
{
	int r = log_reader_idle(c->stream, e);

	c->now_ms = now_ms;
	return r < 0 ? r : settle(c, false, e);
}

int collect_end(struct collect *c, struct err *e)
{
	int r = log_reader_end(c->stream, e);

	return r < 0 ? r : settle(c, true, e);
}
