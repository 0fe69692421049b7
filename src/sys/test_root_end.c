/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/root_end.h"

#include "base/testing.h"
#include "sys/fd.h"
#include "sys/pidfd.h"
#include "sys/userns.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void end(pid_t pid)
{
	_cleanup_close_ int fd = -EBADF;

	assert_int_equal(pidfd_open_pid(pid, &fd), 0);
	assert_int_equal(pidfd_signal(fd, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static int new_root(void)
{
	int r = userns_enter_own(NULL);

	if (r < 0)
		return r;
	if (unshare(CLONE_NEWNS) < 0 || syscall(SYS_mount, "t", "/tmp", "tmpfs", 0, NULL) < 0 || chdir("/tmp") < 0 ||
	    mkdir("dev", 0755) < 0 || syscall(SYS_mount, "t", "dev", "tmpfs", 0, NULL) < 0 || chroot(".") < 0)
		return -errno;
	return 0;
}

/* A process with a root of its own: a tmpfs, and a tmpfs on its /dev. -1 where that is forbidden. */
static pid_t contained(void)
{
	int ready[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		byte = new_root() == 0;
		(void)!write(ready[1], &byte, 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	if (byte)
		return pid;
	end(pid);
	return -1;
}

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

static void test_end(void **state)
{
	_cleanup_close_ int fd = -EBADF;
	struct pollfd p = {.events = POLLIN};
	pid_t root = contained(), helper;
	int status;

	(void)state;
	if (root < 0) {
		printf("skipped: user namespaces are forbidden here\n");
		skip();
	}
	assert_int_equal(root_end_watch(root, &fd), 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	helper = sleeper(); /* has a copy of the descriptor */
	assert_int_equal(root_end_signal(fd, helper, SIGTERM), 0);
	p.fd = fd;
	assert_int_equal(poll(&p, 1, 50), 0);
	assert_int_equal(waitpid(helper, NULL, WNOHANG), 0);
	fd_closep(&fd);
	end(root);
	assert_int_equal(waitpid(helper, &status, 0), helper);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

static void test_nobody(void **state)
{
	_cleanup_close_ int fd = -EBADF;
	pid_t pid = sleeper();

	(void)state;
	end(pid);
	assert_int_equal(root_end_watch(pid, &fd), -ENOENT);
	assert_int_equal(fd, -EBADF);
	assert_int_equal(root_end_watch(getpid(), &fd), 0); /* the host's own: it never ends */
	assert_int_equal(root_end_signal(fd, pid, SIGTERM), -ESRCH);
	assert_int_equal(root_end_signal(-1, getpid(), SIGTERM), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_end), cmocka_unit_test(test_nobody)};

	return cmocka_run_group_tests_name("sys/root_end", tests, NULL, NULL);
}
