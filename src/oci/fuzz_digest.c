/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Whatever is accepted is sha256 and 64 hex digits. */
#include "oci/digest.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct digest d;

	if (digest_parse_n((const char *)data, size, &d, NULL) < 0)
		return 0;
	if (size != 71 || strlen(d.text) != 71 || memcmp(d.text, data, 71) != 0 ||
	    strspn(digest_hex(&d), "0123456789abcdef") != 64)
		__builtin_trap();
	return 0;
}
