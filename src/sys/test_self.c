/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The directories are fixed, on purpose; so what a wrong owner or mode gives
 * is tried in a mount namespace of its own, where one of them is covered.
 */
#include "sys/self.h"

#include "base/testing.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_helper(void **state)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *path = NULL;
	struct err e = {0};

	(void)state;
	assert_int_equal(self_open_helper("env", &fd, &path, &e), 0);
	assert_string_equal(path, "/usr/bin/env");
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(fd, F_GETFL) & O_PATH, O_PATH);
	fd_closep(&fd);
	assert_int_equal(self_open_helper("no-such-helper", &fd, NULL, &e), -ENOENT);
	assert_string_equal(e.text, "no-such-helper: not installed");
	assert_int_equal(fd, -EBADF);
}

static void test_helper_path(void **state)
{
	(void)state;
	assert_true(self_is_helper_path("/usr/bin/passt.avx2"));
	assert_false(self_is_helper_path("/usr/bin/x/passt"));
	assert_false(self_is_helper_path("/usr/binx"));
	assert_false(self_is_helper_path("/home/alice/usr/bin/passt"));
	assert_false(self_is_helper_path("passt"));
	assert_false(self_is_helper_path(""));
}

static void test_own_program(void **state)
{
	struct err e = {0};
	int fd = -EBADF;

	(void)state;
	assert_int_equal(self_open_program("no-such-program", &fd, NULL, &e), -ENOENT);
	assert_int_equal(strncmp(e.text, "own program no-such-program below ", 34), 0);
}

struct helper_case {
	mode_t file_mode, dir_mode;
	uid_t owner;
	bool is_dir;
	const char *want; /* in the error; "" for success */
};

static const struct helper_case helper_cases[] = {
	{0755, 0755, 0, false, ""},
	{0555, 0555, 0, false, ""},
	{0775, 0755, 0, false, "writable by others than root"},
	{0757, 0755, 0, false, "writable by others than root"},
	{0755, 0777, 0, false, "directory /usr/local/bin: writable by others"},
	{0755, 01777, 0, false, "directory /usr/local/bin: writable by others"},
	{0755, 0755, 12345, false, "not owned by root"},
	{0755, 0755, 0, true, "not of the right type"},
};

/* Exit code: 0 as wanted, 1 not, 77 no mount namespace to be had. */
static int try_case(const struct helper_case *c)
{
	static const char name[] = "/usr/local/bin/ranby-test-helper";
	_cleanup_close_ int fd = -EBADF;
	struct err e = {0};
	int r;

	if (unshare(CLONE_NEWNS) < 0 || syscall(SYS_mount, "none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    syscall(SYS_mount, "tmpfs", "/usr/local/bin", "tmpfs", 0, "mode=755") < 0)
		return 77;
	if (c->is_dir ? mkdir(name, 0755) < 0 : (fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0755)) < 0)
		return 77;
	fd_closep(&fd);
	if (chmod(name, c->file_mode) < 0 || chown(name, c->owner, 0) < 0 || chmod("/usr/local/bin", c->dir_mode) < 0)
		return 77;
	r = self_open_helper("ranby-test-helper", &fd, NULL, &e);
	if (r < 0 ? *c->want == '\0' || !strstr(e.text, c->want) : *c->want != '\0') {
		print_message("mode %o in %o: %d %s\n", c->file_mode, c->dir_mode, r, e.text);
		return 1;
	}
	return 0;
}

static void test_trust(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(helper_cases); i++) {
		int status;
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0)
			_exit(try_case(&helper_cases[i]));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
			print_message("skipped: a mount namespace needs root\n");
			skip();
		}
		assert_int_equal(status, 0);
	}
}

/* Root of a namespace where the host's root is nobody. 77: this host lets us make none. */
static int in_own_namespace(void)
{
	const uid_t uid = getuid() ? getuid() : 1000;
	struct stat st;
	char map[32];
	int fd, n;

	if (setresuid(uid, uid, uid) < 0 || prctl(PR_SET_DUMPABLE, 1) < 0 || unshare(CLONE_NEWUSER) < 0)
		return 77;
	fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
	n = snprintf(map, sizeof(map), "0 %u 1", uid);
	if (fd < 0 || write(fd, map, (size_t)n) != n || close(fd) < 0 || getuid() != 0 || stat("/usr/bin/env", &st) < 0)
		return 77;
	return st.st_uid == 0 || self_host_root() != st.st_uid || self_open_helper("env", &fd, NULL, NULL) < 0;
}

static void test_host_root(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (getuid() != 0)
		assert_int_equal(self_host_root(), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(in_own_namespace());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		print_message("skipped: no user namespace here\n");
		skip();
	}
	assert_int_equal(status, 0);
}

TESTS("sys/self", cmocka_unit_test(test_host_root), cmocka_unit_test(test_helper), cmocka_unit_test(test_helper_path), cmocka_unit_test(test_own_program), cmocka_unit_test(test_trust))
