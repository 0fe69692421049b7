/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* A blob of any bytes: refused, or a rule whose questions have answers that do not contradict each other. */
#include "audit/rule.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	struct audit_rule rule;

	if (rule_parse(data, size, &rule) < 0)
		return 0;
	for (uint32_t nr = 0; nr < 2100; nr += 59)
		if (rule_records_call(&rule, 0xc000003eU, nr) && rule_hides_call(&rule, 0xc000003eU, nr) != RULE_NOTHING)
			__builtin_trap();
	(void)rule_hides_message(&rule, 2500, "/usr/libexec/ranby/ranby-witness");
	rule_text(&rule, &text);
	if (buf_bad(&text))
		__builtin_trap();
	return 0;
}
