/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/tree_same.h"

#include "base/testing.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_file(int dir, const char *name, const char *text)
{
	const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
}

static int make_tree(char *path)
{
	const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	int fd;

	assert_non_null(mkdtemp(path));
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(mkdirat(fd, "a", 0755), 0);
	assert_int_equal(mkdirat(fd, "a/b", 0755), 0);
	write_file(fd, "a/b/file", "as it was");
	assert_int_equal(symlinkat("a/b", fd, "link"), 0);
	assert_int_equal(utimensat(fd, "link", times, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(mkfifoat(fd, "fifo", 0644), 0);
	return fd;
}

static void change_content(int fd) { write_file(fd, "a/b/file", "as it is!"); }
static void change_size(int fd) { write_file(fd, "a/b/file", "as it was, and more"); }
static void change_mode(int fd) { assert_int_equal(fchmodat(fd, "a/b/file", 0755, 0), 0); }
static void change_time(int fd) { assert_int_equal(utimensat(fd, "a/b/file", NULL, 0), 0); }
static void change_link(int fd)
{
	const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

	assert_int_equal(unlinkat(fd, "link", 0), 0);
	assert_int_equal(symlinkat("a/c", fd, "link"), 0);
	assert_int_equal(utimensat(fd, "link", times, AT_SYMLINK_NOFOLLOW), 0);
}
static void change_type(int fd)
{
	assert_int_equal(unlinkat(fd, "fifo", 0), 0);
	write_file(fd, "fifo", "");
}
static void add_file(int fd) { write_file(fd, "a/new", ""); }
static void take_file(int fd) { assert_int_equal(unlinkat(fd, "a/b/file", 0), 0); }
static void leave(int fd) { (void)fd; }

static const struct {
	void (*change)(int fd);
	const char *difference; /* NULL: none */
} cases[] = {
	{leave, NULL},
	{change_content, "/a/b/file: its content"},
	{change_size, "/a/b/file: its size"},
	{change_mode, "/a/b/file: its mode"},
	{change_time, "/a/b/file: its time"},
	{change_link, "/link: where it leads to"},
	{change_type, "/fifo: its type"},
	{add_file, "/a/new: it is no file of the layer"},
	{take_file, "/a/b/file: it is missing"},
};

static void each_difference(void **state)
{
	int tmp = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char want[] = "/tmp/ranby-test-same-XXXXXX", have[] = "/tmp/ranby-test-same-XXXXXX", told[TREE_DIFFERENCE_SIZE] = "";
		int a = make_tree(want), b = make_tree(have);

		cases[i].change(b);
		assert_int_equal(tree_same(a, b, true, told), cases[i].difference ? TREE_DIFFERS : TREE_SAME);
		assert_string_equal(told, cases[i].difference ? cases[i].difference : "");
		close(a);
		close(b);
		assert_int_equal(path_own_remove_tree(tmp, want + strlen("/tmp/")), 0);
		assert_int_equal(path_own_remove_tree(tmp, have + strlen("/tmp/")), 0);
	}
	close(tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_difference)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
