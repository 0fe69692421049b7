/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/testing.h"
#include "sys/config_file.h"
#include "sys/fd.h"

#include <dlfcn.h>
#include <grp.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

/* Taken for libc's: a name service that says `group_answer` of a group that it has not; -1: the real one. */
static int group_answer = -1;
int getgrgid_r(gid_t gid, struct group *resultbuf, char *buffer, size_t buflen, struct group **result)
{
	static int (*real)(gid_t gid, struct group *g, char *text, size_t size, struct group **ret);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "getgrgid_r");
	if (group_answer < 0)
		return real(gid, resultbuf, buffer, buflen, result);
	*result = NULL;
	return group_answer;
}

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
	{"everybody makes files there", 01777, 0644, -EPERM},
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

/* getgrgid(3) has four errors that say no more than that there is none; the others may hide members. */
static void test_name_service(void **state _unused_)
{
	static const struct {
		int answer, want;
	} answers[] = {{0, 0}, {ENOENT, 0}, {ESRCH, 0}, {EBADF, 0}, {EPERM, 0}, {EIO, -EPERM}, {ERANGE, -EPERM}, {EMFILE, -EPERM}};
	char path[64], file[80];
	int dirfd = testing_directory(path);

	snprintf(file, sizeof(file), "%s/c", path);
	assert_int_equal(close(open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), 0);
	/* a group of the user's number, without a name; root's is not looked up */
	assert_int_equal(chmod(file, 0664), 0);
	for (size_t i = 0; i < ARRAY_SIZE(answers) && geteuid() != 0 && getegid() == geteuid(); i++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT;
		struct err e = {0};

		group_answer = answers[i].answer;
		if (config_file_read(file, 100, &b, &e) != answers[i].want)
			fail_msg("%s: %s", strerror(answers[i].answer), e.text);
	}
	group_answer = -1;
	assert_int_equal(unlink(file) | rmdir(path) | close(dirfd), 0);
	if (geteuid() == 0 || getegid() != geteuid()) {
		print_message("skipped: needs a plain user with a group of the same number\n");
		skip();
	}
}

#define NOBODY_NAMED UINT32_MAX

static int set_acl(const char *path, uint16_t group, uint16_t tag, uint16_t perm, uint32_t id, uint16_t mask)
{
	struct {
		struct posix_acl_xattr_header header;
		struct posix_acl_xattr_entry entries[5];
	} acl = {{htole32(POSIX_ACL_XATTR_VERSION)}, {{htole16(ACL_USER_OBJ), htole16(7), NOBODY_NAMED}}};
	struct posix_acl_xattr_entry *to = acl.entries + 1;

	if (tag == ACL_USER)
		*to++ = (struct posix_acl_xattr_entry){htole16(tag), htole16(perm), htole32(id)};
	*to++ = (struct posix_acl_xattr_entry){htole16(ACL_GROUP_OBJ), htole16(group), NOBODY_NAMED};
	if (tag == ACL_GROUP)
		*to++ = (struct posix_acl_xattr_entry){htole16(tag), htole16(perm), htole32(id)};
	*to++ = (struct posix_acl_xattr_entry){htole16(ACL_MASK), htole16(mask), NOBODY_NAMED};
	*to++ = (struct posix_acl_xattr_entry){htole16(ACL_OTHER), htole16(4), NOBODY_NAMED};
	return setxattr(path, "system.posix_acl_access", &acl, sizeof(acl), 0) < 0 ? -errno : 0;
}

/* The group bits say that somebody may, of a file as of its directory; the ACL says who. Root's own are root's choice. */
static void test_acls(void **state _unused_)
{
	static const struct {
		const char *what;
		uint16_t group, tag, perm, mask;
		bool is_us;
		int want;
	} acls[] = {
		{"another user", 4, ACL_USER, 6, 6, false, -EPERM},      {"another user, masked", 4, ACL_USER, 6, 4, false, 0},
		{"another user reads", 4, ACL_USER, 4, 6, false, 0},     {"the user again", 4, ACL_USER, 6, 6, true, 0},
		{"another group", 4, ACL_GROUP, 6, 6, false, -EPERM},    {"another group, masked", 6, ACL_GROUP, 6, 4, false, 0},
		{"another group reads", 4, ACL_GROUP, 4, 6, false, 0},
	};
	uid_t us = geteuid() == 0 ? 77 : geteuid();
	char path[64], file[96], dir[80];
	int dirfd = testing_directory(path), r;

	snprintf(dir, sizeof(dir), "%s/d", path);
	snprintf(file, sizeof(file), "%s/c", dir);
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(close(open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), 0);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(acls); i++) {
		const char *of = i % 2 ? dir : file;
		size_t n = i / 2;
		_cleanup_(buf_done) struct buf b = BUF_INIT;
		struct err e = {0};

		assert_int_equal(chmod(file, 0644) | chmod(dir, 0755), 0);
		(void)removexattr(file, "system.posix_acl_access");
		(void)removexattr(dir, "system.posix_acl_access");
		r = set_acl(of, acls[n].group, acls[n].tag, acls[n].perm, acls[n].is_us ? us : us + 1, acls[n].mask);
		if (r == -EOPNOTSUPP)
			break;
		assert_int_equal(r, 0);
		r = config_file_read(file, 100, &b, &e);
		if (r != (geteuid() == 0 ? 0 : acls[n].want))
			fail_msg("%s, %s: %d %s", of, acls[n].what, r, e.text);
	}
	assert_int_equal(unlink(file) | rmdir(dir) | rmdir(path) | close(dirfd), 0);
	if (r == -EOPNOTSUPP) {
		print_message("skipped: %s has no ACLs\n", path);
		skip();
	}
}

TESTS("sys/config_file", cmocka_unit_test(test_modes), cmocka_unit_test(test_name_service), cmocka_unit_test(test_acls), cmocka_unit_test(test_owners), cmocka_unit_test(test_kinds))
