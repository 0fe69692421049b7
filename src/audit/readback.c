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
#include "audit/readback.h"

#include "sys/fd.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define MOMENT_MS 25   /* after which we ask whether it will come at all */
#define SILENT_MS 250  /* without any sign of audit */
#define PATIENT_MS 2000 /* the same when a receipt is required, as a machine may be busy; and with a sign */

int readback_open(struct readback *b)
{
	int r = kaudit_open_log(&b->log_fd);

	return r == 0 ? kaudit_open(&b->fd) : r;
}

bool readback_match(const char *message, const char *text, struct witness_reply *reply)
{
	unsigned long long sec, serial;
	unsigned milli, auid, ses;
	size_t len = strlen(text);

	/* between these and the text stands subj= where a security module has labels */
	if (sscanf(message, "audit(%llu.%u:%llu): pid=%*d uid=%*u auid=%u ses=%u", &sec, &milli, &serial, &auid, &ses) != 5)
		return false;
	message = strstr(message, " msg='");
	if (!message || strncmp(message + 6, text, len) != 0 || strcmp(message + 6 + len, "'") != 0)
		return false;
	reply->receipt.sec = sec;
	reply->receipt.milli = milli;
	reply->receipt.serial = serial;
	reply->auid = auid;
	reply->ses = ses;
	return true;
}

/* Messages of users and joinings have the sender's pid first of all, where nobody can write anything before it. */
static bool is_ours(const struct kaudit_message *m)
{
	char stamp[32];

	snprintf(stamp, sizeof(stamp), "): pid=%d ", getpid());
	return strstr(m->text, stamp);
}

static long now_ms(void)
{
	struct timespec t = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

enum witness_outcome readback_wait(struct readback *b, uint16_t type, const char *text, bool patient, struct witness_reply *reply)
{
	_cleanup_close_ int fence = -EBADF;
	long begin = now_ms();
	bool heard = false;

	for (;;) {
		long limit = fence < 0 ? MOMENT_MS : patient || heard ? PATIENT_MS : SILENT_MS, left = begin + limit - now_ms();

		if (left <= 0 && fence >= 0)
			return heard ? WITNESS_EXCLUDED : WITNESS_SILENT;
		if (left <= 0 && kaudit_open_log(&fence) < 0)
			return WITNESS_BROKEN;
		/* nothing, or some that were lost: until the time is over */
		if (left <= 0 || kaudit_receive(b->log_fd, (int)left, &b->m) < 0 || !is_ours(&b->m))
			continue;
		if (b->m.type == type && readback_match(b->m.text, text, reply))
			return WITNESS_RECORDED;
		if (b->m.type == KAUDIT_EVENT_LISTENER && heard)
			return WITNESS_EXCLUDED;
		heard = heard || b->m.type == KAUDIT_EVENT_LISTENER;
	}
}
