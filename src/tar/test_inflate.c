/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/buf.h"
#include "base/testing.h"
#include "sys/fd.h"
#include "tar/inflate.h"

#include <bzlib.h>
#include <lzma.h>
#include <sys/mman.h>
#include <zlib.h>
#include <zstd.h>

static const struct inflate_limits limits = INFLATE_LIMITS_DEFAULT, all = INFLATE_LIMITS_ALL_KINDS;

static void add_gzip(struct buf *b, const void *data, size_t len)
{
	z_stream z = {0};
	size_t room = len + 1024;
	char *to = buf_reserve(b, room);

	assert_non_null(to);
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)data;
	z.avail_in = (uInt)len;
	z.next_out = (Bytef *)to;
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	buf_commit(b, z.total_out);
	deflateEnd(&z);
}

static void add_zstd(struct buf *b, const void *data, size_t len)
{
	size_t room = ZSTD_compressBound(len), n;
	char *to = buf_reserve(b, room);

	assert_non_null(to);
	n = ZSTD_compress(to, room, data, len, 3);
	assert_false(ZSTD_isError(n));
	buf_commit(b, n);
}

static void add_bzip2(struct buf *b, const void *data, size_t len)
{
	unsigned n = (unsigned)(len + len / 100 + 600);
	char *to = buf_reserve(b, n);

	assert_non_null(to);
	assert_int_equal(BZ2_bzBuffToBuffCompress(to, &n, (char *)(uintptr_t)data, (unsigned)len, 9, 0, 0), BZ_OK);
	buf_commit(b, n);
}

static void add_xz(struct buf *b, const void *data, size_t len)
{
	size_t room = lzma_stream_buffer_bound(len), n = 0;
	char *to = buf_reserve(b, room);

	assert_non_null(to);
	assert_int_equal(lzma_easy_buffer_encode(9, LZMA_CHECK_CRC64, NULL, data, len, (uint8_t *)to, &n, room), LZMA_OK);
	buf_commit(b, n);
}

/* All of it into `out`; the first error. */
static int run(const struct buf *b, const struct inflate_limits *l, struct buf *out, struct digest *ret)
{
	_cleanup_(inflate_closep) struct inflate *in = NULL;
	_cleanup_close_ int fd = memfd_create("test", MFD_CLOEXEC);
	const void *bytes;
	ssize_t n;
	int r;

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, buf_str(b), b->len), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	r = inflate_open(fd, l, &in, NULL);
	if (r < 0)
		return r;
	while ((n = inflate_read(in, &bytes, NULL)) > 0)
		buf_add(out, bytes, (size_t)n);
	if (n == 0 && ret)
		inflate_digest(in, ret);
	return (int)n;
}

static void expect(const struct buf *b, const char *want, size_t len)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	struct digest got, sum;

	assert_int_equal(run(b, &all, &out, &got), 0);
	assert_int_equal(out.len, len);
	assert_memory_equal(buf_str(&out), want, len);
	digest_of(want, len, &sum);
	assert_string_equal(got.text, sum.text);
}

static void test_kinds(void **state)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT, b = BUF_INIT;

	(void)state;
	for (int i = 0; i < 200000; i++)
		buf_addf(&text, "%d ", i * 7919 % 100003);
	buf_add(&b, buf_str(&text), text.len);
	expect(&b, buf_str(&text), text.len);
	buf_reset(&b);
	add_gzip(&b, buf_str(&text), text.len);
	expect(&b, buf_str(&text), text.len);
	buf_reset(&b);
	add_zstd(&b, buf_str(&text), text.len);
	expect(&b, buf_str(&text), text.len);
	buf_reset(&b);
	add_bzip2(&b, buf_str(&text), text.len);
	expect(&b, buf_str(&text), text.len);
	buf_reset(&b);
	add_xz(&b, buf_str(&text), text.len);
	expect(&b, buf_str(&text), text.len);
	buf_reset(&b);
	expect(&b, "", 0);
}

/* Several members, frames and skippable frames are one stream. */
static void test_members(void **state)
{
	static const char skippable[] = "\x52\x2a\x4d\x18\x03\0\0\0xyz";
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	(void)state;
	add_gzip(&b, "one", 3);
	add_gzip(&b, "", 0);
	add_gzip(&b, "two", 3);
	expect(&b, "onetwo", 6);
	buf_reset(&b);
	buf_add(&b, skippable, sizeof(skippable) - 1);
	add_zstd(&b, "one", 3);
	add_zstd(&b, "two", 3);
	buf_add(&b, skippable, sizeof(skippable) - 1);
	expect(&b, "onetwo", 6);
	buf_reset(&b);
	add_bzip2(&b, "one", 3);
	add_bzip2(&b, "", 0);
	add_bzip2(&b, "two", 3);
	expect(&b, "onetwo", 6);
	buf_reset(&b);
	add_xz(&b, "one", 3);
	add_xz(&b, "two", 3);
	buf_add(&b, "\0\0\0\0", 4); /* padding between streams and after them */
	expect(&b, "onetwo", 6);
}

/* Cut at every byte, one flipped at every byte: never accepted as something else. */
static void damage(void (*add)(struct buf *b, const void *data, size_t len), bool checksum)
{
	_cleanup_(buf_done) struct buf whole = BUF_INIT;
	static const char text[] = "some text that repeats, some text that repeats, some more";

	add(&whole, text, sizeof(text));
	for (size_t n = 1; n < whole.len; n++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT, out = BUF_INIT;

		buf_add(&b, buf_str(&whole), n);
		if (n >= 6 && run(&b, &all, &out, NULL) >= 0)
			fail_msg("cut to %zu bytes of %zu", n, whole.len);
	}
	/* the header's name, time and system, bytes 3 to 9, are not covered by gzip's checksum */
	for (size_t n = 10; checksum && n < whole.len; n++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT, out = BUF_INIT;

		buf_add(&b, buf_str(&whole), whole.len);
		b.data[n] = (char)(b.data[n] ^ 0x20);
		/* the last bits before the trailer are padding, which may be anything */
		if (run(&b, &all, &out, NULL) >= 0 && (out.len != sizeof(text) || memcmp(out.data, text, sizeof(text)) != 0))
			fail_msg("byte %zu of %zu", n, whole.len);
	}
}

static void test_damage(void **state)
{
	(void)state;
	damage(add_gzip, true);
	damage(add_zstd, false);
	damage(add_bzip2, true);
	damage(add_xz, true);
}

static void test_garbage(void **state)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT, out = BUF_INIT;

	(void)state;
	add_gzip(&b, "one", 3);
	buf_adds(&b, "garbage");
	assert_int_equal(run(&b, &limits, &out, NULL), -EBADMSG);
	buf_reset(&b);
	add_zstd(&b, "one", 3);
	buf_adds(&b, "garbage");
	assert_int_equal(run(&b, &limits, &out, NULL), -EBADMSG);
	buf_reset(&b);
	add_bzip2(&b, "one", 3);
	buf_adds(&b, "garbage");
	assert_int_equal(run(&b, &all, &out, NULL), -EBADMSG);
	buf_reset(&b);
	add_xz(&b, "one", 3);
	buf_adds(&b, "garbage");
	assert_int_equal(run(&b, &all, &out, NULL), -EBADMSG);
}

static void test_unknown(void **state)
{
	/* the first two may be asked for */
	static const char *const magics[] = {"BZh91AY", "\3757zXZ\0\0", "\x04\x22\x4d\x18\0\0\0"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(magics); i++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT, out = BUF_INIT;

		buf_add(&b, magics[i], 7);
		assert_int_equal(run(&b, &limits, &out, NULL), -EOPNOTSUPP);
	}
}

static void test_bomb(void **state)
{
	const struct inflate_limits ratio = {.ratio = 100, .ratio_floor_bytes = 1 << 20}, bytes = {.out_bytes = 1 << 20};
	_cleanup_(buf_done) struct buf b = BUF_INIT, out = BUF_INIT;
	_cleanup_free_ char *zeros = calloc(1, 4 << 20);

	(void)state;
	assert_non_null(zeros);
	add_gzip(&b, zeros, 4 << 20);
	assert_int_equal(run(&b, &ratio, &out, NULL), -EFBIG);
	buf_reset(&out);
	assert_int_equal(run(&b, &bytes, &out, NULL), -EFBIG);
	assert_true(out.len <= 2 << 20);
}

/* A frame that wants a window of 2 GiB is refused by its header. */
static void test_window(void **state)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT, out = BUF_INIT;

	(void)state;
	buf_add(&b, "\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00", 9); /* window descriptor: exponent 21, 2^31 */
	assert_int_equal(run(&b, &limits, &out, NULL), -EBADMSG);
}

TESTS("tar/inflate", cmocka_unit_test(test_kinds), cmocka_unit_test(test_members), cmocka_unit_test(test_damage),
      cmocka_unit_test(test_garbage), cmocka_unit_test(test_unknown), cmocka_unit_test(test_bomb),
      cmocka_unit_test(test_window))
