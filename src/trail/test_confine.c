/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Processes that confine themselves as ranby-trail's do, and then try what one
 * that was taken over would try.
 */
#include "trail/confine.h"

#include "base/testing.h"
#include "sys/path.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct place {
	char path[64];
	int dirfd, index, export;
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	static const char *const names[] = {"ledger", "index", "export"};

	p->dirfd = testing_directory(p->path);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(mkdirat(p->dirfd, names[i], 0700), 0);
	assert_int_equal(path_own_write(p->dirfd, "ledger/1", "x", 1, 0600, PATH_SYNC_NONE), 0);
	p->index = openat(p->dirfd, "index", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	p->export = openat(p->dirfd, "export", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	static const char *const names[] = {"ledger", "index", "export"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(path_own_remove_tree(p->dirfd, names[i]), 0);
	close(p->index);
	close(p->export);
	close(p->dirfd);
	rmdir(p->path);
	free(p);
	return 0;
}

/* The number of the check that did not hold; 0: all held. */
typedef int attempt(const struct place *p, int ledger);

#define HOLDS(number, condition) \
	if (!(condition))        \
	return number

static int reader(const struct place *p, int ledger)
{
	struct err e = {0};
	char c;
	int fd;

	HOLDS(1, trail_confine_reader(ledger, &e) == 0);
	fd = openat(ledger, "1", O_RDONLY | O_CLOEXEC);
	HOLDS(2, fd >= 0 && read(fd, &c, 1) == 1 && c == 'x');
	HOLDS(3, openat(ledger, "1", O_WRONLY | O_CLOEXEC) < 0 && errno == EACCES);
	HOLDS(4, openat(ledger, "2", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0 && errno == EACCES);
	HOLDS(5, openat(p->index, "2", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0 && errno == EACCES);
	HOLDS(6, open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES);
	HOLDS(7, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 && errno == EPERM);
	HOLDS(8, fork() < 0 && errno == EPERM);
	HOLDS(9, execv("/bin/true", (char *const[]){NULL}) < 0 && errno == EPERM);
	HOLDS(10, mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	HOLDS(11, trail_confine_stream(&e) == 0);
	HOLDS(12, openat(ledger, "1", O_RDONLY | O_CLOEXEC) < 0 && errno == EPERM);
	HOLDS(13, read(fd, &c, 1) == 0);
	HOLDS(14, prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) < 0 && errno == EPERM);
	HOLDS(15, write(p->dirfd, "x", 1) < 0 && errno == EPERM);
	HOLDS(16, trail_confine_stream(&e) < 0);
	return 0;
}

static int indexer(const struct place *p, int ledger)
{
	struct err e = {0};
	int fd;

	HOLDS(1, trail_confine_indexer(ledger, p->index, p->export, &e) == 0);
	fd = openat(p->index, "index", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	HOLDS(2, fd >= 0 && write(fd, "x", 1) == 1);
	HOLDS(3, unlinkat(p->index, "index", 0) == 0);
	HOLDS(4, openat(p->export, "a", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0 && renameat(p->export, "a", p->export, "b") == 0);
	HOLDS(5, openat(ledger, "1", O_RDONLY | O_CLOEXEC) >= 0);
	HOLDS(6, openat(ledger, "1", O_WRONLY | O_CLOEXEC) < 0 && errno == EACCES);
	HOLDS(7, unlinkat(ledger, "1", 0) < 0 && errno == EACCES);
	HOLDS(8, open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES);
	return 0;
}

static void try(const struct place *p, attempt *what)
{
	int status, ledger = openat(p->dirfd, "ledger", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid_t pid = fork();

	assert_true(pid >= 0);
	/* by the system call: a sanitizer's _exit(2) wants more of them than are left */
	if (pid == 0)
		syscall(SYS_exit_group, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? 99 : what(p, ledger));
	close(ledger);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("wait status %#x", (unsigned)status);
}

static void test_reader(void **state)
{
	try(*state, reader);
}

static void test_indexer(void **state)
{
	try(*state, indexer);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
TESTS("trail/confine", CASE(test_reader), CASE(test_indexer))
