/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "sys/fd.h"
#include "sys/output_file.h"

#include <sys/stat.h>

struct place {
	char dir[64], file[96];
	int fd;
};

static void begin(struct place *p)
{
	p->fd = testing_directory(p->dir);
	snprintf(p->file, sizeof(p->file), "%s/file", p->dir);
}

static void end(struct place *p)
{
	(void)unlink(p->file);
	fd_closep(&p->fd);
	assert_int_equal(rmdir(p->dir), 0);
}

static void holds(const struct place *p, const char *want)
{
	char got[16] = "";
	int fd = openat(p->fd, "file", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(read(fd, got, sizeof(got) - 1) >= 0);
	assert_string_equal(got, want);
	close(fd);
}

/* Whoever is killed leaves what there is at that moment. */
static void test_new(void **state)
{
	struct output_file f = OUTPUT_FILE_INIT;
	struct place p;
	struct stat st;

	(void)state;
	begin(&p);
	assert_int_equal(output_file_open(p.file, &f, NULL), 0);
	assert_int_equal(fd_write_all(f.fd, "half", 4), 0);
	assert_int_equal(faccessat(p.fd, "file", F_OK, AT_SYMLINK_NOFOLLOW), -1);
	output_file_done(&f);
	assert_int_equal(faccessat(p.fd, "file", F_OK, AT_SYMLINK_NOFOLLOW), -1);
	umask(027);
	assert_int_equal(output_file_open(p.file, &f, NULL), 0);
	assert_int_equal(fd_write_all(f.fd, "whole", 5), 0);
	assert_int_equal(output_file_keep(&f, NULL), 0);
	output_file_done(&f);
	holds(&p, "whole");
	assert_int_equal(stat(p.file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(st.st_nlink, 1);
	end(&p);
}

/* Somebody else's of that name is not replaced. */
static void test_taken(void **state)
{
	struct output_file f = OUTPUT_FILE_INIT;
	struct err e = {0};
	struct place p;
	int other;

	(void)state;
	begin(&p);
	assert_int_equal(output_file_open(p.file, &f, NULL), 0);
	other = openat(p.fd, "file", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_int_equal(fd_write_all(other, "other", 5), 0);
	close(other);
	assert_int_equal(output_file_keep(&f, &e), -EEXIST);
	output_file_done(&f);
	holds(&p, "other");
	end(&p);
}

/* One that is there stays the same file, and is empty after a failure. */
static void test_there(void **state)
{
	struct output_file f = OUTPUT_FILE_INIT;
	struct stat before, after;
	struct place p;
	int fd;

	(void)state;
	begin(&p);
	fd = openat(p.fd, "file", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_int_equal(fstat(fd, &before), 0);
	assert_int_equal(fd_write_all(fd, "before", 6), 0);
	close(fd);
	for (int keep = 1; keep >= 0; keep--) {
		assert_int_equal(output_file_open(p.file, &f, NULL), 0);
		assert_int_equal(fd_write_all(f.fd, "new", 3), 0);
		if (keep)
			assert_int_equal(output_file_keep(&f, NULL), 0);
		output_file_done(&f);
		holds(&p, keep ? "new" : "");
		assert_int_equal(stat(p.file, &after), 0);
		assert_true(after.st_ino == before.st_ino && after.st_mode == before.st_mode);
	}
	end(&p);
}

static void test_no_file(void **state)
{
	struct output_file f = OUTPUT_FILE_INIT;
	char path[128];
	struct place p;

	(void)state;
	begin(&p);
	assert_int_equal(output_file_open("", &f, NULL), -ENOENT);
	assert_int_equal(output_file_open(p.dir, &f, NULL), -EISDIR);
	snprintf(path, sizeof(path), "%s/", p.dir);
	assert_int_equal(output_file_open(path, &f, NULL), -EISDIR);
	snprintf(path, sizeof(path), "%s/none/file", p.dir);
	assert_int_equal(output_file_open(path, &f, NULL), -ENOENT);
	assert_int_equal(output_file_open("/dev/null", &f, NULL), 0);
	assert_int_equal(output_file_keep(&f, NULL), 0);
	output_file_done(&f);
	end(&p);
}

TESTS("sys/output_file", cmocka_unit_test(test_new), cmocka_unit_test(test_taken), cmocka_unit_test(test_there), cmocka_unit_test(test_no_file))
