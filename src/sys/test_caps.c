/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What is read back must be what the kernel says, or an error: a filter lets
 * one of the questions fail, and the answer must not be "no capability".
 */
#include "sys/caps.h"

#include "base/testing.h"
#include "sys/fd.h"
#include "sys/seccomp.h"
#include "sys/status_mask.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* What the child asks. */
static int get(void)
{
	struct caps c;

	return caps_get(&c);
}

/* In a child: prctl(first, second) gives `error`; the child ends with what `ask` said, negated. */
static int ask_with_failing(int (*ask)(void), uint32_t first, uint32_t second, uint32_t error)
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
		/* all there are, so that each question is asked */
		if ((getuid() != 0 && unshare(CLONE_NEWUSER) < 0) || caps_keep_over_exec() < 0)
			_exit(254);
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || seccomp_filter_load(f, ARRAY_SIZE(f), 0) < 0)
			_exit(255);
		_exit(-ask());
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
		int got = ask_with_failing(get, cases[i].first, cases[i].second, cases[i].error);

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

#define KEEP (1ULL << 0 | 1ULL << 7)

static int bound(bool by_status)
{
	_cleanup_close_ int fd = by_status ? open("/proc/self/status", O_RDONLY | O_CLOEXEC) : -EBADF;
	struct caps c, again;
	struct err e = {0};
	int r = caps_bound_verified(KEEP, fd, &c, &e);

	if (r < 0)
		return strstr(e.text, "bounding capabilities") ? r : -EPROTO;
	return c.bounding == KEEP && caps_get(&again) == 0 && memcmp(&c, &again, sizeof(c)) == 0 ? 0 : -EPROTO;
}

static int bound_by_status(void)
{
	return bound(true);
}

static int bound_by_calls(void)
{
	return bound(false);
}

/* A file that is no status: the kernel is asked. */
static int bound_by_something(void)
{
	_cleanup_close_ int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	struct caps c;

	return caps_bound_verified(KEEP, fd, &c, NULL) == 0 && c.bounding == KEEP ? 0 : -EPROTO;
}

/* A kernel that says it has dropped one and has not: nothing but the set that is read back tells. */
static void test_drop_that_drops_nothing(void **state)
{
	static int (*const ask[])(void) = {bound_by_status, bound_by_calls, bound_by_something};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ask); i++)
		assert_int_equal(ask_with_failing(ask[i], PR_CAPBSET_DROP, 63, EINVAL), 0);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(ask_with_failing(ask[i], PR_CAPBSET_DROP, 21, 0), EPERM);
		assert_int_equal(ask_with_failing(ask[i], PR_CAPBSET_DROP, 21, EACCES), EACCES);
	}
}

static void test_masks_of_a_status(void **state)
{
	static const struct {
		const char *text;
		bool there;
		uint64_t mask;
	} cases[] = {
		{"Name:\tx\nCapBnd:\t00000000a80425fb\nx", true, 0xa80425fb},
		{"Name:\tx\nCapBnd:\tffffffffffffffff\n", true, UINT64_MAX},
		{"CapBnd:\t0000000000000001\nCapBnd:\t0000000000000002\n", true, 2}, /* a name that says so is the first line's */
		{"Name:\tx\nCapBndX:\t0000000000000001\n", false, 0},
		{"Name:\tx\nCapBnd: 0000000000000001\n", false, 0},
		{"Name:\tx\nCapBnd:\t00000000A80425FB\n", false, 0},
		{"Name:\tx\nCapBnd:\t00000000a80425fb", false, 0}, /* cut */
		{"Name:\tx\nCapBnd:\t00000000a80425fb0\n", false, 0},
		{"Name:\tx\nCapBnd:\t0000", false, 0},
		{"Name:\tx\nCapBnd:", false, 0},
		{"Name:\tx\n", false, 0},
		{"", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t mask = 0;

		if (status_mask(cases[i].text, "CapBnd", &mask) != cases[i].there || mask != cases[i].mask)
			fail_msg("case %zu: %llx", i, (unsigned long long)mask);
	}
}

TESTS("sys/caps", cmocka_unit_test(test_drop_that_drops_nothing), cmocka_unit_test(test_masks_of_a_status), cmocka_unit_test(test_questions_that_fail), cmocka_unit_test(test_sets_as_the_kernel_shows_them))
