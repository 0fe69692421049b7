/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "runtime/stats.h"

static void test_value(void **state)
{
	static const char text[] = "usage_usec 12\nuser_usec 7\nuser 9\nlast 18446744073709551615\nbad x\nlong 11111111111111111111111111111\n";
	uint64_t v = 0;

	(void)state;
	assert_int_equal(stats_value(text, "usage_usec", &v), 0);
	assert_true(v == 12);
	assert_int_equal(stats_value(text, "user", &v), 0);
	assert_true(v == 9);
	assert_int_equal(stats_value(text, "last", &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(stats_value(text, "use", &v), -ENOENT);
	assert_int_equal(stats_value(text, "bad", &v), -EINVAL);
	assert_int_equal(stats_value(text, "long", &v), -EINVAL);
	assert_int_equal(stats_value("", "x", &v), -ENOENT);
}

static void test_io(void **state)
{
	struct json_object *bytes = json_object_new_array(), *ops = json_object_new_array();

	(void)state;
	assert_int_equal(stats_io("8:0 rbytes=5 wbytes=6 rios=1 wios=2 dbytes=0 dios=0\nnonsense\n8:16\nx:y rbytes=1\n9:1 rbytes=x wbytes=8", bytes, ops), 0);
	assert_string_equal(json_text(bytes, NULL), "[{\"major\":8,\"minor\":0,\"op\":\"Read\",\"value\":5},{\"major\":8,\"minor\":0,\"op\":\"Write\",\"value\":6},"
						    "{\"major\":9,\"minor\":1,\"op\":\"Write\",\"value\":8}]");
	assert_string_equal(json_text(ops, NULL), "[{\"major\":8,\"minor\":0,\"op\":\"Read\",\"value\":1},{\"major\":8,\"minor\":0,\"op\":\"Write\",\"value\":2}]");
	json_object_put(bytes);
	json_object_put(ops);
}

TESTS("runtime/stats", cmocka_unit_test(test_value), cmocka_unit_test(test_io))
