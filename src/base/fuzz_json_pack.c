/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Whatever bytes are taken for a value, it can be packed, and comes back as it was. */
#include "base/json_pack.h"

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
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	const char *p = (const char *)data, *end = p + size;

	if (json_unpack(&p, end, &o) < 0) {
		check(!o);
		return 0;
	}
	/* text within may be as deep again */
	if (json_pack(o, &b) < 0)
		return 0;
	p = buf_str(&b);
	check(json_unpack(&p, p + b.len, &again) == 0 && p == buf_str(&b) + b.len);
	check(json_object_equal(o, again));
	return 0;
}
