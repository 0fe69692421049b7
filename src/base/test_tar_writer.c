/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/tar_writer.h"

#include "base/testing.h"

/* A field of the header at `at`, as a number. */
static unsigned long octal_at(const struct buf *b, size_t at, size_t field, size_t size)
{
	unsigned long n = 0;

	for (size_t i = 0; i + 1 < size; i++)
		n = n * 8 + (unsigned long)(b->data[at + field + i] - '0');
	return n;
}

static void check_sum(const struct buf *b, size_t at)
{
	unsigned long sum = 8 * ' ';

	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += i >= 148 && i < 156 ? 0 : (unsigned char)b->data[at + i];
	assert_int_equal(octal_at(b, at, 148, 7), sum);
	assert_memory_equal(b->data + at + 257, "ustar\00000", 8);
}

static void test_plain(void **state)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	(void)state;
	tar_header(&(struct tar_entry){.name = "a/b", .type = TAR_FILE, .mode = 04755, .uid = 3, .gid = 4, .size = 700, .mtime_sec = 9}, &b);
	assert_int_equal(b.len, TAR_BLOCK);
	check_sum(&b, 0);
	assert_string_equal(b.data, "a/b");
	assert_int_equal(octal_at(&b, 0, 100, 8), 04755);
	assert_int_equal(octal_at(&b, 0, 108, 8), 3);
	assert_int_equal(octal_at(&b, 0, 116, 8), 4);
	assert_int_equal(octal_at(&b, 0, 124, 12), 700);
	assert_int_equal(octal_at(&b, 0, 136, 12), 9);
	assert_int_equal(b.data[156], '0');
	tar_padding(700, &b);
	assert_int_equal(b.len, TAR_BLOCK + 324);
	tar_padding(1024, &b);
	assert_int_equal(b.len, TAR_BLOCK + 324);
	buf_reset(&b);
	tar_header(&(struct tar_entry){.name = "d", .type = TAR_DIRECTORY, .mode = 0700, .size = 4096}, &b);
	assert_string_equal(b.data, "d/");
	assert_int_equal(octal_at(&b, 0, 124, 12), 0);
	buf_reset(&b);
	tar_end(&b);
	assert_int_equal(b.len, 2 * TAR_BLOCK);
}

/* What ustar has no room for; each is in records whose length counts itself. */
static void test_pax(void **state)
{
	static char name[151], short_name[101];
	_cleanup_(buf_done) struct buf pax = BUF_INIT;
	const struct {
		struct tar_entry t;
		const char *records;
	} cases[] = {
		{{.name = "x", .mtime_nsec = 5}, "21 mtime=0.000000005\n"},
		{{.name = "x", .mtime_sec = -1, .mtime_nsec = 750000000}, "22 mtime=-0.250000000\n"},
		{{.name = "x", .mtime_sec = -3}, "22 mtime=-3.000000000\n"},
		{{.name = "x", .uid = 2097152, .gid = 4294967294U}, "15 uid=2097152\n18 gid=4294967294\n"},
		{{.name = "x", .size = 8589934592ULL}, "19 size=8589934592\n"},
		{{.name = "x", .pax = &pax}, "31 SCHILY.xattr.user.a=one\ntwo\n"},
		{{.name = name}, NULL},
		{{.name = "x", .type = TAR_SYMLINK, .link = name}, NULL},
		{{.name = short_name}, NULL},
	};

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	memset(short_name, 's', sizeof(short_name) - 1);
	tar_xattr("user.a", "one\ntwo", 7, &pax);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT;
		struct tar_entry t = cases[i].t;
		size_t len;

		if (!t.type)
			t.type = TAR_FILE;
		tar_header(&t, &b);
		if (t.name == short_name) {
			assert_int_equal(b.len, TAR_BLOCK);
			continue;
		}
		assert_int_equal(b.len, 3 * TAR_BLOCK);
		check_sum(&b, 0);
		check_sum(&b, 2 * TAR_BLOCK);
		assert_int_equal(b.data[156], 'x');
		len = octal_at(&b, 0, 124, 12);
		if (cases[i].records && strncmp(b.data + TAR_BLOCK, cases[i].records, len) != 0)
			fail_msg("case %zu: %.*s", i, (int)len, b.data + TAR_BLOCK);
		if (cases[i].records)
			assert_int_equal(len, strlen(cases[i].records));
		else
			assert_int_equal(len, strlen(t.link ? "164 linkpath=\n" : "160 path=\n") + 150);
		for (const char *p = b.data + TAR_BLOCK; p < b.data + TAR_BLOCK + len;) {
			size_t own = 0;

			for (const char *d = p; *d != ' '; d++)
				own = own * 10 + (size_t)(*d - '0');
			assert_int_equal(p[own - 1], '\n');
			p += own;
		}
	}
}

/* Lengths at which the number of digits changes. */
static void test_lengths(void **state)
{
	(void)state;
	for (size_t n = 80; n < 1100; n++) {
		_cleanup_(buf_done) struct buf pax = BUF_INIT;
		_cleanup_free_ char *value = malloc(n);
		size_t own = 0;

		assert_non_null(value);
		memset(value, 'v', n);
		tar_xattr("u", value, n, &pax);
		for (const char *d = pax.data; *d != ' '; d++)
			own = own * 10 + (size_t)(*d - '0');
		assert_int_equal(own, pax.len);
	}
}

static void test_errors(void **state)
{
	_cleanup_(buf_done) struct buf pax = BUF_INIT_MAX(10), b = BUF_INIT;

	(void)state;
	tar_xattr("user.a", "0123456789", 10, &pax);
	assert_true(buf_bad(&pax));
	tar_header(&(struct tar_entry){.name = "x", .type = TAR_FILE, .pax = &pax}, &b);
	assert_true(buf_bad(&b));
}

TESTS("base/tar_writer", cmocka_unit_test(test_plain), cmocka_unit_test(test_pax), cmocka_unit_test(test_lengths),
      cmocka_unit_test(test_errors))
