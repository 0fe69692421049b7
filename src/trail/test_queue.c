/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "trail/queue.h"

#include "base/testing.h"
#include "sys/fd.h"

#include <sys/socket.h>

static int add(struct queue *q, unsigned n)
{
	return queue_add(q, "head", 4, &n, sizeof(n));
}

static unsigned take(int sock)
{
	char data[64];
	unsigned n;

	assert_int_equal(recv(sock, data, sizeof(data), MSG_DONTWAIT), 4 + sizeof(n));
	assert_memory_equal(data, "head", 4);
	memcpy(&n, data + 4, sizeof(n));
	return n;
}

/* What the socket does not take stays, in order, and nothing waits. */
static void test_order_and_no_wait(void **state)
{
	struct queue q;
	int socks[2], small = 4096;
	unsigned got = 0;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks), 0);
	assert_int_equal(setsockopt(socks[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	queue_init(&q, 5000);
	for (unsigned i = 0; i < 5000; i++)
		assert_int_equal(add(&q, i), 0);
	assert_int_equal(add(&q, 5000), -ENOBUFS);
	assert_int_equal(queue_send(&q, socks[0], 0), 1);
	assert_true(q.n > 0 && q.n < 5000);
	while (got < 5000) {
		assert_int_equal(take(socks[1]), got);
		got++;
		assert_true(queue_send(&q, socks[0], 0) >= 0);
	}
	assert_int_equal(q.n, 0);
	assert_int_equal(q.bytes, 0);
	/* and it can be filled again */
	assert_int_equal(add(&q, 1), 0);
	assert_int_equal(queue_send(&q, socks[0], 1), 0);
	assert_int_equal(take(socks[1]), 1);
	close(socks[1]);
	assert_int_equal(add(&q, 2), 0);
	assert_int_equal(queue_send(&q, socks[0], 0), -EPIPE);
	queue_done(&q);
	close(socks[0]);
}

static void test_bytes(void **state)
{
	_cleanup_free_ char *body = calloc(1, 1 << 20);
	struct queue q;
	unsigned n = 0;

	(void)state;
	queue_init(&q, 1000000);
	while (queue_add(&q, "", 0, body, 1 << 20) == 0)
		n++;
	assert_int_equal(n, QUEUE_BYTES_MAX >> 20);
	assert_true(q.bytes <= QUEUE_BYTES_MAX);
	queue_done(&q);
	assert_int_equal(q.bytes, 0);
}

TESTS("trail/queue", cmocka_unit_test(test_order_and_no_wait), cmocka_unit_test(test_bytes))
