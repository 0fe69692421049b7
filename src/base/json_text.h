/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * json_text - JSON written without json-c: by the static programs, which link
 * no library, and where one line per event is made so often that a tree of
 * objects would be most of the work.
 *
 *	buf_adds(&b, "{\"file\":");
 *	json_text_string(&b, path, strlen(path));
 *	buf_adds(&b, ",\"argv\":[");
 *	json_text_bytes(&b, argv[0], len);
 *
 * Every text so made passes json_parse() (base/json.h).
 */
#ifndef RANBY_BASE_JSON_TEXT_H
#define RANBY_BASE_JSON_TEXT_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* Appends `s` in quotes; a byte that is not UTF-8 becomes U+FFFD. False when there was one: the text is not exact then. */
bool json_text_string(struct buf *b, const char *s, size_t len);

/* Appends bytes of any kind without loss: as a string where they are UTF-8 without NUL, else {"hex":"..."}. */
void json_text_bytes(struct buf *b, const char *s, size_t len);

/* How many of the `len` bytes a string can take whole: all, less the beginning of a character whose rest is to come. */
size_t json_text_whole(const char *s, size_t len);

/* Lower-case digits. */
void json_text_hex(struct buf *b, const void *data, size_t len);

#endif
