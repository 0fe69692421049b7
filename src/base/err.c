/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Text is cut at the buffer's end, never lost whole: a long path must not
 * hide the reason, so err_wrap() keeps the older text's tail as long as it
 * fits and cuts there.
 */
#include "base/err.h"

#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 2, 0)))
static void put(struct err *e, const char *fmt, va_list ap)
{
	if (vsnprintf(e->text, sizeof(e->text), fmt, ap) < 0)
		e->text[0] = '\0';
}

int err_errno(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	if (!e)
		return -code;
	e->code = code;
	va_start(ap, fmt);
	put(e, fmt, ap);
	va_end(ap);
	n = strlen(e->text);
	/* strerrordesc_np: no locale, no static buffer (glibc 2.32) */
	snprintf(e->text + n, sizeof(e->text) - n, ": %s",
		 strerrordesc_np(code) ? strerrordesc_np(code) : "Unknown error");
	return -code;
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -code;
	e->code = code;
	va_start(ap, fmt);
	put(e, fmt, ap);
	va_end(ap);
	return -code;
}

int err_wrap(struct err *e, int r, const char *fmt, ...)
{
	char old[ERR_TEXT_MAX];
	va_list ap;
	size_t n;

	if (!e)
		return r;
	memcpy(old, e->text, sizeof(old));
	old[sizeof(old) - 1] = '\0';
	va_start(ap, fmt);
	put(e, fmt, ap);
	va_end(ap);
	n = strlen(e->text);
	snprintf(e->text + n, sizeof(e->text) - n, ": %s", old);
	return r;
}

void err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return;
	va_start(ap, fmt);
	if (vsnprintf(e->hint, sizeof(e->hint), fmt, ap) < 0)
		e->hint[0] = '\0';
	va_end(ap);
}

void err_exit(struct err *e, int exit_code)
{
	if (e)
		e->exit_code = exit_code;
}

void err_clear(struct err *e)
{
	if (!e)
		return;
	e->code = 0;
	e->exit_code = 0;
	e->text[0] = '\0';
	e->hint[0] = '\0';
}
