/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * pollset - what one round of the monitor's loop waits for. Made anew each
 * round, so that a descriptor nobody can act on is not polled at all: a hung
 * up one would make the loop spin.
 */
#ifndef RANBY_MONITOR_POLLSET_H
#define RANBY_MONITOR_POLLSET_H

#include "monitor/protocol.h"

#include <poll.h>
#include <stdint.h>
#include <time.h>

#define POLLSET_MAX (MONITOR_CLIENTS_MAX + 12)

struct pollset {
	struct pollfd fds[POLLSET_MAX];
	int n;
	int64_t deadline_ms; /* earliest wanted, on the monotonic clock; INT64_MAX: none */
};

/* CLOCK_MONOTONIC. */
static inline int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline void pollset_reset(struct pollset *s)
{
	s->n = 0;
	s->deadline_ms = INT64_MAX;
}

/* The slot to ask pollset_got() for afterwards; -1 (nothing will come) when fd is negative or nothing is wanted. */
static inline int pollset_add(struct pollset *s, int fd, short events)
{
	if (fd < 0 || events == 0 || s->n == POLLSET_MAX)
		return -1;
	s->fds[s->n] = (struct pollfd){.fd = fd, .events = events};
	return s->n++;
}

static inline void pollset_wake_at(struct pollset *s, int64_t at_ms)
{
	if (at_ms < s->deadline_ms)
		s->deadline_ms = at_ms;
}

static inline short pollset_got(const struct pollset *s, int slot)
{
	return slot < 0 ? 0 : s->fds[slot].revents;
}

/* poll(2) until the deadline; on an error of any kind nothing came. */
static inline void pollset_wait(struct pollset *s)
{
	int timeout = -1;

	if (s->deadline_ms != INT64_MAX) {
		int64_t left = s->deadline_ms - now_ms();

		timeout = left < 0 ? 0 : left > 1000000 ? 1000000 : (int)left;
	}
	if (poll(s->fds, (nfds_t)s->n, timeout) < 0)
		for (int i = 0; i < s->n; i++)
			s->fds[i].revents = 0;
}

#endif
