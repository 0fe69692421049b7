/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The grammar of the specification allows any algorithm name. We take the one
 * that we can verify and address by, and refuse the rest before a byte of it
 * reaches a path, a URL or a log.
 */
#include "oci/digest.h"

#include "base/sha256.h"

#include <errno.h>
#include <string.h>

#define PREFIX "sha256:"
#define PREFIX_LEN (sizeof(PREFIX) - 1)

static bool is_hex_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static size_t hex_span(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && is_hex_digit(s[n]))
		n++;
	return n;
}

int digest_parse_n(const char *text, size_t len, struct digest *ret, struct err *e)
{
	if (len >= 7 && memcmp(text, "sha512:", 7) == 0)
		return err_set(e, EOPNOTSUPP, "digest: sha512 is not supported, only sha256");
	if (len < PREFIX_LEN || memcmp(text, PREFIX, PREFIX_LEN) != 0)
		return err_set(e, EINVAL, "digest: not of the form sha256:<64 hex digits>");
	if (len != PREFIX_LEN + DIGEST_HEX_LEN ||
	    hex_span(text + PREFIX_LEN, DIGEST_HEX_LEN) != DIGEST_HEX_LEN)
		return err_set(e, EINVAL, "digest: not 64 lower-case hex digits after \"sha256:\"");
	memcpy(ret->text, text, len);
	ret->text[len] = '\0';
	return 0;
}

int digest_parse(const char *text, struct digest *ret, struct err *e)
{
	return digest_parse_n(text, strlen(text), ret, e);
}

void digest_from_hex(const char hex[static DIGEST_HEX_SIZE], struct digest *ret)
{
	memcpy(ret->text, PREFIX, PREFIX_LEN);
	memcpy(ret->text + PREFIX_LEN, hex, DIGEST_HEX_LEN);
	ret->text[PREFIX_LEN + DIGEST_HEX_LEN] = '\0';
}

void digest_of(const void *data, size_t len, struct digest *ret)
{
	char hex[SHA256_HEX_SIZE];

	sha256_hex(data, len, hex);
	digest_from_hex(hex, ret);
}

const char *digest_hex(const struct digest *d)
{
	return digest_is_set(d) ? d->text + PREFIX_LEN : "";
}

bool digest_is_set(const struct digest *d)
{
	return d->text[0] != '\0';
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return strcmp(a->text, b->text) == 0;
}

bool digest_is_hex(const char *s)
{
	size_t len = strlen(s);

	return len == DIGEST_HEX_LEN && hex_span(s, len) == len;
}

bool digest_is_hex_prefix(const char *s)
{
	size_t len = strlen(s);

	return len >= 1 && len <= DIGEST_HEX_LEN && hex_span(s, len) == len;
}
