/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "monitor/exit.h"

#include "sys/pidfd.h"
#include "sys/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void test_round_trip(void **state)
{
	static const struct monitor_exit cases[] = {
		{.pid = 1, .start_ticks = 0, .exit_code = 0},
		{.pid = INT_MAX, .start_ticks = UINT64_MAX, .exit_code = 255, .finished_sec = 253402300799, .finished_nsec = 999999999},
		{.pid = 42, .start_ticks = 7, .exit_code = 137, .signal = 9, .reason = MONITOR_REASON_SIGNAL, .finished_sec = 1},
		{.pid = 42, .exit_code = 137, .signal = 9, .reason = MONITOR_REASON_OOM, .log_lost_bytes = 123},
		{.pid = INT_MAX, .start_ticks = UINT64_MAX, .exit_code = 255, .signal = 127, .reason = MONITOR_REASON_STARTER_DIED,
		 .finished_sec = 253402300799, .finished_nsec = 999999999, .log_lost_bytes = UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[EXIT_TEXT_MAX];
		struct monitor_exit back = {0};
		size_t len = exit_text(&cases[i], text);

		assert_true(len < EXIT_TEXT_MAX);
		assert_int_equal(exit_parse(text, len, &back), 0);
		assert_memory_equal(&back, &cases[i], sizeof(back));
		/* no beginning of it is an exit, nor is one with something behind it */
		for (size_t n = 0; n < len; n++)
			assert_int_equal(exit_parse(text, n, &back), -EBADMSG);
		text[len] = ' ';
		assert_int_equal(exit_parse(text, len + 1, &back), -EBADMSG);
	}
}

static void test_text(void **state)
{
	struct monitor_exit x = {.pid = 42, .start_ticks = 1234, .finished_sec = 1767323045, .finished_nsec = 6};
	char text[EXIT_TEXT_MAX + 1] = "";

	(void)state;
	exit_from_status(SIGKILL, &x);
	text[exit_text(&x, text)] = '\0';
	assert_string_equal(text, "{\"pid\":42,\"startTicks\":1234,\"exitCode\":137,\"signal\":9,"
				  "\"finishedAt\":\"2026-01-02T03:04:05.000000006Z\",\"reason\":\"signal\"}\n");
}

static void test_parse_refuses(void **state)
{
	static const char *const cases[] = {
		"", "{}", "{}\n", "\n",
		"{\"pid\":-1,\"startTicks\":1,\"exitCode\":0,\"signal\":0,\"finishedAt\":\"2026-01-02T03:04:05.000000006Z\",\"reason\":\"exited\"}\n",
		"{\"pid\":1,\"startTicks\":1,\"exitCode\":256,\"signal\":0,\"finishedAt\":\"2026-01-02T03:04:05.000000006Z\",\"reason\":\"exited\"}\n",
		"{\"pid\":1,\"startTicks\":99999999999999999999,\"exitCode\":0,\"signal\":0,\"finishedAt\":\"2026-01-02T03:04:05.000000006Z\",\"reason\":\"exited\"}\n",
		"{\"pid\":1,\"startTicks\":1,\"exitCode\":0,\"signal\":0,\"finishedAt\":\"2026-01-02T03:04:05Z\",\"reason\":\"exited\"}\n",
		"{\"pid\":1,\"startTicks\":1,\"exitCode\":0,\"signal\":0,\"finishedAt\":\"2026-02-30T03:04:05.000000006Z\",\"reason\":\"exited\"}\n",
		"{\"pid\":1,\"startTicks\":1,\"exitCode\":0,\"signal\":0,\"finishedAt\":\"2026-01-02T03:04:60.000000006Z\",\"reason\":\"exited\"}\n",
		"{\"pid\":1,\"startTicks\":1,\"exitCode\":0,\"signal\":0,\"finishedAt\":\"2026-01-02T03:04:05.000000006Z\",\"reason\":\"bored\"}\n",
		"{\"pid\":1,\"startTicks\":1,\"exitCode\":0,\"signal\":0,\"finishedAt\":\"2026-01-02T03:04:05.000000006Z\",\"reason\":\"exited\"}",
		"{\"pid\":1,\"startTicks\":1,\"exitCode\":0,\"signal\":0,\"finishedAt\":\"2026-01-02T03:04:05.000000006Z\",\"reason\":\"oom\",\"logLostBytes\":0}\n",
	};
	struct monitor_exit x;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(exit_parse(cases[i], strlen(cases[i]), &x), -EBADMSG);
	assert_int_equal(exit_parse("{\0}\n", 4, &x), -EBADMSG);
}

static void test_status(void **state)
{
	struct monitor_exit x = {0};

	(void)state;
	exit_from_status(7 << 8, &x);
	assert_int_equal(x.exit_code, 7);
	assert_int_equal(x.signal, 0);
	assert_string_equal(exit_reason_name((enum monitor_exit_reason)x.reason), "exited");
	exit_from_status(SIGSEGV | 0x80, &x);
	assert_int_equal(x.exit_code, 139);
	assert_int_equal(x.signal, SIGSEGV);
	assert_string_equal(exit_reason_name((enum monitor_exit_reason)99), "lost");
}

/* One call of looking at the process fails: nothing is known then, not that it has gone. */
static void test_find_when_looking_fails(void **state)
{
	const struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EMFILE),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct monitor_exit x;
	uint64_t ticks;
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(pid_start_ticks(getpid(), &ticks), 0);
	pid = fork();
	if (pid == 0) {
		int dir = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || seccomp_filter_load(f, 4, 0) < 0)
			_exit(255);
		_exit(exit_find(dir, "no-such.json", getppid(), ticks, -EBADF, &x) == -EMFILE ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* The file wins, when it is about the same process. */
static void test_find_file(void **state)
{
	struct monitor_exit x = {.pid = 1000000, .start_ticks = 5, .exit_code = 3}, got;
	char path[] = "/tmp/ranby-test-exit.XXXXXX", text[EXIT_TEXT_MAX];
	int fd = mkstemp(path), dir = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0 && dir >= 0);
	assert_int_equal(exit_find(dir, path + 5, 1000000, 5, -EBADF, &got), EXIT_LOST);
	assert_true(write(fd, text, exit_text(&x, text)) > 0);
	assert_int_equal(exit_find(dir, path + 5, 1000000, 5, -EBADF, &got), EXIT_FROM_FILE);
	assert_int_equal(got.exit_code, 3);
	assert_int_equal(exit_find(dir, path + 5, 1000000, 6, -EBADF, &got), EXIT_LOST);
	unlink(path);
	close(fd);
	close(dir);
}

/* Running, a zombie, gone; by pidfd where the kernel tells (6.15). */
static void test_find_without_file(void **state)
{
	int dir = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC), pidfd;
	struct monitor_exit x;
	siginfo_t info;
	uint64_t ticks;
	int p[2], r;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		char byte;

		close(p[1]);
		(void)!read(p[0], &byte, 1);
		_exit(9);
	}
	close(p[0]);
	assert_int_equal(pid_start_ticks(pid, &ticks), 0);
	assert_int_equal(pidfd_open_pid(pid, &pidfd), 0);
	assert_int_equal(exit_find(dir, "no-such.json", pid, ticks, pidfd, &x), EXIT_STILL_RUNNING);
	assert_int_equal(exit_find(dir, "no-such.json", pid, ticks + 1, -EBADF, &x), EXIT_LOST);
	close(p[1]);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(exit_find(dir, "no-such.json", pid, ticks, -EBADF, &x), EXIT_FROM_ZOMBIE);
	assert_int_equal(x.exit_code, 9);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(exit_find(dir, "no-such.json", pid, ticks, -EBADF, &x), EXIT_LOST);
	assert_int_equal(x.exit_code, -1);
	r = exit_find(dir, "no-such.json", pid, ticks, pidfd, &x);
	assert_true(r == EXIT_FROM_PIDFD || r == EXIT_LOST);
	if (r == EXIT_FROM_PIDFD)
		assert_int_equal(x.exit_code, 9);
	close(pidfd);
	close(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_text), cmocka_unit_test(test_parse_refuses),
		cmocka_unit_test(test_status),	   cmocka_unit_test(test_find_without_file), cmocka_unit_test(test_find_when_looking_fails), cmocka_unit_test(test_find_file),
	};

	return cmocka_run_group_tests_name("monitor/exit", tests, NULL, NULL);
}
