/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "build/lines.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

struct ends {
	struct lines l;
	int writer, reader, to;
};

static void open_ends(struct ends *n)
{
	int fds[2];

	*n = (struct ends){.l = LINES_INIT};
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	n->reader = fds[0];
	n->to = fds[1];
	assert_int_equal(lines_open(&n->l, n->to, &n->writer), 0);
}

static void close_ends(struct ends *n)
{
	lines_done(&n->l);
	fd_closep(&n->writer);
	fd_closep(&n->reader);
	fd_closep(&n->to);
}

static void says(struct ends *n, const char *in, const char *out)
{
	char got[256] = "";

	assert_int_equal(fd_write_all(n->writer, in, strlen(in)), 0);
	assert_int_equal(lines_pass(&n->l), 0);
	(void)!read(n->reader, got, sizeof(got) - 1);
	assert_string_equal(got, out);
}

static void test_whole(void **state)
{
	struct ends n;
	char got[64] = "";

	(void)state;
	open_ends(&n);
	says(&n, "be", "");
	says(&n, "gun\nand", "begun\n");
	says(&n, "", "");
	says(&n, " on\n\nlast", "and on\n\n");
	fd_closep(&n.writer);
	assert_int_equal(lines_end(&n.l), 0);
	assert_int_equal(read(n.reader, got, sizeof(got)), 5);
	assert_string_equal(got, "last\n");
	/* there is nothing more, however often it is asked */
	assert_int_equal(lines_end(&n.l), 0);
	assert_int_equal(lines_pass(&n.l), 0);
	assert_int_equal(read(n.reader, got, sizeof(got)), -1);
	close_ends(&n);
}

/* What has no line feed takes no memory without end. */
static void test_long(void **state)
{
	_cleanup_free_ char *text = malloc(LINES_LONG), *got = malloc(2 * LINES_LONG);
	struct ends n;

	(void)state;
	open_ends(&n);
	assert_true(fcntl(n.to, F_SETPIPE_SZ, 4 * LINES_LONG) >= 4 * LINES_LONG);
	memset(text, 'x', LINES_LONG);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fd_write_all(n.writer, text, LINES_LONG / 2), 0);
		assert_int_equal(lines_pass(&n.l), 0);
	}
	assert_int_equal(read(n.reader, got, 2 * LINES_LONG), LINES_LONG + 1);
	assert_int_equal(got[LINES_LONG], '\n');
	assert_int_equal(n.l.rest.len, 0);
	close_ends(&n);
}

/* What one says without a pause leaves the others their turn. */
static void test_much(void **state)
{
	_cleanup_free_ char *text = malloc(3 * LINES_LONG);
	struct ends n;
	int there = 0, all = 0;

	(void)state;
	open_ends(&n);
	assert_true(fcntl(n.to, F_SETPIPE_SZ, 4 * LINES_LONG) >= 4 * LINES_LONG);
	assert_true(fcntl(n.writer, F_SETPIPE_SZ, 4 * LINES_LONG) >= 4 * LINES_LONG);
	memset(text, '\n', 3 * LINES_LONG);
	assert_int_equal(fd_write_all(n.writer, text, 3 * LINES_LONG), 0);
	assert_int_equal(lines_pass(&n.l), 0);
	assert_int_equal(ioctl(n.reader, FIONREAD, &there), 0);
	assert_true(there > 0 && there < 2 * LINES_LONG);
	assert_int_equal(lines_end(&n.l), 0);
	assert_int_equal(ioctl(n.reader, FIONREAD, &all), 0);
	assert_int_equal(all, 3 * LINES_LONG);
	close_ends(&n);
}

/* Begins when no more goes in, and exits with 0 when it has had `want` bytes. */
static _Noreturn void read_late(struct ends *n, int full, size_t want)
{
	struct pollfd p = {.fd = n->reader, .events = POLLIN};
	char piece[4096];
	size_t got = 0;
	int there = 0;

	alarm(60);
	fd_closep(&n->to);
	while (ioctl(n->reader, FIONREAD, &there) == 0 && there < full)
		(void)poll(NULL, 0, 1);
	for (ssize_t k; (k = read(n->reader, piece, sizeof(piece))) != 0; got += k > 0 ? (size_t)k : 0)
		if (k < 0 && (errno != EAGAIN || poll(&p, 1, -1) < 0))
			_exit(2);
	_exit(got != want);
}

/* Who has the terminal open beside us may have made it one that does not wait. */
static void test_slow(void **state)
{
	char text[60000];
	struct ends n;
	int status;
	pid_t pid;

	(void)state;
	memset(text, '\n', sizeof(text));
	open_ends(&n);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		read_late(&n, sizeof(text) + 1, 4 * sizeof(text));
	for (int i = 0; i < 4; i++) {
		assert_int_equal(fd_write_all(n.writer, text, sizeof(text)), 0);
		assert_int_equal(lines_pass(&n.l), 0);
	}
	fd_closep(&n.to);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close_ends(&n);
}

static void test_nobody(void **state)
{
	struct ends n;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	open_ends(&n);
	fd_closep(&n.reader);
	assert_int_equal(fd_write_all(n.writer, "a\n", 2), 0);
	assert_int_equal(lines_pass(&n.l), -EPIPE);
	close_ends(&n);
}

TESTS("build/lines", cmocka_unit_test(test_whole), cmocka_unit_test(test_long), cmocka_unit_test(test_much),
      cmocka_unit_test(test_slow), cmocka_unit_test(test_nobody))
