/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* An error's text may hold names that others chose, so it is escaped whole (attack class A49). */
#include "cmd/report.h"

#include "base/escape.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void line(const char *word, const char *text)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	fflush(stdout);
	escape_text(text, strlen(text), 0, &b);
	fprintf(stderr, "%s: %s\n", word, buf_str(&b));
}

void report_error(const struct err *e)
{
	line("Error", e->text);
	if (e->hint[0])
		line("Hint", e->hint);
}

void report_warning(const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	line("Warning", text);
}

int report_code(const struct err *e)
{
	return e->exit_code ? e->exit_code : EXIT_ENGINE;
}

int report_end(int r, const struct err *e)
{
	if (r < 0) {
		report_error(e);
		r = report_code(e);
	}
	if ((fflush(stdout) != 0 || ferror(stdout)) && r == 0) {
		fprintf(stderr, "Error: write to standard output: %s\n", strerror(errno));
		r = EXIT_ENGINE;
	}
	return r;
}
