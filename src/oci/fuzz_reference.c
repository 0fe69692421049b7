/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Whatever is accepted reads back as itself, and holds nothing that a path, a URL, a log or an argument would mind. */
#include "oci/reference.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[2048], first[REFERENCE_TEXT_SIZE], second[REFERENCE_TEXT_SIZE];
	struct reference ref, again;

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (reference_parse(text, &ref, NULL) < 0)
		return 0;
	reference_text(&ref, first);
	if (reference_parse(first, &again, NULL) < 0)
		__builtin_trap();
	reference_text(&again, second);
	if (strcmp(first, second) != 0 || first[0] == '-' || first[0] == '/' || first[0] == '.' || strstr(first, "/.") ||
	    strstr(first, "//"))
		__builtin_trap();
	for (const char *c = first; *c; c++)
		if (*c <= ' ' || (unsigned char)*c >= 0x7f || strchr("%?#&\\'\"$`|;<>(){}*~!", *c))
			__builtin_trap();
	return 0;
}
