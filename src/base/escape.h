/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * escape - foreign text, made safe to show.
 *
 *	escape_text(name, strlen(name), 0, &out);	// for a terminal or a log line
 *	escape_shell(argv[i], &out);			// to paste into a shell
 *
 * After escape_text() no byte below 0x20, no 0x7f, no C1 code point
 * (U+0080..9F), no invalid UTF-8 and no character that reorders or breaks
 * the line (U+061C, 200E-F, 2028-2029, 202A-E, 2066-9) is left: an attacker
 * who chooses a process name cannot move our cursor (attack class A49).
 */
#ifndef RANBY_BASE_ESCAPE_H
#define RANBY_BASE_ESCAPE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ESCAPE_BACKSLASH = 1U << 0, /* '\' becomes "\\", so that the original can be told from the result */
	ESCAPE_KEEP_LINES = 1U << 1, /* '\n' and '\t' stay: text of several lines */
};

/*
 * Appends `len` bytes of `s` to `out`: a bad byte becomes \xNN (\n, \t and \r
 * their short form), a bad code point \uNNNN.
 */
void escape_text(const char *s, size_t len, unsigned flags, struct buf *out);

/*
 * JSON text without blanks outside of its strings: raw control bytes it has none but DEL; C1
 * and what reorders a line become \uNNNN too, so that it needs no escaping later and means the same.
 */
void escape_json(const char *json, size_t len, struct buf *out);

/* The same for a C string, into a fixed place; cut (never inside an escape or a character) when it is full. Returns `dst`. */
char *escape_into(char *dst, size_t size, const char *s);

/* Appends `s` as one word of sh(1): bare where that is safe, else in single quotes. */
void escape_shell(const char *s, struct buf *out);

/* Where the name and password of an address begin, "user:password@" in "http://user:password@host/", and how long that is; NULL: it has none. */
const char *escape_find_userinfo(const char *url, size_t *ret_len);

/*
 * In place, of every address in `text`: the name and password become "***@".
 * With `is_cut`, the text goes on where it ends here, and there may be an "@".
 */
void escape_userinfo(char *text, bool is_cut);

/* Appends `len` bytes of `s`; one that is not UTF-8 becomes U+FFFD. False when there was one. */
bool escape_utf8(const char *s, size_t len, struct buf *out);

/*
 * Decodes one character of UTF-8 (RFC 3629: shortest form, no surrogate, at
 * most U+10FFFF) at *p, p < end, and moves past it. -EILSEQ leaves *p.
 */
int utf8_next(const char **p, const char *end, uint32_t *ret_code) _must_check_;

/*
 * How many bytes from `s` on are printable ASCII other than '"' and '\\': what nearly all text is of, and no escaping changes.
 * It looks at eight at once.
 */
size_t text_plain(const char *s, const char *end);

/* The reverse: 1 to 4 bytes, and how many. What is no character (a surrogate, beyond U+10FFFF) becomes U+FFFD. */
size_t utf8_put(uint32_t code, char out[static 4]);

#endif
