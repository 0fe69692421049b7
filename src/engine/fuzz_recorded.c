/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Any bytes as a recorded run: what is made of one that is taken is what its readers take, and the text of a rule is one line. */
#include "engine/recorded.h"

#include "oci/landlock.h"
#include "oci/seccomp.h"
#include "sys/seccomp.h"

#include <errno.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_seccomp(const struct recorded *r)
{
	_cleanup_(seccomp_filter_done) struct seccomp_filter f = {0};
	_cleanup_json_ struct json_object *section = NULL;
	struct strv none = {0};

	if (recorded_seccomp(r, &none, false, &section, NULL) < 0)
		abort();
	if (seccomp_section_compile(section, &f, NULL) == 0 && seccomp_filter_check(f.insns, f.n) < 0)
		abort();
}

static void check_landlock(const struct recorded *r)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct landlock_profile p = {0};
	struct err e = {0};

	if (recorded_landlock(r, 7, &o, NULL) < 0)
		abort();
	if (landlock_profile_read(o, &p, &e) < 0 && e.code != E2BIG)
		abort();
	landlock_profile_done(&p);
}

static void check_apparmor(const struct recorded *r)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT;

	if (recorded_apparmor(r, "p", &out, NULL) < 0)
		return;
	for (const char *line = buf_str(&out); *line; line += strcspn(line, "\n") + 1)
		if (line[0] != '\t' && line[0] != 'p' && line[0] != '}')
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(recorded_done) struct recorded r = {0};
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	_cleanup_json_ struct json_object *o = NULL;
	struct err e = {0};

	if (size > 65536)
		return 0;
	if (recorded_add(&r, (const char *)data, size, "run", &e) < 0) {
		if (e.text[0] == '\0')
			abort();
		return 0;
	}
	if (recorded_json(&r, &o, NULL) < 0 || recorded_diff(&r, &r, false, &out, NULL) != 0)
		abort();
	check_seccomp(&r);
	check_landlock(&r);
	check_apparmor(&r);
	return 0;
}
