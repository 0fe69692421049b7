/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "monitor/log.h"

#include "base/buf.h"
#include "monitor/log_format.h"
#include "monitor/log_writer.h"
#include "monitor/testing_log.h"
#include "sys/fd.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void test_stamp(void **state)
{
	static const struct {
		struct timespec t;
		const char *text;
	} cases[] = {
		{{0, 0}, "1970-01-01T00:00:00.000000000Z"},
		{{951782400, 5}, "2000-02-29T00:00:00.000000005Z"},
		{{1767225599, 999999999}, "2025-12-31T23:59:59.999999999Z"},
		{{4107542399, 1}, "2100-02-28T23:59:59.000000001Z"},
		{{4107542400, 0}, "2100-03-01T00:00:00.000000000Z"},
		{{253402300799, 0}, "9999-12-31T23:59:59.000000000Z"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char s[LOG_STAMP_LEN + 1] = "", line[64];
		struct log_record rec;

		log_stamp(&cases[i].t, s);
		assert_string_equal(s, cases[i].text);
		snprintf(line, sizeof(line), "%s stderr P x", s);
		assert_int_equal(log_record_parse(line, strlen(line), &rec), 0);
		assert_int_equal(rec.time.tv_sec, cases[i].t.tv_sec);
		assert_int_equal(rec.time.tv_nsec, cases[i].t.tv_nsec);
		assert_int_equal(rec.stream, LOG_STDERR);
		assert_true(rec.partial);
		assert_int_equal(rec.head_len, LOG_HEAD_LEN);
	}
}

static void test_record_parse(void **state)
{
	static const struct {
		const char *line;
		int result;
	} cases[] = {
		{"2026-01-02T03:04:05.000000006Z stdout F x", 0},
		{"2026-01-02T03:04:05.000000006+02:00 stdout F x", 0},
		{"2026-01-02T03:04:05Z stdout P ", 0},
		{"2026-01-02T03:04:05.000000006Z stdout F", -EAGAIN},
		{"2026-01-02T03", -EAGAIN},
		{"", -EAGAIN},
		{"2026-01-02T03:04:05.000000006Z stdoux F x", -EBADMSG},
		{"2026-01-02T03:04:05.000000006Z stdin F x", -EBADMSG},
		{"2026-01-02T03:04:05.000000006Z stdout X x", -EBADMSG},
		{"2026-01-02T03:04:05.000000006Z stdout Fx", -EBADMSG},
		{"2026-13-02T03:04:05.000000006Z stdout F x", -EBADMSG},
		{"2026-00-02T03:04:05.000000006Z stdout F x", -EBADMSG},
		{"2026-02-30T03:04:05.000000006Z stdout F x", -EBADMSG},
		{"2023-02-29T03:04:05.000000006Z stdout F x", -EBADMSG},
		{"2024-02-29T03:04:05.000000006Z stdout F x", 0},
		{"2026-04-31T03:04:05.000000006Z stdout F x", -EBADMSG},
		{"2026-01-02T24:04:05.000000006Z stdout F x", -EBADMSG},
		{"2026-01-02T03:04:05.0000000061Z stdout F x", -EBADMSG},
		{"2026-01-02 03:04:05.000000006Z stdout F x", -EBADMSG},
		{"1969-01-02T03:04:05.000000006Z stdout F x", -EBADMSG},
		{"hello", -EBADMSG},
		{"-026-01-02T03:04:05.000000006Z stdout F x", -EBADMSG},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct log_record rec;
		int r = log_record_parse(cases[i].line, strlen(cases[i].line), &rec);

		if (r != cases[i].result)
			fail_msg("%s: %d, wanted %d", cases[i].line, r, cases[i].result);
		/* each beginning of a good one may become one */
		for (size_t n = 0; r == 0 && n < rec.head_len; n++)
			assert_int_equal(log_record_parse(cases[i].line, n, &rec), -EAGAIN);
	}
}

static void test_zone(void **state)
{
	struct log_record a, b;

	(void)state;
	assert_int_equal(log_record_parse("2026-01-02T03:04:05.5+02:30 stdout F ", 37, &a), 0);
	assert_int_equal(log_record_parse("2026-01-02T00:34:05.5Z stdout F ", 32, &b), 0);
	assert_int_equal(a.time.tv_sec, b.time.tv_sec);
	assert_int_equal(a.time.tv_nsec, 500000000);
}

/* ---- writer and reader together ---- */

static int remove_dir(void **state)
{
	(void)state;
	close(dir);
	unlink(log_path);
	return rmdir(dir_path);
}

struct got {
	struct buf both;    /* as a terminal shows it */
	struct buf by[2];
};

static int collect(enum log_stream stream, const char *data, size_t len, void *sink_data)
{
	struct got *g = sink_data;

	buf_add(&g->both, data, len);
	buf_add(&g->by[stream], data, len);
	return 0;
}

static uint64_t read_log(const struct log_query *q, struct got *g)
{
	struct log_loss loss = {0};
	struct err e = {0};

	buf_reset(&g->both);
	buf_reset(&g->by[0]);
	buf_reset(&g->by[1]);
	if (log_read(dir, "ctr.log", q, collect, g, &loss, &e) < 0)
		fail_msg("%s", e.text);
	return loss.skipped;
}

static void got_done(struct got *g)
{
	buf_done(&g->both);
	buf_done(&g->by[0]);
	buf_done(&g->by[1]);
}

static void write_text(const char *text)
{
	int fd = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

/* Bytes that look like everything: what goes in comes out, each stream its own. */
static void test_round_trip(void **state)
{
	static const char *const pieces[] = {
		"plain\n", "no newline", " continued\n", "\n\n\n", "\r\n", "nul \0 inside", "2026-01-02T03:04:05.000000006Z stderr F forged\n",
		"x\n2026-01-02T03:04:05.000000006Z stdout F forged", "\x1b[2J\xe2\x80\xa8\xff\xfe", "P", "F \n", "the end",
	};
	struct log_writer w = LOG_WRITER_INIT;
	struct log_query q = LOG_QUERY_INIT;
	struct buf in[2] = {BUF_INIT, BUF_INIT};
	struct got g = {0};
	struct err e = {0};
	unsigned seed = 1;

	(void)state;
	unlink(log_path);
	assert_int_equal(log_writer_open(&w, &(struct log_target){.path = log_path, .max = 0}, &e), 0);
	for (int i = 0; i < 5000; i++) {
		enum log_stream s;
		size_t n;
		const char *p;

		seed = seed * 1103515245 + 12345;
		p = pieces[(seed >> 16) % ARRAY_SIZE(pieces)];
		s = (seed >> 8) & 1 ? LOG_STDERR : LOG_STDOUT;
		n = strcmp(p, "nul ") == 0 ? 12 : strlen(p);
		log_writer_put(&w, s, p, n);
		buf_add(&in[s], p, n);
	}
	/* one piece of very many lines: more than a batch */
	for (int i = 0; i < 3; i++) {
		static char newlines[16384];

		memset(newlines, '\n', sizeof(newlines));
		log_writer_put(&w, LOG_STDOUT, newlines, sizeof(newlines));
		buf_add(&in[0], newlines, sizeof(newlines));
	}
	assert_int_equal(w.lost_bytes, 0);
	log_writer_done(&w);
	assert_int_equal(read_log(&q, &g), 0);
	for (size_t s = 0; s < 2; s++) {
		assert_int_equal(g.by[s].len, in[s].len);
		assert_memory_equal(g.by[s].data, in[s].data, in[s].len);
		buf_done(&in[s]);
	}
	got_done(&g);
}

#define AT "2026-01-02T03:04:0"
static const char sample[] =
	AT "1.000000000Z stdout F one\n"
	AT "2.000000000Z stdout P tw\n"
	AT "3.000000000Z stderr F ERR\n"
	AT "4.000000000Z stdout F o\n"
	AT "5.000000000Z stderr P part\n"
	AT "6.000000000Z stdout F three\n"
	AT "7.000000000Z stderr P ial\n";

static void test_tail(void **state)
{
	static const struct {
		int64_t tail;
		const char *text;
	} cases[] = {
		{-1, "one\ntwERR\no\npartthree\nial"},
		{0, ""},
		{1, "partial"},
		{2, "partthree\nial"},
		{3, "two\npartthree\nial"},
		{4, "twERR\no\npartthree\nial"},
		{5, "one\ntwERR\no\npartthree\nial"},
		{6, "one\ntwERR\no\npartthree\nial"},
		{INT64_MAX, "one\ntwERR\no\npartthree\nial"},
	};
	struct got g = {0};

	(void)state;
	write_text(sample);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct log_query q = LOG_QUERY_INIT;

		q.tail = cases[i].tail;
		assert_int_equal(read_log(&q, &g), 0);
		assert_string_equal(buf_str(&g.both), cases[i].text);
	}
	got_done(&g);
}

/* The last N of many are the last N, whatever the block boundaries. */
static void test_tail_long(void **state)
{
	struct log_writer w = LOG_WRITER_INIT;
	struct buf all = BUF_INIT;
	struct got g = {0};
	struct err e = {0};

	(void)state;
	unlink(log_path);
	assert_int_equal(log_writer_open(&w, &(struct log_target){.path = log_path, .max = 0}, &e), 0);
	for (int i = 0; i < 20000; i++) {
		char line[64];
		int n = snprintf(line, sizeof(line), "%d%.*s\n", i, i % 40, "........................................");

		log_writer_put(&w, LOG_STDOUT, line, (size_t)n);
		buf_add(&all, line, (size_t)n);
	}
	log_writer_done(&w);
	for (int64_t tail = 1; tail < 20000; tail = tail * 3 + 1) {
		struct log_query q = LOG_QUERY_INIT;
		const char *want = all.data + all.len;

		q.tail = tail;
		for (int64_t i = 0; i <= tail && want > all.data; want--)
			i += want[-1] == '\n';
		if (want > all.data)
			want++;
		read_log(&q, &g);
		assert_string_equal(buf_str(&g.both), *want == '\n' ? want + 1 : want);
	}
	buf_done(&all);
	got_done(&g);
}

static void test_since_until_timestamps(void **state)
{
	struct log_query q = LOG_QUERY_INIT;
	struct got g = {0};
	struct log_record rec;

	(void)state;
	write_text(sample);
	assert_int_equal(log_record_parse(AT "3.000000000Z stdout F ", 40, &rec), 0);
	q.since = rec.time;
	q.until = rec.time;
	q.until.tv_sec++;
	read_log(&q, &g);
	assert_string_equal(buf_str(&g.both), "ERR\no\n");
	q = (struct log_query)LOG_QUERY_INIT;
	q.tail = 3;
	q.timestamps = true;
	read_log(&q, &g);
	assert_string_equal(buf_str(&g.by[0]), AT "2.000000000Z two\n" AT "6.000000000Z three\n");
	assert_string_equal(buf_str(&g.by[1]), AT "5.000000000Z partial");
	got_done(&g);
}

static void test_not_records(void **state)
{
	struct log_query q = LOG_QUERY_INIT;
	struct got g = {0};

	(void)state;
	write_text("garbage\n\n" AT "1.0Z stdout F good\n" AT "1.0Z stdo\n" AT "2.0Z stdout F torn, no newline");
	assert_int_equal(read_log(&q, &g), 3);
	assert_string_equal(buf_str(&g.both), "good\ntorn, no newline");
	write_text("");
	assert_int_equal(read_log(&q, &g), 0);
	assert_string_equal(buf_str(&g.both), "");
	unlink(log_path);
	assert_int_equal(read_log(&q, &g), 0);
	got_done(&g);
}

static void test_refuses_what_is_no_file(void **state)
{
	struct log_query q = LOG_QUERY_INIT;
	struct got g = {0};
	struct err e = {0};

	(void)state;
	unlink(log_path);
	assert_int_equal(mkfifo(log_path, 0600), 0);
	assert_int_equal(log_read(dir, "ctr.log", &q, collect, &g, NULL, &e), -EINVAL);
	unlink(log_path);
	assert_int_equal(symlink("/etc/passwd", log_path), 0);
	assert_int_equal(log_read(dir, "ctr.log", &q, collect, &g, NULL, &e), -ELOOP);
	unlink(log_path);
	got_done(&g);
}

static void test_rotation(void **state)
{
	struct log_writer w = LOG_WRITER_INIT;
	struct log_query q = LOG_QUERY_INIT;
	struct got g = {0};
	struct err e = {0};
	struct buf all = BUF_INIT;
	struct stat st;
	char old[100];

	(void)state;
	unlink(log_path);
	snprintf(old, sizeof(old), "%s.1", log_path);
	assert_int_equal(log_writer_open(&w, &(struct log_target){.path = log_path, .max = 4096}, &e), 0);
	for (int i = 0; i < 1000; i++) {
		char line[32];
		int n = snprintf(line, sizeof(line), "line %d\n", i);

		log_writer_put(&w, LOG_STDOUT, line, (size_t)n);
		buf_add(&all, line, (size_t)n);
		assert_int_equal(stat(log_path, &st), 0);
		assert_true(st.st_size <= 4096);
	}
	log_writer_done(&w);
	assert_int_equal(stat(old, &st), 0);
	assert_true(st.st_size <= 4096);
	read_log(&q, &g);
	/* both files, without a gap, are an end of all there was */
	assert_true(g.both.len > 600 && g.both.len < all.len);
	assert_string_equal(g.both.data, all.data + all.len - g.both.len);
	q.tail = 1;
	read_log(&q, &g);
	assert_string_equal(buf_str(&g.both), "line 999\n");
	unlink(old);
	buf_done(&all);
	got_done(&g);
}

/* An earlier monitor died in the middle of a line. */
static void test_torn_end_is_healed(void **state)
{
	struct log_writer w = LOG_WRITER_INIT;
	struct log_query q = LOG_QUERY_INIT;
	struct got g = {0};
	struct err e = {0};

	(void)state;
	write_text(AT "1.0Z stdout F torn");
	assert_int_equal(log_writer_open(&w, &(struct log_target){.path = log_path, .max = 0}, &e), 0);
	log_writer_put(&w, LOG_STDOUT, "next\n", 5);
	log_writer_done(&w);
	assert_int_equal(read_log(&q, &g), 0);
	assert_string_equal(buf_str(&g.both), "torn\nnext\n");
	got_done(&g);
}

/* No room: counted, never torn, and going on when there is room again. */
static void test_full_disk(void **state)
{
	struct rlimit old, tight;
	struct log_writer w = LOG_WRITER_INIT;
	struct log_query q = LOG_QUERY_INIT;
	struct got g = {0};
	struct err e = {0};

	(void)state;
	unlink(log_path);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	tight = old;
	tight.rlim_cur = 100;
	assert_int_equal(log_writer_open(&w, &(struct log_target){.path = log_path, .max = 0}, &e), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	log_writer_put(&w, LOG_STDOUT, "fits\n", 5);
	log_writer_put(&w, LOG_STDOUT, "also\n", 5);
	log_writer_put(&w, LOG_STDOUT, "does not fit\n", 13);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	log_writer_put(&w, LOG_STDOUT, "fits again\n", 11);
	assert_int_equal(w.lost_bytes, 13);
	log_writer_done(&w);
	assert_int_equal(read_log(&q, &g), 0);
	assert_string_equal(buf_str(&g.both), "fits\nalso\nfits again\n");
	got_done(&g);
}

static int stop_early(enum log_stream stream, const char *data, size_t len, void *sink_data)
{
	(void)stream;
	(void)data;
	(void)len;
	return ++*(int *)sink_data == 2 ? -EPIPE : 0;
}

static void test_sink_stops_it(void **state)
{
	struct log_query q = LOG_QUERY_INIT;
	struct err e = {0};
	int calls = 0;

	(void)state;
	write_text(sample);
	assert_int_equal(log_read(dir, "ctr.log", &q, stop_early, &calls, NULL, &e), -EPIPE);
	assert_int_equal(calls, 2);
}

/* The container that writes on while it is read. */
static int collect_and_write(enum log_stream stream, const char *data, size_t len, void *sink_data)
{
	struct got *g = sink_data;
	int fd = open(log_path, O_WRONLY | O_APPEND | O_CLOEXEC);

	/* a reader that does not stop would never end */
	assert_true(g->both.len < 100);
	assert_true(fd >= 0);
	assert_true(write(fd, AT "9.000000000Z stdout F more\n", strlen(AT "9.000000000Z stdout F more\n")) > 0);
	close(fd);
	return collect(stream, data, len, sink_data);
}

static void test_tail_of_one_that_grows(void **state)
{
	struct log_query q = LOG_QUERY_INIT;
	struct got g = {0};
	struct err e = {0};

	(void)state;
	write_text(sample);
	q.tail = 1;
	assert_int_equal(log_read(dir, "ctr.log", &q, collect_and_write, &g, NULL, &e), 0);
	assert_string_equal(buf_str(&g.both), "partial");
	got_done(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stamp),
		cmocka_unit_test(test_record_parse),
		cmocka_unit_test(test_zone),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_tail),
		cmocka_unit_test(test_tail_long),
		cmocka_unit_test(test_tail_of_one_that_grows),
		cmocka_unit_test(test_since_until_timestamps),
		cmocka_unit_test(test_not_records),
		cmocka_unit_test(test_refuses_what_is_no_file),
		cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_torn_end_is_healed),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_sink_stops_it),
	};

	return cmocka_run_group_tests_name("monitor/log", tests, make_dir, remove_dir);
}
