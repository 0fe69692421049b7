/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* docker's json-file, byte for byte; and rotation by size and count, of both file drivers, under a reader that follows. */
#include "monitor/log.h"
#include "monitor/log_json.h"
#include "monitor/log_writer.h"
#include "monitor/testing_log.h"
#include "sys/fd.h"
#include "sys/pidfd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* ---- one record ---- */

static void test_json_text(void **state)
{
	/* as docker's jsonlog.JSONLogs.MarshalJSONBuf() */
	static const struct {
		const char *text, *json;
		size_t len;
	} cases[] = {
		{"hello\n", "hello\\n", 6},
		{"", "", 0},
		{"a\"b\\c/", "a\\\"b\\\\c/", 6},
		{"<a>&\t\r\x01\x1b\x7f", "\\u003ca\\u003e\\u0026\\u0009\\r\\u0001\\u001b\x7f", 9},
		{"nul \0 in", "nul \\u0000 in", 8},
		{"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9},
		{"\xe2\x80\xa8\xe2\x80\xa9", "\\u2028\\u2029", 6},
		{"x\xff\xc3y", "x\\ufffd\\ufffdy", 4},
		{"\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd", 3},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char out[256], *end = log_json_text(out, cases[i].text, cases[i].len);

		*end = '\0';
		assert_string_equal(out, cases[i].json);
	}
}

static void test_json_record(void **state)
{
	static const struct {
		struct timespec t;
		enum log_stream stream;
		const char *attrs, *line;
	} cases[] = {
		{{1767323045, 6}, LOG_STDOUT, NULL, "{\"log\":\"x\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05.000000006Z\"}\n"},
		{{1767323045, 500000000}, LOG_STDERR, "{\"tag\":\"web\"}",
		 "{\"log\":\"x\\n\",\"stream\":\"stderr\",\"attrs\":{\"tag\":\"web\"},\"time\":\"2026-01-02T03:04:05.5Z\"}\n"},
		{{1767323050, 0}, LOG_STDOUT, NULL, "{\"log\":\"x\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:10Z\"}\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char out[LOG_JSON_ROOM(2)];
		struct log_json j;
		char *end = log_json_end(log_json_text(log_json_begin(out), "x\n", 2), cases[i].stream, cases[i].attrs, &cases[i].t);

		*end = '\0';
		assert_string_equal(out, cases[i].line);
		assert_int_equal(log_json_parse(out, (size_t)(end - out) - 1, &j), 0);
		assert_int_equal(j.time.tv_sec, cases[i].t.tv_sec);
		assert_int_equal(j.time.tv_nsec, cases[i].t.tv_nsec);
		assert_int_equal(j.stream, cases[i].stream);
		assert_false(j.partial);
		assert_int_equal(j.len, 2);
		assert_memory_equal(j.text, "x\n", 2);
	}
}

#define REST ",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05Z\""

static void test_json_parse(void **state)
{
	/* text NULL: no record */
	static const struct {
		const char *line, *text;
	} cases[] = {
		{"{\"log\":\"a\\n\"" REST "}", "a\n"},
		{" { \"time\" : \"2026-01-02T03:04:05+01:00\" , \"stream\" : \"stderr\" , \"log\" : \"b\" }", "b"},
		{"{\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05Z\"}", ""},
		{"{\"attrs\":{\"a\":[1,{\"b\":\"}\"}],\"c\":null},\"log\":\"c\"" REST ",\"x\":1e5,\"y\":true}", "c"},
		{"{\"log\":\"\\u00e4\\u20ac\\ud83d\\ude00\\b\\f\\t\\/\"" REST "}", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\b\f\t/"},
		{"{\"log\":\"\\ud83d.\\ude00\"" REST "}", "\xef\xbf\xbd.\xef\xbf\xbd"},
		{"{\"log\":\"a\"" REST, NULL},
		{"{\"log\":\"a\"" REST "}x", NULL},
		{"{\"log\":\"a" REST "}", NULL},
		{"{\"log\":\"\\x\"" REST "}", NULL},
		{"{\"log\":\"\\u12g4\"" REST "}", NULL},
		{"{\"log\":\"a\tb\"" REST "}", NULL},
		{"{\"log\":\"a\",\"stream\":\"stdin\",\"time\":\"2026-01-02T03:04:05Z\"}", NULL},
		{"{\"log\":\"a\",\"stream\":\"stdout\"}", NULL},
		{"{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"yesterday\"}", NULL},
		{"{\"log\":\"a\"" REST ",\"x\":[1}}", NULL},
		{"{\"log\":\"a\"" REST ",\"x\":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}", NULL},
		{"2026-01-02T03:04:05.000000006Z stdout F x", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char line[512];
		struct log_json j;
		size_t len = strlen(cases[i].line);
		int r;

		memcpy(line, cases[i].line, len);
		r = log_json_parse(line, len, &j);
		assert_int_equal(r, cases[i].text ? 0 : -EBADMSG);
		if (r < 0)
			continue;
		assert_int_equal(j.len, strlen(cases[i].text));
		assert_memory_equal(j.text, cases[i].text, j.len);
	}
}

/* ---- files ---- */

static int remove_files(void **state)
{
	(void)state;
	unlink(log_path);
	for (int i = 1; i < LOG_FILES_MAX; i++) {
		char name[32];

		snprintf(name, sizeof(name), "ctr.log.%d", i);
		(void)unlinkat(dir, name, 0);
	}
	return 0;
}

static int remove_dir(void **state)
{
	(void)remove_files(state);
	close(dir);
	return rmdir(dir_path);
}

static int collect(enum log_stream stream, const char *data, size_t len, void *sink_data)
{
	buf_add(&((struct buf *)sink_data)[stream], data, len);
	return 0;
}

static void read_all(const struct log_query *q, struct buf out[static 2], struct log_loss *loss)
{
	struct err e = {0};

	buf_reset(&out[0]);
	buf_reset(&out[1]);
	if (log_read(dir, "ctr.log", q, collect, out, loss, &e) < 0)
		fail_msg("%s", e.text);
}

/* A character that comes in two reads is one, however it is cut; one that never ends is not lost. */
static void test_json_characters_in_parts(void **state)
{
	static const char text[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z\nnext \xe2\x82\xac";
	static const char end[] = "\xf0\x9f\x98";

	(void)state;
	for (size_t step = 1; step < 6; step++) {
		struct log_writer w = LOG_WRITER_INIT;
		struct log_query q = LOG_QUERY_INIT;
		struct buf out[2] = {BUF_INIT, BUF_INIT};
		struct log_loss loss;
		struct err e = {0};

		(void)remove_files(state);
		assert_int_equal(log_writer_open(&w, &(struct log_target){.driver = LOG_JSON_FILE, .path = log_path}, &e), 0);
		for (size_t at = 0; at < sizeof(text) - 1; at += step) {
			log_writer_put(&w, LOG_STDOUT, text + at, at + step < sizeof(text) - 1 ? step : sizeof(text) - 1 - at);
			log_writer_put(&w, LOG_STDERR, "\xff", 1);
		}
		log_writer_put(&w, LOG_STDOUT, end, sizeof(end) - 1);
		log_writer_done(&w);
		q.driver = LOG_JSON_FILE;
		read_all(&q, out, &loss);
		assert_int_equal(loss.skipped, 0);
		assert_int_equal(out[0].len, sizeof(text) - 1 + 9);
		assert_memory_equal(out[0].data, text, sizeof(text) - 1);
		assert_memory_equal(out[0].data + sizeof(text) - 1, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 9);
		buf_done(&out[0]);
		buf_done(&out[1]);
	}
}

static void test_json_tail(void **state)
{
	struct log_writer w = LOG_WRITER_INIT;
	struct log_query q = LOG_QUERY_INIT;
	struct buf out[2] = {BUF_INIT, BUF_INIT};
	struct log_loss loss;
	struct err e = {0};

	(void)state;
	assert_int_equal(log_writer_open(&w, &(struct log_target){.driver = LOG_JSON_FILE, .path = log_path}, &e), 0);
	log_writer_put(&w, LOG_STDOUT, "one\ntwo\nth", 10);
	log_writer_put(&w, LOG_STDERR, "other\n", 6);
	log_writer_put(&w, LOG_STDOUT, "ree\nfo", 6);
	log_writer_put(&w, LOG_STDOUT, "ur", 2);
	log_writer_done(&w);
	q.driver = LOG_JSON_FILE;
	q.tail = 2;
	read_all(&q, out, &loss);
	assert_string_equal(buf_str(&out[0]), "three\nfour");
	assert_string_equal(buf_str(&out[1]), "");
	q.tail = 3;
	read_all(&q, out, &loss);
	assert_string_equal(buf_str(&out[0]), "three\nfour");
	assert_string_equal(buf_str(&out[1]), "other\n");
	q.tail = 100;
	read_all(&q, out, &loss);
	assert_string_equal(buf_str(&out[0]), "one\ntwo\nthree\nfour");
	buf_done(&out[0]);
	buf_done(&out[1]);
}

/* So many lines, numbered, with pieces that end in the middle of them; a bit of both streams. */
static void write_numbers(const struct log_target *to, int n, useconds_t pause)
{
	struct log_writer w = LOG_WRITER_INIT;
	struct err e = {0};

	assert_int_equal(log_writer_open(&w, to, &e), 0);
	for (int i = 0; i < n; i++) {
		char line[64];
		int len = snprintf(line, sizeof(line), "line %d\n", i), cut = i % len;

		log_writer_put(&w, LOG_STDOUT, line, (size_t)cut);
		log_writer_put(&w, LOG_STDERR, line, (size_t)len);
		log_writer_put(&w, LOG_STDOUT, line + cut, (size_t)(len - cut));
		if (pause && i % 50 == 0)
			usleep(pause);
	}
	log_writer_done(&w);
}

static void numbers(struct buf *b, int n)
{
	buf_reset(b);
	for (int i = 0; i < n; i++)
		buf_addf(b, "line %d\n", i);
}

static const enum log_driver drivers[] = {LOG_K8S_FILE, LOG_JSON_FILE};

static void test_rotation_by_count(void **state)
{
	static const char last[] = "line 2999\n";
	struct buf out[2] = {BUF_INIT, BUF_INIT}, all = BUF_INIT;

	numbers(&all, 3000);
	for (size_t d = 0; d < ARRAY_SIZE(drivers); d++) {
		for (unsigned files = 1; files < 8; files += 2) {
			struct log_target to = {.driver = drivers[d], .path = log_path, .max = 4096, .files = files};
			struct log_query q = LOG_QUERY_INIT;
			struct log_loss loss;
			struct stat st;
			char name[32];

			(void)remove_files(state);
			write_numbers(&to, 3000, 0);
			for (unsigned i = 0; i <= files; i++) {
				snprintf(name, sizeof(name), i ? "ctr.log.%u" : "ctr.log", i);
				assert_int_equal(fstatat(dir, name, &st, 0), i < files ? 0 : -1);
				assert_true(i == files || st.st_size <= 4096);
				assert_true(i == files || i == 0 || st.st_size > 3500);
			}
			q.driver = drivers[d];
			read_all(&q, out, &loss);
			assert_int_equal(loss.skipped, 0);
			for (size_t s = 0; s < 2; s++) {
				assert_true((files == 1 || out[s].len > 100) && out[s].len < all.len);
				assert_memory_equal(out[s].data, all.data + all.len - out[s].len, out[s].len);
			}
			q.tail = 2;
			read_all(&q, out, &loss);
			/* the one file may have begun anywhere within the last lines: times are not all as long */
			assert_true(files > 1 || (out[0].len > 0 && out[0].len <= strlen(last)));
			assert_string_equal(buf_str(&out[0]), files > 1 ? last : last + strlen(last) - out[0].len);
			assert_string_equal(buf_str(&out[1]), files > 1 || out[1].len > 0 ? last : "");
		}
	}
	buf_done(&out[0]);
	buf_done(&out[1]);
	buf_done(&all);
}

/* Who follows sees every line, over hundreds of rotations. */
static void test_rotation_under_a_follower(void **state)
{
	struct buf out[2] = {BUF_INIT, BUF_INIT}, all = BUF_INIT;

	numbers(&all, 5000);
	for (size_t d = 0; d < ARRAY_SIZE(drivers); d++) {
		struct log_target to = {.driver = drivers[d], .path = log_path, .max = 8192, .files = 20};
		struct log_query q = LOG_QUERY_INIT;
		struct log_loss loss = {0};
		pid_t pid;
		int status;

		(void)remove_files(state);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			write_numbers(&to, 5000, 5000);
			_exit(0);
		}
		assert_int_equal(pidfd_open_pid(pid, &q.ended_pidfd), 0);
		q.driver = drivers[d];
		q.follow = true;
		read_all(&q, out, &loss);
		close(q.ended_pidfd);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		assert_false(loss.gap);
		assert_int_equal(loss.skipped, 0);
		for (size_t s = 0; s < 2; s++) {
			assert_int_equal(out[s].len, all.len);
			assert_memory_equal(out[s].data, all.data, all.len);
		}
	}
	buf_done(&out[0]);
	buf_done(&out[1]);
	buf_done(&all);
}

/* The log's directory is taken away: the container goes on, and so does the next log. */
static void test_directory_gone(void **state)
{
	static const struct log_target targets[] = {{.driver = LOG_K8S_FILE, .max = 100}, {.driver = LOG_JSON_FILE, .max = 100}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		struct log_writer w = LOG_WRITER_INIT;
		struct log_target to = targets[i];
		char sub[96], path[128];
		struct err e = {0};

		snprintf(sub, sizeof(sub), "%s/sub", dir_path);
		snprintf(path, sizeof(path), "%s/log", sub);
		to.path = path;
		assert_int_equal(mkdir(sub, 0700), 0);
		assert_int_equal(log_writer_open(&w, &to, &e), 0);
		log_writer_put(&w, LOG_STDOUT, "before\n", 7);
		assert_int_equal(unlink(path), 0);
		assert_int_equal(rmdir(sub), 0);
		for (int n = 0; n < 50; n++)
			log_writer_put(&w, LOG_STDOUT, "after\n", 6);
		/* it was written to a file that nobody can read: said, and once */
		log_writer_end(&w);
		assert_int_equal(w.lost_bytes, 7 + 50 * 6);
		log_writer_end(&w);
		assert_int_equal(w.lost_bytes, 7 + 50 * 6);
		log_writer_done(&w);
		assert_int_equal(log_writer_open(&w, &to, &e), -ENOENT);
		log_writer_done(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_text),
		cmocka_unit_test(test_json_record),
		cmocka_unit_test(test_json_parse),
		cmocka_unit_test_teardown(test_json_characters_in_parts, remove_files),
		cmocka_unit_test_teardown(test_json_tail, remove_files),
		cmocka_unit_test_teardown(test_rotation_by_count, remove_files),
		cmocka_unit_test_teardown(test_rotation_under_a_follower, remove_files),
		cmocka_unit_test(test_directory_gone),
	};

	return cmocka_run_group_tests_name("monitor/log_drivers", tests, make_dir, remove_dir);
}
