/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * journal_read - entries of the journal, through libsystemd opened when it is
 * wanted: its files are in no format that is meant to be read otherwise.
 *
 *	_cleanup_(journal_reader_done) struct journal_reader j = JOURNAL_READER_INIT;
 *	r = journal_reader_open(&j, e);
 *	r = journal_match(&j, "CONTAINER_ID_FULL=...");	// all of them
 *	for (r = journal_seek(&j, since_usec); journal_step(&j, +1) > 0;)
 *		r = journal_get(&j, "MESSAGE", &text, &len);
 */
#ifndef RANBY_SYS_JOURNAL_READ_H
#define RANBY_SYS_JOURNAL_READ_H

#include "base/err.h"
#include "base/mem.h"

#include <stddef.h>
#include <stdint.h>

struct journal_library;
struct journal_reader {
	struct journal_library *lib;
	void *journal;
};
#define JOURNAL_READER_INIT {.lib = NULL}

/* -ENOTSUP, in words: no library, or no journal that this user may read. */
int journal_reader_open(struct journal_reader *ret, struct err *e) _must_check_;
void journal_reader_done(struct journal_reader *j);

/* "NAME=value": only entries with that field. -errno. */
int journal_match(struct journal_reader *j, const char *field) _must_check_;

/* What was matched so far, or what is from here on. -errno. */
int journal_or(struct journal_reader *j) _must_check_;

/* Before the first entry of that time (microseconds of the epoch; 0: of all; UINT64_MAX: behind the last one). */
int journal_seek(struct journal_reader *j, uint64_t usec) _must_check_;

/* To the next (direction > 0) or the one before. 1; 0: there is none; -errno. */
int journal_step(struct journal_reader *j, int direction) _must_check_;

/* A field's value, which lives until the next call. -ENOENT. */
int journal_get(struct journal_reader *j, const char *name, const char **ret, size_t *ret_len) _must_check_;

/* When the entry was taken. */
int journal_time(struct journal_reader *j, uint64_t *ret_usec) _must_check_;

/* Until something has changed, or for so long. */
int journal_wait(struct journal_reader *j, uint64_t usec) _must_check_;

#endif
