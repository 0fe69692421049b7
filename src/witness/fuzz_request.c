/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* A request of any bytes: refused, or its records are whole, without a control byte, and under their limit. */
#include "witness/record.h"
#include "witness/witness.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(const struct record *r)
{
	if (r->cut || r->len > RECORD_MAX)
		abort();
	for (size_t i = 0; i < r->len; i++)
		if ((unsigned char)r->text[i] < 0x20 || (unsigned char)r->text[i] > 0x7e)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct witness_request q;
	static struct record r;
	static const struct facts_self self = {.exe = "/usr/libexec/ranby/ranby-witness", .boot_id = "0"};
	struct record_subject s = {.q = &q, .self = &self, .uuid = ""};

	memset(&q, 0, sizeof(q));
	memcpy(&q, data, len < sizeof(q) ? len : sizeof(q));
	if (!witness_request_is_sound(&q))
		return 0;
	s.row = audit_verb_row(q.verb);
	memset(&r, 0, sizeof(r));
	record_verb(&r, &s);
	check(&r);
	for (size_t i = 0; i < q.n_resources; i++) {
		memset(&r, 0, sizeof(r));
		record_resource(&r, &s, &q.resource[i]);
		check(&r);
	}
	return 0;
}
