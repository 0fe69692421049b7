/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * queue - messages for the writer that could not be sent yet.
 *
 *	r = queue_add(&q, message, len);	// -ENOBUFS: full; count it as lost
 *	r = queue_send(&q, sock);		// as many as the socket takes; 0: all are gone
 */
#ifndef RANBY_TRAIL_QUEUE_H
#define RANBY_TRAIL_QUEUE_H

#include "base/mem.h"

#include <stddef.h>
#include <stdint.h>

#define QUEUE_BYTES_MAX ((size_t)64 << 20)

struct queue_item;
struct queue {
	uint32_t max; /* messages */
	struct queue_item *first, **last;
	size_t n, bytes;
};

void queue_init(struct queue *q, uint32_t max);
void queue_done(struct queue *q);
int queue_add(struct queue *q, const void *head, size_t head_len, const void *body, size_t body_len) _must_check_;
/* 0, 1: some are left, -errno of send(2). With `wait`, returns only when none is left. */
int queue_send(struct queue *q, int sock, int wait) _must_check_;

#endif
