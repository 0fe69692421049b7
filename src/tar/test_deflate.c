/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "sys/fd.h"
#include "tar/deflate.h"
#include "tar/inflate.h"

#include <fcntl.h>
#include <sys/mman.h>

#define PIECE 100000
#define PIECES 30

static void fill(unsigned char *data, size_t n, unsigned seed)
{
	for (size_t i = 0; i < n; i++)
		data[i] = (unsigned char)((i * seed >> 3) ^ (i >> 8));
}

/* Packs, and gives the digest of what went in. */
static int pack(int fd, enum deflate_format format, uint32_t level, struct digest *packed, uint64_t *bytes)
{
	_cleanup_(deflate_closep) struct deflate *d = NULL;
	static unsigned char data[PIECE];
	int r = deflate_open(fd, format, level, &d, NULL);

	for (unsigned i = 0; r == 0 && i < PIECES; i++) {
		fill(data, sizeof(data), i);
		r = deflate_write(d, data, sizeof(data), NULL);
	}
	return r == 0 ? deflate_end(d, packed, bytes, NULL) : r;
}

static const struct {
	enum deflate_format format;
	uint32_t level;
} cases[] = {
	{DEFLATE_NONE, 0}, {DEFLATE_GZIP, 0}, {DEFLATE_GZIP, 1}, {DEFLATE_GZIP, 9}, {DEFLATE_ZSTD, 0}, {DEFLATE_ZSTD, 1}, {DEFLATE_ZSTD, 19},
};

static void test_there_and_back(void **state)
{
	const struct inflate_limits limits = INFLATE_LIMITS_DEFAULT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(inflate_closep) struct inflate *in = NULL;
		_cleanup_close_ int fd = memfd_create("t", MFD_CLOEXEC), again = memfd_create("u", MFD_CLOEXEC);
		static unsigned char want[PIECE];
		struct digest packed, twice;
		uint64_t bytes = 0, at = 0;
		const void *got;
		ssize_t n;

		assert_int_equal(pack(fd, cases[i].format, cases[i].level, &packed, &bytes), 0);
		assert_int_equal(pack(again, cases[i].format, cases[i].level, &twice, &bytes), 0);
		assert_string_equal(packed.text, twice.text);
		assert_int_equal(bytes, lseek(fd, 0, SEEK_END));
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		assert_int_equal(inflate_open(fd, &limits, &in, NULL), 0);
		while ((n = inflate_read(in, &got, NULL)) > 0)
			for (ssize_t k = 0; k < n; k++, at++) {
				if (at % PIECE == 0)
					fill(want, sizeof(want), (unsigned)(at / PIECE));
				if (((const unsigned char *)got)[k] != want[at % PIECE])
					fail_msg("case %zu: byte %llu", i, (unsigned long long)at);
			}
		assert_int_equal(n, 0);
		assert_int_equal(at, (uint64_t)PIECE * PIECES);
	}
}

static void test_levels(void **state)
{
	_cleanup_(deflate_closep) struct deflate *d = NULL;
	enum deflate_format format = DEFLATE_NONE;

	(void)state;
	assert_int_equal(deflate_open(1, DEFLATE_GZIP, 10, &d, NULL), -EINVAL);
	assert_int_equal(deflate_open(1, DEFLATE_ZSTD, 21, &d, NULL), -EINVAL);
	assert_null(d);
	assert_int_equal(deflate_format_parse("zstd", &format, NULL), 0);
	assert_int_equal(format, DEFLATE_ZSTD);
	assert_int_equal(deflate_format_parse("xz", &format, NULL), -EINVAL);
}

/* A full disk is an error, at once or at the end. */
static void test_full(void **state)
{
	_cleanup_close_ int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct digest packed;
	uint64_t bytes;

	(void)state;
	if (fd < 0)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(pack(fd, cases[i].format, cases[i].level, &packed, &bytes), -ENOSPC);
}

TESTS("tar/deflate", cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_levels), cmocka_unit_test(test_full))
