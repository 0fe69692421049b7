/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The release where ptrace(2) is refused, with the test as init and as the
 * monitor: what the monitor has been told at the moment that init hears START.
 */
#include "engine/launch.h"

#include "base/testing.h"
#include "monitor/protocol.h"
#include "runtime/message.h"
#include "sys/fd.h"
#include "sys/pidfd.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

static int refuse_ptrace(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = ARRAY_SIZE(code), .filter = code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? -errno : 0;
}

static int note(void *ctx, const struct monitor_created *created, struct json_object *in_force, struct err *e)
{
	(void)ctx, (void)created, (void)e;
	json_object_put(in_force);
	return 0;
}

struct scene {
	char dir[64];
	int dirfd, listener, init; /* init: its end of the start socket */
	int monitor;               /* the monitor's end of the sync socket */
	pid_t payload, starter;
};

static pid_t fork_payload(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		for (;;)
			pause();
	}
	return pid;
}

/* Exits with 0, or with what launch_release() gave. */
static pid_t fork_starter(const struct scene *s, int sync)
{
	struct launch_plan p = {.start_dirfd = s->dirfd, .start_name = "start", .record = note};
	struct launch l = LAUNCH_INIT;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	l.monitor.sync_fd = sync;
	l.created.pid = s->payload;
	close(s->monitor);
	alarm(20);
	if (pid_start_ticks(s->payload, &l.created.start_ticks) < 0 || refuse_ptrace() < 0)
		_exit(255);
	_exit(-launch_release(&p, &l, NULL));
}

static void scene_begin(struct scene *s)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int pair[2];

	snprintf(s->dir, sizeof(s->dir), "/tmp/ranby-launch.XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	s->dirfd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s/start", s->dir);
	assert_int_equal(bind(s->listener, (const struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(s->listener, 1), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	s->monitor = pair[0];
	s->payload = fork_payload();
	s->starter = fork_starter(s, pair[1]);
	close(pair[1]);
	s->init = accept(s->listener, NULL, NULL);
	assert_true(s->init >= 0);
	assert_int_equal(message_send(s->init, MESSAGE_READY, NULL), 0);
}

/* The starter's exit status. */
static int scene_end(struct scene *s)
{
	_cleanup_close_ int payload = -EBADF;
	int status = -1;

	close(s->init);
	assert_int_equal(waitpid(s->starter, &status, 0), s->starter);
	assert_int_equal(pidfd_open_pid(s->payload, &payload), 0);
	assert_int_equal(pidfd_signal(payload, SIGKILL), 0);
	assert_int_equal(waitpid(s->payload, NULL, 0), s->payload);
	close(s->listener);
	close(s->monitor);
	close(s->dirfd);
	assert_int_equal(rmdir(s->dir), 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void wait_start(const struct scene *s)
{
	enum message_type m = MESSAGE_NONE;

	assert_int_equal(message_receive(s->init, INIT_WAITS_START, &m, NULL), 0);
	assert_int_equal(m, MESSAGE_START);
}

/* What lies in the monitor's socket now; 0: nothing, or its end. */
static uint32_t heard(const struct scene *s)
{
	struct monitor_header h = {0};

	return recv(s->monitor, &h, sizeof(h), MSG_DONTWAIT) == (ssize_t)sizeof(h) ? h.type : 0;
}

static void test_told_before_start(void **state)
{
	struct scene s = {0};

	(void)state;
	scene_begin(&s);
	wait_start(&s);
	assert_int_equal(heard(&s), MONITOR_STARTED);
	assert_int_equal(message_send(s.init, MESSAGE_CONFINED, NULL), 0);
	assert_int_equal(scene_end(&s), 0);
}

/* It has been told that it runs, and hears that its end is being cleared up. */
static void test_told_of_failure(void **state)
{
	struct err e = {0};
	struct scene s = {0};
	int status;

	(void)state;
	scene_begin(&s);
	wait_start(&s);
	assert_int_equal(heard(&s), MONITOR_STARTED);
	assert_int_equal(heard(&s), 0);
	assert_int_equal(err_set(&e, ENOEXEC, "no program"), -ENOEXEC);
	assert_int_equal(message_send(s.init, MESSAGE_FAILED, &e), 0);
	assert_int_equal(waitid(P_PID, (id_t)s.starter, &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
	assert_int_equal(heard(&s), MONITOR_CLEANED);
	status = scene_end(&s);
	assert_int_equal(status, ENOEXEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told_before_start),
		cmocka_unit_test(test_told_of_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
