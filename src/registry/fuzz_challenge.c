/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* What is accepted may become part of a URL: no control byte in it. */
#include "registry/challenge.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct challenge c;
	char text[4096];

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (challenge_parse(text, &c, NULL) < 0)
		return 0;
	check(c.realm);
	check(c.service);
	check(c.scope);
	if (c.kind == CHALLENGE_BEARER && !c.realm[0])
		__builtin_trap();
	return 0;
}
