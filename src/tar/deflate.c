/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Layers are made smaller on their way out only, by the worker that also
 * unpacks them: `ranby` itself links neither library. One stream, no frames
 * and no threads, so that the result depends on the input, the level and the
 * library alone.
 */
#include "tar/deflate.h"

#include "base/sha256.h"
#include "sys/fd.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define OUT_SIZE (256 * 1024)
#define GZIP_WRAPPER (15 + 16)
#define ZSTD_LEVEL_MAX 20 /* above, the window is larger than others unpack */

struct deflate {
	int fd;
	enum deflate_format format;
	z_stream z;
	bool z_open;
	ZSTD_CStream *zstd;
	struct sha256 hash;
	uint64_t bytes;
	unsigned char out[OUT_SIZE];
};

static const struct {
	const char *word;
	enum deflate_format format;
	uint32_t max, usual;
} formats[] = {
	{"none", DEFLATE_NONE, 0, 0},
	{"gzip", DEFLATE_GZIP, 9, 6},
	{"zstd", DEFLATE_ZSTD, ZSTD_LEVEL_MAX, 3},
};

int deflate_format_parse(const char *word, enum deflate_format *ret, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (strcmp(formats[i].word, word) == 0) {
			*ret = formats[i].format;
			return 0;
		}
	return err_set(e, EINVAL, "compression \"%s\": not gzip or zstd", word);
}

static int open_format(struct deflate *d, uint32_t level, struct err *e)
{
	if (level == DEFLATE_LEVEL_USUAL)
		level = formats[d->format].usual;
	if (level > formats[d->format].max)
		return err_set(e, EINVAL, "compression level %u: %s has 1 to %u", level, formats[d->format].word, formats[d->format].max);
	if (d->format == DEFLATE_GZIP) {
		if (deflateInit2(&d->z, (int)level, Z_DEFLATED, GZIP_WRAPPER, 8, Z_DEFAULT_STRATEGY) != Z_OK)
			return err_errno(e, ENOMEM, "gzip");
		d->z_open = true;
	} else if (d->format == DEFLATE_ZSTD) {
		d->zstd = ZSTD_createCStream();
		if (!d->zstd || ZSTD_isError(ZSTD_initCStream(d->zstd, (int)level)) ||
		    ZSTD_isError(ZSTD_CCtx_setParameter(d->zstd, ZSTD_c_checksumFlag, 1)))
			return err_errno(e, ENOMEM, "zstd");
	}
	return 0;
}

int deflate_open(int fd, enum deflate_format format, uint32_t level, struct deflate **ret, struct err *e)
{
	_cleanup_(deflate_closep) struct deflate *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return err_errno(e, ENOMEM, "compress");
	d->fd = fd;
	d->format = format;
	sha256_init(&d->hash);
	r = open_format(d, level, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(d);
	return 0;
}

static int put(struct deflate *d, const void *data, size_t len, struct err *e)
{
	int r = fd_write_all(d->fd, data, len);

	if (r < 0)
		return err_errno(e, -r, "write");
	sha256_add(&d->hash, data, len);
	d->bytes += len;
	return 0;
}

/* zlib: `flush` Z_NO_FLUSH until all is taken, Z_FINISH until all is out. */
static int run_gzip(struct deflate *d, const void *data, size_t len, int flush, struct err *e)
{
	int z = Z_OK, r = 0;

	d->z.next_in = (unsigned char *)(uintptr_t)data; /* zlib only reads it */
	d->z.avail_in = (uInt)len;
	do {
		d->z.next_out = d->out;
		d->z.avail_out = OUT_SIZE;
		z = deflate(&d->z, flush);
		if (z == Z_STREAM_ERROR)
			return err_set(e, EIO, "gzip: it cannot go on");
		r = put(d, d->out, OUT_SIZE - d->z.avail_out, e);
	} while (r == 0 && (flush == Z_FINISH ? z != Z_STREAM_END : d->z.avail_in > 0));
	return r;
}

static int run_zstd(struct deflate *d, const void *data, size_t len, ZSTD_EndDirective end, struct err *e)
{
	ZSTD_inBuffer from = {.src = data, .size = len};
	size_t left;
	int r;

	do {
		ZSTD_outBuffer to = {.dst = d->out, .size = OUT_SIZE};

		left = ZSTD_compressStream2(d->zstd, &to, &from, end);
		if (ZSTD_isError(left))
			return err_set(e, EIO, "zstd: %s", ZSTD_getErrorName(left));
		r = put(d, d->out, to.pos, e);
	} while (r == 0 && (end == ZSTD_e_end ? left > 0 : from.pos < from.size));
	return r;
}

int deflate_write(struct deflate *d, const void *data, size_t len, struct err *e)
{
	if (d->format == DEFLATE_NONE)
		return put(d, data, len, e);
	return d->format == DEFLATE_GZIP ? run_gzip(d, data, len, Z_NO_FLUSH, e) : run_zstd(d, data, len, ZSTD_e_continue, e);
}

int deflate_end(struct deflate *d, struct digest *ret, uint64_t *ret_bytes, struct err *e)
{
	char hex[SHA256_HEX_SIZE];
	int r = 0;

	if (d->format == DEFLATE_GZIP)
		r = run_gzip(d, "", 0, Z_FINISH, e);
	else if (d->format == DEFLATE_ZSTD)
		r = run_zstd(d, "", 0, ZSTD_e_end, e);
	if (r < 0)
		return r;
	sha256_end_hex(&d->hash, hex);
	digest_from_hex(hex, ret);
	*ret_bytes = d->bytes;
	return 0;
}

struct deflate *deflate_close(struct deflate *d)
{
	if (!d)
		return NULL;
	if (d->z_open)
		deflateEnd(&d->z);
	ZSTD_freeCStream(d->zstd);
	free(d);
	return NULL;
}
