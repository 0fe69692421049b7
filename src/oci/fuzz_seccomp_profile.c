/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Any bytes as a profile: resolved, compiled, and the filter is one that the
 * kernel would take and that always answers; made smaller, it answers the same.
 */
#include "oci/seccomp.h"
#include "oci/seccomp_profile.h"
#include "sys/seccomp.h"
#include "sys/seccomp_shrink.h"

#include <linux/audit.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare(const struct seccomp_filter *f)
{
	static const uint32_t arches[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64, 0};
	static const uint64_t args[] = {0, 1, 16, 0x20000, UINT64_MAX};
	struct sock_filter *small;
	size_t n;

	if (seccomp_filter_shrink(f->insns, f->n, &small, &n) < 0)
		return;
	for (int nr = -1; nr < 500; nr++)
		for (size_t i = 0; i < ARRAY_SIZE(arches) * ARRAY_SIZE(args); i++) {
			uint64_t arg = args[i % ARRAY_SIZE(args)];
			struct seccomp_data call = {.nr = nr, .arch = arches[i / ARRAY_SIZE(args)], .args = {arg, arg, arg, arg, arg, arg}};

			if (seccomp_filter_simulate(small, n, &call) != seccomp_filter_simulate(f->insns, f->n, &call))
				abort();
		}
	free(small);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_json_ struct json_object *profile = NULL, *section = NULL;
	_cleanup_(seccomp_filter_done) struct seccomp_filter f = {0};
	struct strv caps = {0};
	struct seccomp_profile_context c = {.caps = &caps, .machine = "x86_64", .kernel = "6.1.0"};
	struct err e = {0};

	if (json_parse((const char *)data, size, "profile", &profile, NULL) < 0)
		return 0;
	if (seccomp_profile_resolve(profile, &c, &section, &e) < 0 || seccomp_section_compile(section, &f, &e) < 0) {
		if (e.text[0] == '\0')
			abort();
		return 0;
	}
	if (seccomp_filter_check(f.insns, f.n) < 0)
		abort();
	compare(&f);
	return 0;
}
