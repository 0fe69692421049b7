/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "build/run_mount_spec.h"

static void test_all_keys(void **state)
{
	struct run_mount_spec m;

	(void)state;
	assert_int_equal(run_mount_spec_parse("type=cache,from=f,dst=/t,id=i,sharing=locked,mode=0751,uid=7,gid=8,rw,ro=true", &m, NULL), 0);
	assert_string_equal(m.type, "cache");
	assert_string_equal(m.from, "f");
	assert_string_equal(m.target, "/t");
	assert_string_equal(m.id, "i");
	assert_string_equal(m.sharing, "locked");
	assert_int_equal(m.mode, 0751);
	assert_int_equal(m.uid, 7);
	assert_int_equal(m.gid, 8);
	assert_true(m.has_mode && m.rw && m.ro);
	run_mount_spec_done(&m);

	assert_int_equal(run_mount_spec_parse("source=a,src=b=1,target=/t,rw=false", &m, NULL), 0);
	assert_string_equal(m.type, "bind");
	assert_string_equal(m.source, "b=1");
	assert_false(m.has_mode || m.rw || m.ro || m.required);
	run_mount_spec_done(&m);

	assert_int_equal(run_mount_spec_parse("required=1,env=E,source=s,type=secret", &m, NULL), 0);
	assert_string_equal(m.env, "E");
	assert_true(m.required);
	run_mount_spec_done(&m);

	assert_int_equal(run_mount_spec_parse("type=tmpfs,tmpfs-size=1m,dst=/t", &m, NULL), 0);
	assert_string_equal(m.size, "1m");
	run_mount_spec_done(&m);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{"type", "type"}, {"colour=red", "colour"}, {"target=/t,mode=", "octal"}, {"mode=8", "octal"}, {"mode=10000", "octal"}, {"mode=-1", "octal"},
		{"uid=4294967295", "uid"}, {"gid=x", "gid"}, {"rw=perhaps", "neither"}, {"type=ssh,required=", "neither"}, {"=", "unknown"},
		{"required", "bind does not take \"required\""}, {"id=a", "\"id\""}, {"type=cache,source=/a", "\"source\""}, {"mode=0755,type=tmpfs", "\"mode\""},
		{"env=A", "\"env\""}, {"type=secret,rw", "\"rw\""}, {"size=1m,type=cache", "\"size\""},
		{"type=secret,id=a,source=b", "the same"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct run_mount_spec m;
		struct err e = {0};

		if (run_mount_spec_parse(cases[i].text, &m, &e) != -EINVAL || !strstr(e.text, cases[i].said))
			fail_msg("%s: \"%s\"", cases[i].text, e.text);
		run_mount_spec_done(&m);
	}
}

TESTS("build/run_mount_spec", cmocka_unit_test(test_all_keys), cmocka_unit_test(test_refused))
