/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * An audit log is bounded and rotates, so whoever may write without limit may
 * erase what others wrote; with `auditctl -f 2` a flood even stops the
 * machine. Tokens are taken before a record is sent: killing the witness in
 * between wins nothing. A state that cannot be read is an empty bucket of now, one that
 * cannot be kept is a refusal.
 *
 * Everybody may stop (SIGSTOP) a witness of his own while it holds the lock:
 * he then blocks his own login, and for a bounded time each.
 */
#include "witness/rate.h"

#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#define MAGIC 0x3165746172626e72ULL
#define LOCK_TRIES 200
#define LOCK_PAUSE_NS 10000000L

enum rate_answer rate_step(struct rate_state *s, uint64_t now_ms, uint32_t n, uint64_t *ret_suppressed)
{
	uint64_t full = RATE_BURST * 1000ULL, need = n * 1000ULL, passed;

	if (s->magic != MAGIC || s->at_ms > now_ms || s->tokens_m > full)
		*s = (struct rate_state){.magic = MAGIC, .at_ms = now_ms, .tokens_m = full};
	passed = now_ms - s->at_ms;
	s->at_ms = now_ms;
	/* passed: milliseconds, so that tokens per second are thousandths each */
	if (passed > full / RATE_PER_SECOND || s->tokens_m + passed * RATE_PER_SECOND > full)
		s->tokens_m = full;
	else
		s->tokens_m += passed * RATE_PER_SECOND;
	if (s->suppressed > 0 && s->tokens_m < full) {
		s->suppressed++;
		return RATE_STOP;
	}
	if (s->tokens_m < need) {
		s->suppressed++;
		return s->suppressed == 1 ? RATE_FIRST : RATE_STOP;
	}
	*ret_suppressed = s->suppressed;
	s->suppressed = 0;
	s->tokens_m -= need;
	return RATE_GO;
}

static int lock(int fd)
{
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};

	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		(void)nanosleep(&pause, NULL);
	}
	return -EAGAIN;
}

/* The state's file: the directory is root's, and nobody else's to enter. */
int rate_open(uint32_t auid, int *ret_fd)
{
	_cleanup_close_ int dir = open(RATE_DIR, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	char name[16];
	int fd;

	if (dir < 0 || fstat(dir, &st) < 0)
		return -errno;
	if (st.st_uid != 0 || (st.st_mode & 07) != 0)
		return -EPERM;
	snprintf(name, sizeof(name), "%u", auid);
	fd = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0660);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int rate_take(int fd, uint32_t n, uint64_t *ret_suppressed)
{
	struct rate_state s = {0};
	enum rate_answer answer;
	struct timespec now;
	int r = lock(fd);

	if (r < 0)
		return r;
	if (pread(fd, &s, sizeof(s), 0) < 0 || clock_gettime(CLOCK_BOOTTIME, &now) < 0)
		return -errno;
	answer = rate_step(&s, (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000, n, ret_suppressed);
	return pwrite(fd, &s, sizeof(s), 0) == (ssize_t)sizeof(s) ? (int)answer : -EIO;
}
