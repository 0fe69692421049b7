/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * parse - the one place where text becomes a number.
 *
 * All are strict: digits only (no sign, blank, hex or leading zero beyond
 * "0" itself), the whole string, within [min, max]. On failure the result
 * is untouched. -EINVAL: not such a thing; -ERANGE: out of its range.
 */
#ifndef RANBY_BASE_PARSE_H
#define RANBY_BASE_PARSE_H

#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

int parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret_value) _must_check_;
int parse_u32(const char *s, uint32_t min, uint32_t max, uint32_t *ret_value) _must_check_;

/* As parse_u64, with one leading '-' allowed. */
int parse_i64(const char *s, int64_t min, int64_t max, int64_t *ret_value) _must_check_;

/* Octal mode "0".."7777", with or without a leading zero. */
int parse_mode(const char *s, uint32_t *ret_mode) _must_check_;

/*
 * Bytes: "10", "10b", "4k", "64m", "1g", "2t", "1p", "1.5g", also "64MB"/"64MiB", any
 * case, powers of 1024 as docker has them (go-units RAMInBytes).
 */
int parse_size(const char *s, uint64_t max, uint64_t *ret_bytes) _must_check_;

/* Go duration ("1h30m", "1.5s", "200ms") or whole seconds ("10"); microseconds out. */
int parse_duration(const char *s, uint64_t *ret_us) _must_check_;

/* true/false as Go's strconv.ParseBool takes them: 1 t T true TRUE True, 0 f F ... */
int parse_bool(const char *s, bool *ret_value) _must_check_;

#endif
