/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "engine/etc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* No such ids on any host: the numbers are the names. */
#define HOST_ID 3999999999U

static void adds_what_is_missing(void **state)
{
	static const struct {
		const char *passwd, *home, *want; /* want NULL: nothing is added */
	} cases[] = {
		{"root:x:0:0::/:/bin/sh\n", "/w", "root:x:0:0::/:/bin/sh\n1000:*:1000:7::/w:/bin/sh\n"},
		{"root:x:0:0::/:/bin/sh", "/", "root:x:0:0::/:/bin/sh\n1000:*:1000:7::/:/bin/sh\n"},
		{"a:x:1000:0::/:/bin/sh\n", "/", NULL},
		{"1000:x:5:0::/:/bin/sh\n", "/", NULL},
		{"a:x:10000:0::/:\nb:x:100:1000::/1000:\n", "/", "a:x:10000:0::/:\nb:x:100:1000::/1000:\n1000:*:1000:7::/:/bin/sh\n"},
		{"a\n:\n::\n\n", "/", "a\n:\n::\n\n1000:*:1000:7::/:/bin/sh\n"},
		{"", "/", NULL},
		{"r:x:0:\n", "/a:b", "r:x:0:\n1000:*:1000:7::/:/bin/sh\n"},
		{"r:x:0:\n", "/a\nroot2::0:0::/:", "r:x:0:\n1000:*:1000:7::/:/bin/sh\n"},
		{"r:x:0:\n", "/a\r", "r:x:0:\n1000:*:1000:7::/:/bin/sh\n"},
		{"r:x:0:\n", "/a\x7f", "r:x:0:\n1000:*:1000:7::/:/bin/sh\n"},
		{"r:x:0:\n", "a", "r:x:0:\n1000:*:1000:7::/:/bin/sh\n"},
		{"r:x:0:\n", "", "r:x:0:\n1000:*:1000:7::/:/bin/sh\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(user_files_done) struct user_files f = {.passwd = BUF_INIT};
		struct etc_added added = {.passwd = false};

		buf_adds(&f.passwd, cases[i].passwd);
		assert_int_equal(etc_add_user(&f, HOST_ID, HOST_ID, 1000, 7, cases[i].home, &(struct etc_formats){0}, &added), 0);
		assert_int_equal(added.passwd, cases[i].want != NULL);
		assert_false(added.group);
		assert_string_equal(buf_str(&f.passwd), cases[i].want ? cases[i].want : cases[i].passwd);
	}
}

static void adds_the_group(void **state)
{
	_cleanup_(user_files_done) struct user_files f = {.passwd = BUF_INIT};
	struct etc_added added = {.passwd = false};

	(void)state;
	buf_adds(&f.group, "root:x:0:a,b\nx:y:70:7");
	assert_int_equal(etc_add_user(&f, HOST_ID, HOST_ID, 1000, 7, "/", &(struct etc_formats){0}, &added), 0);
	assert_true(added.group && !added.passwd);
	assert_string_equal(buf_str(&f.group), "root:x:0:a,b\nx:y:70:7\n7:*:7:1000\n");
	added = (struct etc_added){.group = false};
	assert_int_equal(etc_add_user(&f, HOST_ID, HOST_ID, 1000, 7, "/", &(struct etc_formats){0}, &added), 0);
	assert_false(added.group);
}

static void adds_users_of_other_kinds(void **state)
{
	static const struct etc_formats own = {.passwd = "me-$USERNAME:x:$UID:$GID:$NAME:$HOME:$HOMES", .group = "$GROUPNAME:y:$GID:$USERLIST,$USER"};
	_cleanup_(user_files_done) struct user_files f = {.passwd = BUF_INIT};
	struct etc_added added = {.passwd = false};
	struct err e = {0};

	(void)state;
	buf_adds(&f.passwd, "a:x:1:1::/:\n");
	buf_adds(&f.group, "a:x:1:\n");
	assert_int_equal(etc_add_number(&f, 5, 1, "/w", &(struct etc_formats){0}, &added), 0);
	assert_true(added.passwd && !added.group);
	assert_int_equal(etc_add_host_user(&f, "0", "/x:y", &(struct etc_formats){0}, &added, &e), 0);
	assert_int_equal(etc_add_number(&f, 6, 7, "/w", &own, &added), 0);
	assert_string_equal(buf_str(&f.passwd), "a:x:1:1::/:\n5:*:5:1:container user:/w:/bin/sh\nroot:*:0:0:root:/:/bin/sh\n"
						"me-6:x:6:7:container user:/w:/wS\n");
	assert_string_equal(buf_str(&f.group), "a:x:1:\n7:y:7:6,$USER\n");
	assert_int_equal(etc_add_host_user(&f, "no such user", "/", &own, &added, &e), -ENOENT);
	assert_int_equal(etc_check_format("passwd-entry", "a\nroot2::0:0::/:", &e), -EINVAL);
	assert_int_equal(etc_check_format("passwd-entry", NULL, &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_what_is_missing),
		cmocka_unit_test(adds_the_group),
		cmocka_unit_test(adds_users_of_other_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
