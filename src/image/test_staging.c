/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "image/store_private.h"

#include "base/testing.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAKERS 4
#define ROUNDS 500

/* As a build's stages begin: each sweeps what the dead have left, and makes its own. */
static int make_and_sweep(struct store *st)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct staging sg = STAGING_INIT;

		staging_sweep(st);
		if (staging_begin(st, &sg, NULL) < 0 || mkdirat(sg.dirfd, "upper-1", 0700) < 0)
			return 1;
		staging_sweep(st);
		if (faccessat(sg.dirfd, "upper-1", F_OK, 0) < 0)
			return 2;
		staging_done(&sg);
	}
	return 0;
}

static void test_nobody_sweeps_what_is_being_made(void **state)
{
	char dir[] = "/tmp/test_staging.XXXXXX";
	struct store st = {.staging_fd = -EBADF};
	pid_t pids[MAKERS];
	int status;

	(void)state;
	assert_non_null(mkdtemp(dir));
	st.staging_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(st.staging_fd >= 0);
	for (size_t i = 0; i < MAKERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(make_and_sweep(&st));
	}
	for (size_t i = 0; i < MAKERS; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	/* what a maker gave up at its birth is left to the next sweep */
	staging_sweep(&st);
	assert_int_equal(rmdir(dir), 0);
	close(st.staging_fd);
}

TESTS("image/staging", cmocka_unit_test(test_nobody_sweeps_what_is_being_made))
