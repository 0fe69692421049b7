/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The process that reads what auditd hands out, and must never make it wait.
 * It has no file to write and no lock to wait for: entries go to the writer
 * over a socket that is never waited for, what that does not take lies in a
 * bounded queue, and what the queue does not take is counted and becomes an
 * entry "gap" of its own as soon as there is room.
 * Before it parses anything it gives up what it will not need (trail/confine.h).
 *
 * At its start it reads which serials the ledger has, and auditd's log, to
 * know the processes that began before it and to record what was missed. What
 * comes from auditd in the meantime is kept aside, bounded as well.
 */
#include "audit/ledger_read.h"
#include "audit/receipt.h"
#include "audit/system_ledger.h"
#include "base/clock.h"
#include "sys/fd.h"
#include "trail/collect.h"
#include "trail/confine.h"
#include "trail/message.h"
#include "trail/queue.h"
#include "trail/trail.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <syslog.h>
#include <time.h>

#define READ_SIZE ((size_t)128 << 10)
#define ASIDE_MAX ((size_t)64 << 20)
#define RECORDED_SEGMENTS 16 /* newest segments of a shard that are looked through for this boot's serials */
#define IDLE_MS 250
#define FOLLOW_MS 2000       /* auditd's log has what auditd handed out long before that */

struct reader {
	struct trail *t;
	int in;
	struct collect *collect;
	struct queue queue;
	uint64_t lost;                       /* entries the queue did not take, not yet said */
	char lost_first[EVENT_RECEIPT_SIZE], lost_last[EVENT_RECEIPT_SIZE];
	struct buf aside;                    /* read while the past was being read */
	uint64_t aside_lost;                 /* bytes of it that had no room */
	bool past_open;                      /* the log is read on, up to where the stream begins */
	int64_t past_until_ms;               /* but not for longer; 0: nothing has come yet */
	int64_t input_at_ms;                 /* when the newest record came */
	bool end_of_input, ending;
};

static int queue_object(struct reader *rd, uint32_t shard, uint32_t auid, const char *receipt, struct json_object *o)
{
	struct trail_message m = {.magic = TRAIL_MAGIC, .shard = shard, .auid = auid};
	size_t len = 0;
	const char *text = json_text(o, &len);

	if (!text)
		return -ENOMEM;
	snprintf(m.receipt, sizeof(m.receipt), "%s", receipt);
	if (len > LEDGER_LINE_MAX)
		return -ENOBUFS;
	return queue_add(&rd->queue, &m, sizeof(m), text, len);
}

/* An entry "gap" into the shard "system". 0, or why there was no room for it. */
static int queue_gap(struct reader *rd, const char *reason, uint64_t count, const char *first, const char *last)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	int r = o ? json_add_str(o, "op", "gap") : -ENOMEM;

	r = r < 0 ? r : json_add_str(o, "reason", reason);
	r = r < 0 ? r : json_add_str(o, "boot", rd->t->boot);
	r = r < 0 ? r : json_add_u64(o, "count", count);
	r = r < 0 ? r : json_add_str(o, "first", first);
	r = r < 0 ? r : json_add_str(o, "last", last);
	return r < 0 ? r : queue_object(rd, TRAIL_SHARD_SYSTEM, 0, "", o);
}

static void say_lost(struct reader *rd)
{
	if (rd->lost > 0 && rd->queue.n < rd->queue.max / 2 && queue_gap(rd, "queue", rd->lost, rd->lost_first, rd->lost_last) == 0)
		rd->lost = 0;
}

static int on_entry(uint32_t auid, const char *receipt, struct json_object *o, void *data, struct err *e)
{
	struct reader *rd = data;
	int r = queue_object(rd, TRAIL_SHARD_AUID, auid, receipt, o);

	if (r == -ENOBUFS) {
		if (rd->lost++ == 0)
			snprintf(rd->lost_first, sizeof(rd->lost_first), "%s", receipt);
		snprintf(rd->lost_last, sizeof(rd->lost_last), "%s", receipt);
		return 0;
	}
	return r < 0 ? err_errno(e, -r, "cannot queue an entry") : 0;
}

static int on_gap(const char *reason, uint64_t count, const char *receipt, void *data, struct err *e)
{
	struct reader *rd = data;
	int r = queue_gap(rd, reason, count, NULL, receipt);

	(void)e;
	return r == -ENOBUFS ? 0 : r;
}

/* ---- what the ledger holds of this boot ---- */

static void note_recorded(struct reader *rd, struct json_object *o)
{
	struct audit_receipt receipt = {.serial = 0};

	if (strcmp(json_str(o, "boot"), rd->t->boot) == 0 && audit_receipt_parse(json_str(o, "receipt"), &receipt) == 0 && receipt.serial > 0)
		collect_recorded(rd->collect, receipt.serial);
}

static int read_recorded(int dirfd, const char *shard, void *data, struct err *e)
{
	_cleanup_(ledger_reader_done) struct ledger_reader lr = LEDGER_READER_INIT;
	struct ledger_item item;
	int r = ledger_reader_open(dirfd, shard, &lr, e);

	if (r < 0)
		return r;
	if (lr.n_segments > RECORDED_SEGMENTS)
		lr.next_segment = lr.n_segments - RECORDED_SEGMENTS;
	while ((r = ledger_reader_next(&lr, &item, e)) > 0)
		if (item.is_entry)
			note_recorded(data, item.entry.o);
	return r;
}

/* ---- input ---- */

static bool is_readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) > 0;
}

/* Keeps what auditd hands out while we are at its log. */
static void read_aside(struct reader *rd)
{
	while (!rd->end_of_input && is_readable(rd->in)) {
		char block[65536];
		ssize_t n = read(rd->in, block, sizeof(block));

		if (n == 0)
			rd->end_of_input = true;
		else if (n > 0 && rd->aside.len + (size_t)n <= ASIDE_MAX && rd->aside_lost == 0)
			buf_add(&rd->aside, block, (size_t)n);
		else if (n > 0)
			rd->aside_lost += (size_t)n;
		else if (errno != EINTR)
			break;
	}
}

/* The rest of one file of the log, as far as it is written. */
static int read_file(struct reader *rd, int fd, char *block, struct err *e)
{
	ssize_t n = 1;
	int r = 0;

	while (r == 0 && n > 0) {
		n = read(fd, block, READ_SIZE);
		if (n > 0)
			r = collect_past(rd->collect, block, (size_t)n, e);
		read_aside(rd);
		if (r == 0 && queue_send(&rd->queue, rd->t->sock, 0) < 0)
			r = -EPIPE;
	}
	return r;
}

static int read_past(struct reader *rd, char *block, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < rd->t->n_past; i++)
		r = read_file(rd, rd->t->past[i], block, e);
	rd->past_open = rd->t->n_past > 0;
	return r;
}

/* What the log has got since: it is needed until it has passed the beginning of what auditd handed out. */
static int follow_past(struct reader *rd, char *block, struct err *e)
{
	int r;

	if (!rd->past_open)
		return 0;
	r = read_file(rd, rd->t->past[rd->t->n_past - 1], block, e);
	if (r < 0 || (!rd->ending && !rd->end_of_input && collect_wants_past(rd->collect) &&
		      (rd->past_until_ms == 0 || clock_monotonic_ms() < rd->past_until_ms)))
		return r;
	rd->past_open = false;
	return collect_past_end(rd->collect, e);
}

/* Records from auditd. */
static int take_records(struct reader *rd, const char *data, size_t len, struct err *e)
{
	rd->input_at_ms = clock_monotonic_ms();
	if (rd->past_until_ms == 0)
		rd->past_until_ms = rd->input_at_ms + FOLLOW_MS;
	return collect_feed(rd->collect, data, len, clock_monotonic_ms(), e);
}

static int read_some(struct reader *rd, char *block, struct err *e)
{
	ssize_t n = read(rd->in, block, READ_SIZE);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0) {
		rd->end_of_input = true;
		return 0;
	}
	return take_records(rd, block, (size_t)n, e);
}

/* What was kept aside while the log was read; and more of that may come while it is read on. */
static int take_aside(struct reader *rd, struct err *e)
{
	int r = rd->aside.len > 0 ? take_records(rd, rd->aside.data, rd->aside.len, e) : 0;

	if (r == 0 && rd->aside_lost > 0)
		r = queue_gap(rd, "start", rd->aside_lost, NULL, NULL);
	rd->aside_lost = 0;
	buf_reset(&rd->aside);
	return r;
}

/* All that can be read without waiting, at the end. */
static int drain(struct reader *rd, char *block, struct err *e)
{
	int r = 0;

	while (r == 0 && !rd->end_of_input && is_readable(rd->in))
		r = read_some(rd, block, e);
	r = r < 0 ? r : follow_past(rd, block, e);
	r = r < 0 ? r : take_aside(rd, e);
	r = r < 0 ? r : collect_end(rd->collect, e);
	say_lost(rd);
	return r < 0 ? r : queue_send(&rd->queue, rd->t->sock, 1);
}

/*
 * An event whose records stopped coming is all there is of it; but a moment in
 * which there is nothing to read is no such stop: auditd writes record by record.
 */
static int settle(struct reader *rd, struct err *e)
{
	if (clock_monotonic_ms() - rd->input_at_ms >= IDLE_MS)
		return collect_idle(rd->collect, clock_monotonic_ms(), e);
	/* while records come, only what has waited its time is settled */
	return collect_feed(rd->collect, "", 0, clock_monotonic_ms(), e);
}

static int serve(struct reader *rd, int signals, char *block, struct err *e)
{
	int64_t idle_at = 0;
	int r = 0;

	while (r == 0 && !rd->end_of_input && !rd->ending) {
		struct pollfd fds[] = {
			{.fd = rd->in, .events = POLLIN},
			{.fd = rd->t->sock, .events = (short)(rd->queue.n > 0 ? POLLOUT : 0)},
			{.fd = signals, .events = POLLIN},
		};

		if (poll(fds, ARRAY_SIZE(fds), IDLE_MS) < 0 && errno != EINTR)
			return err_errno(e, errno, "poll");
		if (fds[1].revents & (POLLHUP | POLLERR))
			return err_set(e, EPIPE, "the writer is gone");
		rd->ending = fds[2].revents != 0;
		if (fds[0].revents)
			r = read_some(rd, block, e);
		r = r < 0 ? r : follow_past(rd, block, e);
		r = r < 0 ? r : take_aside(rd, e);
		if (r == 0 && clock_monotonic_ms() >= idle_at) {
			r = settle(rd, e);
			idle_at = clock_monotonic_ms() + IDLE_MS;
		}
		say_lost(rd);
		if (r == 0) {
			r = queue_send(&rd->queue, rd->t->sock, 0);
			r = r > 0 ? 0 : r;
		}
	}
	return r < 0 ? r : drain(rd, block, e);
}

static int begin(struct reader *rd, char *block, struct err *e)
{
	const struct collect_options options = {.boot = rd->t->boot, .boot_time = rd->t->boot_time};
	int r = collect_new(&options, on_entry, on_gap, rd, &rd->collect, e);

	r = r < 0 ? r : trail_confine_reader(rd->t->dirfd, e);
	r = r < 0 ? r : system_ledger_each(rd->t->dirfd, SYSTEM_LEDGER_USERS, read_recorded, rd, e);
	r = r < 0 ? r : trail_confine_stream(e);
	r = r < 0 ? r : read_past(rd, block, e);
	return r < 0 ? r : take_aside(rd, e);
}

int trail_reader(struct trail *t, int in, struct err *e)
{
	struct reader rd = {.t = t, .in = in, .aside = BUF_INIT_MAX(ASIDE_MAX)};
	_cleanup_free_ char *block = malloc(READ_SIZE);
	_cleanup_close_ int signals = -EBADF;
	sigset_t set;
	int r;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (!block || sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_errno(e, block ? errno : ENOMEM, "cannot begin to read");
	sigdelset(&set, SIGHUP); /* the writer's */
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	queue_init(&rd.queue, t->config.queue);
	r = begin(&rd, block, e);
	r = r < 0 ? r : serve(&rd, signals, block, e);
	queue_done(&rd.queue);
	collect_free(rd.collect);
	buf_done(&rd.aside);
	return r;
}
