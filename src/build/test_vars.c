/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* The rules of the Dockerfile reference, "ARG". */
#include "base/testing.h"
#include "build/vars.h"

static void is(const struct vars *v, const char *name, const char *want)
{
	const char *got = vars_get(name, (void *)(uintptr_t)v);

	if (got && want ? strcmp(got, want) != 0 : got != want)
		fail_msg("%s: %s, not %s", name, got ? got : "none", want ? want : "none");
}

static void test_precedence(void **state)
{
	_cleanup_(vars_done) struct vars v = {0};
	char *const image[] = {(char *)(uintptr_t)"FROM_IMAGE=i", NULL};

	(void)state;
	assert_int_equal(vars_give(&v, "A=given", NULL, NULL), 0);
	assert_int_equal(vars_give(&v, "C", "caller", NULL), 0);
	assert_int_equal(vars_give(&v, "D", NULL, NULL), 0);
	assert_int_equal(vars_give(&v, "=x", NULL, NULL), -EINVAL);
	assert_int_equal(vars_global_arg(&v, "G=global"), 0);
	assert_int_equal(vars_stage(&v, image, "0"), 0);
	is(&v, "FROM_IMAGE", "i");
	is(&v, "A", NULL);
	is(&v, "G", NULL);
	assert_int_equal(vars_arg(&v, "A=default"), 0);
	assert_int_equal(vars_arg(&v, "B=default"), 0);
	assert_int_equal(vars_arg(&v, "C"), 0);
	assert_int_equal(vars_arg(&v, "D=d"), 0);
	assert_int_equal(vars_arg(&v, "G"), 0);
	is(&v, "A", "given");
	is(&v, "B", "default");
	is(&v, "C", "caller");
	is(&v, "D", "d");
	is(&v, "G", "global");
	assert_int_equal(vars_env(&v, "A", "env"), 0);
	is(&v, "A", "env");
	assert_string_equal(vars_global_get("G", &v), "global");
	/* the next stage knows nothing of it */
	assert_int_equal(vars_stage(&v, NULL, "1"), 0);
	is(&v, "A", NULL);
	is(&v, "B", NULL);
	is(&v, "FROM_IMAGE", NULL);
}

static void test_platform(void **state)
{
	_cleanup_(vars_done) struct vars v = {0};

	(void)state;
	assert_int_equal(vars_platform(&v, "linux/amd64", "linux/arm/v7", NULL), 0);
	assert_string_equal(vars_global_get("TARGETPLATFORM", &v), "linux/arm/v7");
	assert_string_equal(vars_global_get("TARGETVARIANT", &v), "v7");
	assert_string_equal(vars_global_get("BUILDARCH", &v), "amd64");
	assert_int_equal(vars_stage(&v, NULL, "0"), 0);
	is(&v, "TARGETOS", NULL);
	assert_int_equal(vars_arg(&v, "TARGETOS"), 0);
	is(&v, "TARGETOS", "linux");
}

static void test_run_and_unused(void **state)
{
	_cleanup_(strv_done) struct strv args = {0}, unused = {0};
	_cleanup_(vars_done) struct vars v = {0};

	(void)state;
	assert_int_equal(vars_give(&v, "USED=1", NULL, NULL), 0);
	assert_int_equal(vars_give(&v, "LOST=1", NULL, NULL), 0);
	assert_int_equal(vars_give(&v, "http_proxy=p", NULL, NULL), 0);
	assert_int_equal(vars_stage(&v, NULL, "0"), 0);
	assert_int_equal(vars_arg(&v, "USED"), 0);
	assert_int_equal(vars_arg(&v, "BOTH=arg"), 0);
	assert_int_equal(vars_env(&v, "BOTH", "env"), 0);
	assert_int_equal(vars_run_args(&v, &args), 0);
	assert_true(strv_find(&args, "USED=1") >= 0);
	assert_true(strv_find(&args, "BOTH=arg") < 0);
	/* of the environment, and of nothing that is kept */
	assert_true(strv_find(&args, "http_proxy=p") < 0);
	assert_int_equal(vars_run_proxies(&v, &args), 0);
	assert_true(strv_find(&args, "http_proxy=p") >= 0);
	assert_int_equal(vars_unused(&v, &unused), 0);
	assert_int_equal(unused.n, 1);
	assert_string_equal(unused.items[0], "LOST");
}

TESTS("build/vars", cmocka_unit_test(test_precedence), cmocka_unit_test(test_platform), cmocka_unit_test(test_run_and_unused))
