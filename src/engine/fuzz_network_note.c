/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Any bytes as a network's file: one that is taken holds to its rules, and is the same after it was written and read again. */
#include "engine/network_note.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(const struct network_note *n)
{
	_cleanup_(network_note_done) struct network_note again = {0};
	_cleanup_json_ struct json_object *o = NULL, *o2 = NULL;
	const char *text;
	size_t len;

	if (network_note_json(n, &o) < 0)
		abort();
	text = json_text(o, &len);
	if (!text || network_note_parse(text, len, "again", &again, NULL) < 0)
		abort();
	if (network_note_json(&again, &o2) < 0 || strcmp(text, json_text(o2, &len)) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(network_note_done) struct network_note n = {0};
	struct err e = {0};

	if (size > 65536)
		return 0;
	if (network_note_parse((const char *)data, size, "note", &n, &e) < 0) {
		if (e.text[0] == '\0')
			abort();
		return 0;
	}
	if (network_name_check(n.name, NULL) < 0 || network_note_check(&n, NULL) < 0 || network_options_check(n.options, NULL) < 0 ||
	    strchr(n.device, '/'))
		abort();
	write_again(&n);
	return 0;
}
