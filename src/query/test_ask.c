/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "query/ask.h"

#include "base/testing.h"

#include <errno.h>
#include <string.h>

/* RFC 4180; and no cell begins with what a spreadsheet takes for a formula. */
static void test_csv(void **state)
{
	static const struct {
		const char *text, *cell;
	} rows[] = {
		{"", ""},
		{"plain", "plain"},
		{"a,b", "\"a,b\""},
		{"a\"b", "\"a\"\"b\""},
		{"a\nb", "\"a\nb\""},
		{"=1+1", "'=1+1"},
		{"+1", "'+1"},
		{"-1", "'-1"},
		{"@x", "'@x"},
		{"\t=1", "'\t=1"},
		{"=\"a\",1", "\"'=\"\"a\"\",1\""},
		{"\r=1", "\"'\r=1\""},
		{"\n=1", "\"'\n=1\""},
		{"1=1", "1=1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(buf_done) struct buf out = BUF_INIT;

		ask_csv_cell(rows[i].text, true, &out);
		assert_string_equal(buf_str(&out), rows[i].cell);
		buf_reset(&out);
		ask_csv_cell(rows[i].text, false, &out);
		assert_int_equal(buf_str(&out)[0], ',');
		assert_string_equal(buf_str(&out) + 1, rows[i].cell);
	}
}

/* A ledger and the system's exclude each other; a path that is too long is an error. */
static void test_source(void **state)
{
	char path[32];
	struct err e = {0};

	(void)state;
	assert_int_equal(ask_source("/l", "/s", "/state", path, sizeof(path), &e), -EINVAL);
	assert_int_equal(ask_source("/l", NULL, "/state", path, sizeof(path), &e), ASK_OWN);
	assert_string_equal(path, "/l");
	assert_int_equal(ask_source(NULL, "/s", "/state", path, sizeof(path), &e), ASK_SYSTEM);
	assert_string_equal(path, "/s");
	assert_int_equal(ask_source("/a/path/that/is/longer/than/there/is/room/for", NULL, "/state", path, sizeof(path), &e), -ENAMETOOLONG);
}

TESTS("query/ask", cmocka_unit_test(test_csv), cmocka_unit_test(test_source))
