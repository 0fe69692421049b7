/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "view/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void inside(void **state)
{
	static const char text[] =
		"root:x:0:0:root:/root:/bin/sh\n"
		"# a remark: here: 7: x\n"
		"toor:x:0:0::/:\n"              /* the second of 0: not used */
		"www-data:x:33:33::/:\n"
		"bad:x:notanumber:1::/:\n"
		"hex:x:0x22:1::/:\n"
		"sign:x:+34:1::/:\n"
		"max:x:4294967295:1::/:\n"      /* (uid_t)-1 is nobody's */
		"big:x:4294967294:1::/:\n"
		":x:55:1::/:\n"
		"short:x:56\n"
		"last:x:57:1::/:";              /* no newline */
	_cleanup_(names_inside_done) struct names_inside in = NAMES_INSIDE_INIT;
	struct buf b = BUF_INIT;

	(void)state;
	buf_add(&b, text, sizeof(text) - 1);
	names_inside_parse(&in, NAMES_USER, &b);
	assert_string_equal(names_inside(&in, NAMES_USER, 0), "root");
	assert_string_equal(names_inside(&in, NAMES_USER, 33), "www-data");
	assert_string_equal(names_inside(&in, NAMES_USER, 4294967294U), "big");
	assert_string_equal(names_inside(&in, NAMES_USER, 57), "last");
	assert_null(names_inside(&in, NAMES_USER, 34));
	assert_null(names_inside(&in, NAMES_USER, 55));
	assert_null(names_inside(&in, NAMES_USER, 56));
	assert_null(names_inside(&in, NAMES_USER, UINT32_MAX));
	assert_null(names_inside(&in, NAMES_GROUP, 0));
}

/* A text with a NUL says nothing at all; a name of a mebibyte is none; a million lines are just many. */
static void inside_hostile(void **state)
{
	_cleanup_(names_inside_done) struct names_inside in = NAMES_INSIDE_INIT;
	struct buf b = BUF_INIT;

	(void)state;
	buf_add(&b, "root:x:0:0::/:\nx\0y:x:1:1::/:\n", 30);
	names_inside_parse(&in, NAMES_USER, &b);
	assert_null(names_inside(&in, NAMES_USER, 0));
	for (int i = 0; i < 4096; i++)
		buf_adds(&b, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	buf_adds(&b, ":x:5:5::/:\nok:x:6:6::/:\n");
	names_inside_parse(&in, NAMES_USER, &b);
	assert_null(names_inside(&in, NAMES_USER, 5));
	assert_string_equal(names_inside(&in, NAMES_USER, 6), "ok");
	for (int i = 0; i < 200000; i++)
		buf_addf(&b, "g:x:%d\n", i);
	buf_adds(&b, "many:x:7:");
	names_inside_parse(&in, NAMES_GROUP, &b);
	assert_string_equal(names_inside(&in, NAMES_GROUP, 7), "many");
}

static void host(void **state)
{
	_cleanup_(names_freep) struct names *n = names_new();
	char cell[NAMES_CELL_SIZE];

	(void)state;
	assert_non_null(n);
	assert_string_equal(names_host(n, NAMES_USER, 0), "root");
	assert_ptr_equal(names_host(n, NAMES_USER, 0), names_host(n, NAMES_USER, 0));
	assert_null(names_host(n, NAMES_USER, 4294967290U));
	assert_string_equal(names_host_cell(n, NAMES_GROUP, 0, cell), "0(root)");
	assert_string_equal(names_host_cell(n, NAMES_USER, 4294967290U, cell), "4294967290");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inside),
		cmocka_unit_test(inside_hostile),
		cmocka_unit_test(host),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
