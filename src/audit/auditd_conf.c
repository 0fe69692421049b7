/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* auditd's reader (audit 3.0.9, auditd-config.c): words are cut at blanks, key and value are joined by one `=` with blanks around it or none. */
#include "audit/auditd_conf.h"

#include "base/mem.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool keep(char *to, size_t size, const char *from, size_t len)
{
	if (len == 0 || len >= size || memchr(from, '\0', len))
		return false;
	memcpy(to, from, len);
	to[len] = '\0';
	return true;
}

static void parse_line(const char *s, const char *end, struct auditd_conf *c)
{
	const char *equals, *key_end, *value;

	while (s < end && is_blank(*s))
		s++;
	while (end > s && is_blank(end[-1]))
		end--;
	if (s == end || *s == '#')
		return;
	equals = memchr(s, '=', (size_t)(end - s));
	if (!equals || c->n == AUDITD_CONF_KEYS_MAX) {
		c->bad++;
		return;
	}
	for (key_end = equals; key_end > s && is_blank(key_end[-1]);)
		key_end--;
	for (value = equals + 1; value < end && is_blank(*value);)
		value++;
	if (keep(c->items[c->n].key, sizeof(c->items[0].key), s, (size_t)(key_end - s)) &&
	    keep(c->items[c->n].value, sizeof(c->items[0].value), value, (size_t)(end - value)))
		c->n++;
	else
		c->bad++;
}

void auditd_conf_parse(const char *text, size_t len, struct auditd_conf *ret)
{
	const char *end = text + len;

	memset(ret, 0, sizeof(*ret));
	while (text < end) {
		const char *line_end = memchr(text, '\n', (size_t)(end - text));

		line_end = line_end ? line_end : end;
		parse_line(text, line_end, ret);
		text = line_end < end ? line_end + 1 : end;
	}
}

const char *auditd_conf_get(const struct auditd_conf *c, const char *key, const char *other)
{
	for (size_t i = c->n; i > 0; i--)
		if (strcasecmp(c->items[i - 1].key, key) == 0)
			return c->items[i - 1].value;
	return other;
}
