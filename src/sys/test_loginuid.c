/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/loginuid.h"

#include "sys/fd.h"
#include "sys/userns.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void put(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

static void test_reads_files(void **state)
{
	static const struct {
		const char *auid, *session;
		int r;
		enum loginuid_how how;
		uint32_t want_auid, want_session;
	} cases[] = {
		{"1000", "3", 0, LOGINUID_SET, 1000, 3},
		{"1000\n", "3\n", 0, LOGINUID_SET, 1000, 3},
		{"0", "4294967295", 0, LOGINUID_SET, 0, LOGINUID_UNSET},
		{"4294967295", "4294967295", 0, LOGINUID_WAS_UNSET, LOGINUID_UNSET, LOGINUID_UNSET},
		{"", "3", -EINVAL, LOGINUID_ABSENT, 0, 0},
		{"-1", "3", -EINVAL, LOGINUID_ABSENT, 0, 0},
		{"4294967296", "3", -ERANGE, LOGINUID_ABSENT, 0, 0},
		{"1000 1", "3", -EINVAL, LOGINUID_ABSENT, 0, 0},
	};
	char path[] = "/tmp/ranby-test-loginuid-XXXXXX";
	struct loginuid l;
	bool initial;
	int dir;

	(void)state;
	assert_int_equal(userns_is_initial(&initial), 0);
	assert_non_null(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(loginuid_read_at(dir, &l), 0);
	assert_int_equal(l.how, LOGINUID_ABSENT);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put(dir, "loginuid", cases[i].auid);
		put(dir, "sessionid", cases[i].session);
		assert_int_equal(loginuid_read_at(dir, &l), cases[i].r);
		if (cases[i].r < 0)
			continue;
		assert_int_equal(l.how, initial || cases[i].how == LOGINUID_WAS_UNSET ? cases[i].how : LOGINUID_TRANSLATED);
		assert_int_equal(l.auid, initial ? cases[i].want_auid : LOGINUID_UNSET);
		assert_int_equal(l.session, cases[i].want_session);
	}
	(void)unlinkat(dir, "loginuid", 0);
	(void)unlinkat(dir, "sessionid", 0);
	close(dir);
	(void)rmdir(path);
}

/* In another user namespace the number is said by nobody: there the user's own may be 0. The session is the same. */
static void test_translated(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		struct loginuid outside, l, shown;
		bool known;

		if (loginuid_read(&outside, NULL) < 0)
			_exit(1);
		if (userns_enter_own(NULL) < 0)
			_exit(77);
		if (loginuid_read(&l, NULL) < 0 || loginuid_read_initial(&shown, NULL) < 0)
			_exit(2);
		known = outside.how == LOGINUID_SET || outside.how == LOGINUID_TRANSLATED;
		if (l.auid != LOGINUID_UNSET || l.session != outside.session || shown.session != outside.session)
			_exit(3);
		_exit(l.how == (known ? LOGINUID_TRANSLATED : outside.how) ? 0 : 4);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

/* What is reported is what the kernel has afterwards, set or not. */
static void test_pin(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		struct loginuid before, l, after;
		bool initial;

		if (loginuid_read(&before, NULL) < 0 || userns_is_initial(&initial) < 0)
			_exit(1);
		l = before;
		if (loginuid_pin(getuid(), &l, NULL) < 0 || loginuid_read(&after, NULL) < 0 || after.auid != l.auid)
			_exit(2);
		if (before.how != LOGINUID_WAS_UNSET)
			_exit(l.how == before.how && l.auid == before.auid ? 0 : 3);
		_exit(l.how == LOGINUID_PINNED ? l.auid != (initial ? getuid() : LOGINUID_UNSET) : l.how != LOGINUID_REFUSED);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_reads_files), cmocka_unit_test(test_translated), cmocka_unit_test(test_pin)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
