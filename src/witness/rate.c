/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * An audit log is bounded and rotates, so whoever may write without limit may
 * erase what others wrote; with `auditctl -f 2` a flood even stops the
 * machine. Tokens are taken before a record is sent: killing the witness in
 * between wins nothing. A state that cannot be kept is a refusal.
 *
 * By uid, not by loginuid: a task whose loginuid is unset, as that of a
 * service, may set it to any, so each of its children would have a bucket
 * of its own, or empty somebody else's.
 *
 * The level is kept as the time at which the bucket will be full: what is
 * taken puts it off, and nothing has to be added as time goes by.
 *
 * Everybody may stop (SIGSTOP) a witness of his own while it holds the lock:
 * he then blocks himself, and each of his witnesses until its alarm.
 */
#include "witness/rate.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define FULL_MS ((uint64_t)RATE_BURST * RATE_TOKEN_MS)

bool rate_step(struct rate_state *s, uint64_t now_ms, uint32_t n)
{
	uint64_t after;

	/* full by now; or later than can be, which is a time of another boot */
	if (s->full_ms < now_ms || s->full_ms > now_ms + FULL_MS)
		s->full_ms = now_ms;
	after = s->full_ms + (uint64_t)n * RATE_TOKEN_MS;
	if ((s->suppressed > 0 && s->full_ms > now_ms) || after > now_ms + FULL_MS) {
		s->suppressed++;
		return false;
	}
	s->full_ms = after;
	return true;
}

int rate_open(void)
{
	char name[48];

	/* the directory is root's, and nobody else's to enter */
	snprintf(name, sizeof(name), RATE_DIR "/%u", getuid());
	return open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0660);
}

int rate_take(int fd, uint32_t n, uint64_t *ret_suppressed)
{
	struct rate_state s = {0};
	struct timespec now;
	bool go;

	if (flock(fd, LOCK_EX) < 0 || pread(fd, &s, sizeof(s), 0) < 0 || clock_gettime(CLOCK_BOOTTIME, &now) < 0)
		return -1;
	go = rate_step(&s, (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000, n);
	*ret_suppressed = s.suppressed;
	if (go)
		s.suppressed = 0;
	return pwrite(fd, &s, sizeof(s), 0) == (ssize_t)sizeof(s) ? go : -1;
}
