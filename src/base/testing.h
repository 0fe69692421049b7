/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * testing - what every test_<noun>.c begins with: cmocka and what it needs
 * before it, and a directory of one's own.
 *
 *	static void test_thing(void **state) { ... }
 *	TESTS("base/thing", cmocka_unit_test(test_thing), ...)
 *
 * Cases are arrays; fail_msg() names the case, so that one line tells what broke.
 */
#ifndef RANBY_BASE_TESTING_H
#define RANBY_BASE_TESTING_H

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TESTS(name, ...)                                                     \
	int main(void)                                                       \
	{                                                                    \
		const struct CMUnitTest tests[] = {__VA_ARGS__};             \
                                                                             \
		return cmocka_run_group_tests_name(name, tests, NULL, NULL); \
	}

/* A new directory; its name into `path`, an open fd of it is returned. The test removes it. */
static inline int testing_directory(char path[static 64])
{
	int fd;

	/* in memory where that can be: some tests make thousands of files */
	snprintf(path, 64, "/dev/shm/ranby-test.XXXXXX");
	if (!mkdtemp(path)) {
		snprintf(path, 64, "/tmp/ranby-test.XXXXXX");
		assert_non_null(mkdtemp(path));
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

#endif
