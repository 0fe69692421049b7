/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A blob appears under its digest by a rename of what was written, hashed and
 * synced elsewhere: a name in blobs/sha256 is a promise about the content.
 */
#include "base/sha256.h"
#include "image/store_private.h"
#include "sys/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define COPY_SIZE (128 * 1024)

static bool is_in(int dirfd, const struct digest *d, uint64_t *ret_bytes)
{
	struct stat s;

	if (!digest_is_set(d) || fstatat(dirfd, digest_hex(d), &s, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(s.st_mode))
		return false;
	if (ret_bytes)
		*ret_bytes = (uint64_t)s.st_size;
	return true;
}

/* The directory that has it: ours, when none has. Borrowed. */
static int dir_of(struct store *st, const struct digest *d)
{
	if (!is_in(st->blobs_fd, d, NULL))
		for (size_t i = 0; i < st->n_shared; i++)
			if (is_in(st->shared[i].blobs_fd, d, NULL))
				return st->shared[i].blobs_fd;
	return st->blobs_fd;
}

bool blob_exists(struct store *st, const struct digest *d, uint64_t *ret_bytes)
{
	return is_in(dir_of(st, d), d, ret_bytes);
}

int blob_open(struct store *st, const struct digest *d, int *ret_fd, struct err *e)
{
	int r = path_own_open(dir_of(st, d), digest_hex(d), O_RDONLY | O_NOFOLLOW, 0, ret_fd);

	return r < 0 ? err_errno(e, -r, "blob %s", d->text) : 0;
}

const char *blob_media_type(struct store *st, const struct digest *d)
{
	_cleanup_close_ int fd = -EBADF;
	unsigned char magic[4] = {0};

	if (blob_open(st, d, &fd, NULL) < 0 || read(fd, magic, sizeof(magic)) != (ssize_t)sizeof(magic))
		return MEDIA_OCI_LAYER;
	if (magic[0] == 0x1f && magic[1] == 0x8b)
		return MEDIA_OCI_LAYER_GZIP;
	return memcmp(magic, "\x28\xb5\x2f\xfd", sizeof(magic)) == 0 ? MEDIA_OCI_LAYER_ZSTD : MEDIA_OCI_LAYER;
}

int blob_read(struct store *st, const struct digest *d, struct buf *b, struct err *e)
{
	struct digest found;
	size_t before = b->len;
	int r = path_own_read(dir_of(st, d), digest_hex(d), STORE_JSON_MAX, b);

	if (r < 0)
		return err_errno(e, -r, "blob %s", d->text);
	digest_of(buf_str(b) + before, b->len - before, &found);
	if (!digest_equal(&found, d))
		return err_set(e, EBADMSG, "blob %s: its content has changed on the disk", d->text);
	return 0;
}

static int hash_piece(const char *data, size_t len, void *ctx)
{
	sha256_add(ctx, data, len);
	return 0;
}

int blob_check(int fd, const struct digest *d, struct err *e)
{
	char hex[SHA256_HEX_SIZE];
	struct sha256 hash;
	int r;

	sha256_init(&hash);
	r = fd_read_each(fd, d->text, hash_piece, &hash, e);
	if (r < 0)
		return r;
	sha256_end_hex(&hash, hex);
	return strcmp(hex, digest_hex(d)) == 0 ? 0 : err_set(e, EBADMSG, "blob %s: its content has changed", d->text);
}

int blob_hash(struct store *st, const struct digest *d, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r = blob_open(st, d, &fd, e);

	return r < 0 ? r : blob_check(fd, d, e);
}

bool blob_usable(struct store *st, const struct digest *d, uint64_t *ret_bytes)
{
	return is_in(st->blobs_fd, d, ret_bytes) || (blob_exists(st, d, ret_bytes) && blob_hash(st, d, NULL) == 0);
}

int blob_commit(struct store *st, const struct staging *sg, const char *name, const struct digest *d, struct err *e)
{
	mode_t mode = store_file_mode(st->blobs_fd);

	if (mode != 0600 && fchmodat(sg->dirfd, name, mode, 0) < 0)
		return err_errno(e, errno, "blob %s", d->text);
	if (renameat(sg->dirfd, name, st->blobs_fd, digest_hex(d)) < 0 || fsync(st->blobs_fd) < 0)
		return err_errno(e, errno, "blob %s", d->text);
	return 0;
}

int blob_write(struct store *st, const void *data, size_t len, struct digest *ret, struct err *e)
{
	struct digest d;
	int r;

	digest_of(data, len, &d);
	r = path_own_write(st->blobs_fd, digest_hex(&d), data, len, store_file_mode(st->blobs_fd), PATH_SYNC_FULL);
	if (r < 0)
		return err_errno(e, -r, "write blob %s", d.text);
	if (ret)
		*ret = d;
	return 0;
}

int blob_adopt(struct store *st, const struct digest *d, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	int r;

	if (is_in(st->blobs_fd, d, NULL) || !blob_exists(st, d, NULL))
		return 0;
	r = blob_read(st, d, &text, e);
	return r < 0 ? r : blob_write(st, buf_str(&text), text.len, NULL, e);
}

static int copy_hashed(int in_fd, int out_fd, uint64_t max_bytes, struct sha256 *hash, uint64_t *ret_bytes, struct err *e)
{
	_cleanup_free_ char *piece = malloc(COPY_SIZE);
	uint64_t total = 0;
	int r;

	if (!piece)
		return err_errno(e, ENOMEM, "copy");
	for (;;) {
		ssize_t n = read(in_fd, piece, COPY_SIZE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, errno, "read");
		if (n == 0)
			break;
		if (total + (uint64_t)n > max_bytes)
			return err_set(e, EFBIG, "larger than %llu bytes", (unsigned long long)max_bytes);
		sha256_add(hash, piece, (size_t)n);
		r = fd_write_sparse(out_fd, piece, (size_t)n, total);
		if (r < 0)
			return err_errno(e, -r, "write");
		total += (uint64_t)n;
	}
	if (ftruncate(out_fd, (off_t)total) < 0)
		return err_errno(e, errno, "write");
	*ret_bytes = total;
	return 0;
}

int blob_copy(const struct staging *sg, const char *name, int in_fd, uint64_t max_bytes, struct digest *ret,
	      uint64_t *ret_bytes, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char hex[SHA256_HEX_SIZE];
	struct sha256 hash;
	uint64_t bytes = 0;
	int r;

	r = path_own_open(sg->dirfd, name, O_WRONLY | O_CREAT | O_EXCL, 0600, &fd);
	if (r < 0)
		return err_errno(e, -r, "write %s", name);
	sha256_init(&hash);
	r = copy_hashed(in_fd, fd, max_bytes, &hash, &bytes, e);
	if (r == 0 && fsync(fd) < 0)
		r = err_errno(e, errno, "sync");
	if (r < 0)
		return r;
	sha256_end_hex(&hash, hex);
	digest_from_hex(hex, ret);
	*ret_bytes = bytes;
	return 0;
}
