/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* A word with variables. Split, it has the same bytes but blanks; and a text without $, quote and escape is itself. */
#include "oci/expand.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *get(const char *name, void *ctx)
{
	return strcmp(name, "v") == 0 ? ctx : strcmp(name, "e") == 0 ? "" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char value[] = "foobar \xc3\xa9.baz";
	const struct expand x = {.escape = '\\', .get = get, .ctx = value};
	_cleanup_(strv_done) struct strv words = {0};
	char *text = strndup((const char *)data, size), *word = NULL, *raw = NULL;

	if (text && expand_word(text, &x, &word, NULL) == 0 && !strpbrk(text, "$'\"\\") && strcmp(word, text) != 0)
		__builtin_trap();
	if (text && expand_words(text, &x, &words, NULL) == 0 && word && words.n > strlen(word) + strlen(text))
		__builtin_trap();
	if (text && expand_text(text, &x, &raw, NULL) == 0 && !strpbrk(text, "$\\") && strcmp(raw, text) != 0)
		__builtin_trap();
	free(text);
	free(word);
	free(raw);
	return 0;
}
