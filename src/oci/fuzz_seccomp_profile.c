/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Any bytes as a profile: resolved, compiled, and the filter is one that the kernel would take and that always answers. */
#include "oci/seccomp.h"
#include "oci/seccomp_profile.h"
#include "sys/seccomp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_json_ struct json_object *profile = NULL, *section = NULL;
	_cleanup_(seccomp_filter_done) struct seccomp_filter f = {0};
	struct strv caps = {0};
	struct seccomp_profile_context c = {.caps = &caps, .machine = "x86_64", .kernel = "6.1.0"};
	struct seccomp_data call = {.nr = 1, .arch = seccomp_native_arch()};
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
	(void)seccomp_filter_simulate(f.insns, f.n, &call);
	return 0;
}
