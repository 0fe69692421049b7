/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* --network NAME:OPTIONS: what is taken comes back the same through its JSON, and has no word that needs a quote. */
#include "engine/network_link.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_word(const char *s)
{
	if (strpbrk(s, " \t\r\n,;'\"\\/$`"))
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(network_link_done) struct network_link l = {0}, again = {0};
	_cleanup_json_ struct json_object *o = NULL, *o2 = NULL;
	_cleanup_free_ char *text = strndup((const char *)data, size);

	if (!text || network_link_parse(text, &l, NULL) < 0)
		return 0;
	check_word(l.name);
	check_word(l.interface);
	for (size_t i = 0; i < l.aliases.n; i++)
		check_word(l.aliases.items[i]);
	if (network_link_json(&l, &o) < 0 || network_link_from_json(o, &again, NULL) < 0 || network_link_json(&again, &o2) < 0 ||
	    strcmp(json_text(o, NULL), json_text(o2, NULL)) != 0)
		__builtin_trap();
	return 0;
}
