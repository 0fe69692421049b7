/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* The property of base/escape.h holds, and what is safe already stays as it is. */
#include "base/escape.h"
#include "base/table.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_safe(const char *p, size_t len, bool lines)
{
	const char *end = p + len;

	while (p < end) {
		uint32_t c;

		if (utf8_next(&p, end, &c) < 0)
			return false;
		if (lines && (c == '\n' || c == '\t'))
			continue;
		if (c < 0x20 || (c >= 0x7f && c <= 0x9f) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
			return false;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT, twice = BUF_INIT, table = BUF_INIT, shell = BUF_INIT;
	_cleanup_free_ char *text = strndup((const char *)data, size);
	char small[16];

	escape_text((const char *)data, size, 0, &out);
	if (!is_safe(buf_str(&out), out.len, false))
		__builtin_trap();
	escape_text(buf_str(&out), out.len, 0, &twice);
	if (strcmp(buf_str(&out), buf_str(&twice)) != 0)
		__builtin_trap();
	buf_reset(&out);
	escape_text((const char *)data, size, ESCAPE_KEEP_LINES | ESCAPE_BACKSLASH, &out);
	if (!is_safe(buf_str(&out), out.len, true))
		__builtin_trap();
	escape_into(small, sizeof(small), text);
	if (!is_safe(small, strlen(small), false))
		__builtin_trap();
	escape_shell(text, &shell);
	buf_reset(&out);
	buf_add(&out, data, size);
	table_format(&out, TABLE_PODMAN, &table);
	table_cell_cut(&table, text, 5);
	return 0;
}
