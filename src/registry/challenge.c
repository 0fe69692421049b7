/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * One scheme per header line, as every registry sends it; parameters as
 * tokens or quoted strings, in any order. A value with a control byte is
 * refused: it will become part of a URL.
 */
#include "registry/challenge.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

static const char *skip_blanks(const char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

static size_t token_span(const char *s)
{
	size_t n = 0;

	while (isalnum((unsigned char)s[n]) || (s[n] && strchr("!#$%&'*+-.^_`|~", s[n])))
		n++;
	return n;
}

/* A token or quoted string at *s into `out`; moves *s past it. */
static int take_value(const char **s, char *out, size_t size)
{
	const char *c = *s;
	size_t n = 0;

	if (*c != '"') {
		n = token_span(c);
		if (n == 0 || n >= size)
			return -EINVAL;
		memcpy(out, c, n);
		out[n] = '\0';
		*s = c + n;
		return 0;
	}
	for (c++; *c != '"'; c++) {
		if (*c == '\\' && c[1])
			c++;
		if ((unsigned char)*c < 0x20 || *c == 0x7f || n + 1 >= size)
			return -EINVAL;
		out[n++] = *c;
	}
	out[n] = '\0';
	*s = c + 1;
	return 0;
}

static int take_parameter(const char **s, struct challenge *c)
{
	char ignored[1024];
	size_t n = token_span(*s);
	const char *name = *s;
	struct {
		const char *name;
		char *to;
		size_t size;
	} known[] = {
		{"realm", c->realm, sizeof(c->realm)},
		{"service", c->service, sizeof(c->service)},
		{"scope", c->scope, sizeof(c->scope)},
	};

	*s = skip_blanks(*s + n);
	if (n == 0 || **s != '=')
		return -EINVAL;
	*s = skip_blanks(*s + 1);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strlen(known[i].name) == n && strncasecmp(known[i].name, name, n) == 0)
			return take_value(s, known[i].to, known[i].size);
	return take_value(s, ignored, sizeof(ignored));
}

static int take_parameters(const char *s, struct challenge *c)
{
	for (;;) {
		int r;

		s = skip_blanks(s);
		if (*s == '\0')
			return 0;
		r = take_parameter(&s, c);
		if (r < 0)
			return r;
		s = skip_blanks(s);
		if (*s != ',' && *s != '\0')
			return -EINVAL;
		s += *s == ',';
	}
}

int challenge_parse(const char *value, struct challenge *ret, struct err *e)
{
	struct challenge c = {0};
	const char *s = skip_blanks(value);
	size_t n = token_span(s);

	if (n == 5 && strncasecmp(s, "Basic", n) == 0) {
		c.kind = CHALLENGE_BASIC;
	} else if (n == 6 && strncasecmp(s, "Bearer", n) == 0) {
		c.kind = CHALLENGE_BEARER;
	} else {
		*ret = c;
		return 0;
	}
	if (take_parameters(s + n, &c) < 0)
		return err_set(e, EINVAL, "the registry's WWW-Authenticate header is malformed");
	if (c.kind == CHALLENGE_BEARER && !c.realm[0])
		return err_set(e, EINVAL, "the registry's WWW-Authenticate header names no realm");
	*ret = c;
	return 0;
}
