/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/confine.h"

#include "base/testing.h"

#include <pthread.h>
#include <seccomp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void *nothing(void *arg)
{
	return arg;
}

/* The number of the first thing that is not as it should be; 0: all is. */
static int behind_the_filter(void)
{
	static const int calls[] = {SCMP_SYS(socket), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(getppid), -1};
	pthread_t thread;
	pid_t pid;

	if (confine_process(NULL) < 0 || confine_deny(calls, ARRAY_SIZE(calls), NULL) < 0)
		return 1;
	if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0 || errno != EPERM)
		return 2;
	if (getppid() != -1)
		return 3;
	pid = fork();
	if (pid == 0)
		_exit(0);
	if (pid > 0 || errno != EPERM)
		return 4;
	/* what is not named goes on */
	if (getuid() != geteuid() || pthread_create(&thread, NULL, nothing, NULL) != 0 || pthread_join(thread, NULL) != 0)
		return 5;
	return 0;
}

static void test_deny(void **state)
{
	int status = -1;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(behind_the_filter());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

TESTS("sys/confine", cmocka_unit_test(test_deny))
