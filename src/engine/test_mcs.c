/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/mcs.h"

#include "base/testing.h"
#include "sys/pidfd.h"

#include <signal.h>
#include <sys/wait.h>

static struct selinux_categories range_of(const char *text)
{
	struct selinux_categories c;
	char sensitivity[16];

	assert_int_equal(selinux_high_level(text, sensitivity, &c), 0);
	return c;
}

static void test_text(void **state)
{
	struct mcs_pair p = {1, 1023};
	char text[MCS_PAIR_SIZE];

	(void)state;
	mcs_pair_text(&p, text);
	assert_string_equal(text, "c1,c1023");
	assert_int_equal(mcs_pair_of("s0:c7,c9", &p), 0);
	assert_int_equal(p.a, 7);
	assert_int_equal(p.b, 9);
	assert_int_equal(mcs_pair_of("s0:c7", &p), -ENOENT);
	assert_int_equal(mcs_pair_of("s0:c1.c3", &p), -ENOENT);
	assert_int_equal(mcs_pair_of("x", &p), -EINVAL);
}

static void test_pick_stays_in_the_range(void **state)
{
	struct selinux_categories c = range_of("s0-s0:c3,c5,c900"), none = range_of("s0:c3");
	unsigned seen = 0;
	struct mcs_pair p;

	(void)state;
	for (int i = 0; i < 200; i++) {
		assert_int_equal(mcs_pick(&c, &p), 0);
		assert_true(p.a < p.b);
		assert_true(selinux_has_category(&c, p.a) && selinux_has_category(&c, p.b));
		seen |= p.a == 5 ? 4 : p.b == 5 ? 1 : 2;
	}
	assert_int_equal(seen, 7); /* misses one in (2/3)^200 runs */
	assert_int_equal(mcs_pick(&none, &p), -ENOENT);
}

/* Whoever holds it, and until he ends: also one that is killed. */
static void test_claim(void **state)
{
	struct selinux_categories c = range_of("s0-s0:c1000,c1001,c1002");
	int fds[4] = {-EBADF, -EBADF, -EBADF, -EBADF}, ready[2], status, pidfd;
	char answer = 0;
	struct mcs_pair p[4];
	struct err e = {0};
	pid_t pid;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(mcs_claim_any(&c, &p[i], &fds[i], &e), 0);
		for (int k = 0; k < i; k++)
			assert_false(p[i].a == p[k].a && p[i].b == p[k].b);
	}
	assert_int_equal(mcs_claim_any(&c, &p[3], &fds[3], &e), -EBUSY);
	assert_non_null(strstr(e.text, "3 pairs"));
	assert_int_equal(mcs_claim(&p[1], &fds[3]), MCS_TAKEN);
	close(fds[1]);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		int fd;

		(void)!write(ready[1], mcs_claim(&p[1], &fd) == MCS_CLAIMED ? "y" : "n", 1);
		(void)raise(SIGSTOP);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &answer, 1), 1);
	assert_int_equal(answer, 'y');
	assert_int_equal(mcs_claim(&p[1], &fds[3]), MCS_TAKEN);
	assert_int_equal(pidfd_open_pid(pid, &pidfd), 0);
	assert_int_equal(pidfd_signal(pidfd, SIGKILL), 0);
	close(pidfd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(mcs_claim(&p[1], &fds[3]), MCS_CLAIMED);
	for (int i = 0; i < 4; i++)
		if (i != 1)
			close(fds[i]);
	close(ready[0]);
	close(ready[1]);
}

TESTS("engine/mcs", cmocka_unit_test(test_text), cmocka_unit_test(test_pick_stays_in_the_range), cmocka_unit_test(test_claim))
