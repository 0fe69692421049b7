/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/tree.h"

#include "base/testing.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct seen {
	char names[512];
	int fails_at; /* -1: never */
	int n;
};

static int note(void *ctx, int dirfd, const char *name)
{
	struct seen *s = ctx;
	struct stat st;

	if (s->n++ == s->fails_at)
		return -EIO;
	assert_int_equal(fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	snprintf(s->names + strlen(s->names), sizeof(s->names) - strlen(s->names), "%s ", name);
	return 0;
}

static int count(void *ctx, int dirfd, const char *name)
{
	(void)dirfd;
	(void)name;
	((struct seen *)ctx)->n++;
	return 0;
}

static void remove_tree(const char *path)
{
	int tmp = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(path_own_remove_tree(tmp, path + strlen("/tmp/")), 0);
	close(tmp);
}

static int make_tree(char *path)
{
	int fd;

	assert_non_null(mkdtemp(path));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(mkdirat(fd, "a", 0700), 0);
	assert_int_equal(mkdirat(fd, "a/b", 0700), 0);
	assert_int_equal(mkdirat(fd, "outside", 0700), 0);
	assert_int_equal(symlinkat("../../outside", fd, "a/b/link"), 0);
	assert_int_equal(mkdirat(fd, "outside/in", 0700), 0);
	return fd;
}

static void each_entry_once_and_no_link_followed(void **state)
{
	char path[] = "/tmp/ranby-tree.XXXXXX";
	struct seen s = {.fails_at = -1};
	int top = make_tree(path), sub;

	(void)state;
	sub = openat(top, "a", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(tree_each(sub, note, &s), 0);
	assert_string_equal(s.names, "b link ");
	assert_int_equal(fcntl(sub, F_GETFD), -1); /* consumed */
	s = (struct seen){.fails_at = 1};
	sub = openat(top, "a", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(tree_each(sub, note, &s), -EIO);
	assert_int_equal(tree_each(-EBADF, note, &s), -EBADF);
	close(top);
	remove_tree(path);
}

static void too_deep_is_an_error(void **state)
{
	char path[] = "/tmp/ranby-tree.XXXXXX";
	struct seen s = {.fails_at = -1};
	int fd, top, n, r;

	(void)state;
	assert_non_null(mkdtemp(path));
	top = fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (n = 0; n <= TREE_DEPTH_MAX; n++) {
		int next;

		assert_int_equal(mkdirat(fd, "d", 0700), 0);
		next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		if (fd != top)
			close(fd);
		fd = next;
	}
	close(fd);
	r = tree_each(fcntl(top, F_DUPFD_CLOEXEC, 3), count, &s);
	assert_true(r == -ELOOP || r == -EMFILE); /* EMFILE: a low limit of descriptors */
	assert_true(s.n <= TREE_DEPTH_MAX);
	close(top);
	remove_tree(path);
}

TESTS("sys/tree", cmocka_unit_test(each_entry_once_and_no_link_followed), cmocka_unit_test(too_deep_is_an_error))
