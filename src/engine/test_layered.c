/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/layered.h"
#include "base/testing.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

/* Three layers: low, mid, top. */
static char base[64];
static int base_fd = -EBADF;
static const char *const names[] = {"low", "mid", "top"};
static bool can_whiteout;

static void put(const char *path, const char *text)
{
	_cleanup_free_ char *dir = strdup(path);
	_cleanup_close_ int fd = -EBADF;

	*strrchr(dir, '/') = '\0';
	assert_int_equal(path_own_mkdirs(base_fd, dir, NULL), 0);
	fd = openat(base_fd, path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
}

static void make_link(const char *target, const char *path)
{
	_cleanup_free_ char *dir = strdup(path);

	*strrchr(dir, '/') = '\0';
	assert_int_equal(path_own_mkdirs(base_fd, dir, NULL), 0);
	assert_int_equal(symlinkat(target, base_fd, path), 0);
}

static int setup(void **state)
{
	(void)state;
	base_fd = testing_directory(base);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(path_own_mkdirs(base_fd, names[i], NULL), 0);
	put("low/etc/passwd", "low passwd");
	put("low/etc/only-low", "low only");
	put("low/usr/lib/real", "low real");
	put("low/gone/file", "hidden");
	put("low/opaque/below", "hidden");
	put("low/file-then-dir", "a file");
	put("low/dir-then-file/x", "hidden");
	put("mid/etc/passwd", "mid passwd");
	put("mid/file-then-dir/x", "in dir");
	put("mid/opaque/above", "seen");
	put("mid/dir-then-file", "now a file");
	put("top/etc/other", "top other");
	make_link("../usr/lib/real", "top/etc/rel");
	make_link("/usr/lib/real", "top/etc/abs");
	make_link("/../../../../../../etc/passwd", "top/etc/up");
	make_link("loop2", "top/loop1");
	make_link("loop1", "top/loop2");
	make_link("usr/lib", "top/lib");
	make_link("self", "top/self");
	/* a directory of the low layer that a link of the top replaces */
	make_link("/etc", "top/gone2");
	put("low/gone2/x", "hidden");
	can_whiteout = mknodat(base_fd, "mid/gone", S_IFCHR, makedev(0, 0)) == 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++)
		(void)!path_own_remove_tree(base_fd, names[i]);
	fd_closep(&base_fd);
	return rmdir(base);
}

static const struct {
	const char *path;
	int r;
	const char *want;
} cases[] = {
	{"etc/passwd", 0, "mid passwd"},
	{"/etc/passwd", 0, "mid passwd"},
	{"//etc/./passwd", 0, "mid passwd"},
	{"etc/../etc/passwd", 0, "mid passwd"},
	{"../../etc/passwd", 0, "mid passwd"},
	{"etc/only-low", 0, "low only"},
	{"etc/other", 0, "top other"},
	{"etc/rel", 0, "low real"},
	{"etc/abs", 0, "low real"},
	{"etc/up", 0, "mid passwd"},
	{"lib/real", 0, "low real"},
	{"lib/../lib/real", 0, "low real"}, /* ".." of usr/lib is usr */
	{"lib/../lib/../lib/real", 0, "low real"},
	{"etc", -EINVAL, NULL},
	{"etc/missing", -ENOENT, NULL},
	{"etc/passwd/x", -ENOTDIR, NULL},
	{"loop1", -ELOOP, NULL},
	{"self", -ELOOP, NULL},
	{"file-then-dir/x", 0, "in dir"},
	{"dir-then-file", 0, "now a file"},
	{"dir-then-file/x", -ENOTDIR, NULL},
	{"gone2/x", -ENOENT, NULL},
	{"gone2/passwd", 0, "mid passwd"},
	{"", -EINVAL, NULL},
};

static void open_all(struct layered *l)
{
	_cleanup_(strv_done) struct strv dirs = {0};
	struct err e = {0};

	for (size_t i = 0; i < 3; i++)
		assert_int_equal(strv_addf(&dirs, "%s/%s", base, names[i]), 0);
	assert_int_equal(layered_open(&dirs, l, &e), 0);
}

static void test_read(void **state)
{
	_cleanup_(layered_done) struct layered l = LAYERED_INIT;

	(void)state;
	open_all(&l);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT;
		int r = layered_read(&l, cases[i].path, 4096, &b);

		if (r != cases[i].r || (r == 0 && strcmp(buf_str(&b), cases[i].want) != 0))
			fail_msg("%s: %d \"%s\"", cases[i].path, r, buf_str(&b));
	}
}

static void test_whiteout(void **state)
{
	_cleanup_(layered_done) struct layered l = LAYERED_INIT;
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	(void)state;
	if (!can_whiteout)
		skip();
	open_all(&l);
	assert_int_equal(layered_read(&l, "gone/file", 100, &b), -ENOENT);
	assert_int_equal(layered_read(&l, "gone", 100, &b), -ENOENT);
}

static void test_opaque(void **state)
{
	_cleanup_(layered_done) struct layered l = LAYERED_INIT;
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_close_ int fd = openat(base_fd, "mid/opaque", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	open_all(&l);
	assert_int_equal(layered_read(&l, "opaque/below", 100, &b), 0);
	if (fsetxattr(fd, "user.overlay.opaque", "y", 1, 0) < 0)
		skip();
	buf_reset(&b);
	assert_int_equal(layered_read(&l, "opaque/below", 100, &b), -ENOENT);
	assert_int_equal(layered_read(&l, "opaque/above", 100, &b), 0);
}

static void test_limits(void **state)
{
	_cleanup_(layered_done) struct layered l = LAYERED_INIT;
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct layered none = LAYERED_INIT;
	char deep[2000];

	(void)state;
	open_all(&l);
	assert_int_equal(layered_read(&l, "etc/passwd", 3, &b), -EFBIG);
	assert_int_equal(layered_read(&none, "etc/passwd", 3, &b), -ENOENT);
	memset(deep, 0, sizeof(deep));
	for (int i = 0; i < 600; i++)
		memcpy(deep + 2 * i, "./", 2);
	assert_int_equal(layered_read(&l, deep, 3, &b), -ELOOP);
	memset(deep, 'x', sizeof(deep) - 1);
	assert_int_equal(layered_read(&l, deep, 3, &b), -ENAMETOOLONG);
}

TESTS("engine/layered",
      cmocka_unit_test_setup_teardown(test_read, setup, teardown),
      cmocka_unit_test_setup_teardown(test_whiteout, setup, teardown),
      cmocka_unit_test_setup_teardown(test_opaque, setup, teardown),
      cmocka_unit_test_setup_teardown(test_limits, setup, teardown))
