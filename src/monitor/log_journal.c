/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Entries are the journal's own word: an entry with the container's id in
 * CONTAINER_ID_FULL can be anybody's, as the journal takes what it is sent.
 * But who sent it is the kernel's word (_UID), and what another user sent is
 * not this container's.
 */
#include "monitor/log_journal.h"

#include "base/clock.h"
#include "monitor/log_format.h"
#include "sys/journal_read.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WAIT_USEC 200000U
#define LATE_MS 1000  /* the journal takes entries some time after they were sent: so long is looked for more of one that had ended */
#define LOST_MS 10000 /* of one that ends: as long as this nothing came, not even the entry that says so */

struct reader {
	const struct log_query *q;
	log_sink_fn sink;
	void *sink_data;
	struct journal_reader journal;
	int64_t index;   /* --tail: of the next entry, counted from the end */
	int64_t from[2]; /* by stream: the first that is wanted */
	bool in_line[2];
	bool is_all; /* the last entry was the end of what this monitor sent */
	bool is_cut; /* that was waited for in vain */
};

static uint64_t usec_of(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * 1000000 + (uint64_t)t->tv_nsec / 1000;
}

static bool has(struct reader *r, const char *name)
{
	const char *value;
	size_t len;

	return journal_get(&r->journal, name, &value, &len) == 0;
}

static enum log_stream stream_of(struct reader *r)
{
	const char *value;
	size_t len;

	return journal_get(&r->journal, "PRIORITY", &value, &len) == 0 && len == 1 && *value == '3' ? LOG_STDERR : LOG_STDOUT;
}

static int give_stamp(struct reader *r, enum log_stream s, uint64_t usec)
{
	const struct timespec t = {.tv_sec = (time_t)(usec / 1000000), .tv_nsec = (long)(usec % 1000000) * 1000};
	char stamp[LOG_STAMP_LEN + 1];

	log_stamp(&t, stamp);
	stamp[LOG_STAMP_LEN] = ' ';
	return r->sink(s, stamp, sizeof(stamp), r->sink_data);
}

static bool is_end(struct reader *r)
{
	return has(r, LOG_JOURNAL_END);
}

/* The kernel's word for who sent it. */
static bool is_by(struct reader *r, pid_t pid)
{
	const char *value;
	char text[16];
	size_t len;
	int n = snprintf(text, sizeof(text), "%d", (int)pid);

	return journal_get(&r->journal, "_PID", &value, &len) == 0 && len == (size_t)n && memcmp(value, text, len) == 0;
}

/* The entry that it stands at. 1: past --until. */
static int show(struct reader *r)
{
	enum log_stream s = stream_of(r);
	bool partial = has(r, "CONTAINER_PARTIAL_MESSAGE"), continues = r->in_line[s];
	const struct log_query *q = r->q;
	const char *text;
	uint64_t usec;
	size_t len;
	int e = journal_time(&r->journal, &usec);

	if (e < 0)
		return e;
	if (usec_of(&q->until) > 0 && usec > usec_of(&q->until))
		return 1;
	r->is_all = is_end(r) && q->writer > 0 && is_by(r, q->writer);
	if (is_end(r))
		return 0;
	r->index--;
	/* a tail's beginning may be older */
	if (usec < usec_of(&q->since) || (q->tail >= 0 && r->index >= r->from[s]))
		return 0;
	r->in_line[s] = partial;
	if (q->timestamps && !continues)
		e = give_stamp(r, s, usec);
	if (e == 0 && journal_get(&r->journal, "MESSAGE", &text, &len) == 0 && len > 0)
		e = r->sink(s, text, len, r->sink_data);
	return e == 0 && !partial ? r->sink(s, "\n", 1, r->sink_data) : e;
}

/* All there are now. 1: past --until; else 0. */
static int read_on(struct reader *r, bool *ret_any)
{
	int e = 0, n;

	while (e == 0 && (n = journal_step(&r->journal, 1)) != 0) {
		if (n < 0)
			return n;
		*ret_any = true;
		e = show(r);
	}
	return e;
}

/* Back to before the entry that it stands at, so that the next step leads to it. */
static int step_before(struct reader *r)
{
	int n = journal_step(&r->journal, -1);

	return n > 0 ? 0 : n < 0 ? n : journal_seek(&r->journal, 0);
}

struct tail {
	int64_t left;
	bool started[2], any[2];
};

/* One entry, going backwards; true when its line is wanted. */
static bool tail_entry(struct tail *t, enum log_stream s, bool partial)
{
	bool ends_line = !partial || !t->any[s];

	t->any[s] = true;
	if (!ends_line)
		return t->started[s];
	t->started[s] = t->left > 0;
	t->left -= t->started[s];
	return t->started[s];
}

/* Backwards, until enough lines have begun and each stream's first one is whole: see find_tail() of log.c. */
static int find_tail(struct reader *r)
{
	struct tail t = {.left = r->q->tail};
	int n = journal_seek(&r->journal, UINT64_MAX);

	n = n < 0 ? n : 1;
	while (n > 0 && (t.left > 0 || t.started[0] || t.started[1]) && (n = journal_step(&r->journal, -1)) > 0) {
		enum log_stream s = stream_of(r);

		if (is_end(r))
			continue;
		r->index++;
		if (tail_entry(&t, s, has(r, "CONTAINER_PARTIAL_MESSAGE")))
			r->from[s] = r->index;
	}
	if (n <= 0)
		return n < 0 ? n : journal_seek(&r->journal, 0);
	/* with --tail 0 it stands behind the last one, and a step back leads to that */
	return step_before(r);
}

static int follow(struct reader *r)
{
	const struct log_query *q = r->q;
	bool ended = q->ended_pidfd < 0;
	const int64_t patience = ended ? LATE_MS : LOST_MS;
	int64_t last = clock_monotonic_ms();
	bool any = false;
	int e = 0;

	/* by the clock: whatever anybody sends to the journal ends a wait */
	while (e == 0 && clock_monotonic_ms() - last < patience) {
		struct pollfd p = {.fd = q->ended_pidfd, .events = POLLIN};
		bool over = ended && (!q->is_over || q->is_over(q->data));

		any = false;
		e = read_on(r, &any);
		if (e == 0 && over && r->is_all)
			return 0;
		if (!over || any)
			last = clock_monotonic_ms();
		if (e == 0)
			e = journal_wait(&r->journal, WAIT_USEC);
		ended = ended || poll(&p, 1, 0) > 0;
		if (usec_of(&q->until) > 0) {
			struct timespec now;

			clock_gettime(CLOCK_REALTIME, &now);
			if (usec_of(&now) > usec_of(&q->until) + WAIT_USEC)
				return 1;
		}
	}
	/* what the last wait was for */
	e = e == 0 ? read_on(r, &any) : e;
	r->is_cut = e == 0 && patience == LOST_MS && !r->is_all;
	return e;
}

int log_journal_read(const char *id, const struct log_query *q, log_sink_fn sink, void *sink_data, struct log_loss *ret, struct err *e)
{
	struct reader r = {.q = q, .sink = sink, .sink_data = sink_data, .journal = JOURNAL_READER_INIT};
	char of[128], end[128], by[32];
	bool any = false;
	int x = journal_reader_open(&r.journal, e);

	if (x < 0)
		return x;
	snprintf(of, sizeof(of), LOG_JOURNAL_ID "=%s", id);
	snprintf(end, sizeof(end), LOG_JOURNAL_END "=%s", id);
	snprintf(by, sizeof(by), "_UID=%u", (unsigned)getuid());
	x = journal_match(&r.journal, of);
	if (x == 0)
		x = journal_match(&r.journal, by);
	if (x == 0)
		x = journal_or(&r.journal);
	if (x == 0)
		x = journal_match(&r.journal, end);
	if (x == 0)
		x = journal_match(&r.journal, by);
	if (x == 0)
		x = q->tail >= 0 ? find_tail(&r) : journal_seek(&r.journal, usec_of(&q->since));
	if (x == 0)
		x = q->follow ? follow(&r) : read_on(&r, &any);
	journal_reader_done(&r.journal);
	ret->late = r.is_cut;
	return x < 0 ? err_errno(e, -x, "the journal") : 0;
}
