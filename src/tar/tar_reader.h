/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * tar_reader - libarchive, narrowed to tar, fed by image/inflate.
 *
 *	_cleanup_(tar_reader_closep) struct tar_reader *t = NULL;
 *	r = tar_reader_open(in, &t, e);
 *	while ((r = tar_reader_next(t, &entry, e)) > 0)
 *		archive_entry_pathname(entry), tar_reader_data(t, &data, e) ...
 *	r = tar_reader_drain(t, e);
 */
#ifndef RANBY_TAR_TAR_READER_H
#define RANBY_TAR_TAR_READER_H

#include "base/err.h"
#include "base/mem.h"
#include "tar/inflate.h"

#include <stdint.h>

struct archive_entry;
struct tar_reader;

/* Borrows `in`. */
int tar_reader_open(struct inflate *in, struct tar_reader **ret, struct err *e) _must_check_;

/* 1 and the next entry, valid until the next call; 0: the tar's end. Its name is never NULL or empty. */
int tar_reader_next(struct tar_reader *t, struct archive_entry **ret, struct err *e) _must_check_;

struct tar_data {
	const void *bytes;
	size_t len;
	uint64_t offset; /* in the file; what lies between two pieces is a hole */
};
/* 1 and the next piece of the entry's content, 0: its end. */
int tar_reader_data(struct tar_reader *t, struct tar_data *ret, struct err *e) _must_check_;

/* Reads what follows the tar's end, so that the stream's digest is of all of it. */
int tar_reader_drain(struct tar_reader *t, struct err *e) _must_check_;

struct tar_reader *tar_reader_close(struct tar_reader *t);
static inline void tar_reader_closep(struct tar_reader **t)
{
	*t = tar_reader_close(*t);
}

#endif
