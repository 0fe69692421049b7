/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "build/lines.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>

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

TESTS("build/lines", cmocka_unit_test(test_whole), cmocka_unit_test(test_long), cmocka_unit_test(test_nobody))
