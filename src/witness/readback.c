/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The kernel answers 0 for a record that it drops: audit is off, a rule of
 * the exclude or of the user filter, a login that is excluded. So we listen to
 * the stream that auditd's copy comes from, and wait for our own words.
 *
 * To wait long for what will not come would cost each command that time. The
 * stream is in the order of the serials, and joining it is itself a record
 * (EVENT_LISTENER). So after a moment a second socket joins: when
 * that is heard and ours was not, ours will not come. And while not even our
 * first joining was heard, audit is off, or nothing of this login is recorded.
 */
#include "witness/readback.h"

#include "sys/fd.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define MOMENT_MS 25      /* after which we ask whether it will come at all */
#define SILENT_MS 250     /* without any sign of audit */
#define REQUIRED_MS 2000  /* the same when a receipt is required: a machine may be busy */
#define FLOWS_MS 2000     /* after the stream has been seen to flow */

int readback_open(struct readback *b)
{
	int r = kaudit_open_log(&b->log_fd);

	return r == 0 ? kaudit_open(&b->fd) : r;
}

void readback_done(struct readback *b)
{
	fd_closep(&b->fd);
	fd_closep(&b->log_fd);
	fd_closep(&b->fence_fd);
}

int readback_send(struct readback *b, uint16_t type, const char *text)
{
	int r = kaudit_send(b->fd, type, text);

	b->type = type;
	b->text = text;
	return r;
}

bool readback_match(const char *message, pid_t pid, const char *text, struct witness_reply *reply)
{
	unsigned long long sec, serial;
	unsigned milli, auid, ses;
	int by, at = 0;
	size_t len = strlen(text);

	if (sscanf(message, "audit(%llu.%u:%llu): pid=%d uid=%*u auid=%u ses=%u%n", &sec, &milli, &serial, &by, &auid, &ses, &at) != 6 ||
	    by != pid)
		return false;
	/* between them stands subj= where a security module has labels */
	message = strstr(message + at, " msg='");
	if (!message)
		return false;
	message += strlen(" msg='");
	if (strncmp(message, text, len) != 0 || strcmp(message + len, "'") != 0)
		return false;
	reply->receipt.sec = sec;
	reply->receipt.milli = milli;
	reply->receipt.serial = serial;
	reply->auid = auid;
	reply->ses = ses;
	return true;
}

/* Messages of users and joinings have the sender's pid first of all, where nobody can write anything before it. */
static bool is_ours(const struct kaudit_message *m, pid_t pid)
{
	char stamp[32];

	snprintf(stamp, sizeof(stamp), "): pid=%d ", pid);
	return strstr(m->text, stamp) != NULL;
}

static int64_t now_ms(void)
{
	struct timespec t = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* One record of the stream. WITNESS_OUTCOME_N: go on. */
static enum witness_outcome look(struct readback *b, pid_t pid, struct witness_reply *reply)
{
	if (!is_ours(&b->m, pid))
		return WITNESS_OUTCOME_N;
	if (b->m.type == KAUDIT_EVENT_LISTENER) {
		if (b->alive_ms >= 0)
			return b->fence_fd >= 0 ? WITNESS_EXCLUDED : WITNESS_OUTCOME_N;
		b->alive_ms = now_ms();
		return WITNESS_OUTCOME_N;
	}
	b->seen++;
	return b->m.type == b->type && readback_match(b->m.text, pid, b->text, reply) ? WITNESS_RECORDED : WITNESS_OUTCOME_N;
}

/* When to give up. With one joining heard, be it the first or the second, the stream flows, and ours would follow at once. */
static int64_t limit_of(const struct readback *b, int64_t begin, bool required)
{
	if (b->alive_ms >= 0)
		return (b->alive_ms > begin ? b->alive_ms : begin) + FLOWS_MS;
	return begin + (required ? REQUIRED_MS : SILENT_MS);
}

enum witness_outcome readback_wait(struct readback *b, pid_t pid, bool required, struct witness_reply *reply)
{
	int64_t begin = now_ms();

	for (;;) {
		int64_t now = now_ms(), limit = limit_of(b, begin, required);
		enum witness_outcome o;
		int r;

		if (now >= begin + MOMENT_MS && b->fence_fd < 0 && kaudit_open_log(&b->fence_fd) < 0)
			return WITNESS_BROKEN;
		if (now >= limit)
			return b->alive_ms >= 0 ? WITNESS_EXCLUDED : WITNESS_SILENT;
		r = kaudit_receive(b->log_fd, (int)((b->fence_fd < 0 ? begin + MOMENT_MS : limit) - now), &b->m);
		if (r < 0 && r != -ETIMEDOUT && r != -ENOBUFS && r != -EAGAIN)
			return WITNESS_BROKEN;
		o = r < 0 ? WITNESS_OUTCOME_N : look(b, pid, reply);
		if (o != WITNESS_OUTCOME_N)
			return o;
	}
}
