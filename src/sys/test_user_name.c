/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "sys/user_name.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* HOME counts when it names a directory that may be entered; else the user database does, as getpwuid(3) reads it. */
static void test_home(void **state)
{
	const struct passwd *own = getpwuid(getuid());
	const char *const others[] = {NULL, "", "relative", "/nonexistent", "/dev/null"};
	char dir[] = "/tmp/ranby-test-home.XXXXXX", *home = NULL;

	(void)state;
	if (!own || own->pw_dir[0] != '/')
		skip();
	assert_non_null(mkdtemp(dir));
	assert_int_equal(user_home(dir, &home), 0);
	assert_string_equal(home, dir);
	free(home);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		assert_int_equal(user_home(others[i], &home), 0);
		assert_string_equal(home, own->pw_dir);
		free(home);
	}
	/* another's, as a su leaves it */
	assert_int_equal(chmod(dir, 0600), 0);
	assert_int_equal(user_home(dir, &home), 0);
	assert_string_equal(home, getuid() == 0 ? dir : own->pw_dir);
	free(home);
	assert_int_equal(rmdir(dir), 0);
}

TESTS("sys/user_name", cmocka_unit_test(test_home))
