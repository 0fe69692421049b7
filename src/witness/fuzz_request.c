/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* A request of any bytes: refused, or its records are whole, without a control byte, and under their limit. */
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
	static struct witness w = {.boot_id = "0", .self = {.exe = "/usr/libexec/ranby/ranby-witness"}};
	size_t n_fds = len % 3;

	memset(&w.q, 0, sizeof(w.q));
	memcpy(&w.q, data, len < sizeof(w.q) ? len : sizeof(w.q));
	if (!witness_request_is_sound(&w.q, n_fds))
		return 0;
	w.row = audit_verb_row(w.q.verb);
	w.trust = n_fds > 0 ? w.row->trust : AUDIT_TRUST_CALLER;
	w.init = n_fds > 0 ? &w.target : NULL;
	record_verb(&w);
	check(&w.record);
	for (size_t i = 0; i < w.q.n_resources; i++) {
		record_resource(&w, w.q.resource[i].kind, w.q.resource[i].text);
		check(&w.record);
	}
	return 0;
}
