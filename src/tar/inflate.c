/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * One interface over four decoders that are driven alike: `step` takes what
 * lies in the input window and fills the output buffer. The input's end is
 * good only between two members or frames; anywhere else the stream was cut.
 *
 * Rejected: libarchive's own filters. They run gzip's trailer check late,
 * accept garbage after the last member, and would start programs (xz, lz4)
 * when they were built without a library.
 */
#include "tar/inflate.h"

#include "base/sha256.h"

#include <bzlib.h>
#include <errno.h>
#include <lzma.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define IN_SIZE (128 * 1024)
#define OUT_SIZE (256 * 1024)

struct codec {
	const char *name;
	/* Consumes input, fills output; sets in->open_member. 0, or -EBADMSG with text. */
	int (*step)(struct inflate *in, size_t *produced, struct err *e);
	bool sees_end; /* called at the input's end too, and says itself what is missing */
};

struct inflate {
	int fd;
	struct inflate_limits limits;
	const struct codec *codec;
	struct sha256 hash;
	bool is_unsummed;
	uint64_t in_bytes, out_bytes;
	size_t in_at, in_len; /* what of in_data is not used yet */
	bool in_end;
	bool open_member;     /* inside a gzip member or a zstd frame */
	bool pending;         /* the decoder may hold more output */
	void (*on_progress)(void *ctx, struct inflate *in);
	void *progress_ctx;
	z_stream z;
	bool z_ready;
	ZSTD_DStream *zstd;
	bz_stream bz;
	bool bz_ready;
	lzma_stream lzma;
	unsigned char in_data[IN_SIZE];
	unsigned char out_data[OUT_SIZE];
};

/* Reads more input when there is none. */
static int refill(struct inflate *in, struct err *e)
{
	ssize_t n;

	if (in->in_at < in->in_len || in->in_end)
		return 0;
	do
		n = read(in->fd, in->in_data, IN_SIZE);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_errno(e, errno, "read");
	in->in_at = 0;
	in->in_len = (size_t)n;
	in->in_bytes += (size_t)n;
	in->in_end = n == 0;
	return 0;
}

static int plain_step(struct inflate *in, size_t *produced, struct err *e)
{
	size_t n = in->in_len - in->in_at;

	(void)e;
	if (n > OUT_SIZE)
		n = OUT_SIZE;
	memcpy(in->out_data, in->in_data + in->in_at, n);
	in->in_at += n;
	*produced = n;
	return 0;
}

static int gzip_step(struct inflate *in, size_t *produced, struct err *e)
{
	int r;

	in->z.next_in = in->in_data + in->in_at;
	in->z.avail_in = (uInt)(in->in_len - in->in_at);
	in->z.next_out = in->out_data;
	in->z.avail_out = OUT_SIZE;
	if (!in->open_member && in->z.avail_in > 0) {
		if (inflateReset(&in->z) != Z_OK)
			return err_set(e, EBADMSG, "gzip: cannot start");
		in->open_member = true;
	}
	r = inflate(&in->z, Z_NO_FLUSH);
	in->in_at = in->in_len - in->z.avail_in;
	*produced = OUT_SIZE - in->z.avail_out;
	in->pending = in->z.avail_out == 0;
	if (r == Z_STREAM_END) {
		in->open_member = false;
		in->pending = false;
		return 0;
	}
	if (r != Z_OK && r != Z_BUF_ERROR)
		return err_set(e, EBADMSG, "gzip: %s", in->z.msg ? in->z.msg : "damaged data");
	return 0;
}

static int zstd_step(struct inflate *in, size_t *produced, struct err *e)
{
	ZSTD_inBuffer from = {.src = in->in_data, .size = in->in_len, .pos = in->in_at};
	ZSTD_outBuffer to = {.dst = in->out_data, .size = OUT_SIZE, .pos = 0};
	size_t left = ZSTD_decompressStream(in->zstd, &to, &from);

	if (ZSTD_isError(left))
		return err_set(e, EBADMSG, "zstd: %s", ZSTD_getErrorName(left));
	in->in_at = from.pos;
	in->open_member = left != 0;
	in->pending = left != 0 && to.pos == OUT_SIZE; /* at a frame's end all of it is out */
	*produced = to.pos;
	return 0;
}

static int bzip2_step(struct inflate *in, size_t *produced, struct err *e)
{
	int r;

	if (!in->bz_ready && in->in_at < in->in_len) {
		memset(&in->bz, 0, sizeof(in->bz));
		if (BZ2_bzDecompressInit(&in->bz, 0, 0) != BZ_OK)
			return err_errno(e, ENOMEM, "bzip2");
		in->bz_ready = in->open_member = true;
	}
	in->bz.next_in = (char *)in->in_data + in->in_at;
	in->bz.avail_in = (unsigned)(in->in_len - in->in_at);
	in->bz.next_out = (char *)in->out_data;
	in->bz.avail_out = OUT_SIZE;
	r = BZ2_bzDecompress(&in->bz);
	in->in_at = in->in_len - in->bz.avail_in;
	*produced = OUT_SIZE - in->bz.avail_out;
	in->pending = in->bz.avail_out == 0;
	if (r == BZ_STREAM_END) {
		BZ2_bzDecompressEnd(&in->bz);
		in->bz_ready = in->open_member = in->pending = false;
		return 0;
	}
	if (r != BZ_OK)
		return err_set(e, EBADMSG, "bzip2: damaged data");
	return 0;
}

/* Its decoder takes several streams and their padding itself, and is told when there is no more. */
static int xz_step(struct inflate *in, size_t *produced, struct err *e)
{
	lzma_ret r;

	in->lzma.next_in = in->in_data + in->in_at;
	in->lzma.avail_in = in->in_len - in->in_at;
	in->lzma.next_out = in->out_data;
	in->lzma.avail_out = OUT_SIZE;
	r = lzma_code(&in->lzma, in->in_end ? LZMA_FINISH : LZMA_RUN);
	in->in_at = in->in_len - in->lzma.avail_in;
	*produced = OUT_SIZE - in->lzma.avail_out;
	in->open_member = r != LZMA_STREAM_END;
	in->pending = in->open_member && in->lzma.avail_out == 0;
	if (r == LZMA_MEMLIMIT_ERROR)
		return err_set(e, EBADMSG, "xz: wants more than %u MiB of memory", 1U << (INFLATE_WINDOW_LOG_MAX - 20));
	if (r == LZMA_BUF_ERROR && in->in_end)
		return err_set(e, EBADMSG, "xz: cut short");
	if (r != LZMA_OK && r != LZMA_STREAM_END && r != LZMA_BUF_ERROR)
		return err_set(e, EBADMSG, "xz: damaged data");
	return 0;
}

static const struct codec codec_plain = {"plain", plain_step, false};
static const struct codec codec_gzip = {"gzip", gzip_step, false};
static const struct codec codec_zstd = {"zstd", zstd_step, false};
static const struct codec codec_bzip2 = {"bzip2", bzip2_step, false};
static const struct codec codec_xz = {"xz", xz_step, true};

static const struct {
	const char *magic;
	size_t len;
	const struct codec *codec; /* NULL: known, not supported */
	const char *name;
	bool only_all_kinds;
} magics[] = {
	{"\x1f\x8b", 2, &codec_gzip, "gzip", false},
	{"\x28\xb5\x2f\xfd", 4, &codec_zstd, "zstd", false},
	{"BZh", 3, &codec_bzip2, "bzip2", true},
	{"\3757zXZ", 6, &codec_xz, "xz", true},
	{"\x04\x22\x4d\x18", 4, NULL, "lz4", false},
};

/* zstd's skippable frames: 0x184D2A5?, little-endian (estargz and zstd:chunked begin or end so). */
static bool is_skippable_frame(const unsigned char *p, size_t n)
{
	return n >= 4 && (p[0] & 0xf0) == 0x50 && p[1] == 0x2a && p[2] == 0x4d && p[3] == 0x18;
}

static int pick_codec(struct inflate *in, struct err *e)
{
	in->codec = is_skippable_frame(in->in_data, in->in_len) ? &codec_zstd : &codec_plain;
	for (size_t i = 0; i < ARRAY_SIZE(magics); i++) {
		if (in->in_len < magics[i].len || memcmp(in->in_data, magics[i].magic, magics[i].len) != 0)
			continue;
		if (!magics[i].codec || (magics[i].only_all_kinds && !in->limits.all_kinds))
			return err_set(e, EOPNOTSUPP, "compressed with %s, which is not supported (gzip and zstd are%s)",
				       magics[i].name, in->limits.all_kinds ? ", bzip2 and xz too" : "");
		in->codec = magics[i].codec;
	}
	return 0;
}

static int start_codec(struct inflate *in, struct err *e)
{
	if (in->codec == &codec_gzip) {
		if (inflateInit2(&in->z, 15 + 16) != Z_OK) /* 16: gzip wrapper only */
			return err_errno(e, ENOMEM, "gzip");
		in->z_ready = true;
	} else if (in->codec == &codec_zstd) {
		in->zstd = ZSTD_createDStream();
		if (!in->zstd ||
		    ZSTD_isError(ZSTD_DCtx_setParameter(in->zstd, ZSTD_d_windowLogMax, INFLATE_WINDOW_LOG_MAX)))
			return err_errno(e, ENOMEM, "zstd");
	} else if (in->codec == &codec_xz) {
		if (lzma_stream_decoder(&in->lzma, (uint64_t)1 << INFLATE_WINDOW_LOG_MAX, LZMA_CONCATENATED) != LZMA_OK)
			return err_errno(e, ENOMEM, "xz");
		in->open_member = true;
	}
	return 0;
}

int inflate_open(int fd, const struct inflate_limits *limits, struct inflate **ret, struct err *e)
{
	_cleanup_(inflate_closep) struct inflate *in = calloc(1, sizeof(*in));
	int r;

	if (!in)
		return err_errno(e, ENOMEM, "decompress");
	in->fd = fd;
	in->limits = *limits;
	in->lzma = (lzma_stream)LZMA_STREAM_INIT;
	sha256_init(&in->hash);
	r = refill(in, e);
	if (r == 0)
		r = pick_codec(in, e);
	if (r == 0)
		r = start_codec(in, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(in);
	return 0;
}

static int check_limits(const struct inflate *in, struct err *e)
{
	const struct inflate_limits *l = &in->limits;

	if (l->out_bytes && in->out_bytes > l->out_bytes)
		return err_set(e, EFBIG, "unpacks to more than %llu MiB", (unsigned long long)(l->out_bytes >> 20));
	if (l->ratio && in->out_bytes > l->ratio_floor_bytes && in->out_bytes / l->ratio > in->in_bytes)
		return err_set(e, EFBIG, "unpacks to more than %u times its size", l->ratio);
	return 0;
}

ssize_t inflate_read(struct inflate *in, const void **ret_bytes, struct err *e)
{
	size_t n = 0;
	int r;

	while (n == 0) {
		if (!in->pending) {
			r = refill(in, e);
			if (r < 0)
				return r;
			if (in->in_end && in->in_at == in->in_len) {
				if (!in->open_member)
					return 0;
				if (!in->codec->sees_end)
					return err_set(e, EBADMSG, "%s: cut short", in->codec->name);
			}
		}
		r = in->codec->step(in, &n, e);
		if (r < 0)
			return r;
	}
	in->out_bytes += n;
	r = check_limits(in, e);
	if (r < 0)
		return r;
	if (!in->is_unsummed)
		sha256_add(&in->hash, in->out_data, n);
	if (in->on_progress)
		in->on_progress(in->progress_ctx, in);
	*ret_bytes = in->out_data;
	return (ssize_t)n;
}

void inflate_on_progress(struct inflate *in, void (*fn)(void *ctx, struct inflate *in), void *ctx)
{
	in->on_progress = fn;
	in->progress_ctx = ctx;
}

void inflate_leave_sum(struct inflate *in)
{
	in->is_unsummed = true;
}

void inflate_digest(struct inflate *in, struct digest *ret)
{
	char hex[SHA256_HEX_SIZE];

	sha256_end_hex(&in->hash, hex);
	digest_from_hex(hex, ret);
}

uint64_t inflate_in_bytes(const struct inflate *in)
{
	return in->in_bytes;
}

uint64_t inflate_out_bytes(const struct inflate *in)
{
	return in->out_bytes;
}

struct inflate *inflate_close(struct inflate *in)
{
	if (!in)
		return NULL;
	if (in->z_ready)
		inflateEnd(&in->z);
	ZSTD_freeDStream(in->zstd);
	if (in->bz_ready)
		BZ2_bzDecompressEnd(&in->bz);
	lzma_end(&in->lzma);
	free(in);
	return NULL;
}
