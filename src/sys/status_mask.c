/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/status_mask.h"

#include <stddef.h>
#include <string.h>

#define DIGITS 16

bool status_mask(const char *text, const char *name, uint64_t *ret)
{
	size_t len = strlen(name);
	uint64_t mask = 0;

	/* the first line, Name, is none */
	while ((text = strchr(text, '\n')) && (strncmp(++text, name, len) != 0 || text[len] != ':' || text[len + 1] != '\t'))
		;
	if (!text)
		return false;
	text += len + 2;
	for (int i = 0; i < DIGITS; i++) {
		const char *digits = "0123456789abcdef", *at = text[i] ? strchr(digits, text[i]) : NULL;

		if (!at)
			return false;
		mask = mask << 4 | (uint64_t)(at - digits);
	}
	if (text[DIGITS] != '\n')
		return false;
	*ret = mask;
	return true;
}
