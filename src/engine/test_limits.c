/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/limits.h"

#include "base/testing.h"

static const struct {
	struct container_options o;
	const char *want; /* linux.resources; NULL: none; or a word of the error */
	int r;
} cases[] = {
	{{.name = "x"}, NULL, 0},
	{{.memory = "64m"}, "{\"memory\":{\"limit\":67108864,\"swap\":134217728}}", 0},
	{{.memory = "64m", .memory_swap = "0"}, "{\"memory\":{\"limit\":67108864,\"swap\":134217728}}", 0},
	{{.memory = "64m", .memory_swap = "-1"}, "{\"memory\":{\"limit\":67108864,\"swap\":-1}}", 0},
	{{.memory = "64m", .memory_swap = "64m", .memory_reservation = "8k"},
	 "{\"memory\":{\"limit\":67108864,\"reservation\":8192,\"swap\":67108864}}", 0},
	{{.memory = "64m", .memory_swap = "63m"}, "--memory-swap", -EINVAL},
	{{.memory_swap = "63m"}, "--memory-swap needs --memory", -EINVAL},
	{{.memory = "0"}, NULL, 0},
	{{.memory = "100"}, "--memory 100: must be at least 4096", -EINVAL},
	{{.memory = "-2"}, "--memory", -EINVAL},
	{{.cpus = "1.5"}, "{\"cpu\":{\"quota\":150000,\"period\":100000}}", 0},
	{{.cpus = ".5"}, "{\"cpu\":{\"quota\":50000,\"period\":100000}}", 0},
	{{.cpus = "0.01"}, "{\"cpu\":{\"quota\":1000,\"period\":100000}}", 0},
	{{.cpus = "0.009999999"}, "at least 0.01", -EINVAL},
	{{.cpus = "0"}, NULL, 0},
	{{.cpus = "0.0"}, NULL, 0},
	{{.cpus = "-1"}, "--cpus", -EINVAL},
	{{.cpus = "1e3"}, "--cpus", -EINVAL},
	{{.cpus = "+1"}, "--cpus", -EINVAL},
	{{.cpus = "."}, "--cpus", -EINVAL},
	{{.cpus = "1.2.3"}, "--cpus", -EINVAL},
	{{.cpus = "1.0000000001"}, "--cpus", -EINVAL},
	{{.cpus = "1", .cpu_period = "5000"}, "exclude", -EINVAL},
	{{.cpu_quota = "5000", .cpu_period = "10000"}, "{\"cpu\":{\"period\":10000,\"quota\":5000}}", 0},
	{{.cpu_shares = "1"}, "must be 2 to 262144", -EINVAL},
	{{.cpu_shares = "262145"}, "must be 2 to 262144", -EINVAL},
	{{.cpuset_cpus = "0", .cpuset_mems = "0-1"}, "{\"cpu\":{\"cpus\":\"0\",\"mems\":\"0-1\"}}", 0},
	{{.cpuset_cpus = "0 1"}, "--cpuset-cpus", -EINVAL},
	{{.pids_limit = "7"}, "{\"pids\":{\"limit\":7}}", 0},
	{{.pids_limit = "-1"}, NULL, 0},
	{{.pids_limit = "-7"}, "--pids-limit", -EINVAL},
	{{.pids_limit = "99999999999999999999"}, "--pids-limit", -EINVAL},
	{{.blkio_weight = "500"}, "{\"blockIO\":{\"weight\":500}}", 0},
	{{.blkio_weight = "9"}, "must be 10 to 1000", -EINVAL},
	{{.cgroup_parent = "x.slice"}, NULL, 0},
	{{.pids_limit = "7", .cgroups = "disabled"}, "--pids-limit and --cgroups disabled", -EINVAL},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ struct json_object *got = NULL;
		struct err e = {0};
		int r = limits_check(&cases[i].o, &e);

		if (r != cases[i].r)
			fail_msg("%zu: %d, %s", i, r, e.text);
		if (r < 0) {
			if (!strstr(e.text, cases[i].want))
				fail_msg("%zu: %s", i, e.text);
			continue;
		}
		assert_int_equal(limits_make(&cases[i].o, &got, &e), 0);
		if (cases[i].want)
			assert_string_equal(json_text(got, NULL), cases[i].want);
		else
			assert_null(got);
	}
}

static void test_option(void **state)
{
	static const struct {
		struct container_options o;
		const char *want;
	} options[] = {
		{{.memory = "0", .pids_limit = "-1"}, NULL}, {{.memory = "0", .pids_limit = "9"}, "--pids-limit"},
		{{.cpuset_cpus = "0"}, "--cpuset-cpus"},     {{.cgroups = "disabled"}, NULL},
		{{.cgroups = "enabled"}, "--cgroups"},       {{.cgroup_parent = "x.slice", .cgroups = "enabled"}, "--cgroup-parent"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const char *got = limits_option(&options[i].o);

		if (options[i].want)
			assert_string_equal(got, options[i].want);
		else
			assert_null(got);
	}
	assert_int_equal(limits_nano_cpus(&(struct container_options){.cpus = "1.25"}), 1250000000);
}

static void test_conf(void **state)
{
	static const char *const bad[] = {"x", "memory.high", "memory=1", "cgroup.procs=1", "a/b.c=1", "=1"};
	struct container_options o = {0};
	_cleanup_json_ struct json_object *got = NULL;

	(void)state;
	assert_int_equal(strv_add(&o.cgroup_conf, "memory.high=5=6"), 0);
	assert_int_equal(limits_make(&o, &got, NULL), 0);
	assert_string_equal(json_text(got, NULL), "{\"unified\":{\"memory.high\":\"5=6\"}}");
	strv_done(&o.cgroup_conf);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_json_ struct json_object *none = NULL;

		assert_int_equal(strv_add(&o.cgroup_conf, bad[i]), 0);
		assert_int_equal(limits_make(&o, &none, NULL), -EINVAL);
		strv_done(&o.cgroup_conf);
	}
}

/* What is said later counts, and what it contradicts goes. */
static void test_change(void **state)
{
	static const struct {
		struct container_options was, change;
		const char *want; /* options afterwards */
	} changes[] = {
		{{.memory = "64m"}, {.memory = "1g"}, "{\"memory\":\"1g\"}"},
		{{.memory = "64m", .memory_swap = "128m"}, {.memory = "96m"}, "{\"memory\":\"96m\",\"memory-swap\":\"128m\"}"},
		{{.memory = "64m", .memory_swap = "128m"}, {.memory = "-1"}, "{\"memory\":\"-1\"}"},
		{{.cpu_quota = "5000", .cpu_period = "10000"}, {.cpus = "2"}, "{\"cpus\":\"2\"}"},
		{{.cpus = "2", .pids_limit = "9"}, {.cpu_quota = "5000"}, "{\"cpu-quota\":\"5000\",\"pids-limit\":\"9\"}"},
		{{.cpuset_cpus = "0"}, {.cpuset_mems = "0"}, "{\"cpuset-cpus\":\"0\",\"cpuset-mems\":\"0\"}"},
	};

	(void)state;
	assert_false(limits_is_given(&(struct container_options){.name = "x", .cgroups = "enabled"}));
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		struct container_options o = changes[i].was;
		_cleanup_json_ struct json_object *options = json_object_new_object();

		assert_true(limits_is_given(&changes[i].change));
		assert_int_equal(limits_to_options(&o, options), 0);
		assert_int_equal(limits_change(&o, &changes[i].change), 0);
		assert_int_equal(limits_to_options(&o, options), 0);
		assert_string_equal(json_text(options, NULL), changes[i].want);
	}
}

static void test_change_of_files(void **state)
{
	_cleanup_(container_options_done) struct container_options o = {0}, change = {0};
	_cleanup_json_ struct json_object *options = json_object_new_object();

	(void)state;
	assert_int_equal(strv_add(&o.cgroup_conf, "memory.high=1"), 0);
	assert_int_equal(strv_add(&change.cgroup_conf, "memory.high=2"), 0);
	assert_int_equal(strv_add(&change.cgroup_conf, "pids.max=3"), 0);
	assert_true(limits_is_given(&change));
	assert_int_equal(limits_change(&o, &change), 0);
	assert_int_equal(limits_to_options(&o, options), 0);
	assert_string_equal(json_text(options, NULL), "{\"cgroup-conf\":[\"memory.high=2\",\"pids.max=3\"]}");
}

TESTS("engine/limits", cmocka_unit_test(test_change), cmocka_unit_test(test_change_of_files), cmocka_unit_test(test_cases), cmocka_unit_test(test_option), cmocka_unit_test(test_conf))
