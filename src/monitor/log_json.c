/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Written as docker's own marshaller writes, byte for byte: <, > and & are
 * escaped too, a tab is \u0009, U+2028 and U+2029 are \u2028 and \u2029, the
 * time has no zeros at its end. Without heap, for the monitor.
 *
 * Read by hand, in place: a log has ten million lines, and a tree of objects
 * for each would be most of the time. The line is what somebody else may have
 * written (--log-opt path=), so nothing in it is trusted.
 */
#include "monitor/log_json.h"

#include "base/escape.h"
#include "monitor/log_format.h"

#include <errno.h>
#include <string.h>

#define DEPTH_MAX 16

/* ---- written ---- */

static const char hex[] = "0123456789abcdef";

static char *put(char *p, const char *s, size_t len)
{
	memcpy(p, s, len);
	return p + len;
}

#define PUT(p, literal) put(p, literal, sizeof(literal) - 1)

char *log_json_begin(char *p)
{
	return PUT(p, "{\"log\":\"");
}

static char *put_escaped(char *p, unsigned char c)
{
	const char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 0xf]};

	switch (c) {
	case '"':
		return PUT(p, "\\\"");
	case '\\':
		return PUT(p, "\\\\");
	case '\n':
		return PUT(p, "\\n");
	case '\r':
		return PUT(p, "\\r");
	default:
		return put(p, text, sizeof(text));
	}
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

char *log_json_text(char *p, const char *s, size_t len)
{
	const char *end = s + len;

	while (s < end) {
		const char *from = s;
		uint32_t code = 0;

		while (s < end && is_plain((unsigned char)*s))
			s++;
		p = put(p, from, (size_t)(s - from));
		if (s == end)
			break;
		from = s;
		if (utf8_next(&s, end, &code) < 0) {
			p = PUT(p, "\\ufffd");
			s++;
		} else if (code < 0x80) {
			p = put_escaped(p, (unsigned char)code);
		} else if (code == 0x2028 || code == 0x2029) {
			p = PUT(p, "\\u202");
			*p++ = hex[code & 0xf];
		} else {
			p = put(p, from, (size_t)(s - from));
		}
	}
	return p;
}

static char *put_time(char *p, const struct timespec *t)
{
	char stamp[LOG_STAMP_LEN];
	size_t len = LOG_STAMP_LEN - 1;

	log_stamp(t, stamp);
	while (stamp[len - 1] == '0' || stamp[len - 1] == '.')
		if (stamp[--len] == '.')
			break;
	p = put(p, stamp, len);
	*p++ = 'Z';
	return p;
}

char *log_json_end(char *p, enum log_stream stream, const char *attrs, const struct timespec *t)
{
	p = PUT(p, "\",\"stream\":\"");
	p = stream == LOG_STDERR ? PUT(p, "stderr\"") : PUT(p, "stdout\"");
	if (attrs) {
		p = PUT(p, ",\"attrs\":");
		p = put(p, attrs, strnlen(attrs, LOG_JSON_ATTRS_MAX));
	}
	p = PUT(p, ",\"time\":\"");
	p = put_time(p, t);
	return PUT(p, "\"}\n");
}

/* ---- read ---- */

struct cursor {
	char *p, *end;
};

static bool take(struct cursor *c, char what)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == '\r'))
		c->p++;
	if (c->p == c->end || *c->p != what)
		return false;
	c->p++;
	return true;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four digits at `s`; -1. */
static int32_t unit(const char *s, const char *end)
{
	int32_t value = 0;

	if (end - s < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int d = digit(s[i]);

		if (d < 0)
			return -1;
		value = value * 16 + d;
	}
	return value;
}

/* Behind "\u": a character, perhaps of two halves; half a one becomes U+FFFD. What it becomes is shorter than it was. */
static char *take_unit(struct cursor *c, char *out)
{
	int32_t a = unit(c->p, c->end), b;
	uint32_t code;

	if (a < 0)
		return NULL;
	c->p += 4;
	code = (uint32_t)a;
	if (a >= 0xd800 && a < 0xe000) {
		b = c->end - c->p >= 6 && c->p[0] == '\\' && c->p[1] == 'u' ? unit(c->p + 2, c->end) : -1;
		if (a < 0xdc00 && b >= 0xdc00 && b < 0xe000) {
			code = 0x10000 + (((uint32_t)a & 0x3ff) << 10) + ((uint32_t)b & 0x3ff);
			c->p += 6;
		} else {
			code = 0xfffd;
		}
	}
	return out + utf8_put(code, out);
}

/* What follows a backslash. NULL: nothing that JSON knows. */
static char *take_escape(struct cursor *c, char *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;

	if (c->p == c->end)
		return NULL;
	if (*c->p == 'u') {
		c->p++;
		return take_unit(c, out);
	}
	at = *c->p ? strchr(from, *c->p) : NULL;
	if (!at)
		return NULL;
	c->p++;
	*out = to[at - from];
	return out + 1;
}

/* Decoded where it lies. */
static bool take_string(struct cursor *c, const char **ret, size_t *ret_len)
{
	char *out;

	if (!take(c, '"'))
		return false;
	*ret = out = c->p;
	while (c->p < c->end && *c->p != '"') {
		if ((unsigned char)*c->p < 0x20)
			return false;
		if (*c->p != '\\') {
			*out++ = *c->p++;
			continue;
		}
		c->p++;
		out = take_escape(c, out);
		if (!out)
			return false;
	}
	*ret_len = (size_t)(out - *ret);
	return take(c, '"');
}

static bool skip_scalar(struct cursor *c)
{
	char *from = c->p;

	while (c->p < c->end && !strchr(",}] \t", *c->p))
		c->p++;
	return c->p > from;
}

/* A value that is not wanted; how its parts follow each other is not looked at, only that its brackets match. */
static bool skip_value(struct cursor *c)
{
	char open[DEPTH_MAX];
	size_t depth = 0;

	do {
		const char *s;
		size_t len;

		if (take(c, '{') || take(c, '[')) {
			if (depth == DEPTH_MAX)
				return false;
			open[depth++] = c->p[-1];
		} else if (take(c, '}') || take(c, ']')) {
			if (depth == 0 || (open[--depth] == '{') != (c->p[-1] == '}'))
				return false;
		} else if (depth > 0 && (take(c, ',') || take(c, ':'))) {
			continue;
		} else if (c->p < c->end && *c->p == '"' ? !take_string(c, &s, &len) : !skip_scalar(c)) {
			return false;
		}
	} while (depth > 0);
	return true;
}

static bool is(const char *s, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(s, word, len) == 0;
}

struct seen {
	bool log, stream, time;
};

static bool take_member(struct cursor *c, struct log_json *j, struct seen *seen)
{
	const char *key, *value;
	size_t key_len, len;

	if (!take_string(c, &key, &key_len) || !take(c, ':'))
		return false;
	if (is(key, key_len, "log")) {
		seen->log = take_string(c, &j->text, &j->len);
		return seen->log;
	}
	if (is(key, key_len, "stream")) {
		seen->stream = take_string(c, &value, &len) && (is(value, len, "stdout") || is(value, len, "stderr"));
		j->stream = seen->stream && value[3] == 'e' ? LOG_STDERR : LOG_STDOUT;
		return seen->stream;
	}
	if (is(key, key_len, "time")) {
		seen->time = take_string(c, &value, &len) && log_stamp_parse(value, len, &j->time) == 0;
		return seen->time;
	}
	while (c->p < c->end && *c->p == ' ')
		c->p++;
	return skip_value(c);
}

int log_json_parse(char *line, size_t len, struct log_json *ret)
{
	struct cursor c = {.p = line, .end = line + len};
	struct log_json j = {.text = "", .len = 0};
	struct seen seen = {false};

	if (!take(&c, '{'))
		return -EBADMSG;
	do
		if (!take_member(&c, &j, &seen))
			return -EBADMSG;
	while (take(&c, ','));
	/* an empty text is left out by its writer */
	if (!take(&c, '}') || c.p != c.end || !seen.stream || !seen.time)
		return -EBADMSG;
	j.partial = j.len == 0 || j.text[j.len - 1] != '\n';
	*ret = j;
	return 0;
}
