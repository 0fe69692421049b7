/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * auditd waits for nobody who does not read: its own queue fills, then the
 * kernel's, then every process of the machine stands still. So what cannot be
 * written at once lies here, up to a bound, and past it is dropped and
 * counted. The bound is on messages and on bytes.
 */
#include "trail/queue.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

struct queue_item {
	struct queue_item *next;
	size_t len;
	char data[];
};

void queue_init(struct queue *q, uint32_t max)
{
	*q = (struct queue){.max = max};
	q->last = &q->first;
}

static void pop(struct queue *q)
{
	struct queue_item *item = q->first;

	q->first = item->next;
	if (!q->first)
		q->last = &q->first;
	q->n--;
	q->bytes -= item->len;
	free(item);
}

void queue_done(struct queue *q)
{
	while (q->first)
		pop(q);
}

int queue_add(struct queue *q, const void *head, size_t head_len, const void *body, size_t body_len)
{
	size_t len = head_len + body_len;
	struct queue_item *item;

	if (q->n >= q->max || q->bytes + len > QUEUE_BYTES_MAX)
		return -ENOBUFS;
	item = malloc(sizeof(*item) + len);
	if (!item)
		return -ENOMEM;
	item->next = NULL;
	item->len = len;
	memcpy(item->data, head, head_len);
	memcpy(item->data + head_len, body, body_len);
	*q->last = item;
	q->last = &item->next;
	q->n++;
	q->bytes += len;
	return 0;
}

int queue_send(struct queue *q, int sock, int wait)
{
	while (q->first) {
		ssize_t n = send(sock, q->first->data, q->first->len, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == ENOBUFS))
			return 1;
		if (n < 0)
			return -errno;
		pop(q);
	}
	return 0;
}
