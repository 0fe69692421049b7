/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* report - errors and warnings on standard error, escaped, one line each. */
#ifndef RANBY_CMD_REPORT_H
#define RANBY_CMD_REPORT_H

#include "base/err.h"
#include "base/mem.h"

/* "Error: what: why", and "Hint: …" when there is one. Flushes standard output first. */
void report_error(const struct err *e);

/* "Warning: …". */
void report_warning(const char *fmt, ...) _printf_(1, 2);

/* The exit code that an error asks for. */
int report_code(const struct err *e);

/* The end of main(): `r` < 0 is told and becomes its exit code, and so does an output that could not be written. */
int report_end(int r, const struct err *e);

#endif
