/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/lock.h"

#include "sys/fd.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/ranby-test-lock-XXXXXX";
static int dirfd_ = -EBADF;

static int setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dirfd_ < 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)unlinkat(dirfd_, "l", 0);
	close(dirfd_);
	return rmdir(dir);
}

static void test_excludes_and_times_out(void **state)
{
	_cleanup_close_ int a = -EBADF, b = -EBADF;
	struct timespec from, to;

	(void)state;
	assert_int_equal(lock_take(dirfd_, "l", 0, &a), 0);
	assert_int_equal(lock_take(dirfd_, "l", 0, &b), -EAGAIN);
	clock_gettime(CLOCK_MONOTONIC, &from);
	assert_int_equal(lock_take(dirfd_, "l", 60, &b), -EAGAIN);
	clock_gettime(CLOCK_MONOTONIC, &to);
	assert_true((to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000 >= 55);
	fd_closep(&a);
	assert_int_equal(lock_take(dirfd_, "l", 0, &b), 0);
}

static void test_shared(void **state)
{
	_cleanup_close_ int a = -EBADF, b = -EBADF, c = -EBADF;

	(void)state;
	assert_int_equal(lock_share(dirfd_, "l", 0, &a), 0);
	assert_int_equal(lock_share(dirfd_, "l", 0, &b), 0);
	assert_int_equal(lock_take(dirfd_, "l", 0, &c), -EAGAIN);
	fd_closep(&a);
	assert_int_equal(lock_take(dirfd_, "l", 0, &c), -EAGAIN);
	fd_closep(&b);
	assert_int_equal(lock_take(dirfd_, "l", 0, &c), 0);
	assert_int_equal(lock_share(dirfd_, "l", 0, &b), -EAGAIN);
}

static void test_dies_with_its_holder(void **state)
{
	_cleanup_close_ int b = -EBADF;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		int fd;

		_exit(lock_take(dirfd_, "l", 0, &fd) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(lock_take(dirfd_, "l", 0, &b), 0);
}

/* A directory is its own lock: no file is made in it, and one that has been removed cannot be had. */
static void test_directory(void **state)
{
	_cleanup_close_ int sub = -EBADF, a = -EBADF, b = -EBADF;
	pid_t pid;

	(void)state;
	assert_int_equal(mkdirat(dirfd_, "d", 0700), 0);
	sub = openat(dirfd_, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(sub >= 0);
	assert_int_equal(lock_take_dir(sub, 0, &a), 0);
	assert_int_equal(lock_take_dir(sub, 0, &b), -EAGAIN);
	assert_int_equal(lock_take_dir(sub, 5, &b), -EAGAIN);
	fd_closep(&a);
	pid = fork();
	if (pid == 0) {
		int fd;

		_exit(lock_take_dir(sub, 0, &fd) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(lock_take_dir(sub, 0, &a), 0);
	fd_closep(&a);
	assert_int_equal(unlinkat(dirfd_, "d", AT_REMOVEDIR), 0);
	assert_int_equal(lock_take_dir(sub, 0, &a), -ENOENT);
}

/* Whoever waited on a file that was removed must not believe to hold anything. */
static void test_removed_meanwhile(void **state)
{
	_cleanup_close_ int a = -EBADF, b = -EBADF, c = -EBADF;
	pid_t pid;

	(void)state;
	assert_int_equal(lock_take(dirfd_, "l", 0, &a), 0);
	pid = fork();
	if (pid == 0) {
		fd_closep(&a);
		_exit(lock_take(dirfd_, "l", 5000, &b) == 0 && lock_take(dirfd_, "l", 0, &c) == -EAGAIN ? 0 : 1);
	}
	usleep(30000);
	assert_int_equal(unlinkat(dirfd_, "l", 0), 0);
	fd_closep(&a);
	{
		int status = -1;

		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_excludes_and_times_out), cmocka_unit_test(test_shared),
		cmocka_unit_test(test_dies_with_its_holder),
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_removed_meanwhile),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
