/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/user.h"
#include "base/testing.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static const char passwd[] = "root:x:0:0:root:/root:/bin/bash\n"
			     "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
			     "1000:x:0:0:digits that are root::/\n"      /* a name made of digits */
			     "4294967296:x:0:0::/root:/bin/sh\n"
			     "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n"
			     "big:x:4294967295:0::/:\n"                  /* an ID that is none: no record */
			     "short:x:7\n"
			     "ann:x:1001:1002:Ann:/home/ann:/bin/sh\n"
			     "ann:x:0:0:the second is not looked at:/:\n"
			     "bad\001home:x:1003:1003::/home/\001:\n"
			     "rel:x:1004:1004::relative:\n"
			     "last:x:1005:1005::/home/last:/bin/sh"; /* no newline */
static const char group[] = "root:x:0:\n"
			    "www-data:x:33:\n"
			    "audio:x:29:ann,www-data\n"
			    "video:x:44:nobody,ann\n"
			    "an:x:50:ann2,xann\n"
			    "adm:x:4:root\n"
			    "0:x:77:\n";

static void files(struct user_files *f)
{
	buf_add(&f->passwd, passwd, sizeof(passwd) - 1);
	buf_add(&f->group, group, sizeof(group) - 1);
}

/* What -u may say, and what comes of it: the ID, or a refusal. Root only where root was meant. */
static const struct {
	const char *text;
	int r;
	uint32_t uid, gid;
	const char *groups, *home;
} cases[] = {
	{NULL, 0, 0, 0, "0 4", "/root"},
	{"", 0, 0, 0, "0 4", "/root"},
	{"0", 0, 0, 0, "0 4", "/root"},
	{"root", 0, 0, 0, "0 4", "/root"},
	{"0:0", 0, 0, 0, "0", "/root"},
	{"1", 0, 1, 1, "1", "/usr/sbin"},
	{"1:", 0, 1, 1, "1", "/usr/sbin"},
	{":1", 0, 0, 1, "1", "/root"},
	{":01", -EINVAL, 0, 0, NULL, NULL},
	{":", -EINVAL, 0, 0, NULL, NULL},
	{"0x1", -EINVAL, 0, 0, NULL, NULL},
	{"-1", -EINVAL, 0, 0, NULL, NULL},
	{"+1", -EINVAL, 0, 0, NULL, NULL},
	{"01", -EINVAL, 0, 0, NULL, NULL},
	{"00", -EINVAL, 0, 0, NULL, NULL},
	{" 1", -EINVAL, 0, 0, NULL, NULL},
	{"1 ", -EINVAL, 0, 0, NULL, NULL},
	{"1\n", -EINVAL, 0, 0, NULL, NULL},
	{"2147483648", 0, 2147483648, 0, "0", ""},
	{"4294967294", 0, 4294967294, 0, "0", ""},
	{"4294967295", -EINVAL, 0, 0, NULL, NULL},
	{"4294967296", -EINVAL, 0, 0, NULL, NULL}, /* a line of passwd with this name is root */
	{"18446744073709551616", -EINVAL, 0, 0, NULL, NULL},
	{"99999999999999999999999999999999", -EINVAL, 0, 0, NULL, NULL},
	{"1000", 0, 1000, 0, "0", ""}, /* the ID, and not the name of digits that is root */
	{"1000:1000", 0, 1000, 1000, "1000", ""},
	{"1000:0", 0, 1000, 0, "0", ""},
	{"1000:-1", -EINVAL, 0, 0, NULL, NULL},
	{"1000:4294967296", -EINVAL, 0, 0, NULL, NULL},
	{"1e3", -EINVAL, 0, 0, NULL, NULL},
	{"1.0", -EINVAL, 0, 0, NULL, NULL},
	{"root\n", -EINVAL, 0, 0, NULL, NULL},
	{"root ", -EINVAL, 0, 0, NULL, NULL},
	{"ro\tot", -EINVAL, 0, 0, NULL, NULL},
	{"root:x:0", -EINVAL, 0, 0, NULL, NULL},
	{"-root", -EINVAL, 0, 0, NULL, NULL},
	{"../root", -EINVAL, 0, 0, NULL, NULL},
	{"r\xc3\xb6t", -EINVAL, 0, 0, NULL, NULL},
	{"nosuch", -ENOENT, 0, 0, NULL, NULL},
	{"big", -ENOENT, 0, 0, NULL, NULL},
	{"short", -ENOENT, 0, 0, NULL, NULL},
	{"ann", 0, 1001, 1002, "29 44 1002", "/home/ann"},
	{"1001", 0, 1001, 1002, "29 44 1002", "/home/ann"},
	{"ann:33", 0, 1001, 33, "33", "/home/ann"},
	{"ann:www-data", 0, 1001, 33, "33", "/home/ann"},
	{"ann:nosuch", -ENOENT, 0, 0, NULL, NULL},
	{"ann:0", 0, 1001, 0, "0", "/home/ann"},
	{"www-data", 0, 33, 33, "29 33", "/var/www"},
	{"rel", 0, 1004, 1004, "1004", ""},
	{"1003", 0, 1003, 1003, "1003", ""},
	{"last", 0, 1005, 1005, "1005", "/home/last"},
};

static void groups_text(const struct user_id *u, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < u->n_groups; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%u", i ? " " : "", u->groups[i]);
}

static void test_resolve(void **state)
{
	_cleanup_(user_files_done) struct user_files f = {0};
	static struct user_id u;

	(void)state;
	files(&f);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err e = {0};
		char got[256];
		int r = user_resolve(cases[i].text, &f, NULL, &u, &e);

		if (r != cases[i].r || (r < 0) != (e.text[0] != '\0'))
			fail_msg("\"%s\": %d %s", cases[i].text ? cases[i].text : "NULL", r, e.text);
		if ((r == -EINVAL) != (user_check(cases[i].text, NULL) == -EINVAL))
			fail_msg("\"%s\": user_check differs", cases[i].text);
		if (r < 0)
			continue;
		groups_text(&u, got, sizeof(got));
		if (u.uid != cases[i].uid || u.gid != cases[i].gid || strcmp(got, cases[i].groups) != 0 ||
		    strcmp(u.home, cases[i].home) != 0)
			fail_msg("\"%s\": %u:%u groups %s home %s", cases[i].text ? cases[i].text : "NULL", u.uid, u.gid,
				 got, u.home);
	}
}

static void test_group_add(void **state)
{
	_cleanup_(user_files_done) struct user_files f = {0};
	_cleanup_(strv_done) struct strv extra = {0};
	static struct user_id u;
	struct err e = {0};
	char got[256];

	(void)state;
	files(&f);
	assert_int_equal(strv_add(&extra, "video"), 0);
	assert_int_equal(strv_add(&extra, "7"), 0);
	assert_int_equal(strv_add(&extra, "0"), 0); /* the ID, though a group has that name */
	assert_int_equal(user_resolve("www-data:100", &f, &extra, &u, &e), 0);
	groups_text(&u, got, sizeof(got));
	assert_string_equal(got, "0 7 44 100");
	assert_int_equal(strv_add(&extra, "nosuch"), 0);
	assert_int_equal(user_resolve("www-data", &f, &extra, &u, &e), -ENOENT);
	free(extra.items[3]);
	extra.items[3] = strdup("+1");
	assert_int_equal(user_resolve("www-data", &f, &extra, &u, &e), -EINVAL);
}

static void test_no_files(void **state)
{
	struct user_files f = {0};
	static struct user_id u;

	(void)state;
	assert_int_equal(user_resolve(NULL, &f, NULL, &u, NULL), 0);
	assert_int_equal(u.uid, 0);
	assert_false(u.in_passwd);
	assert_int_equal(user_resolve("55", &f, NULL, &u, NULL), 0);
	assert_int_equal(u.gid, 0);
	assert_int_equal(user_resolve("root", &f, NULL, &u, NULL), -ENOENT);
}

static void test_nul(void **state)
{
	_cleanup_(user_files_done) struct user_files f = {0};
	static const char text[] = "root\0:x:0:0::/:\nx:x:5:5:\0:/:\nok:x:6:6::/h:\n";
	static struct user_id u;

	(void)state;
	buf_add(&f.passwd, text, sizeof(text) - 1);
	assert_int_equal(user_resolve("root", &f, NULL, &u, NULL), -ENOENT);
	assert_int_equal(user_resolve("x", &f, NULL, &u, NULL), -ENOENT);
	assert_int_equal(user_resolve("ok", &f, NULL, &u, NULL), 0);
	assert_int_equal(u.uid, 6);
}

static void test_size(void **state)
{
	_cleanup_(user_files_done) struct user_files f = {0};

	(void)state;
	buf_adds(&f.passwd, "a:x:10:2000:::\nnobody:x:65534:65534:::\n");
	buf_adds(&f.group, "g:x:99:\nnogroup:x:65534:\n");
	assert_int_equal(user_files_size(&f), 2001);
}

/* A group with a million members: one pass, no copy. */
static void test_many_members(void **state)
{
	_cleanup_(user_files_done) struct user_files f = {0};
	struct timespec a, b;
	static struct user_id u;

	(void)state;
	buf_adds(&f.passwd, "m:x:5:5::/:\n");
	buf_adds(&f.group, "big:x:9:");
	for (int i = 0; i < 500000; i++)
		buf_adds(&f.group, "x,");
	buf_adds(&f.group, "m\n");
	clock_gettime(CLOCK_MONOTONIC, &a);
	assert_int_equal(user_resolve("m", &f, NULL, &u, NULL), 0);
	clock_gettime(CLOCK_MONOTONIC, &b);
	assert_int_equal(u.n_groups, 2);
	assert_true(b.tv_sec - a.tv_sec < 2);
}

static void test_too_many_groups(void **state)
{
	_cleanup_(user_files_done) struct user_files f = {0};
	static struct user_id u;

	(void)state;
	buf_adds(&f.passwd, "m:x:5:5::/:\n");
	for (unsigned i = 0; i < USER_GROUPS_MAX + 5; i++)
		buf_addf(&f.group, "g%u:x:%u:m\n", i, i + 10);
	assert_int_equal(user_resolve("m", &f, NULL, &u, NULL), -E2BIG);
}

/* ---- reading: the files may be anything ---- */

static void test_hostile_files(void **state)
{
	char dir[64];
	_cleanup_close_ int root = testing_directory(dir), file = -EBADF;
	struct err e = {0};

	(void)state;
	assert_int_equal(mkdirat(root, "etc", 0755), 0);
	for (int kind = 0; kind < 5; kind++) {
		_cleanup_(user_files_done) struct user_files f = {0};
		int want = -EINVAL;

		(void)unlinkat(root, "etc/passwd", 0);
		switch (kind) {
		case 0:
			assert_int_equal(mkfifoat(root, "etc/passwd", 0644), 0);
			break;
		case 1: /* out of the root: means a file inside, which is not there */
			assert_int_equal(symlinkat("/../../../../etc/passwd", root, "etc/passwd"), 0);
			want = -ELOOP;
			break;
		case 2:
			assert_int_equal(symlinkat("/proc/self/environ", root, "etc/passwd"), 0);
			want = 0;
			break;
		case 3: /* 1 GiB of nothing */
			file = openat(root, "etc/passwd", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
			assert_int_equal(ftruncate(file, 1 << 30), 0);
			want = -EFBIG;
			break;
		case 4:
			(void)unlinkat(root, "etc/passwd", 0);
			assert_int_equal(mkdirat(root, "etc/passwd", 0755), 0);
			break;
		default:
			break;
		}
		assert_int_equal(user_files_from_root(root, &f, &e), want);
		assert_int_equal(f.passwd.len, 0);
		/* the same, as the one layer of an image */
		{
			_cleanup_(user_files_done) struct user_files g = {0};
			struct strv layers = {0};

			assert_int_equal(strv_add(&layers, dir), 0);
			assert_int_equal(user_files_from_layers(&layers, &g, &e), want);
			assert_int_equal(g.passwd.len, 0);
			strv_done(&layers);
		}
	}
	(void)unlinkat(root, "etc/passwd", AT_REMOVEDIR);
	(void)unlinkat(root, "etc", AT_REMOVEDIR);
	rmdir(dir);
}

TESTS("engine/user",
      cmocka_unit_test(test_resolve), cmocka_unit_test(test_group_add), cmocka_unit_test(test_no_files),
      cmocka_unit_test(test_nul), cmocka_unit_test(test_size), cmocka_unit_test(test_many_members),
      cmocka_unit_test(test_too_many_groups), cmocka_unit_test(test_hostile_files))
