/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/fd.h"

#include "base/testing.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void test_own(void **state)
{
	_cleanup_close_ int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int kept, empty = -EBADF;

	(void)state;
	assert_true(fd >= 0);
	errno = 1234;
	fd_closep(&empty); /* closes nothing, and spares errno */
	assert_int_equal(errno, 1234);
	kept = TAKE_FD(fd);
	assert_int_equal(fd, -EBADF);
	assert_int_equal(fcntl(kept, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fd_set_cloexec(kept, false), 0);
	assert_int_equal(fcntl(kept, F_GETFD), 0);
	fd_closep(&kept);
	assert_int_equal(kept, -EBADF);
}

static void test_read_write(void **state)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	char big[40000], back[10];
	int p[2];

	(void)state;
	memset(big, 'x', sizeof(big));
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(fd_write_all(p[1], big, sizeof(big)), 0);
	assert_int_equal(fd_read_exact(p[0], back, sizeof(back)), 0);
	close(p[1]);
	buf_adds(&b, "before");
	assert_int_equal(fd_read_all(p[0], sizeof(big), &b), 0);
	assert_int_equal(b.len, sizeof(big) - 10 + 6);
	assert_int_equal(fd_read_exact(p[0], back, 1), -ENODATA);
	close(p[0]);
	assert_int_equal(fd_read_all(p[0], 10, &b), -EBADF);
}

/* `max` bytes may come, one more may not. */
static void test_read_limit(void **state)
{
	static const struct {
		size_t have, max;
		int r;
	} c[] = {{0, 0, 0}, {1, 0, -EFBIG}, {10, 10, 0}, {11, 10, -EFBIG}, {8192, 8192, 0}, {8193, 8192, -EFBIG},
		 {20000, 20000, 0}, {20001, 20000, -EFBIG}, {5, SIZE_MAX, 0}};
	static char text[30000];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT;
		int p[2];

		assert_int_equal(pipe2(p, O_CLOEXEC), 0);
		assert_int_equal(fd_write_all(p[1], text, c[i].have), 0);
		close(p[1]);
		assert_int_equal(fd_read_all(p[0], c[i].max, &b), c[i].r);
		assert_non_null(buf_str(&b));
		close(p[0]);
	}
}

static void test_closed_pipe(void **state)
{
	int p[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	close(p[0]);
	assert_int_equal(fd_write_all(p[1], "x", 1), -EPIPE);
	close(p[1]);
}

/* Descriptors open in this process. */
static int count_open(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void test_pass(void **state)
{
	int pair[2], sent[FD_PASS_MAX + 1], got[FD_PASS_MAX];
	size_t n = FD_PASS_MAX;
	char data[8] = "";

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	for (size_t i = 0; i < ARRAY_SIZE(sent); i++)
		sent[i] = pair[0];
	assert_int_equal(fd_send(pair[0], "hi", 3, sent, FD_PASS_MAX + 1), -E2BIG);
	assert_int_equal(fd_send(pair[0], "hi", 3, sent, FD_PASS_MAX), 0);
	assert_int_equal(fd_recv(pair[1], data, sizeof(data), got, &n), 3);
	assert_string_equal(data, "hi");
	assert_int_equal(n, FD_PASS_MAX);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(fcntl(got[i], F_GETFD), FD_CLOEXEC);
		close(got[i]);
	}
	n = FD_PASS_MAX;
	assert_int_equal(fd_send(pair[0], "none", 4, NULL, 0), 0);
	assert_int_equal(fd_recv(pair[1], data, sizeof(data), got, &n), 4);
	assert_int_equal(n, 0);
	close(pair[0]);
	assert_int_equal(fd_recv(pair[1], data, sizeof(data), got, &n), 0);
	close(pair[1]);
}

/* What is read is what was written, in whatever pieces it came, and no block is there for what is zeros. */
static void test_sparse(void **state)
{
	enum { LEN = 1 << 20 };
	static const size_t pieces[] = {LEN, 1, 4095, 65536, 16384 + 512};
	static char want[LEN], is[LEN];

	(void)state;
	want[0] = want[LEN - 1] = 'x';
	memset(want + 300000, 'y', 70000);
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		_cleanup_close_ int fd = open("/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		struct stat st;

		assert_true(fd >= 0);
		for (size_t at = 0; at < LEN; at += pieces[i])
			assert_int_equal(fd_write_sparse(fd, want + at, LEN - at < pieces[i] ? LEN - at : pieces[i], at), 0);
		assert_int_equal(ftruncate(fd, LEN), 0);
		assert_int_equal(pread(fd, is, LEN, 0), LEN);
		assert_memory_equal(is, want, LEN);
		assert_int_equal(fstat(fd, &st), 0);
		if (st.st_blocks * 512 > LEN / 4)
			fail_msg("pieces of %zu: %lld blocks", pieces[i], (long long)st.st_blocks);
	}
	assert_int_equal(fd_write_sparse(-1, want, 1, 0), -EBADF);
	assert_int_equal(fd_write_sparse(-1, want + 1, 1, 0), 0);
}

/* What is more than was asked for is refused, and no descriptor of it stays open. */
static void test_pass_too_much(void **state)
{
	int pair[2], got[2], before;
	size_t n = 1;
	char data[4];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	before = count_open();
	assert_int_equal(fd_send(pair[0], "x", 1, (int[]){0, 1}, 2), 0);
	assert_int_equal(fd_recv(pair[1], data, sizeof(data), got, &n), -EMSGSIZE);
	assert_int_equal(fd_send(pair[0], "x", 1, (int[]){0}, 1), 0);
	assert_int_equal(fd_recv(pair[1], data, sizeof(data), NULL, NULL), -EMSGSIZE);
	n = 2;
	assert_int_equal(fd_send(pair[0], "longer", 6, (int[]){0}, 1), 0);
	assert_int_equal(fd_recv(pair[1], data, sizeof(data), got, &n), -EMSGSIZE);
	assert_int_equal(count_open(), before);
	close(pair[0]);
	close(pair[1]);
}

/* In a child, whose descriptors may be lost. Its exit code is 0 when `check` returns true. */
static void in_child(bool (*check)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(check() ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static bool check_guard(void)
{
	close(0);
	close(2);
	return fd_guard_stdio() == 0 && fcntl(0, F_GETFL) >= 0 && fcntl(2, F_GETFL) >= 0 && fcntl(0, F_GETFD) == 0;
}

static bool check_close_from(void)
{
	int fd = dup(0);

	return fd >= 3 && fd_close_from(3) == 0 && fcntl(fd, F_GETFD) < 0 && fcntl(2, F_GETFD) >= 0;
}

static bool check_cloexec_from(void)
{
	int fd = dup(0);

	return fd >= 3 && fcntl(fd, F_GETFD) == 0 && fd_cloexec_from(3) == 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC;
}

static void test_ranges(void **state)
{
	(void)state;
	in_child(check_guard);
	in_child(check_close_from);
	in_child(check_cloexec_from);
}

TESTS("sys/fd", cmocka_unit_test(test_own), cmocka_unit_test(test_read_write), cmocka_unit_test(test_read_limit),
      cmocka_unit_test(test_closed_pipe), cmocka_unit_test(test_pass), cmocka_unit_test(test_pass_too_much), cmocka_unit_test(test_sparse),
      cmocka_unit_test(test_ranges))
