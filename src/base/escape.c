/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Decoding is our own, and not mbrtowc(3): what is safe to print must not
 * depend on the locale that the caller happens to have, and C.UTF-8 may be
 * missing. Every byte that is not part of a well-formed character stands for
 * itself as \xNN, so nothing is lost and nothing is guessed.
 */
#include "base/escape.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

int utf8_next(const char **p, const char *end, uint32_t *ret_code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *s = (const unsigned char *)*p;
	size_t len = s[0] < 0x80 ? 1 : (s[0] & 0xe0) == 0xc0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : (s[0] & 0xf8) == 0xf0 ? 4 : 0;
	uint32_t code;

	if (len == 0 || len > (size_t)(end - *p))
		return -EILSEQ;
	code = len == 1 ? s[0] : s[0] & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return -EILSEQ;
		code = code << 6 | (s[i] & 0x3fU);
	}
	if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return -EILSEQ;
	*p += len;
	*ret_code = code;
	return 0;
}

size_t utf8_put(uint32_t code, char out[static 4])
{
	static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t n;

	if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		code = 0xfffd;
	n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i > 0; i--, code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3f));
	out[0] = (char)(lead[n] | code);
	return n;
}

size_t text_plain(const char *s, const char *end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
	const char *p = s;

	for (; end - p >= 8; p += 8) {
		uint64_t w, quote, backslash, del;

		memcpy(&w, p, 8);
		quote = w ^ ones * '"';
		backslash = w ^ ones * '\\';
		del = w ^ ones * 0x7f;
		/* a byte's high bit: not ASCII; below a blank; zero in one of the three */
		if ((w | (w - ones * 0x20) | (quote - ones) | (backslash - ones) | (del - ones)) & highs)
			break;
	}
	/* both ends: where char is unsigned the first alone would let all of UTF-8 and C1 through */
	while (p < end && *p >= 0x20 && *p < 0x7f && *p != '"' && *p != '\\')
		p++;
	return (size_t)(p - s);
}

static bool is_unsafe(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x61c || code == 0x200e || code == 0x200f ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0xfeff ||
	       (code >= 0xfff9 && code <= 0xfffb) || (code >= 0xe0000 && code <= 0xe007f);
}

/* What stands for the character or byte at *p, which is passed; `len` bytes at the returned place. */
static const char *next_piece(const char **p, const char *end, unsigned flags, char tmp[static 16], size_t *len)
{
	static const char hex[] = "0123456789abcdef";
	const char *from = *p;
	uint32_t code;
	int shift = 0;
	char *t = tmp;

	if (utf8_next(p, end, &code) < 0) {
		code = (unsigned char)*(*p)++;
		*t++ = '\\';
		*t++ = 'x';
		shift = 4;
	} else if (code == '\\' && (flags & ESCAPE_BACKSLASH)) {
		*len = 2;
		return "\\\\";
	} else if (!is_unsafe(code) || ((flags & ESCAPE_KEEP_LINES) && (code == '\n' || code == '\t'))) {
		*len = (size_t)(*p - from);
		return from;
	} else {
		*t++ = '\\';
		if (code == '\n' || code == '\t' || code == '\r') {
			*t++ = code == '\n' ? 'n' : code == '\t' ? 't' : 'r';
			*len = 2;
			return tmp;
		}
		*t++ = code < 0x80 ? 'x' : code > 0xffff ? 'U' : 'u';
		shift = code < 0x80 ? 4 : code > 0xffff ? 28 : 12;
	}
	for (; shift >= 0; shift -= 4)
		*t++ = hex[(code >> shift) & 0xf];
	*len = (size_t)(t - tmp);
	return tmp;
}

void escape_text(const char *s, size_t len, unsigned flags, struct buf *out)
{
	const char *end = s + len;
	char tmp[16];

	while (s < end) {
		size_t n = text_plain(s, end);
		const char *piece = s;

		s += n;
		if (n == 0)
			piece = next_piece(&s, end, flags, tmp, &n);
		buf_add(out, piece, n);
	}
}

void escape_json(const char *json, size_t len, struct buf *out)
{
	const char *end = json + len;

	while (json < end) {
		const char *from = json;
		uint32_t code;

		if (utf8_next(&json, end, &code) < 0) {
			json = from + 1;
			buf_adds(out, "\\ufffd");
		} else if (!is_unsafe(code)) {
			buf_add(out, from, (size_t)(json - from));
		} else if (code > 0xffff) {
			buf_addf(out, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10), 0xdc00 + ((code - 0x10000) & 0x3ff));
		} else {
			buf_addf(out, "\\u%04x", code);
		}
	}
}

char *escape_into(char *dst, size_t size, const char *s)
{
	const char *end = s + strlen(s);
	size_t used = 0;
	char tmp[16];

	while (s < end) {
		size_t n;
		const char *piece = next_piece(&s, end, 0, tmp, &n);

		if (used + n >= size)
			break;
		memcpy(dst + used, piece, n);
		used += n;
	}
	if (size > 0)
		dst[used] = '\0';
	return dst;
}

void escape_shell(const char *s, struct buf *out)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,";

	if (*s && s[strspn(s, safe)] == '\0') {
		buf_adds(out, s);
		return;
	}
	buf_addc(out, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			buf_adds(out, "'\\''");
		else
			buf_addc(out, *s);
	}
	buf_addc(out, '\'');
}

/* Of what follows "://": to the last "@" before the path. */
static size_t userinfo_length(const char *s, bool is_cut)
{
	size_t len = strcspn(s, "/?# \t\r\n");

	if (is_cut && !s[len])
		return len;
	while (len > 0 && s[len - 1] != '@')
		len--;
	return len;
}

const char *escape_find_userinfo(const char *url, size_t *ret_len)
{
	const char *at = strstr(url, "://");

	*ret_len = at ? userinfo_length(at + 3, false) : 0;
	return *ret_len ? at + 3 : NULL;
}

void escape_userinfo(char *text, bool is_cut)
{
	char *at;

	while ((at = strstr(text, "://"))) {
		size_t len = userinfo_length(at + 3, is_cut), keep = len < 4 ? len : 4;

		text = at + 3 + keep;
		if (len == 0)
			continue;
		memcpy(at + 3, &"***@"[4 - keep], keep);
		memmove(text, at + 3 + len, strlen(at + 3 + len) + 1);
	}
}

bool escape_utf8(const char *s, size_t len, struct buf *out)
{
	const char *end = s + len, *plain = s;
	bool exact = true;
	uint32_t code;

	while (s < end) {
		if (utf8_next(&s, end, &code) == 0)
			continue;
		buf_add(out, plain, (size_t)(s - plain));
		buf_adds(out, "\xef\xbf\xbd");
		plain = ++s;
		exact = false;
	}
	buf_add(out, plain, (size_t)(s - plain));
	return exact;
}
