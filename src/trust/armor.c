/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* gpgv takes keyrings of bytes alone; files of policies are mostly text. */
#include "trust/armor.h"

#include "base/base64.h"

#include <errno.h>
#include <string.h>

#define BEGIN "-----BEGIN PGP PUBLIC KEY BLOCK-----"
#define END "-----END PGP PUBLIC KEY BLOCK-----"

static const char *line_end(const char *at)
{
	const char *nl = strchr(at, '\n');

	return nl ? nl + 1 : at + strlen(at);
}

static size_t line_length(const char *at)
{
	return strcspn(at, "\r\n");
}

/* From the line after BEGIN: headers, an empty line, base64, perhaps "=" and a checksum, END. */
static int decode_block(const char **at, struct buf *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf body = BUF_INIT;
	const char *line = *at;

	while (*line && line_length(line) && strchr(line, ':') && strchr(line, ':') < line + line_length(line))
		line = line_end(line);
	for (; *line && strncmp(line, END, strlen(END)) != 0; line = line_end(line))
		if (*line != '=')
			buf_add(&body, line, line_length(line));
	if (!*line)
		return err_set(e, EINVAL, "keys: a block without its end");
	*at = line_end(line);
	if (buf_bad(&body) || body.len == 0 || base64_decode(buf_str(&body), body.len, ret) < 0)
		return err_set(e, EINVAL, "keys: not base64 in a block");
	return 0;
}

int trust_armor_decode(const struct buf *text, struct buf *ret, struct err *e)
{
	const char *at = strstr(buf_str(text), BEGIN);
	int r = 0;

	if (!at || strlen(buf_str(text)) != text->len) {
		buf_add(ret, text->data, text->len);
		return buf_bad(ret) ? err_errno(e, ENOMEM, "keys") : 0;
	}
	while (at && r == 0) {
		at = line_end(at);
		r = decode_block(&at, ret, e);
		at = r == 0 ? strstr(at, BEGIN) : NULL;
	}
	return r;
}
