/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Why not libauparse, which reads these logs too? It is made to find and to
 * explain, and passes over what it cannot read: a SYSCALL record whose line was cut is an
 * event with fewer fields, and a line that is no record is gone. Here each of these has to be known,
 * because a fork that nobody saw changes what may be concluded from all that
 * follows. It also orders by time and ages by the clock, where what must be kept is the
 * order of serials; and one plugin reads a live stream with the same code that reads ten million
 * lines offline. The grammar is small, the bounds are fixed, and a fuzzer is beside this file.
 *
 * Events are put together in slots, sorted by serial. The first slot goes to
 * the sink when it is whole and follows the one before it without a gap, or when no slot
 * is left, or at log_reader_idle(). So an event waits at most until
 * LOG_OPEN_MAX others have begun. What comes after its place has gone is shown
 * all the same (late): a record of an event that went before then makes
 * a second one of that serial, without its SYSCALL record, which is damaged. It errs
 * to the side of doubt.
 *
 * A new boot: the kernel's own first record; or a serial far below, or below and later in time, than what
 * has been. Records of auditd itself have numbers of their own and are not ordered at all.
 */
#include "audit/log_reader.h"

#include "audit/log_record.h"

#include <errno.h>
#include <string.h>

#define BOOT_JUMP 8192   /* serials: no event is as late as that */
#define BOOT_SECONDS 3   /* nor as this */
#define SHOWN_MAX 4096   /* serials of shown events that are remembered */

struct log_reader {
	log_sink sink;
	void *data;
	char line[LOG_LINE_MAX];
	size_t line_len;
	bool line_cut;       /* longer than that: the rest is thrown away */
	char node[256];
	bool has_node;
	uint32_t boot;
	uint32_t last;       /* highest serial shown in this boot; 0: none yet */
	uint32_t highest;    /* highest serial seen */
	uint64_t highest_sec;
	struct log_slot *open[LOG_OPEN_MAX]; /* by serial */
	size_t n_open;
	struct log_slot *spare[LOG_OPEN_MAX];
	size_t n_spare;
	uint32_t shown[SHOWN_MAX]; /* whose SYSCALL record was there, by serial */
	struct log_stats stats;
};

int log_reader_new(log_sink sink, void *data, struct log_reader **ret, struct err *e)
{
	struct log_reader *lr = calloc(1, sizeof(*lr));

	if (!lr)
		return err_errno(e, ENOMEM, "audit log");
	lr->sink = sink;
	lr->data = data;
	*ret = lr;
	return 0;
}

struct log_reader *log_reader_free(struct log_reader *lr)
{
	if (!lr)
		return NULL;
	for (size_t i = 0; i < lr->n_open; i++)
		free(lr->open[i]);
	for (size_t i = 0; i < lr->n_spare; i++)
		free(lr->spare[i]);
	free(lr);
	return NULL;
}

const struct log_stats *log_reader_stats(const struct log_reader *lr)
{
	return &lr->stats;
}

static struct log_slot *slot_take(struct log_reader *lr)
{
	return lr->n_spare > 0 ? lr->spare[--lr->n_spare] : malloc(sizeof(struct log_slot));
}

static void slot_give(struct log_reader *lr, struct log_slot *s)
{
	if (lr->n_spare < LOG_OPEN_MAX)
		lr->spare[lr->n_spare++] = s;
	else
		free(s);
}

static void count(struct log_reader *lr, const struct log_event *ev)
{
	lr->stats.events++;
	if (ev->kind == LOG_DAMAGED)
		lr->stats.damaged++;
	if (ev->serial <= lr->last) {
		lr->stats.late++;
		return;
	}
	if (lr->last > 0)
		lr->stats.missing += ev->serial - lr->last - 1;
	lr->last = ev->serial;
}

/* The first slot goes to the sink. */
static int show_first(struct log_reader *lr, struct err *e)
{
	struct log_slot *s = lr->open[0];
	int r;

	lr->n_open--;
	memmove(lr->open, lr->open + 1, lr->n_open * sizeof(lr->open[0]));
	log_slot_finish(s);
	if (s->has_syscall)
		lr->shown[s->ev.serial % SHOWN_MAX] = s->ev.serial;
	count(lr, &s->ev);
	r = lr->sink(&s->ev, lr->data, e);
	slot_give(lr, s);
	return r < 0 ? r : 0;
}

int log_reader_idle(struct log_reader *lr, struct err *e)
{
	int r = 0;

	while (r == 0 && lr->n_open > 0)
		r = show_first(lr, e);
	return r;
}

/* What is whole and has nothing missing before it need not wait. */
static int show_ready(struct log_reader *lr, struct err *e)
{
	int r = 0;

	while (r == 0 && lr->n_open > 0 && lr->open[0]->whole && lr->open[0]->ev.serial <= lr->last + 1 && lr->last > 0)
		r = show_first(lr, e);
	return r;
}

static bool is_new_boot(const struct log_reader *lr, const struct log_record *rec)
{
	if (lr->highest == 0 || rec->serial >= lr->highest)
		return false;
	if (rec->role == LOG_ROLE_KERNEL)
		return rec->sec >= lr->highest_sec;
	return (lr->highest - rec->serial > BOOT_JUMP && rec->sec >= lr->highest_sec) ||
	       rec->sec > lr->highest_sec + BOOT_SECONDS;
}

static int begin_boot(struct log_reader *lr, struct err *e)
{
	int r = log_reader_idle(lr, e);

	lr->boot++;
	lr->last = lr->highest = 0;
	memset(lr->shown, 0, sizeof(lr->shown));
	return r;
}

/* The slot of that serial, or where it has to be. */
static size_t find(const struct log_reader *lr, const struct log_record *rec, bool *ret_there)
{
	size_t i = lr->n_open;

	while (i > 0 && lr->open[i - 1]->ev.serial > rec->serial)
		i--;
	*ret_there = i > 0 && lr->open[i - 1]->ev.serial == rec->serial && lr->open[i - 1]->ev.sec == rec->sec &&
		     lr->open[i - 1]->ev.milli == rec->milli;
	return *ret_there ? i - 1 : i;
}

static int daemon_record(struct log_reader *lr, const struct log_record *rec, struct err *e)
{
	struct log_slot *s = slot_take(lr);
	int r;

	if (!s)
		return err_errno(e, ENOMEM, "audit log");
	log_slot_init(s, rec, lr->boot);
	s->ev.kind = LOG_DAEMON;
	s->ev.serial = 0;
	lr->stats.events++;
	r = lr->sink(&s->ev, lr->data, e);
	slot_give(lr, s);
	return r < 0 ? r : 0;
}

/* A busy process wrote the last records of an event so late that it had to go; what counts was in it. */
static bool is_rest(const struct log_reader *lr, const struct log_record *rec)
{
	return (rec->role == LOG_ROLE_PART || rec->role == LOG_ROLE_LAST) && lr->shown[rec->serial % SHOWN_MAX] == rec->serial;
}

static int add_record(struct log_reader *lr, const struct log_record *rec, bool cut, struct err *e)
{
	struct log_slot *s;
	bool there;
	size_t at;
	int r = 0;

	if (is_new_boot(lr, rec))
		r = begin_boot(lr, e);
	if (r == 0 && lr->n_open == LOG_OPEN_MAX)
		r = show_first(lr, e);
	if (r < 0)
		return r;
	at = find(lr, rec, &there);
	if (!there) {
		if (rec->role == LOG_ROLE_END || is_rest(lr, rec))
			return 0; /* of an event that has gone */
		s = slot_take(lr);
		if (!s)
			return err_errno(e, ENOMEM, "audit log");
		log_slot_init(s, rec, lr->boot);
		memmove(lr->open + at + 1, lr->open + at, (lr->n_open - at) * sizeof(lr->open[0]));
		lr->open[at] = s;
		lr->n_open++;
	}
	if (rec->serial > lr->highest) {
		lr->highest = rec->serial;
		lr->highest_sec = rec->sec;
	}
	log_record_apply(rec, cut, lr->open[at]);
	return show_ready(lr, e);
}

/* Logs of several machines in one: serials are each machine's own, so the first one is read. */
static bool is_foreign(struct log_reader *lr, const struct log_record *rec)
{
	if (!lr->has_node) {
		lr->has_node = true;
		if (rec->node_len < sizeof(lr->node))
			memcpy(lr->node, rec->node, rec->node_len);
	}
	return strlen(lr->node) != rec->node_len || memcmp(lr->node, rec->node, rec->node_len) != 0;
}

static int add_line(struct log_reader *lr, bool cut, struct err *e)
{
	struct log_record rec;
	size_t len = lr->line_len;

	cut = cut || lr->line_cut;
	lr->line_len = 0;
	lr->line_cut = false;
	if (len == 0 && !cut)
		return 0;
	lr->stats.lines++;
	/* ausearch --raw puts nothing between events, ausearch alone a line of dashes */
	if (!log_record_split(lr->line, len, &rec)) {
		lr->stats.bad_lines++;
		return 0;
	}
	if (is_foreign(lr, &rec)) {
		lr->stats.foreign++;
		return 0;
	}
	if (rec.role == LOG_ROLE_DAEMON || rec.serial == 0)
		return daemon_record(lr, &rec, e);
	return add_record(lr, &rec, cut, e);
}

int log_reader_feed(struct log_reader *lr, const char *data, size_t len, struct err *e)
{
	int r = 0;

	while (len > 0 && r == 0) {
		const char *newline = memchr(data, '\n', len);
		size_t part = newline ? (size_t)(newline - data) : len;
		size_t room = sizeof(lr->line) - lr->line_len, fits = part < room ? part : room;

		memcpy(lr->line + lr->line_len, data, fits);
		lr->line_len += fits;
		lr->line_cut = lr->line_cut || fits < part;
		if (newline)
			r = add_line(lr, false, e);
		part += newline != NULL;
		data += part;
		len -= part;
	}
	return r;
}

int log_reader_end(struct log_reader *lr, struct err *e)
{
	int r = lr->line_len > 0 ? add_line(lr, true, e) : 0;

	return r < 0 ? r : log_reader_idle(lr, e);
}
