/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "audit/ledger_verify.h"
#include "base/testing.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <sys/stat.h>

#define LINES 9

/* The lines of a good ledger, to be put together anew in other ways. */
struct made {
	char path[64];
	int dirfd;
	char *text;
	char *lines[LINES + 1];
};

static int setup(void **state)
{
	struct made *m = calloc(1, sizeof(*m));
	_cleanup_(ledger_end) struct ledger l = LEDGER_INIT;
	struct ledger_place place = {.name = "ledger"};
	struct buf b = BUF_INIT;
	struct err e = {0};
	char *line;

	place.dirfd = m->dirfd = testing_directory(m->path);
	assert_int_equal(ledger_begin(&place, &l, &e), 0);
	for (int i = 1; i <= LINES; i++) {
		_cleanup_json_ struct json_object *o = json_object_new_object();

		assert_int_equal(json_add_int(o, "n", i), 0);
		assert_int_equal(ledger_append(&l, o, NULL, &e), 0);
	}
	assert_int_equal(path_own_read(m->dirfd, "ledger/00000000000000000001.jsonl", 1 << 20, &b), 0);
	m->text = buf_take(&b);
	line = m->text;
	for (int i = 1; i <= LINES; i++) {
		m->lines[i] = line;
		line = strchr(line, '\n');
		*line++ = '\0';
	}
	*state = m;
	return 0;
}

static int teardown(void **state)
{
	struct made *m = *state;

	assert_int_equal(path_own_remove_tree(m->dirfd, "ledger"), 0);
	(void)unlinkat(m->dirfd, "case", 0);
	close(m->dirfd);
	rmdir(m->path);
	free(m->text);
	free(m);
	return 0;
}

/* In `shape` a digit is that line; 'x' a line with another n, 'p' with another prev, 'g' one that is no JSON, 't' half a line. */
static void compose(const struct made *m, const char *shape, struct buf *b)
{
	for (const char *c = shape; *c; c++) {
		if (*c >= '1' && *c <= '9') {
			buf_addf(b, "%s\n", m->lines[*c - '0']);
		} else if (*c == 't') {
			buf_addf(b, "{\"half");
		} else {
			size_t from = b->len;

			c++;
			buf_addf(b, "%s\n", m->lines[*c - '0']);
			if (c[-1] == 'x')
				b->data[from + 5] = b->data[from + 5] == '8' ? '3' : '8';
			else if (c[-1] == 'p')
				b->data[from + 40] = b->data[from + 40] == '8' ? '3' : '8';
			else
				b->data[from] = '[';
		}
	}
}

static void verify_shape(const struct made *m, const char *shape, const struct ledger_anchor *anchor, struct ledger_report *ret)
{
	_cleanup_(ledger_reader_done) struct ledger_reader rd = LEDGER_READER_INIT;
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct err e = {0};

	compose(m, shape, &b);
	assert_int_equal(path_own_write(m->dirfd, "case", buf_str(&b), b.len, 0600, PATH_SYNC_NONE), 0);
	assert_int_equal(ledger_reader_open(m->dirfd, "case", &rd, &e), 0);
	assert_int_equal(ledger_verify(&rd, anchor, anchor != NULL, NULL, NULL, ret, &e), 0);
}

static void test_faults(void **state)
{
	static const struct {
		const char *shape;
		size_t n;
		enum ledger_fault_kind kind;
		uint64_t seq, to;
	} cases[] = {
		{"123456789", 0, 0, 0, 0},
		{"", 0, 0, 0, 0},
		{"1234x56789", 1, LEDGER_CHANGED, 5, 5},
		{"x123456789", 1, LEDGER_CHANGED, 1, 1},
		{"1234p56789", 1, LEDGER_CHANGED, 5, 5},
		{"12345678p9", 1, LEDGER_CHANGED, 8, 8},
		{"p123456789", 2, LEDGER_CHANGED, 1, 1},
		{"1234g56789", 1, LEDGER_CHANGED, 5, 5},
		{"g123456789", 1, LEDGER_CHANGED, 1, 1},
		{"12345678g9", 1, LEDGER_GARBAGE, 0, 0},
		{"1236789", 1, LEDGER_MISSING, 4, 5},
		{"23456789", 1, LEDGER_MISSING, 1, 1},
		{"12346789", 1, LEDGER_MISSING, 5, 5},
		{"1234657789", 2, LEDGER_REORDERED, 5, 5},
		{"123465789", 1, LEDGER_REORDERED, 5, 5},
		{"1234556789", 1, LEDGER_DUPLICATE, 5, 5},
		{"1234567893", 1, LEDGER_DUPLICATE, 3, 3},
		{"123456789x3", 1, LEDGER_CHANGED, 3, 3},
		{"123456789t", 0, 0, 0, 0},
		{"12x34567x89", 2, LEDGER_CHANGED, 3, 3},
	};
	struct made *m = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(ledger_report_done) struct ledger_report rep = {0};

		verify_shape(m, cases[i].shape, NULL, &rep);
		if (rep.n_faults != cases[i].n || (rep.n_faults > 0 && (rep.faults[0].kind != cases[i].kind || rep.faults[0].seq != cases[i].seq ||
									 rep.faults[0].to != cases[i].to)))
			fail_msg("%s: %zu faults, %s", cases[i].shape, rep.n_faults, rep.n_faults ? rep.faults[0].text : "");
		assert_true(rep.unfinished == (strchr(cases[i].shape, 't') != NULL));
	}
}

static void test_anchors(void **state)
{
	static const struct {
		const char *shape;
		uint64_t seq; /* of the anchor, whose hash is line seq + 1's prev */
		size_t n;
		enum ledger_fault_kind kind;
	} cases[] = {
		{"123456789", 5, 0, 0},
		{"12345", 5, 0, 0},
		{"1234", 5, 1, LEDGER_TRUNCATED},
		{"", 5, 1, LEDGER_TRUNCATED},
		{"1234x5", 5, 1, LEDGER_REWRITTEN},
		{"12346789", 5, 2, LEDGER_MISSING},
	};
	struct made *m = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (size_t len = 16; len <= 64; len += 16) {
			_cleanup_(ledger_report_done) struct ledger_report rep = {0};
			struct ledger_anchor a = {.seq = cases[i].seq, .where = "the test"};

			memcpy(a.hash, strstr(m->lines[a.seq + 1], "prev\":\"") + 7, len);
			verify_shape(m, cases[i].shape, &a, &rep);
			if (rep.n_faults != cases[i].n || (rep.n_faults > 0 && rep.faults[0].kind != cases[i].kind))
				fail_msg("%s: %zu faults, %s", cases[i].shape, rep.n_faults, rep.n_faults ? rep.faults[0].text : "");
			assert_int_equal(rep.anchors_met, cases[i].n == 0);
		}
	}
}

/* Every byte of the text, changed: some fault is found, unless it is in the last line, which only an anchor can tell. */
static void test_every_byte(void **state)
{
	struct made *m = *state;
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct ledger_anchor a = {.seq = LINES, .where = "the test"};
	_cleanup_(ledger_report_done) struct ledger_report good = {0};
	struct err e = {0};

	verify_shape(m, "123456789", NULL, &good);
	memcpy(a.hash, good.last_hash, sizeof(a.hash));
	compose(m, "123456789", &b);
	for (size_t i = 0; i < b.len; i++) {
		_cleanup_(ledger_reader_done) struct ledger_reader rd = LEDGER_READER_INIT;
		_cleanup_(ledger_report_done) struct ledger_report rep = {0};

		b.data[i] ^= 1;
		assert_int_equal(path_own_write(m->dirfd, "case", b.data, b.len, 0600, PATH_SYNC_NONE), 0);
		assert_int_equal(ledger_reader_open(m->dirfd, "case", &rd, &e), 0);
		assert_int_equal(ledger_verify(&rd, &a, 1, NULL, NULL, &rep, &e), 0);
		if (rep.n_faults == 0)
			fail_msg("a change of byte %zu is not found", i);
		b.data[i] ^= 1;
	}
}

/* What a killed writer left, and the entry that says so: no fault, until one of the two is touched. */
static void test_torn(void **state)
{
	static const struct {
		const char *what, *torn, *instead;
		size_t n;
	} cases[] = {
		{"as it was", "{\"half", NULL, 0},
		{"lines as they were", "x\ny\n", NULL, 0},
		{"another text", "{\"half", "{\"hulf", 1},
		{"removed", "{\"half\n", "", 1},
		{"newline more", "x\ny\n", "x\ny\n\n", 1},
	};
	struct made *m = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(ledger_reader_done) struct ledger_reader rd = LEDGER_READER_INIT;
		_cleanup_(ledger_report_done) struct ledger_report rep = {0};
		_cleanup_(ledger_end) struct ledger l = LEDGER_INIT;
		_cleanup_(buf_done) struct buf b = BUF_INIT, out = BUF_INIT;
		_cleanup_json_ struct json_object *o = json_object_new_object();
		struct ledger_place place = {.dirfd = m->dirfd, .name = "ledger"};
		struct err e = {0};
		int fd;
		char *at;

		assert_int_equal(path_own_remove_tree(m->dirfd, "ledger"), 0);
		assert_int_equal(mkdirat(m->dirfd, "ledger", 0700), 0);
		compose(m, "123", &b);
		buf_adds(&b, cases[i].torn);
		assert_int_equal(path_own_write(m->dirfd, "ledger/00000000000000000001.jsonl", b.data, b.len, 0600, PATH_SYNC_NONE), 0);
		assert_int_equal(ledger_begin(&place, &l, &e), 0);
		assert_int_equal(ledger_append(&l, o, NULL, &e), 0);
		ledger_end(&l);
		buf_reset(&b);
		assert_int_equal(path_own_read(m->dirfd, "ledger/00000000000000000001.jsonl", 1 << 20, &b), 0);
		at = strstr(b.data, cases[i].torn);
		assert_non_null(at);
		buf_add(&out, b.data, (size_t)(at - b.data));
		buf_adds(&out, cases[i].instead ? cases[i].instead : cases[i].torn);
		buf_adds(&out, at + strlen(cases[i].torn));
		fd = openat(m->dirfd, "ledger/00000000000000000001.jsonl", O_WRONLY | O_TRUNC | O_CLOEXEC);
		assert_int_equal(fd_write_all(fd, out.data, out.len), 0);
		close(fd);
		assert_int_equal(ledger_reader_open(m->dirfd, "ledger", &rd, &e), 0);
		assert_int_equal(ledger_verify(&rd, NULL, 0, NULL, NULL, &rep, &e), 0);
		if (rep.n_faults != cases[i].n || rep.torn != (cases[i].n == 0))
			fail_msg("%s: %zu faults, %s", cases[i].what, rep.n_faults, rep.n_faults ? rep.faults[0].text : "");
		assert_int_equal(rep.entries, 5);
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
TESTS("audit/ledger_verify", CASE(test_faults), CASE(test_anchors), CASE(test_every_byte), CASE(test_torn))
