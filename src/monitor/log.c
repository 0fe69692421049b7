/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The files of a rotated log are read as one, by virtual offset. Reading
 * is a small state machine over blocks: a head is collected, then the text
 * goes to the sink as it comes, so that a record of any length costs no memory.
 * One of a json-file has its stream and time at its end, so it is collected
 * whole; longer than any writer makes it, it is no record.
 *
 * --tail: a line is one F record with the P records of its stream before it,
 * and the lines of the two streams may be interleaved piece by piece. So the
 * search runs backwards over whole records until enough lines have begun
 * *and* each stream's first wanted line is whole; the result is an offset per
 * stream before which its records are passed over.
 */
#include "monitor/log.h"

#include "base/buf.h"
#include "monitor/log_format.h"
#include "monitor/log_json.h"
#include "monitor/log_view.h"
#include "sys/fd.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>

#define BLOCK 65536
#define JSON_LINE_MAX (1U << 20)
#define POLL_MS 50    /* while waiting for is_over() */
#define LOOK_MS 1000  /* where inotify does not tell (network file systems) */

enum state { AT_HEAD, IN_TEXT, PASSING }; /* PASSING: to the end of the line */

struct reader {
	const struct log_query *q;
	log_sink_fn sink;
	void *sink_data;
	struct log_view view;
	uint64_t at;         /* virtual offset of the next byte */
	uint64_t from[2];    /* by stream: records before it are passed over */
	uint64_t end;        /* nothing behind it is read: what came after the last lines were counted would be too many */
	uint64_t record_at;  /* where the current one begins */
	enum state state;
	struct log_record rec;
	char head[LOG_HEAD_MAX];
	size_t head_len;
	bool in_line[2]; /* by stream: the last record was partial, so no time before the next text */
	struct buf line; /* of a json-file, begun */
	uint64_t skipped;
	char block[BLOCK];
};

static int compare(const struct timespec *a, const struct timespec *b)
{
	if (a->tv_sec != b->tv_sec)
		return a->tv_sec < b->tv_sec ? -1 : 1;
	return (a->tv_nsec > b->tv_nsec) - (a->tv_nsec < b->tv_nsec);
}

static bool is_set(const struct timespec *t)
{
	return t->tv_sec != 0 || t->tv_nsec != 0;
}

static bool is_wanted(const struct reader *r)
{
	if (r->record_at < r->from[r->rec.stream])
		return false;
	if (is_set(&r->q->since) && compare(&r->rec.time, &r->q->since) < 0)
		return false;
	return !is_set(&r->q->until) || compare(&r->rec.time, &r->q->until) <= 0;
}

static int give(struct reader *r, const char *data, size_t len)
{
	return len > 0 ? r->sink(r->rec.stream, data, len, r->sink_data) : 0;
}

/* A head is complete: text follows, or it is not for us. */
static int begin_record(struct reader *r)
{
	char stamp[LOG_STAMP_LEN + 1];
	bool continues = r->in_line[r->rec.stream];

	if (!is_wanted(r)) {
		r->state = PASSING;
		return 0;
	}
	r->state = IN_TEXT;
	r->in_line[r->rec.stream] = r->rec.partial;
	if (!r->q->timestamps || continues)
		return 0;
	log_stamp(&r->rec.time, stamp);
	stamp[LOG_STAMP_LEN] = ' ';
	return give(r, stamp, sizeof(stamp));
}

/* Collects a head; returns how many of the `len` bytes it took, or a negative error. */
static ssize_t take_head(struct reader *r, const char *p, size_t len)
{
	size_t had = r->head_len;
	size_t n = len < LOG_HEAD_MAX - had ? len : LOG_HEAD_MAX - had;
	const char *end = memchr(p, '\n', n);
	int e;

	if (had == 0)
		r->record_at = r->at;
	if (end)
		n = (size_t)(end - p);
	memcpy(r->head + had, p, n);
	r->head_len += n;
	e = log_record_parse(r->head, r->head_len, &r->rec);
	if (e == -EAGAIN && !end)
		return (ssize_t)n;
	r->head_len = 0;
	if (e == 0) {
		e = begin_record(r);
		return e < 0 ? e : (ssize_t)(r->rec.head_len - had);
	}
	r->skipped++;
	r->state = PASSING;
	return (ssize_t)n;
}

/* Text up to the end of its line, or of the block. */
static ssize_t take_text(struct reader *r, const char *p, size_t len)
{
	const char *end = memchr(p, '\n', len);
	size_t n = end ? (size_t)(end - p) : len;
	int e = 0;

	if (r->state == IN_TEXT)
		/* an F record's newline is part of what it stands for */
		e = give(r, p, end && !r->rec.partial ? n + 1 : n);
	if (end)
		r->state = AT_HEAD;
	return e < 0 ? e : (ssize_t)(end ? n + 1 : n);
}

static int give_json(struct reader *r)
{
	struct log_json j;
	int e;

	if (log_json_parse(r->line.data, r->line.len, &j) < 0) {
		r->skipped++;
		return 0;
	}
	r->rec = (struct log_record){.time = j.time, .stream = j.stream, .partial = j.partial};
	e = begin_record(r);
	return e == 0 && r->state == IN_TEXT ? give(r, j.text, j.len) : e;
}

static ssize_t take_json(struct reader *r, const char *p, size_t len)
{
	const char *end = memchr(p, '\n', len);
	size_t n = end ? (size_t)(end - p) : len;
	int e = 0;

	if (r->line.len == 0 && r->line.error == 0)
		r->record_at = r->at;
	buf_add(&r->line, p, n);
	if (!end)
		return (ssize_t)n;
	if (buf_bad(&r->line) == ENOMEM)
		return -ENOMEM;
	if (buf_bad(&r->line) || r->line.len == 0)
		r->skipped++;
	else
		e = give_json(r);
	buf_reset(&r->line);
	r->state = AT_HEAD;
	return e < 0 ? e : (ssize_t)n + 1;
}

static ssize_t take(struct reader *r, const char *p, size_t len)
{
	if (r->q->driver == LOG_JSON_FILE)
		return take_json(r, p, len);
	return r->state == AT_HEAD ? take_head(r, p, len) : take_text(r, p, len);
}

/* Everything that is there now. */
static int read_on(struct reader *r)
{
	for (;;) {
		ssize_t got = log_view_read(&r->view, r->at, r->block, sizeof(r->block));
		const char *p = r->block;

		if (got > 0 && r->end - r->at < (uint64_t)got)
			got = (ssize_t)(r->end - r->at);
		if (got <= 0)
			return (int)got;
		while (p < r->block + got) {
			size_t left = (size_t)(r->block + got - p);
			ssize_t n = take(r, p, left);

			if (n < 0)
				return (int)n;
			p += n;
			r->at += (uint64_t)n;
		}
	}
}

/* ---- tail ---- */

struct tail {
	int64_t left;    /* lines still to find */
	bool started[2]; /* by stream: a wanted line's end was met, its beginning not yet */
	bool any[2];     /* a record of it was met */
};

/* One record, from the end backwards. Returns true when nothing before it is wanted. */
static bool tail_record(struct tail *t, const struct log_record *rec, uint64_t end, uint64_t from[static 2])
{
	enum log_stream s = rec->stream;
	/* a line ends at an F; at the log's end also where a P is the stream's last */
	bool ends_line = !rec->partial || !t->any[s];

	t->any[s] = true;
	if (ends_line && t->started[s]) {
		/* the line that followed begins after this record */
		t->started[s] = false;
		from[s] = end;
	}
	if (ends_line && t->left > 0) {
		t->left--;
		t->started[s] = true;
		from[s] = 0;
	}
	return t->left == 0 && !t->started[0] && !t->started[1];
}

/* The record that begins and ends there: 0; 1: it is none; -errno. */
static int record_between(struct reader *r, uint64_t begin, uint64_t end, const char *head, size_t head_len, struct log_record *ret)
{
	struct log_json j;
	size_t got = 0, len = (size_t)(end - begin);

	if (r->q->driver != LOG_JSON_FILE)
		return log_record_parse(head, head_len, ret) < 0;
	if (end - begin > JSON_LINE_MAX)
		return 1;
	buf_reset(&r->line);
	if (!buf_reserve(&r->line, len))
		return -ENOMEM;
	while (got < len) {
		ssize_t n = log_view_read(&r->view, begin + got, r->line.data + got, len - got);

		if (n <= 0)
			return n < 0 ? (int)n : -EIO;
		got += (size_t)n;
	}
	if (r->line.data[len - 1] == '\n')
		len--;
	if (log_json_parse(r->line.data, len, &j) < 0)
		return 1;
	*ret = (struct log_record){.time = j.time, .stream = j.stream, .partial = j.partial};
	return 0;
}

static int find_tail(struct reader *r)
{
	struct tail t = {.left = r->q->tail};
	uint64_t end = log_view_size(&r->view);

	r->from[0] = r->from[1] = end;
	if (!r->q->follow)
		r->end = end;
	if (t.left == 0) {
		r->at = end;
		return 0;
	}
	while (end > 0) {
		char head[LOG_HEAD_MAX];
		struct log_record rec;
		uint64_t begin;
		ssize_t n;
		int e;

		n = log_view_line_before(&r->view, end, &begin, head, sizeof(head));
		if (n < 0)
			return (int)n;
		e = record_between(r, begin, end, head, (size_t)n, &rec);
		if (e < 0)
			return e;
		if (e == 0 && tail_record(&t, &rec, end, r->from))
			break;
		end = begin;
	}
	buf_reset(&r->line);
	r->at = r->from[0] < r->from[1] ? r->from[0] : r->from[1];
	return 0;
}

/* ---- follow ---- */

/* Waits for news of the file; true when the container has ended, so that no more will come. */
static bool wait_for_more(const struct reader *r, int watch_fd, bool ended)
{
	struct pollfd p[] = {
		{.fd = watch_fd, .events = POLLIN},
		{.fd = ended ? -1 : r->q->ended_pidfd, .events = POLLIN},
	};
	char events[4096];

	if (poll(p, 2, ended ? POLL_MS : LOOK_MS) > 0 && p[0].revents)
		(void)!read(watch_fd, events, sizeof(events));
	return ended || p[1].revents;
}

static bool past_until(const struct log_query *q)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return is_set(&q->until) && compare(&now, &q->until) > 0;
}

static int follow(struct reader *r, int watch_fd)
{
	bool ended = r->q->ended_pidfd < 0;
	int e;

	for (;;) {
		/* asked before reading: what was written until "over" is then read for certain */
		bool last = (ended && (!r->q->is_over || r->q->is_over(r->q->data))) || past_until(r->q);

		do {
			e = read_on(r);
			if (e < 0)
				return e;
			e = log_view_advance(&r->view);
		} while (e > 0);
		if (e < 0 || last)
			return e;
		ended = wait_for_more(r, watch_fd, ended);
	}
}

static int watch(int dirfd)
{
	char path[32];
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd < 0)
		return fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", dirfd);
	if (inotify_add_watch(fd, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
		fd_closep(&fd);
	return fd;
}

int log_read(int dirfd, const char *name, const struct log_query *q, log_sink_fn sink, void *sink_data, struct log_loss *ret,
	     struct err *e)
{
	_cleanup_free_ struct reader *r = calloc(1, sizeof(*r));
	_cleanup_close_ int watch_fd = -EBADF;
	int x;

	if (!r)
		return err_errno(e, ENOMEM, "log");
	r->q = q;
	r->sink = sink;
	r->sink_data = sink_data;
	r->end = UINT64_MAX;
	r->line = (struct buf)BUF_INIT_MAX(JSON_LINE_MAX + 2);
	/* watched before it is read, so that nothing written in between goes unseen */
	if (q->follow)
		watch_fd = watch(dirfd);
	x = log_view_open(&r->view, dirfd, name);
	if (x == 0 && q->tail >= 0)
		x = find_tail(r);
	if (x == 0)
		x = q->follow ? follow(r, watch_fd) : read_on(r);
	log_view_close(&r->view);
	buf_done(&r->line);
	if (x < 0)
		return err_errno(e, -x, "log %s", name);
	if (ret)
		*ret = (struct log_loss){.skipped = r->skipped, .gap = r->view.gap};
	return 0;
}
