/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* What is taken can be printed, and the print is taken again and prints the same. */
#include "base/json.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
	if (!ok)
		__builtin_trap();
}

/* A part is what it is in the whole, or it is not found (a key with escapes). */
static void check_parts(const char *text, size_t size, struct json_object *whole)
{
	static const char *const paths[] = {"a", "a.b", "c", "d.e.f"};
	_cleanup_(strv_done) struct strv wanted = {0};
	_cleanup_json_ struct json_object *parts = NULL;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		check(strv_add(&wanted, paths[i]) == 0);
	check(json_parse_parts(text, size, "parts", &wanted, &parts, NULL) == 0);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct json_object *part = json_at(parts, paths[i]);
		_cleanup_free_ char *is = part ? strdup(json_text(part, NULL)) : NULL;

		check(!part || (json_at(whole, paths[i]) && strcmp(is, json_text(json_at(whole, paths[i]), NULL)) == 0));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_json_ struct json_object *o = NULL, *again = NULL;
	_cleanup_free_ char *first = NULL;
	_cleanup_(strv_done) struct strv v = {0};
	struct err e = {0};
	const char *text, *s = "";
	uint64_t u = 0;

	if (json_parse((const char *)data, size, "fuzz", &o, &e) < 0) {
		check(e.text[0] != '\0');
		return 0;
	}
	check_parts((const char *)data, size, o);
	if (!o)
		return 0;
	text = json_text(o, NULL);
	check(text != NULL);
	first = strdup(text);
	check(json_parse(first, strlen(first), "again", &again, &e) == 0);
	check(strcmp(json_text(again, NULL), first) == 0);
	check(json_pretty(o) != NULL);
	(void)!json_get_str(o, "a", &s, &e);
	(void)!json_get_u64(o, "a.b", 0, 100, &u, &e);
	(void)!json_get_strv(o, "c", &v, &e);
	return 0;
}
