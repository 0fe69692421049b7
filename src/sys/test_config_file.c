/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "sys/config_file.h"
#include "sys/fd.h"

#include <string.h>
#include <sys/stat.h>

/* Of the file and of its directory. */
static const struct {
	const char *what;
	mode_t dir, file;
	int want;
} modes[] = {
	{"as usual", 0755, 0644, 0},
	{"under the umask 0002", 0775, 0664, 0},
	{"everybody writes it", 0755, 0646, -EPERM},
	{"everybody writes there", 0757, 0644, -EPERM},
	{"everybody makes files there", 01777, 0644, 0},
};

static void test_modes(void **state _unused_)
{
	char path[64], file[96], dir[80];
	int dirfd = testing_directory(path);

	snprintf(dir, sizeof(dir), "%s/d", path);
	snprintf(file, sizeof(file), "%s/c", dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(close(open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT;
		struct err e = {0};
		int r;

		assert_int_equal(chmod(file, modes[i].file) | chmod(dir, modes[i].dir), 0);
		r = config_file_read(file, 100, &b, &e);
		if (r != modes[i].want || (r < 0) != !!e.text[0])
			fail_msg("%s: %d %s", modes[i].what, r, e.text);
	}
	/* what was taken away by somebody is not missed: the directory is looked at first */
	assert_int_equal(unlink(file) | chmod(dir, 0777), 0);
	assert_int_equal(config_file_read(file, 100, NULL, NULL), -EPERM);
	assert_int_equal(chmod(dir, 0700) | rmdir(dir) | rmdir(path) | close(dirfd), 0);
}

/* Root's own group is root's choice; what is not ours is not, whatever the mode says. Only root can make one. */
static void test_owners(void **state _unused_)
{
	static const struct {
		uid_t uid;
		gid_t gid;
		mode_t mode;
		int want;
	} owners[] = {{0, 0, 0664, 0}, {0, 77, 0664, 0}, {0, 77, 0646, -EPERM}, {77, 0, 0644, -EPERM}};
	char path[64], file[80];
	int dirfd;

	if (geteuid() != 0) {
		print_message("skipped: another owner needs root\n");
		skip();
	}
	dirfd = testing_directory(path);
	snprintf(file, sizeof(file), "%s/c", path);
	assert_int_equal(close(open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT;
		struct err e = {0};

		assert_int_equal(chown(file, owners[i].uid, owners[i].gid) | chmod(file, owners[i].mode), 0);
		if (config_file_read(file, 100, &b, &e) != owners[i].want)
			fail_msg("%u:%u: %s", owners[i].uid, owners[i].gid, e.text);
		if (owners[i].uid != 0)
			assert_non_null(strstr(e.hint, "sudo"));
	}
	assert_int_equal(unlink(file) | rmdir(path) | close(dirfd), 0);
}

static void test_kinds(void **state _unused_)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	char path[64], file[80], to[80];
	int dirfd = testing_directory(path), fd;
	struct err e = {0};

	snprintf(file, sizeof(file), "%s/c", path);
	assert_int_equal(config_file_read(file, 100, &b, &e), -ENOENT);
	assert_string_equal(e.text, "");
	snprintf(to, sizeof(to), "%s/none/c", path);
	assert_int_equal(config_file_read(to, 100, &b, &e), -ENOENT);
	assert_string_equal(e.text, "");
	assert_int_equal(config_file_read("c", 100, &b, &e), -EINVAL);
	/* nobody writes into it: it would be an empty file */
	assert_int_equal(mkfifo(file, 0600), 0);
	assert_int_equal(config_file_read(file, 100, &b, &e), -EINVAL);
	assert_int_equal(unlink(file), 0);
	/* a link of the user's */
	snprintf(to, sizeof(to), "%s/to", path);
	fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(fd_write_all(fd, "text", 4) | close(fd) | symlink("to", file), 0);
	assert_int_equal(config_file_read(file, 100, &b, &e), 0);
	assert_string_equal(buf_str(&b), "text");
	assert_int_equal(config_file_read(file, 3, &b, &e), -EFBIG);
	/* who names one has looked at it */
	assert_int_equal(chmod(to, 0666), 0);
	assert_int_equal(config_file_read(file, 100, &b, &e), -EPERM);
	buf_done(&b);
	b = (struct buf)BUF_INIT;
	assert_int_equal(config_file_read_named(file, 100, &b, &e), 0);
	assert_string_equal(buf_str(&b), "text");
	assert_int_equal(config_file_read_named("/dev/null", 100, &b, &e), 0);
	err_clear(&e);
	assert_int_equal(config_file_read_named("/nonexistent/x", 100, &b, &e), -ENOENT);
	assert_string_equal(e.text, "");
	assert_int_equal(unlink(file) | unlink(to) | rmdir(path) | close(dirfd), 0);
}

TESTS("sys/config_file", cmocka_unit_test(test_modes), cmocka_unit_test(test_owners), cmocka_unit_test(test_kinds))
