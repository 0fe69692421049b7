/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/pidfd.h"

#include "base/testing.h"
#include "sys/fd.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <time.h>
#include <sys/wait.h>

/* A child that waits to be killed. */
static pid_t sleeper(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static void end(pid_t pid)
{
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_identity(void **state)
{
	_cleanup_close_ int fd = -EBADF, zombie = -EBADF;
	pid_t pid = sleeper();
	uint64_t ticks = 0;

	(void)state;
	assert_int_equal(pid_start_ticks(pid, &ticks), 0);
	assert_true(ticks > 0);
	assert_int_equal(pidfd_open_identity(pid, ticks + 1, &fd), -ESRCH);
	assert_int_equal(pidfd_open_identity(pid, ticks - 1, &fd), -ESRCH);
	assert_int_equal(fd, -EBADF);
	assert_int_equal(pidfd_open_identity(pid, ticks, &fd), 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_false(pidfd_has_ended(fd));
	assert_int_equal(pidfd_wait(fd, 10), -ETIMEDOUT);
	assert_int_equal(pidfd_signal(fd, 0), 0);
	assert_int_equal(pidfd_signal(fd, SIGKILL), 0);
	assert_int_equal(pidfd_wait(fd, 10000), 0);
	/* not reaped: still there, ended */
	assert_int_equal(pidfd_open_identity(pid, ticks, &zombie), 0);
	assert_true(pidfd_has_ended(zombie));
	end(pid);
	assert_int_equal(pidfd_signal(fd, SIGKILL), -ESRCH);
	assert_true(pidfd_has_ended(fd));
	assert_int_equal(pidfd_open_identity(pid, ticks, &zombie), -ESRCH);
	assert_int_equal(pid_start_ticks(pid, &ticks), -ESRCH);
}

static void test_bad_pids(void **state)
{
	static const pid_t pids[] = {0, -1, INT32_MIN, INT32_MAX};
	int fd = -EBADF;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		assert_int_equal(pidfd_open_identity(pids[i], 1, &fd), -ESRCH);
		assert_int_equal(pidfd_open_pid(pids[i], &fd), -ESRCH);
	}
	assert_int_equal(pidfd_wait(-1, 0), -ETIMEDOUT);
	assert_int_equal(pidfd_wait(1000, 0), -EBADF);
	assert_false(pidfd_has_ended(1000));
	assert_int_equal(fd, -EBADF);
}

/* A process chooses its name: one like the end of the field must not shift the fields. */
static void test_evil_names(void **state)
{
	static const char *const names[] = {"a) R 1 2 3", ") 4 5", "((((", "x y z", "))))))", "\n9 9 9"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		uint64_t before = 0, after = 0;

		assert_int_equal(pid_start_ticks(getpid(), &before), 0);
		assert_int_equal(prctl(PR_SET_NAME, names[i]), 0);
		assert_int_equal(pid_start_ticks(getpid(), &after), 0);
		assert_true(before == after);
	}
}

static void test_number(void **state)
{
	_cleanup_close_ int fd = -EBADF, not_one = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t pid = sleeper(), found = 0;

	(void)state;
	assert_int_equal(pidfd_open_pid(pid, &fd), 0);
	assert_int_equal(pidfd_pid(fd, &found), 0);
	assert_int_equal(found, pid);
	assert_int_equal(pidfd_pid(not_one, &found), -EINVAL);
	assert_int_equal(pidfd_signal(fd, SIGKILL), 0);
	end(pid);
	assert_int_equal(pidfd_pid(fd, &found), -ESRCH);
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* Signals that keep coming neither end the wait nor prolong it. */
static void test_wait_interrupted(void **state)
{
	const struct itimerval often = {.it_interval.tv_usec = 5000, .it_value.tv_usec = 5000}, never = {.it_value = {0}};
	struct sigaction sa = {.sa_handler = on_alarm}, old;
	_cleanup_close_ int fd = -EBADF;
	pid_t pid = sleeper();
	struct timespec a, b;

	(void)state;
	assert_int_equal(pidfd_open_pid(pid, &fd), 0);
	assert_int_equal(sigaction(SIGALRM, &sa, &old), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	clock_gettime(CLOCK_MONOTONIC, &a);
	assert_int_equal(pidfd_wait(fd, 100), -ETIMEDOUT);
	clock_gettime(CLOCK_MONOTONIC, &b);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
	assert_true((b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000 >= 95);
	assert_int_equal(pidfd_signal(fd, SIGKILL), 0);
	assert_int_equal(pidfd_wait(fd, -1), 0);
	end(pid);
}

TESTS("sys/pidfd", cmocka_unit_test(test_identity), cmocka_unit_test(test_bad_pids), cmocka_unit_test(test_evil_names),
      cmocka_unit_test(test_number), cmocka_unit_test(test_wait_interrupted))
