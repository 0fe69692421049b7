/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* The environment is asked here and not below cmd/, so that what draws can be tested with any screen. */
#include "cmd/screen.h"

#include "base/parse.h"
#include "sys/tty.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

unsigned screen_terminal_width(void)
{
	uint16_t rows, cols;

	return tty_is(STDOUT_FILENO) && tty_size(STDOUT_FILENO, &rows, &cols) == 0 ? cols : 0;
}

unsigned screen_width(void)
{
	const char *columns = getenv("COLUMNS");
	unsigned width = screen_terminal_width();
	uint32_t v;

	if (width == 0 && columns && parse_u32(columns, 20, 10000, &v) == 0)
		width = v;
	return width;
}

/* Set and not empty. */
static const char *env(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

bool screen_unicode(void)
{
	const char *locale = env("LC_ALL");
	const char *dot;

	if (!locale)
		locale = env("LC_CTYPE");
	if (!locale)
		locale = env("LANG");
	dot = locale ? strchr(locale, '.') : NULL;
	return dot && (strcasecmp(dot, ".UTF-8") == 0 || strcasecmp(dot, ".utf8") == 0);
}

bool screen_color(void)
{
	const char *term = getenv("TERM");

	if (env("NO_COLOR"))
		return false;
	if (env("CLICOLOR_FORCE"))
		return true;
	return tty_is(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

int screen_put(const struct buf *out, struct err *e)
{
	if (buf_bad(out))
		return err_errno(e, buf_bad(out), "standard output");
	if (fwrite(buf_str(out), 1, out->len, stdout) != out->len || fflush(stdout) != 0)
		return err_errno(e, errno, "write to standard output");
	return 0;
}
