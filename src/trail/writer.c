/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The process that may write the ledger, and does little else: it takes a
 * message, appends it to the shard that it names, and brings batches to the
 * disk before it says anything about them. Heads are signed when enough has
 * come, or enough time has gone by.
 *
 * When the disk is full an entry is lost here, and only counted: the reader
 * goes on, and as soon as something can be written again the ledger says how
 * many are missing. Nobody waits: auditd's own policy for a full disk decides
 * what becomes of the machine, not ours. A message that is none is counted
 * likewise. It can only come from a reader that has been taken over or has a
 * fault, and to end for it would be to give up all entries for one.
 */
#include "base/clock.h"
#include "sys/fd.h"
#include "sys/pidfd.h"
#include "trail/message.h"
#include "trail/shards.h"
#include "trail/trail.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <syslog.h>
#include <time.h>

#define BATCH_MAX 512      /* messages between two syncs */
#define END_MS 10000       /* how long the reader may take to bring in what it has */

enum loss_kind { LOST_WRITE, LOST_MESSAGE, LOSSES };

struct writer {
	struct trail *t;
	struct shards shards;
	char *text;            /* one message */
	struct loss {
		uint64_t n;        /* not yet said */
		struct err why;    /* the first of them */
	} lost[LOSSES];
	int64_t sign_at_ms;    /* when heads are due; 0: nothing to sign */
	int64_t end_at_ms;     /* after SIGTERM */
};

static void say_head(const char *text)
{
	trail_say(LOG_NOTICE, "head %s", text);
}

/* An event of our own into the shard "system". `o` is consumed. */
static int append_own(struct writer *w, struct json_object *o, struct err *e)
{
	_cleanup_json_ struct json_object *own = o;
	int r = own ? json_add_str(own, "boot", w->t->boot) : -ENOMEM;

	return r < 0 ? r : shards_append(&w->shards, SYSTEM_LEDGER_SYSTEM, own, NULL, e);
}

static int say_op(struct writer *w, const char *op, struct err *e)
{
	struct json_object *o = json_object_new_object();
	int r = o ? json_add_str(o, "op", op) : -ENOMEM;

	r = r < 0 ? r : json_add_str(o, "version", RANBY_VERSION);
	r = r < 0 ? r : json_add_str(o, "key", head_key_id(w->t->key));
	if (r < 0) {
		json_object_put(o);
		return r;
	}
	return append_own(w, o, e);
}

static struct json_object *gap_object(const char *reason, const struct loss *loss)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();

	if (!o || json_add_str(o, "op", "gap") < 0 || json_add_str(o, "reason", reason) < 0 || json_add_u64(o, "count", loss->n) < 0 ||
	    json_add_str(o, "error", loss->why.text) < 0)
		return NULL;
	return TAKE_PTR(o);
}

/* What is missing, as soon as that can be written. */
static void say_lost(struct writer *w)
{
	static const char *const reasons[LOSSES] = {[LOST_WRITE] = "write", [LOST_MESSAGE] = "message"};

	for (size_t i = 0; i < LOSSES; i++) {
		struct loss *loss = &w->lost[i];
		struct err e = {0};

		if (loss->n == 0 || append_own(w, gap_object(reasons[i], loss), &e) < 0)
			continue;
		trail_say(LOG_ERR, "%llu entries are lost (%s): %s", (unsigned long long)loss->n, reasons[i], loss->why.text);
		loss->n = 0;
	}
}

static void count_lost(struct writer *w, enum loss_kind kind, const struct err *why)
{
	if (w->lost[kind].n++ == 0)
		w->lost[kind].why = *why;
}

static int parse_message(const char *text, size_t len, struct trail_message *m, struct json_object **ret, struct err *e)
{
	if (len <= sizeof(*m) || len > TRAIL_MESSAGE_MAX)
		return err_set(e, EPROTO, "a message of %zu bytes from the reader", len);
	memcpy(m, text, sizeof(*m));
	if (m->magic != TRAIL_MAGIC || m->shard > TRAIL_SHARD_SYSTEM || strnlen(m->receipt, sizeof(m->receipt)) == sizeof(m->receipt))
		return err_set(e, EPROTO, "a message of another shape from the reader");
	return json_parse(text + sizeof(*m), len - sizeof(*m), "message", ret, e);
}

static void take_message(struct writer *w, size_t len)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct trail_message m;
	char shard[SHARD_NAME_SIZE];
	struct err why = {0};

	if (parse_message(w->text, len, &m, &o, &why) < 0) {
		count_lost(w, LOST_MESSAGE, &why);
		return;
	}
	if (m.shard == TRAIL_SHARD_SYSTEM)
		snprintf(shard, sizeof(shard), SYSTEM_LEDGER_SYSTEM);
	else if (m.auid == UINT32_MAX)
		snprintf(shard, sizeof(shard), SYSTEM_LEDGER_AUID "unset");
	else
		snprintf(shard, sizeof(shard), SYSTEM_LEDGER_AUID "%u", m.auid);
	if (shards_append(&w->shards, shard, o, m.receipt[0] ? m.receipt : NULL, &why) < 0)
		count_lost(w, LOST_WRITE, &why);
}

/* 1: there may be more; 0: the reader is gone. */
static int take_batch(struct writer *w, struct err *e)
{
	struct err why = {0};
	unsigned n = 0;
	int r = 1;

	while (r > 0 && n < BATCH_MAX) {
		ssize_t len = recv(w->t->sock, w->text, TRAIL_MESSAGE_MAX + 1, MSG_DONTWAIT);

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0 && errno == EAGAIN)
			break;
		if (len < 0)
			return err_errno(e, errno, "cannot hear the reader");
		if (len == 0) {
			r = 0;
			break;
		}
		n++;
		take_message(w, (size_t)len);
	}
	if (n > 0)
		say_lost(w);
	if (n > 0 && shards_sync(&w->shards, &why) < 0)
		count_lost(w, LOST_WRITE, &why);
	if (n > 0 && w->t->wake >= 0)
		(void)!write(w->t->wake, "x", 1);
	return r;
}

static void sign(struct writer *w, bool now)
{
	struct err e = {0};

	if (w->shards.unsigned_entries == 0)
		return;
	if (w->sign_at_ms == 0)
		w->sign_at_ms = clock_monotonic_ms() + (int64_t)w->t->config.heads_seconds * 1000;
	if (!now && w->shards.unsigned_entries < w->t->config.heads_entries && clock_monotonic_ms() < w->sign_at_ms)
		return;
	if (shards_sign(&w->shards, say_head, &e) < 0)
		trail_say(LOG_ERR, "heads could not be signed: %s", e.text);
	w->sign_at_ms = w->shards.unsigned_entries > 0 ? clock_monotonic_ms() + 1000 : 0;
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* SIGHUP: heads now. SIGTERM: the reader brings in what it has, and ends. */
static void on_signal(struct writer *w, int fd, int reader)
{
	struct signalfd_siginfo si;

	if (read(fd, &si, sizeof(si)) != (ssize_t)sizeof(si))
		return;
	if (si.ssi_signo == SIGHUP) {
		sign(w, true);
		return;
	}
	if (w->end_at_ms == 0)
		w->end_at_ms = clock_monotonic_ms() + END_MS;
	(void)!pidfd_signal(reader, SIGTERM);
}

static int timeout_of(const struct writer *w)
{
	int64_t at = w->sign_at_ms, left;

	if (w->end_at_ms > 0 && (at == 0 || w->end_at_ms < at))
		at = w->end_at_ms;
	if (at == 0)
		return -1;
	left = at - clock_monotonic_ms();
	return left < 0 ? 0 : (int)left;
}

static int serve(struct writer *w, int signals, int reader, struct err *e)
{
	int r = 1;

	while (r > 0) {
		struct pollfd fds[] = {{.fd = w->t->sock, .events = POLLIN}, {.fd = signals, .events = POLLIN}};

		if (poll(fds, ARRAY_SIZE(fds), timeout_of(w)) < 0 && errno != EINTR)
			return err_errno(e, errno, "poll");
		if (fds[1].revents)
			on_signal(w, signals, reader);
		if (fds[0].revents)
			r = take_batch(w, e);
		sign(w, false);
		if (w->end_at_ms > 0 && clock_monotonic_ms() >= w->end_at_ms)
			return err_set(e, ETIMEDOUT, "the reader does not end");
	}
	return r;
}

int trail_writer(struct trail *t, int reader_pidfd, struct err *e)
{
	struct writer w = {.t = t};
	_cleanup_close_ int signals = open_signals();
	_cleanup_free_ char *text = malloc(TRAIL_MESSAGE_MAX + 1);
	struct err why = {0};
	int r;

	if (!text || signals < 0)
		return err_errno(e, text ? -signals : ENOMEM, "cannot begin to write");
	w.text = text;
	shards_init(&w.shards, t->dirfd, t->audit_gid, t->boot, t->key);
	r = say_op(&w, "trail-start", e);
	if (r == 0 && !shards_append_only(&w.shards))
		trail_say(LOG_WARNING, "the ledger's files cannot be made append-only here: root can change them unseen until the next head");
	r = r < 0 ? r : serve(&w, signals, reader_pidfd, e);
	if (say_op(&w, "trail-stop", &why) < 0)
		trail_say(LOG_ERR, "%s", why.text);
	sign(&w, true);
	shards_done(&w.shards);
	if (t->wake >= 0)
		(void)!write(t->wake, "x", 1);
	return r;
}
