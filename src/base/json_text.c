/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Characters are decoded by utf8_next() alone, so that what is written here and what json_parse() takes are one thing. */
#include "base/json_text.h"

#include "base/escape.h"

#include <string.h>

static const char digits[] = "0123456789abcdef";

static void add_control(struct buf *b, unsigned char c)
{
	static const char named[] = "\b\t\n\f\r";
	static const char names[] = "btnfr";
	const char *at = c ? strchr(named, c) : NULL;
	char text[6] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 0xf]};

	if (at) {
		text[1] = names[at - named];
		buf_add(b, text, 2);
	} else {
		buf_add(b, text, sizeof(text));
	}
}

bool json_text_string(struct buf *b, const char *s, size_t len)
{
	const char *end = s + len, *plain = s;
	bool exact = true;

	buf_addc(b, '"');
	while (s < end) {
		const char *from = s;
		uint32_t code = 0;
		bool bad = utf8_next(&s, end, &code) < 0;

		if (!bad && code >= 0x20 && code != '"' && code != '\\')
			continue;
		buf_add(b, plain, (size_t)(from - plain));
		if (bad) {
			buf_adds(b, "\xef\xbf\xbd");
			s = from + 1;
			exact = false;
		} else if (code < 0x20) {
			add_control(b, (unsigned char)code);
		} else {
			buf_addc(b, '\\');
			buf_addc(b, (char)code);
		}
		plain = s;
	}
	buf_add(b, plain, (size_t)(s - plain));
	buf_addc(b, '"');
	return exact;
}

static bool is_text(const char *s, size_t len)
{
	const char *end = s + len;
	uint32_t code;

	while (s < end)
		if (utf8_next(&s, end, &code) < 0 || code == 0)
			return false;
	return true;
}

void json_text_bytes(struct buf *b, const char *s, size_t len)
{
	if (is_text(s, len)) {
		(void)json_text_string(b, s, len);
		return;
	}
	buf_adds(b, "{\"hex\":\"");
	json_text_hex(b, s, len);
	buf_adds(b, "\"}");
}

/* Bytes that a character beginning with `c` has; 1 for what begins none. */
static size_t length_of(unsigned char c)
{
	return c >= 0xf0 && c < 0xf5 ? 4 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xc2 && c < 0xe0 ? 2 : 1;
}

size_t json_text_whole(const char *s, size_t len)
{
	for (size_t back = 1; back <= 3 && back <= len; back++) {
		unsigned char c = (unsigned char)s[len - back];

		if ((c & 0xc0) != 0x80)
			return length_of(c) > back ? len - back : len;
	}
	return len;
}

void json_text_hex(struct buf *b, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++) {
		buf_addc(b, digits[p[i] >> 4]);
		buf_addc(b, digits[p[i] & 0xf]);
	}
}
