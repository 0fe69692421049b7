/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/landlock.h"

#include "base/testing.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void what_a_wish_needs(void **state)
{
	static const struct {
		struct landlock_rights r;
		int abi;
	} rows[] = {
		{{0, 0, 0}, 0},
		{{.fs = LANDLOCK_FS_ABI_1}, 1},
		{{.fs = LANDLOCK_FS_REFER}, 2},
		{{.fs = LANDLOCK_FS_ALL}, 3},
		{{.net = LANDLOCK_NET_BIND}, 4},
		{{.fs = LANDLOCK_FS_IOCTL_DEV, .net = LANDLOCK_NET_BIND}, 5},
		{{.fs = LANDLOCK_FS_READ, .scoped = LANDLOCK_SCOPE_SIGNAL}, 6},
	};
	int have = landlock_abi(), fd;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = landlock_ruleset_make(&rows[i].r, &fd);

		assert_int_equal(landlock_abi_of(&rows[i].r), rows[i].abi);
		if (have == 0)
			assert_true(r == -ENOSYS || r == -EOPNOTSUPP);
		else if (rows[i].abi == 0)
			assert_int_equal(r, -ENOMSG); /* a ruleset of nothing */
		else
			assert_int_equal(r == 0, rows[i].abi <= have);
		if (r == 0) {
			assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
			close(fd);
		}
	}
}

static void what_is_refused(void **state)
{
	const struct landlock_rights unknown = {.fs = 1ULL << 63}, plain = {.fs = LANDLOCK_FS_ABI_1, .net = landlock_abi() >= 4 ? LANDLOCK_NET_BIND : 0};
	_cleanup_close_ int file = open("/dev/null", O_RDONLY | O_CLOEXEC), dir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), ruleset = -EBADF;

	(void)state;
	if (landlock_abi() == 0)
		skip();
	assert_int_equal(landlock_ruleset_make(&unknown, &ruleset), -EINVAL);
	assert_int_equal(ruleset, -EBADF);
	assert_int_equal(landlock_ruleset_make(&plain, &ruleset), 0);
	assert_int_equal(landlock_allow_path(ruleset, -1, LANDLOCK_FS_READ), -EBADF);
	assert_int_equal(landlock_allow_path(-1, file, LANDLOCK_FS_READ), -EBADF);
	assert_int_equal(landlock_allow_path(ruleset, file, LANDLOCK_FS_READ), 0);
	assert_int_equal(landlock_allow_path(ruleset, dir, LANDLOCK_FS_READ), 0);
	assert_int_equal(landlock_allow_port(ruleset, 80, LANDLOCK_NET_BIND), plain.net ? 0 : -EINVAL);
	/* nothing of it is left for a file: so nothing is asked of the kernel */
	assert_int_equal(landlock_allow_path(-1, file, LANDLOCK_FS_READ_DIR), 0);
	assert_true(landlock_allow_port(-1, 80, LANDLOCK_NET_BIND) < 0);
	assert_true(landlock_enter(-1) < 0);
}

/* Here the call is one that the kernel does not know. */
static int without(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_landlock_create_ruleset, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {.len = ARRAY_SIZE(filter), .filter = filter};
	const struct landlock_rights r = {.fs = LANDLOCK_FS_ABI_1};
	int fd;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		return 1;
	if (landlock_abi() != 0)
		return 2;
	return landlock_ruleset_make(&r, &fd) == -ENOSYS ? 0 : 3;
}

/* In a process of its own: 0, or the number of what was not so. */
static int inside(void)
{
	int abi = landlock_abi();
	const struct landlock_rights r = {.fs = LANDLOCK_FS_ABI_1, .net = abi >= 4 ? LANDLOCK_NET_BIND : 0};
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int dev = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC), ruleset = -1, sock = socket(AF_INET, SOCK_STREAM, 0);

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || landlock_ruleset_make(&r, &ruleset) < 0)
		return 1;
	if (landlock_allow_path(ruleset, dev, LANDLOCK_FS_READ) < 0)
		return 2;
	/* port 0 is any, and a rule for it is one like others */
	if (abi >= 4 && landlock_allow_port(ruleset, 0, LANDLOCK_NET_BIND) < 0)
		return 3;
	if (landlock_enter(ruleset) < 0)
		return 4;
	if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
		return 5;
	if (open("/dev/null", O_WRONLY | O_CLOEXEC) >= 0 || errno != EACCES)
		return 6;
	if (open("/proc/self/status", O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)
		return 7;
	if (abi >= 4 && bind(sock, (struct sockaddr *)&at, sizeof(at)) < 0)
		return 8;
	at.sin_port = htons(17);
	return abi >= 4 && (bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&at, sizeof(at)) == 0 || errno != EACCES) ? 9 : 0;
}

static int status_of(int (*run)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		exit(run());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void what_is_in_force(void **state)
{
	(void)state;
	if (landlock_abi() == 0)
		skip();
	assert_int_equal(status_of(inside), 0);
}

static void a_kernel_without(void **state)
{
	(void)state;
	assert_int_equal(status_of(without), 0);
}

TESTS("sys/landlock", cmocka_unit_test(what_a_wish_needs), cmocka_unit_test(what_is_refused), cmocka_unit_test(what_is_in_force),
      cmocka_unit_test(a_kernel_without))
