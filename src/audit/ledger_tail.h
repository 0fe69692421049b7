/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ledger_tail - the last entry of a segment, without reading the segment.
 *
 *	struct ledger_tail t = LEDGER_TAIL_INIT;
 *	r = ledger_tail_read(fd, size, &t, e);
 *	// t.seq is 0 when there is no entry; bytes from t.end on are none
 */
#ifndef RANBY_AUDIT_LEDGER_TAIL_H
#define RANBY_AUDIT_LEDGER_TAIL_H

#include "base/err.h"
#include "base/mem.h"
#include "base/sha256.h"

#include <stdbool.h>
#include <stdint.h>

#define LEDGER_FILE_MAX ((uint64_t)64 << 20) /* a segment that is longer is not ours */

struct ledger_tail {
	uint64_t seq; /* 0: none found */
	char hash[SHA256_HEX_SIZE];
	uint64_t end; /* offset behind its newline */
};
#define LEDGER_TAIL_INIT {.seq = 0}

/* -EFBIG: longer than LEDGER_FILE_MAX. */
int ledger_tail_read(int fd, uint64_t size, struct ledger_tail *ret, struct err *e) _must_check_;

/* Of a file in a ledger's directory. */
int ledger_tail_of(int dirfd, const char *name, struct ledger_tail *ret, struct err *e) _must_check_;

/* SHA-256 of `len` bytes from `at`; *ret_newline: the last of them is one. */
int ledger_hash_range(int fd, uint64_t at, uint64_t len, char hash[static SHA256_HEX_SIZE], bool *ret_newline) _must_check_;

#endif
