/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What is read back must be what the kernel says, or an error: a filter lets
 * one of the questions fail, and the answer must not be "no capability".
 */
#include "sys/caps.h"

#include "base/testing.h"
#include "sys/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* In a child: prctl(first, second) gives `error`; the child ends with what caps_get() said, negated. */
static int get_with_failing(uint32_t first, uint32_t second, uint32_t error)
{
	const struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, second, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct caps c;

		/* all there are, so that each question is asked */
		if ((getuid() != 0 && unshare(CLONE_NEWUSER) < 0) || caps_keep_over_exec() < 0)
			_exit(254);
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || seccomp_filter_load(f, ARRAY_SIZE(f), 0) < 0)
			_exit(255);
		_exit(-caps_get(&c));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_questions_that_fail(void **state)
{
	static const struct {
		uint32_t first, second, error;
		int want;
	} cases[] = {
		{PR_CAPBSET_READ, 7, EAGAIN, EAGAIN},
		{PR_CAPBSET_READ, 0, ENOSYS, ENOSYS},
		{PR_CAPBSET_READ, 7, EPERM, EPERM},
		{PR_CAPBSET_READ, 63, EINVAL, 0}, /* there is no such capability, which the kernel says so */
		{PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, EIO, EIO},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int got = get_with_failing(cases[i].first, cases[i].second, cases[i].error);

		if (got != cases[i].want)
			fail_msg("prctl(%u, %u) with %u: %d, not %d", cases[i].first, cases[i].second, cases[i].error, got,
				 cases[i].want);
	}
}

static void test_sets_as_the_kernel_shows_them(void **state)
{
	char line[256];
	unsigned long long bounding = 0, effective = 0;
	struct caps c;
	FILE *f = fopen("/proc/self/status", "re");

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		(void)sscanf(line, "CapBnd: %llx", &bounding);
		(void)sscanf(line, "CapEff: %llx", &effective);
	}
	fclose(f);
	assert_int_equal(caps_get(&c), 0);
	assert_true(c.bounding == bounding);
	assert_true(c.effective == effective);
}

TESTS("sys/caps", cmocka_unit_test(test_questions_that_fail), cmocka_unit_test(test_sets_as_the_kernel_shows_them))
