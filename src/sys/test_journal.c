/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* What goes over the socket, with a receiver of our own at its other end. */
#include "base/testing.h"
#include "sys/fd.h"
#include "sys/journal.h"
#include "sys/memfd.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

struct ends {
	struct journal journal;
	int receiver;
};

static void open_ends(struct ends *p)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	p->journal = (struct journal){.fd = pair[0]};
	p->receiver = pair[1];
}

static void close_ends(struct ends *p)
{
	journal_done(&p->journal);
	close(p->receiver);
}

static void test_fields(void **state)
{
	static const char want[] = "A=x\nB\n\3\0\0\0\0\0\0\0y\nz\nC=\n";
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	(void)state;
	journal_field(&b, "A", "x", 1);
	journal_field(&b, "B", "y\nz", 3);
	journal_field(&b, "C", "", 0);
	assert_int_equal(b.len, sizeof(want) - 1);
	assert_memory_equal(b.data, want, b.len);
}

static void test_small(void **state)
{
	struct iovec iov[] = {{(void *)(uintptr_t)"A=1\n", 4}, {(void *)(uintptr_t)"B=2\n", 4}};
	struct ends p;
	char got[64];

	(void)state;
	open_ends(&p);
	assert_int_equal(journal_send(&p.journal, iov, 2), 0);
	assert_int_equal(recv(p.receiver, got, sizeof(got), 0), 8);
	assert_memory_equal(got, "A=1\nB=2\n", 8);
	close_ends(&p);
}

static void test_large_is_a_sealed_file(void **state)
{
	static char text[3U << 20];
	struct iovec iov = {text, sizeof(text)};
	_cleanup_close_ int file = -EBADF;
	int fds[2];
	size_t n = 2;
	struct ends p;
	struct stat st;
	char got[16];

	(void)state;
	memset(text, 'x', sizeof(text));
	open_ends(&p);
	assert_int_equal(journal_send(&p.journal, &iov, 1), 0);
	assert_int_equal(fd_recv(p.receiver, got, sizeof(got), fds, &n), 0);
	assert_int_equal(n, 1);
	file = fds[0];
	assert_true(memfd_is_sealed(file));
	assert_int_equal(fstat(file, &st), 0);
	assert_int_equal(st.st_size, sizeof(text));
	close_ends(&p);
}

static int64_t ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* One that does not read is waited for once, and not for each entry; when it reads again it gets the next. */
static void test_stalled(void **state)
{
	struct iovec iov = {(void *)(uintptr_t)"A=1\n", 4};
	struct ends p;
	char got[64];
	int64_t begin = ms(), waited;
	int r = 0;

	(void)state;
	open_ends(&p);
	for (int i = 0; r == 0 && i < 100000; i++)
		r = journal_send(&p.journal, &iov, 1);
	assert_int_equal(r, -EAGAIN);
	waited = ms() - begin;
	assert_true(waited >= JOURNAL_WAIT_MS && waited < JOURNAL_WAIT_MS + 5000);
	begin = ms();
	for (int i = 0; i < 100; i++)
		assert_int_equal(journal_send(&p.journal, &iov, 1), -EAGAIN);
	assert_true(ms() - begin < JOURNAL_WAIT_MS);
	while (recv(p.receiver, got, sizeof(got), 0) > 0)
		;
	assert_int_equal(journal_send(&p.journal, &iov, 1), 0);
	assert_false(p.journal.stalled);
	close_ends(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_large_is_a_sealed_file),
		cmocka_unit_test(test_stalled),
	};

	return cmocka_run_group_tests_name("sys/journal", tests, NULL, NULL);
}
