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
