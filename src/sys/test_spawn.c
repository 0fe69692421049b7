/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/spawn.h"

#include "base/testing.h"
#include "sys/fd.h"
#include "sys/pidfd.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

/* Runs a shell command with the settings of `s` (its argv is set here); what it prints on 1 goes to `out`. */
static int run_shell(struct spawn *s, const char *command, struct buf *out)
{
	char sh[] = "sh", c[] = "-c";
	_cleanup_free_ char *text = strdup(command);
	char *argv[] = {sh, c, text, NULL};
	struct err e = {0};
	int p[2], status, r;
	pid_t pid;

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	s->path = "/bin/sh";
	s->argv = argv;
	s->stdio[1] = p[1];
	r = spawn_start(s, &pid, NULL, &e);
	s->argv = NULL;
	close(p[1]);
	assert_int_equal(r, 0);
	assert_int_equal(fd_read_all(p[0], 100000, out), 0);
	close(p[0]);
	assert_int_equal(spawn_wait(pid, &status), 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void test_exit(void **state)
{
	static const struct {
		const char *command, *out;
		int code;
	} c[] = {{"exit 0", "", 0}, {"exit 7", "", 7}, {"kill -9 $$", "", 137}, {"echo hi", "hi\n", 0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		_cleanup_(buf_done) struct buf out = BUF_INIT;
		struct spawn s = SPAWN_INIT;

		assert_int_equal(run_shell(&s, c[i].command, &out), c[i].code);
		assert_string_equal(buf_str(&out), c[i].out);
	}
}

/* Only 0..2 and what is listed, in the listed order, whatever their numbers were. */
static void test_descriptors(void **state)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	struct spawn s = SPAWN_INIT;
	int a[2], b[2], leak = dup(0), fds[3];

	(void)state;
	assert_int_equal(pipe2(a, O_CLOEXEC), 0);
	assert_int_equal(pipe2(b, O_CLOEXEC), 0);
	assert_int_equal(fd_write_all(a[1], "first\n", 6), 0);
	assert_int_equal(fd_write_all(b[1], "second\n", 7), 0);
	/* crossed on purpose: 3 and 4 are probably each other's places */
	fds[0] = b[0];
	fds[1] = a[0];
	fds[2] = b[0];
	s.fds = fds;
	s.n_fds = 3;
	s.stdio[0] = -EBADF;
	assert_int_equal(run_shell(&s, "read x <&3; read y <&4; echo $x $y; cat; cd /proc/self/fd; echo [0-9]*", &out), 0);
	/* the last one is the shell's own directory scan: it is open while the list is made */
	assert_int_equal(strncmp(buf_str(&out), "second first\n0 1 2 3 4 5", 24), 0);
	assert_null(strstr(buf_str(&out) + 24, "7"));
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
	close(leak);
}

static void test_too_many(void **state)
{
	struct spawn s = SPAWN_INIT;
	char name[] = "x", *argv[] = {name, NULL};
	int fds[SPAWN_FDS_MAX + 1] = {0};
	struct err e = {0};

	(void)state;
	s.argv = argv;
	s.path = "/bin/true";
	s.fds = fds;
	s.n_fds = ARRAY_SIZE(fds);
	assert_int_equal(spawn_start(&s, NULL, NULL, &e), -E2BIG);
}

/* Failures come back as errors, not as exit codes. */
static void test_failures(void **state)
{
	static const struct {
		const char *path;
		int userns_fd, r;
		const char *want;
	} c[] = {
		{"/no/such/program", -EBADF, -ENOENT, "execute /no/such/program: No such file"},
		{"/etc/passwd", -EBADF, -EACCES, "execute /etc/passwd: Permission denied"},
		{"/bin/true", 0, -EINVAL, "enter the user namespace"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		char name[] = "x", *argv[] = {name, NULL};
		struct spawn s = SPAWN_INIT;
		struct err e = {0};
		int pidfd = -EBADF, r;
		pid_t pid = 0;
		_cleanup_close_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

		s.argv = argv;
		s.path = c[i].path;
		s.userns_fd = c[i].userns_fd < 0 ? c[i].userns_fd : null;
		r = spawn_start(&s, &pid, &pidfd, &e);
		if (r != c[i].r || !strstr(e.text, c[i].want))
			fail_msg("%s: %d %s", c[i].path, r, e.text);
		assert_int_equal(pidfd, -EBADF);
		assert_int_equal(pid, 0);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
	}
}

/* Blocked and ignored signals of ours are not the program's. */
static void test_signals(void **state)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	struct spawn s = SPAWN_INIT;
	const uint64_t ignore[8] = {(uintptr_t)SIG_IGN}; /* the handler stands first in the kernel's struct */
	sigset_t some, old;

	(void)state;
	sigemptyset(&some);
	sigaddset(&some, SIGUSR1);
	sigaddset(&some, SIGTERM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &some, &old), 0);
	signal(SIGINT, SIG_IGN);
	/* libc's own two, which signal(3) does not touch, ignored as some callers leave them */
	for (int sig = 32; sig <= 33; sig++)
		assert_int_equal(syscall(SYS_rt_sigaction, sig, ignore, NULL, 8), 0);
	/* 32 and 33 are glibc's own: nobody but the kernel's caller can change them, and some ancestors ignore them */
	assert_int_equal(run_shell(&s, "grep -E '^Sig(Blk|Ign)' /proc/self/status | sed 's/0000000180000000/0000000000000000/'", &out), 0);
	assert_int_equal(sigprocmask(SIG_SETMASK, &old, NULL), 0);
	signal(SIGINT, SIG_DFL);
	assert_string_equal(buf_str(&out), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

static void test_environment(void **state)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	char pair[] = "ONLY=this", *envp[] = {pair, NULL};
	char name[] = "env", *argv[] = {name, NULL};
	struct spawn s = SPAWN_INIT;
	struct err e = {0};
	int p[2];
	pid_t pid;

	(void)state;
	s.exe_fd = open("/usr/bin/env", O_PATH | O_CLOEXEC);
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	s.argv = argv;
	s.envp = envp;
	s.stdio[1] = p[1];
	assert_int_equal(spawn_start(&s, &pid, NULL, &e), 0);
	close(p[1]);
	assert_int_equal(fd_read_all(p[0], 1000, &out), 0);
	assert_int_equal(spawn_wait(pid, NULL), 0);
	assert_string_equal(buf_str(&out), "ONLY=this\n");
	close(p[0]);
	close(s.exe_fd);
}

/* A handler of ours never runs in the child, which shares our memory. */
static volatile sig_atomic_t handled;
static pid_t handled_by;

static void note(int sig)
{
	(void)sig;
	handled++;
	handled_by = getpid();
}

static void test_handlers(void **state)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	struct spawn s = SPAWN_INIT;
	struct itimerval often = {{0, 100}, {0, 100}}, never = {{0, 0}, {0, 0}};

	(void)state;
	signal(SIGALRM, note);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	for (int i = 0; i < 30; i++)
		assert_int_equal(run_shell(&s, "exit 0", &out), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	signal(SIGALRM, SIG_DFL);
	assert_true(handled > 0);
	assert_int_equal(handled_by, getpid());
}

/* A program that is gone before we look: the pidfd is its own all the same. */
static void test_pidfd(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		char name[] = "true", *argv[] = {name, NULL};
		struct spawn s = SPAWN_INIT;
		struct err e = {0};
		int pidfd = -EBADF;
		pid_t pid, number;

		s.path = "/bin/true";
		s.argv = argv;
		assert_int_equal(spawn_start(&s, &pid, &pidfd, &e), 0);
		assert_int_equal(pidfd_wait(pidfd, 10000), 0);
		assert_int_equal(pidfd_pid(pidfd, &number), 0);
		assert_int_equal(number, pid);
		assert_int_equal(spawn_wait(pid, NULL), 0);
		close(pidfd);
	}
}

static void test_session(void **state)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	struct spawn s = SPAWN_INIT;

	(void)state;
	s.new_session = true;
	assert_int_equal(run_shell(&s, "read -r p c st pp pg sid rest </proc/self/stat; test $sid = $$ && echo own", &out), 0);
	assert_string_equal(buf_str(&out), "own\n");
}

/* The pidfd comes from the one who starts it and dies at once. */
static void test_dies_with_us(void **state)
{
	char sleep_name[] = "sleep", seconds[] = "1000";
	char *argv[] = {sleep_name, seconds, NULL};
	int p[2], pidfd = -EBADF;
	size_t n = 1;
	char byte;
	pid_t child;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct spawn s = SPAWN_INIT;

		s.path = "/bin/sleep";
		s.argv = argv;
		s.die_with_us = true;
		_exit(spawn_start(&s, NULL, &pidfd, NULL) < 0 || fd_send(p[1], "x", 1, &pidfd, 1) < 0);
	}
	assert_int_equal(fd_recv(p[0], &byte, 1, &pidfd, &n), 1);
	assert_int_equal(n, 1);
	assert_int_equal(pidfd_wait(pidfd, 5000), 0);
	assert_int_equal(spawn_wait(child, NULL), 0);
	close(pidfd);
	close(p[0]);
	close(p[1]);
}

TESTS("sys/spawn", cmocka_unit_test(test_dies_with_us), cmocka_unit_test(test_exit), cmocka_unit_test(test_descriptors), cmocka_unit_test(test_too_many),
      cmocka_unit_test(test_failures), cmocka_unit_test(test_signals), cmocka_unit_test(test_environment),
      cmocka_unit_test(test_handlers), cmocka_unit_test(test_pidfd), cmocka_unit_test(test_session))
