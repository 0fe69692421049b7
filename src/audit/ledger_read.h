/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ledger_read - a ledger's lines in their order, whatever is in them.
 *
 *	_cleanup_(ledger_reader_done) struct ledger_reader rd = LEDGER_READER_INIT;
 *	struct ledger_item item;
 *	r = ledger_reader_open(AT_FDCWD, path, &rd, e);
 *	while ((r = ledger_reader_next(&rd, &item, e)) > 0)
 *		... item.entry.o, or item.trash
 *
 * The path is a ledger's directory, or one segment (a copy, an export).
 * Reading needs no lock: lines that are being written while we look at the
 * newest segment show as an unfinished line at the end.
 */
#ifndef RANBY_AUDIT_LEDGER_READ_H
#define RANBY_AUDIT_LEDGER_READ_H

#include "audit/ledger.h"
#include "base/buf.h"

struct ledger_item {
	char segment[LEDGER_SEGMENT_NAME_SIZE]; /* "" when one file is read */
	uint64_t offset;           /* of the line in it */
	const char *text;          /* the line, borrowed until the next call */
	size_t len;                /* without the newline */
	bool unfinished;           /* no newline behind it */
	bool is_entry;
	struct ledger_entry entry; /* of the reader's; only when is_entry */
	char why[160];             /* why it is none */
};

struct ledger_reader {
	int dirfd, fd;             /* one of them is open: a directory, or one file */
	uint64_t *segments;
	size_t n_segments, next_segment;
	struct buf text;           /* the segment that is being read */
	size_t at;
	uint64_t seek, base;       /* offset to begin the next file at; of `text` in its file */
	struct ledger_item item;
};
#define LEDGER_READER_INIT {.dirfd = -EBADF, .fd = -EBADF}

/* -ENOENT when it is not there. */
int ledger_reader_open(int dirfd, const char *path, struct ledger_reader *ret, struct err *e) _must_check_;

/* Leaves out the segments that end before the entry `seq`; those that hold it or come after are read. */
void ledger_reader_skip_to(struct ledger_reader *rd, uint64_t seq);

/* Goes on at `offset` of the segment that begins with entry `first`. -ENOENT: there is no such segment, or it is shorter. */
int ledger_reader_seek(struct ledger_reader *rd, uint64_t first, uint64_t offset) _must_check_;

/* Where the next line begins: for ledger_reader_seek(). *ret_first is 0 before the first line. */
void ledger_reader_place(const struct ledger_reader *rd, uint64_t *ret_first, uint64_t *ret_offset);

/* 1: *ret is the next line; 0: there is none. What it borrows lives until the next call. */
int ledger_reader_next(struct ledger_reader *rd, struct ledger_item *ret, struct err *e) _must_check_;

void ledger_reader_done(struct ledger_reader *rd);

/* When an entry's event was, in ns since 1970: the kernel's time where there is a receipt (*ret_serial is then its serial), else what the entry says, else 0. */
int64_t ledger_entry_time(struct json_object *entry, uint64_t *ret_serial);

#endif
