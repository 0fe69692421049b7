/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* A tree with links that lead out of it. */
#include "base/buf.h"
#include "base/testing.h"
#include "build/select.h"
#include "sys/fd.h"
#include "sys/path.h"

static int make_file(int fd, const char *name)
{
	return path_own_write(fd, name, name, strlen(name), 0644, PATH_SYNC_NONE);
}

static void make_tree(int fd)
{
	assert_int_equal(mkdirat(fd, "d", 0755), 0);
	assert_int_equal(mkdirat(fd, "d/e", 0755), 0);
	assert_int_equal(make_file(fd, "b.c") | make_file(fd, "a.c") | make_file(fd, "x.h"), 0);
	assert_int_equal(make_file(fd, "d/z") | make_file(fd, "d/e/y"), 0);
	assert_int_equal(symlinkat("/etc", fd, "out"), 0);
	assert_int_equal(symlinkat("../../../../etc/passwd", fd, "d/up"), 0);
	assert_int_equal(symlinkat("d", fd, "in"), 0);
	assert_int_equal(mknodat(fd, "d/fifo", S_IFIFO | 0644, 0), 0);
}

static const char *joined(const struct strv *v, struct buf *b)
{
	buf_reset(b);
	for (size_t i = 0; i < v->n; i++)
		buf_addf(b, "%s%s", i ? " " : "", v->items[i]);
	return buf_str(b);
}

static void globs(int fd)
{
	static const struct {
		const char *pattern, *want; /* NULL: none */
	} cases[] = {{"*.c", "a.c b.c"}, {"d", "d"}, {"/d/../a.c", "a.c"}, {"../../a.c", "a.c"}, {".", ""},
		     /* d/up leads to no file of the tree */
		     {"d/*", "d/e d/fifo d/z"},
		     {"nothing", NULL}, {"*.none", NULL}, {"out/passwd", NULL}, {"[", NULL}};
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(strv_done) struct strv paths = {0};
		int r = select_glob(fd, cases[i].pattern, NULL, &paths, NULL);

		if ((r == 0) != (cases[i].want != NULL) || (r == 0 && strcmp(joined(&paths, &b), cases[i].want) != 0))
			fail_msg("%s: %d \"%s\"", cases[i].pattern, r, joined(&paths, &b));
	}
}

static int each(void *ctx, const struct select_entry *entry, struct err *e)
{
	(void)e;
	if (S_ISREG(entry->st.st_mode) && entry->fd < 0)
		return -EBADF;
	buf_addf(ctx, "%s%s%s ", *entry->rel ? entry->rel : ".", entry->link ? "@" : "", S_ISDIR(entry->st.st_mode) ? "/" : "");
	return 0;
}

static void walks(int fd)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	const struct selection s = {.root_fd = fd, .each = each, .ctx = &b};

	assert_int_equal(select_walk(&s, "d", NULL), 0);
	assert_string_equal(buf_str(&b), "./ e/ e/y fifo up@ z ");
	buf_reset(&b);
	assert_int_equal(select_walk(&s, "in", NULL), 0);
	assert_string_equal(buf_str(&b), "./ e/ e/y fifo up@ z ");
	buf_reset(&b);
	assert_int_not_equal(select_walk(&s, "out", NULL), 0);
	assert_int_equal(b.len, 0);
}

static void remove_dir(const char *dir)
{
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(path_own_remove_tree(root, dir + 1), 0);
}

static void test_tree(void **state)
{
	char dir[64];
	_cleanup_close_ int fd = testing_directory(dir);

	(void)state;
	make_tree(fd);
	globs(fd);
	walks(fd);
	remove_dir(dir);
}

TESTS("build/select", cmocka_unit_test(test_tree))
