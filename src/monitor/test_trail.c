/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* What the writer writes the reader takes, over restarts and losses; what is changed it finds, and where. */
#include "monitor/trail_file.h"
#include "monitor/trail_reader.h"

#include "base/testing.h"
#include "sys/fd.h"

#include <sys/resource.h>
#include <signal.h>

static char dir[64], path[96];

static int make_dir(void **state)
{
	(void)state;
	close(testing_directory(dir));
	snprintf(path, sizeof(path), "%s/trail", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(dir);
}

static void write_lines(unsigned n)
{
	struct trail_file f = TRAIL_FILE_INIT;
	struct err e = {0};

	assert_int_equal(trail_file_open(&f, path, &e), 0);
	for (unsigned i = 0; i < n; i++) {
		struct buf *b = trail_file_begin(&f, i + 1 == n ? "end" : "exec");

		buf_addf(b, ",\"pid\":%u", i);
		trail_file_end(&f);
	}
	trail_file_done(&f);
}

static void get(struct buf *b)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fd_read_all(fd, 1 << 20, b), 0);
}

static void check(const struct buf *b, struct trail_reader *t)
{
	*t = (struct trail_reader)TRAIL_READER_INIT;
	assert_int_equal(trail_reader_feed(t, buf_str(b), b->len, NULL, NULL, NULL), 0);
	assert_int_equal(trail_reader_finish(t, NULL, NULL, NULL), 0);
	trail_reader_done(t);
}

static void test_goes_on(void **state)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct trail_reader t;

	(void)state;
	write_lines(3);
	write_lines(4);
	get(&b);
	check(&b, &t);
	assert_int_equal(t.fault_line, 0);
	assert_int_equal(t.lines, 7);
	assert_int_equal(t.seq, 7);
	assert_true(t.ended);
}

/* Every byte changed, every line left out, every end cut off. */
static void test_faults(void **state)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct trail_reader t;
	size_t line = 1;

	(void)state;
	write_lines(5);
	get(&b);
	for (size_t i = 0; i < b.len; i++) {
		bool is_last = !memchr(b.data + i, '\n', b.len - i - 1);
		char was = b.data[i];

		b.data[i] ^= 1;
		check(&b, &t);
		b.data[i] = was;
		/* the last line's own text is what nothing stands behind */
		if (!is_last && (t.fault_line < line || t.fault_line > line + 1))
			fail_msg("byte %zu of line %zu: fault in line %lu", i, line, (unsigned long)t.fault_line);
		line += was == '\n';
	}
	for (size_t len = 1; len < b.len; len++) {
		struct buf cut = {.data = b.data, .len = len, .cap = b.cap};

		check(&cut, &t);
		if (t.fault_line == 0 && t.ended)
			fail_msg("cut off at %zu: not seen", len);
	}
}

static void test_left_out(void **state)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT, c = BUF_INIT;
	struct trail_reader t;
	const char *second, *third;

	(void)state;
	write_lines(4);
	get(&b);
	second = strchr(buf_str(&b), '\n') + 1;
	third = strchr(second, '\n') + 1;
	buf_add(&c, b.data, (size_t)(second - b.data));
	buf_adds(&c, third);
	check(&c, &t);
	assert_int_equal(t.fault_line, 2);
}

/* A power cut has torn the last line off: it is a fault, and the only one. */
static void test_torn(void **state)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct trail_reader t;

	(void)state;
	write_lines(2);
	assert_int_equal(truncate(path, 250), 0);
	write_lines(2);
	get(&b);
	check(&b, &t);
	assert_int_equal(t.fault_line, 2);
	assert_int_equal(t.lines, 4);
	assert_true(t.ended);
}

/* A file that may not grow: lines are whole or not there, and the next one says how many are missing. */
static void test_lost(void **state)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct trail_file f = TRAIL_FILE_INIT;
	struct rlimit was, small;
	struct trail_reader t;
	struct err e = {0};

	(void)state;
	assert_int_equal(trail_file_open(&f, path, &e), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = (struct rlimit){.rlim_cur = 700, .rlim_max = was.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 0; i < 8; i++) {
		trail_file_begin(&f, "exec");
		trail_file_end(&f);
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_true(f.lost > 0);
	trail_file_begin(&f, "end");
	trail_file_end(&f);
	trail_file_done(&f);
	get(&b);
	assert_non_null(strstr(buf_str(&b), "\"lost\":"));
	check(&b, &t);
	assert_int_equal(t.fault_line, 0);
	assert_int_equal(t.seq, 9);
	assert_true(t.lines < 9);
}

static void test_long_line(void **state)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct trail_reader t;

	(void)state;
	for (size_t i = 0; i < 3 * TRAIL_LINE_MAX; i++)
		buf_addc(&b, 'x');
	buf_addc(&b, '\n');
	check(&b, &t);
	assert_int_equal(t.lines, 1);
	assert_int_equal(t.fault_line, 1);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, make_dir, remove_dir)
TESTS("monitor/trail", CASE(test_goes_on), CASE(test_faults), CASE(test_left_out), CASE(test_torn), CASE(test_lost),
      cmocka_unit_test(test_long_line))
