/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Cutting is apart from expanding, because what a variable stands for must not
 * become more words (ENV a=$b, with blanks in b, is one variable). So both know
 * of quotes; they must agree on where one ends.
 */
#include "oci/words.h"

#include "base/buf.h"
#include "base/json.h"

#include <errno.h>
#include <string.h>

static bool is_blank(char c)
{
	return c && strchr(WORDS_BLANKS, c);
}

const char *words_skip(const char *text)
{
	return text + strspn(text, WORDS_BLANKS);
}

/* The end of the word at `p`. */
static const char *word_end(const char *p, char escape)
{
	char quote = '\0';

	for (; *p && (quote || !is_blank(*p)); p++) {
		if (quote && *p == quote)
			quote = '\0';
		else if (!quote && (*p == '\'' || *p == '"'))
			quote = *p;
		else if (*p == escape && quote != '\'' && p[1])
			p++;
	}
	return p;
}

static int add(struct strv *v, const char *s, size_t len)
{
	return strv_consume(v, strndup(s, len));
}

int words_split(const char *text, char escape, struct strv *ret)
{
	int r = 0;

	for (const char *p = words_skip(text), *end; r == 0 && *p; p = words_skip(end)) {
		end = word_end(p, escape);
		r = add(ret, p, (size_t)(end - p));
	}
	return r;
}

int words_blank(const char *text, struct strv *ret)
{
	int r = 0;

	for (const char *p = words_skip(text); r == 0 && *p; p = words_skip(p)) {
		size_t n = strcspn(p, WORDS_BLANKS);

		r = add(ret, p, n);
		p += n;
	}
	return r;
}

/* One flag without its quotes, from *p on. */
static void flag_text(const char **p, struct buf *out)
{
	char quote = '\0';
	const char *s = *p;

	for (; *s && (quote || !is_blank(*s)); s++) {
		if (quote ? *s == quote : *s == '\'' || *s == '"') {
			quote = quote ? '\0' : *s;
			continue;
		}
		if (*s == '\\' && s[1])
			s++;
		buf_addc(out, *s);
	}
	*p = s;
}

int words_flags(const char *text, struct strv *ret, const char **ret_rest)
{
	const char *p = words_skip(text);
	int r = 0;

	while (r == 0 && strncmp(p, "--", 2) == 0) {
		_cleanup_(buf_done) struct buf b = BUF_INIT;

		flag_text(&p, &b);
		p = words_skip(p);
		if (strcmp(buf_str(&b), "--") == 0 && !buf_bad(&b))
			break;
		r = buf_bad(&b) ? -buf_bad(&b) : strv_consume(ret, buf_take(&b));
	}
	*ret_rest = p;
	return r;
}

/* The length of the array at `text`, 0: it has no end. */
static size_t array_len(const char *text)
{
	unsigned depth = 0;
	bool quoted = false;

	for (const char *p = text; *p; p++) {
		if (quoted && *p == '\\' && p[1])
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (!quoted && *p == '[')
			depth++;
		else if (!quoted && *p == ']' && --depth == 0)
			return (size_t)(p + 1 - text);
	}
	return 0;
}

int words_json(const char *text, struct strv *ret, struct err *e)
{
	_cleanup_json_ struct json_object *list = NULL;
	size_t len = *text == '[' ? array_len(text) : 0;
	int r = len ? json_parse(text, len, "array", &list, NULL) : -EINVAL;

	if (r == -ENOMEM)
		return err_errno(e, ENOMEM, "array");
	if (r < 0)
		return 0;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);

		if (!json_object_is_type(o, json_type_string))
			return err_set(e, EINVAL, "when using JSON array syntax, arrays must be comprised of strings only");
		if (strlen(json_object_get_string(o)) != (size_t)json_object_get_string_len(o))
			return err_set(e, EINVAL, "a JSON array's word holds a NUL");
		r = strv_add(ret, json_object_get_string(o));
		if (r < 0)
			return err_errno(e, -r, "array");
	}
	return 1;
}
