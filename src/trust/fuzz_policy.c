/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Whatever is accepted as a policy has an answer for any image, and that of at least one requirement. */
#include "trust/policy.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reference ref;
	struct trust_image image = {.transport = "docker", .ref = &ref};
	struct trust_policy p = {0};
	struct trust_rule rule;

	if (trust_policy_parse((const char *)data, size, "policy.json", &p.json, NULL) < 0)
		return 0;
	if (reference_parse("a.example/ns/x:1", &ref, NULL) < 0 || trust_policy_find(&p, &image, &rule, NULL) < 0 || trust_rule_count(&rule) == 0)
		__builtin_trap();
	for (size_t i = 0; i < trust_rule_count(&rule); i++) {
		struct trust_requirement q = trust_rule_at(&rule, i);

		if (q.type >= TRUST_SIGNED_BY && trust_identity_check(&q, &image, NULL, NULL) == 0)
			__builtin_trap();
		if (q.type >= TRUST_SIGNED_BY)
			(void)!trust_identity_check(&q, &image, "a.example/ns/x:1", NULL);
	}
	json_object_put(p.json);
	return 0;
}
