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

static int objects_by_template(struct json_object *list, const char *format, struct buf *out, struct err *e)
{
	_cleanup_template_ struct template *t = NULL;
	int r = template_parse(format, &t, e);

	for (size_t i = 0; r == 0 && i < json_object_array_length(list); i++) {
		r = template_exec(t, json_object_array_get_idx(list, i), TEMPLATE_STRICT, out, e);
		buf_addc(out, '\n');
	}
	return r;
}

int screen_objects(struct json_object *list, const char *format, struct err *e)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	int r = 0;

	if (!format || strcmp(format, "json") == 0)
		buf_addf(&out, "%s\n", json_pretty(list));
	else
		r = objects_by_template(list, format, &out, e);
	return r < 0 ? r : screen_put(&out, e);
}

int screen_list(struct json_object *rows, const char *format, const char *table_format, const struct template_heading *headings,
		unsigned flags, struct err *e)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	_cleanup_template_ struct template *t = NULL;
	int r;

	if (!format || strcmp(format, "table") == 0)
		format = table_format;
	if (strcmp(format, "json") == 0) {
		buf_addf(&out, "%s\n", json_pretty(rows));
		return screen_put(&out, e);
	}
	r = template_parse(format, &t, e);
	if (r == 0)
		r = template_print(t, rows, headings, flags, &out, e);
	return r < 0 ? r : screen_put(&out, e);
}

int screen_ask(const char *question, struct err *e)
{
	int c, rest;

	printf("%s [y/N] ", question);
	fflush(stdout);
	c = getchar();
	if (c == EOF)
		return err_set(e, ENODATA, "nobody answered");
	for (rest = c; rest != '\n' && rest != EOF;)
		rest = getchar();
	return c == 'y' || c == 'Y';
}

bool screen_is_attended(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

int screen_choose(const char *name, const struct strv *references, size_t *ret, struct err *e)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	uint64_t number;

	printf("Which image is \"%s\"?\n", name);
	for (size_t i = 0; i < references->n; i++)
		printf("  %zu) %s\n", i + 1, references->items[i]);
	for (;;) {
		printf("Number [1]: ");
		fflush(stdout);
		if (getline(&line, &size, stdin) < 0)
			return err_set(e, ECANCELED, "short name \"%s\": nobody chose", name);
		line[strcspn(line, "\n")] = '\0';
		if (parse_u64(*line ? line : "1", 1, references->n, &number) == 0)
			break;
	}
	*ret = (size_t)number - 1;
	return 0;
}
