/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ask - what the questions to ledgers have in common: moments and logins. */
#ifndef RANBY_QUERY_ASK_H
#define RANBY_QUERY_ASK_H

#include "base/err.h"
#include "base/mem.h"

#include <stdint.h>

/* "2026-11-22T08:00:00Z", "10m" ago, ... in ns since 1970. A NULL `text` leaves *ret alone. */
int ask_moment(const char *text, const char *option, int64_t *ret, struct err *e) _must_check_;

/* A login's name or number. */
int ask_user(const char *text, uint32_t *ret, struct err *e) _must_check_;

#endif
