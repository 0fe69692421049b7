/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* What is refused. The labels themselves are tested in guests: there is no SELinux here. */
#include "engine/relabel.h"

#include "base/testing.h"

#include <pwd.h>

static void test_refused(void **state)
{
	static const char *const paths[] = {
		"/", "/home", "/etc", "/usr", "/usr/bin", "/etc/passwd", "/proc", "/proc/self", "/sys", "/dev", "/dev/null", "/root", "/tmp", "/var",
		"/var/lib", "/run", "/home/..", "//etc/", "/tmp/../usr",
	};
	char dir[] = "/tmp/ranby-relabel.XXXXXX", link[64];
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		e = (struct err){0};
		if (relabel_check(paths[i], &e) != -EPERM || !e.text[0])
			fail_msg("%s is not refused", paths[i]);
	}
	assert_non_null(mkdtemp(dir));
	assert_int_equal(relabel_check(dir, &e), 0);
	snprintf(link, sizeof(link), "%s/link", dir);
	assert_int_equal(symlink("/etc", link), 0);
	assert_int_equal(relabel_check(link, &e), -EPERM);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(relabel_check(link, &e), -ENOENT);
	assert_int_equal(rmdir(dir), 0);
}

static void test_home(void **state)
{
	const struct passwd *pw = getpwuid(getuid());
	struct err e = {0};

	(void)state;
	if (!pw)
		skip();
	assert_int_equal(relabel_check(pw->pw_dir, &e), -EPERM);
}

TESTS("engine/relabel", cmocka_unit_test(test_refused), cmocka_unit_test(test_home))
