/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * libarchive parses the headers (ustar, pax, GNU, sparse in all its forms) and
 * nothing else: no filter, no other format, no file of its own. Its limit of
 * 1 MiB for a pax or long-name header is kept.
 *
 * Names come back as the bytes that were there, because this program never
 * calls setlocale(): in the C locale libarchive cannot convert a pax name that
 * is not ASCII, warns, and gives it raw.
 */
#include "tar/tar_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

struct tar_reader {
	struct archive *archive;
	struct inflate *in;
	struct err in_error; /* of inflate_read(), which libarchive cannot carry */
	int in_result;
};

static la_ssize_t read_more(struct archive *a, void *ctx, const void **ret_bytes)
{
	struct tar_reader *t = ctx;
	ssize_t n;

	(void)a;
	n = inflate_read(t->in, ret_bytes, &t->in_error);
	if (n < 0) {
		t->in_result = (int)n;
		archive_set_error(a, (int)-n, "%s", t->in_error.text);
		return ARCHIVE_FATAL;
	}
	return n;
}

static int fail(struct tar_reader *t, struct err *e)
{
	const char *text = archive_error_string(t->archive);

	if (t->in_result < 0) {
		if (e)
			*e = t->in_error;
		return t->in_result;
	}
	return err_set(e, EBADMSG, "damaged tar: %s", text ? text : "unknown reason");
}

int tar_reader_open(struct inflate *in, struct tar_reader **ret, struct err *e)
{
	_cleanup_(tar_reader_closep) struct tar_reader *t = calloc(1, sizeof(*t));

	if (!t)
		return err_errno(e, ENOMEM, "tar");
	t->in = in;
	t->archive = archive_read_new();
	if (!t->archive)
		return err_errno(e, ENOMEM, "tar");
	if (archive_read_support_format_tar(t->archive) != ARCHIVE_OK ||
	    archive_read_support_format_empty(t->archive) != ARCHIVE_OK ||
	    archive_read_open2(t->archive, t, NULL, read_more, NULL, NULL) != ARCHIVE_OK)
		return fail(t, e);
	*ret = TAKE_PTR(t);
	return 0;
}

int tar_reader_next(struct tar_reader *t, struct archive_entry **ret, struct err *e)
{
	const char *name;
	int r = archive_read_next_header(t->archive, ret);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
		return fail(t, e);
	name = archive_entry_pathname(*ret);
	if (!name || !*name)
		return err_set(e, EBADMSG, "damaged tar: an entry without a name");
	return 1;
}

int tar_reader_data(struct tar_reader *t, struct tar_data *ret, struct err *e)
{
	la_int64_t offset = 0;
	int r = archive_read_data_block(t->archive, &ret->bytes, &ret->len, &offset);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
		return fail(t, e);
	if (offset < 0)
		return err_set(e, EBADMSG, "damaged tar: content at a negative offset");
	ret->offset = (uint64_t)offset;
	return 1;
}

int tar_reader_drain(struct tar_reader *t, struct err *e)
{
	const void *bytes;
	ssize_t n;

	do
		n = inflate_read(t->in, &bytes, e);
	while (n > 0);
	return (int)n;
}

struct tar_reader *tar_reader_close(struct tar_reader *t)
{
	if (!t)
		return NULL;
	archive_read_free(t->archive);
	free(t);
	return NULL;
}
