/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* What is recorded comes back, whatever it was and however it was cut; what is changed is found; what was lost is told. */
#include "monitor/cast_reader.h"
#include "monitor/cast_writer.h"

#include "base/testing.h"
#include "sys/fd.h"

#include <signal.h>
#include <sys/resource.h>

static char dir[64], path[96];

static int make_file(void **state)
{
	(void)state;
	close(testing_directory(dir));
	snprintf(path, sizeof(path), "%s/cast", dir);
	return close(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path) | rmdir(dir);
}

static void begin(struct cast_writer *c)
{
	struct err e = {0};

	*c = (struct cast_writer)CAST_WRITER_INIT;
	assert_int_equal(cast_open(c, path, "0123abcd", true, &e), 0);
}

struct seen {
	struct buf out, in;
	uint64_t dropped;
	unsigned resizes;
};

static int collect(const struct cast_event *ev, void *ctx)
{
	struct seen *s = ctx;

	if (ev->kind == CAST_OUTPUT || ev->kind == CAST_INPUT)
		buf_add(ev->kind == CAST_OUTPUT ? &s->out : &s->in, ev->data, ev->len);
	s->dropped += ev->dropped;
	s->resizes += ev->kind == CAST_RESIZE;
	return 0;
}

static void check(const struct buf *b, struct cast_reader *c, struct seen *s)
{
	struct err e = {0};

	*c = (struct cast_reader)CAST_READER_INIT;
	assert_int_equal(cast_reader_feed(c, buf_str(b), b->len, collect, s, &e), 0);
	cast_reader_finish(c);
	cast_reader_done(c);
}

static void get(struct buf *b)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fd_read_all(fd, 16 << 20, b), 0);
}

/* Bytes of all kinds in pieces of all sizes. */
static void test_round(void **state)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT, want = BUF_INIT;
	struct cast_reader r;
	struct cast_writer c;
	struct seen s = {0};
	unsigned x = 1;

	(void)state;
	begin(&c);
	for (size_t len = 1; len < 300; len += 7) {
		char piece[300];

		for (size_t i = 0; i < len; i++) {
			x = x * 1103515245U + 12345U;
			piece[i] = len % 2 ? (char)(x >> 16) : "gr\xc3\xbc\xe2\x82\xac\xf0\x9f\x90\x9f\n"[(x >> 16) % 12];
		}
		buf_add(&want, piece, len);
		cast_output(&c, piece, len);
	}
	cast_input(&c, "typed\r", 6);
	cast_resize(&c, 100, 40);
	cast_close(&c);
	get(&b);
	check(&b, &r, &s);
	assert_int_equal(r.fault_line, 0);
	assert_true(r.ended && r.chained);
	assert_int_equal(s.out.len, want.len);
	assert_memory_equal(s.out.data, want.data, want.len);
	assert_string_equal(buf_str(&s.in), "typed\r");
	assert_int_equal(s.resizes, 1);
	buf_done(&s.out);
	buf_done(&s.in);
}

/* Each byte changed, each end cut off. */
static void test_faults(void **state)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct cast_reader r;
	struct cast_writer c;
	struct seen s = {0};

	(void)state;
	begin(&c);
	cast_output(&c, "hello\n", 6);
	cast_output(&c, "w\xffrld\n", 6);
	cast_close(&c);
	get(&b);
	/* the head's own bytes are the chain's, too; without its newline there is no head */
	for (size_t i = (size_t)(strchr(b.data, '\n') + 1 - b.data); i < b.len; i++) {
		char was = b.data[i];

		b.data[i] ^= 1;
		check(&b, &r, &s);
		b.data[i] = was;
		if (r.fault_line == 0 && r.ended)
			fail_msg("byte %zu: not found", i);
	}
	for (size_t len = (size_t)(strchr(b.data, '\n') + 1 - b.data); len < b.len; len++) {
		struct buf cut = {.data = b.data, .len = len, .cap = b.cap};

		check(&cut, &r, &s);
		if (r.fault_line == 0 && r.ended)
			fail_msg("cut off at %zu: not found", len);
	}
	buf_done(&s.out);
}

/* A file that may not grow: the rest is counted and told, and what is there is whole. */
static void test_lost(void **state)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct rlimit was, small;
	struct cast_reader r;
	struct cast_writer c;
	struct seen s = {0};

	(void)state;
	begin(&c);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = (struct rlimit){.rlim_cur = 400, .rlim_max = was.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 0; i < 50; i++)
		cast_output(&c, "0123456789", 10);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	cast_output(&c, "more", 4);
	cast_close(&c);
	get(&b);
	check(&b, &r, &s);
	assert_int_equal(r.fault_line, 0);
	assert_true(r.ended);
	assert_true(s.dropped > 0);
	assert_int_equal(s.out.len + s.dropped, 504);
	assert_int_equal(r.dropped, s.dropped);
	buf_done(&s.out);
}

static void test_not_new(void **state)
{
	struct cast_writer c = CAST_WRITER_INIT;
	struct err e = {0};

	(void)state;
	begin(&c);
	cast_close(&c);
	c = (struct cast_writer)CAST_WRITER_INIT;
	assert_int_equal(cast_open(&c, path, "id", false, &e), -EEXIST);
	close(c.fd);
}

static const struct {
	const char *text;
	int want;
	uint64_t fault;
} foreign[] = {
	{"{\"version\": 2, \"width\": 80, \"height\": 24}\n[0.5, \"o\", \"x\"]\n", 0, 0},
	{"{\"version\": 3}\n", -EBADMSG, 0},
	{"nonsense\n", -EBADMSG, 0},
	{"[0.5, \"o\", \"x\"]\n", -EBADMSG, 0},
	{"{\"version\": 2}\n[-1, \"o\", \"x\"]\n", 0, 2},
	{"{\"version\": 2}\n[1e300, \"o\", \"x\"]\n", 0, 2},
	{"{\"version\": 2}\n[1, \"o\"]\n", 0, 2},
	{"{\"version\": 2}\n[1, \"r\", \"0x0\"]\n", 0, 2},
	{"{\"version\": 2}\n[1, \"r\", \"99999999999x1\"]\n", 0, 2},
	{"{\"version\": 2}\n{}\n", 0, 2},
	{"{\"version\": 2}\n[1, \"ranby-raw\", \"zz\"]\n", 0, 2},
	{"{\"version\": 2}\n[1, \"z\", \"other\"]\n", 0, 0},
	{"{\"version\": 2}\n[1, \"o\", \"torn", 0, 2},
};

static void test_foreign(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		struct cast_reader c = CAST_READER_INIT;
		struct seen s = {0};
		struct err e = {0};
		int r = cast_reader_feed(&c, foreign[i].text, strlen(foreign[i].text), collect, &s, &e);

		cast_reader_finish(&c);
		if (r != foreign[i].want || (r == 0 && c.fault_line != foreign[i].fault))
			fail_msg("case %zu: %d, line %lu", i, r, (unsigned long)c.fault_line);
		cast_reader_done(&c);
		buf_done(&s.out);
	}
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, make_file, remove_file)
TESTS("monitor/cast", CASE(test_round), CASE(test_faults), CASE(test_lost), CASE(test_not_new), cmocka_unit_test(test_foreign))
