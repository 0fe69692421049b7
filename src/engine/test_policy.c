/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "engine/policy.h"

#include "base/testing.h"
#include "sys/path.h"

#include <sys/stat.h>

static const struct {
	const char *text;
	int r;
	bool audit, refuse;
	const char *says;
} texts[] = {
	{"", 0, false, false, NULL},
	{"# nothing\n\n \t\r\n", 0, false, false, NULL},
	{"require-audit = yes", 0, true, false, NULL},
	{"require-audit=yes\nunset-loginuid=refuse\n", 0, true, true, NULL},
	{"  require-audit\t=\tyes  # because\r\n", 0, true, false, NULL},
	{"require-audit = no\nunset-loginuid = pin\n", 0, false, false, NULL},
	/* what was demanded stays demanded */
	{"require-audit = yes\nrequire-audit = no\n", 0, true, false, NULL},
	{"unset-loginuid = refuse\nunset-loginuid = pin\n", 0, false, true, NULL},
	{"require-audit = maybe", -EINVAL, false, false, "p:1: \"maybe\" is no value of require-audit"},
	{"require-audit = refuse", -EINVAL, false, false, "p:1: \"refuse\" is no value of require-audit"},
	{"require-audit = YES", -EINVAL, false, false, "\"YES\""},
	{"require-audit =", -EINVAL, false, false, "\"\" is no value"},
	{"\n\nrequire-audits = yes", -EINVAL, false, false, "p:3: there is no key \"require-audits\""},
	{"= yes", -EINVAL, false, false, "there is no key \"\""},
	{"require-audit", -EINVAL, false, false, "p:1: a line is `key = value`"},
	{"require-audit = yes = yes", -EINVAL, false, false, "\"yes = yes\""},
	{"[policy]\nrequire-audit = yes", -EINVAL, false, false, "p:1:"},
};

static void test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct policy p = {0};
		struct err e = {0};
		int r = policy_parse(texts[i].text, "p", &p, &e);

		if (r != texts[i].r || (r == 0 && (p.require_audit != texts[i].audit || p.refuse_unset_loginuid != texts[i].refuse)) ||
		    (texts[i].says && !strstr(e.text, texts[i].says)))
			fail_msg("%s: %d, %d %d, %s", texts[i].text, r, p.require_audit, p.refuse_unset_loginuid, e.text);
	}
}

static void put(int dir, const char *name, const char *text, size_t len, mode_t mode)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}
#define PUT(dir, name, text, mode) put(dir, name, text, strlen(text), mode)

struct place {
	char path[64];
	int dir, drop;
};

static void make_place(struct place *p)
{
	p->dir = testing_directory(p->path);
	assert_int_equal(mkdirat(p->dir, "policy.conf.d", 0755), 0);
	p->drop = openat(p->dir, "policy.conf.d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(p->drop >= 0);
}

static void remove_place(struct place *p)
{
	close(p->drop);
	close(p->dir);
	assert_int_equal(path_own_remove_tree(AT_FDCWD, p->path + 1), chdir("/") ? -1 : 0);
}

/* The result; 1000: more is demanded than nothing. */
static int look(const struct place *p, const char *says)
{
	struct policy got = {0};
	struct err e = {0};
	int r = policy_read_at(p->path, getuid(), &got, &e);

	if (says && !strstr(e.text, says))
		fail_msg("%s, not %s", e.text, says);
	return r == 0 && (got.require_audit || got.refuse_unset_loginuid) ? 1000 : r;
}

static void test_files(void **state)
{
	struct place p;

	(void)state;
	assert_int_equal(chdir("/"), 0);
	make_place(&p);
	assert_int_equal(look(&p, NULL), 0);
	PUT(p.dir, "policy.conf", "require-audit = no\n", 0644);
	assert_int_equal(look(&p, NULL), 0);
	/* each file can only demand more; others than *.conf are no files of it */
	PUT(p.drop, "10-site.conf", "require-audit = yes\n", 0644);
	PUT(p.drop, "20-weaker.conf", "require-audit = no\n", 0644);
	assert_int_equal(look(&p, NULL), 1000);
	assert_int_equal(unlinkat(p.drop, "10-site.conf", 0), 0);
	PUT(p.drop, "10-site.conf~", "require-audit = yes\n", 0644);
	PUT(p.drop, ".10-site.conf", "require-audit = yes\n", 0644);
	PUT(p.drop, "conf", "nonsense", 0644);
	assert_int_equal(look(&p, NULL), 0);
	/* what is not understood, or not its owner's alone, is never taken for nothing */
	PUT(p.drop, "30.conf", "nonsense", 0644);
	assert_int_equal(look(&p, "policy.conf.d/30.conf:1: a line is"), -EINVAL);
	PUT(p.drop, "30.conf", "", 0664);
	assert_int_equal(look(&p, "30.conf: must be a file of root that nobody else can write"), -EPERM);
	PUT(p.drop, "30.conf", "", 0646);
	assert_int_equal(look(&p, NULL), -EPERM);
	put(p.drop, "30.conf", "require-audit = no\n\0require-audit = yes\n", 39, 0644);
	assert_int_equal(look(&p, "NUL"), -EINVAL);
	assert_int_equal(unlinkat(p.drop, "30.conf", 0), 0);
	assert_int_equal(mkfifoat(p.drop, "30.conf", 0644), 0);
	assert_int_equal(look(&p, "must be a file"), -EPERM);
	assert_int_equal(unlinkat(p.drop, "30.conf", 0), 0);
	assert_int_equal(mkdirat(p.drop, "30.conf", 0755), 0);
	assert_int_equal(look(&p, "must be a file"), -EPERM);
	assert_int_equal(unlinkat(p.drop, "30.conf", AT_REMOVEDIR), 0);
	assert_int_equal(fchmod(p.drop, 0777), 0);
	assert_int_equal(look(&p, "must be a directory"), -EPERM);
	assert_int_equal(fchmod(p.drop, 0755), 0);
	assert_int_equal(fchmod(p.dir, 0775), 0);
	assert_int_equal(look(&p, "must be a directory"), -EPERM);
	assert_int_equal(fchmod(p.dir, 0755), 0);
	assert_int_equal(look(&p, NULL), 0);
	remove_place(&p);
}

static void test_limits(void **state)
{
	static char much[POLICY_FILE_MAX + 2];
	struct policy got = {.require_audit = true};
	struct place p;
	struct err e = {0};
	char name[32];

	(void)state;
	make_place(&p);
	/* somebody else's */
	assert_int_equal(policy_read_at(p.path, getuid() + 1, &got, &e), -EPERM);
	assert_true(got.require_audit); /* untouched */
	memset(much, '#', sizeof(much));
	put(p.dir, "policy.conf", much, sizeof(much), 0644);
	assert_int_equal(look(&p, NULL), -EFBIG);
	assert_int_equal(unlinkat(p.dir, "policy.conf", 0), 0);
	for (int i = 0; i <= POLICY_FILES_MAX; i++) {
		snprintf(name, sizeof(name), "%d.conf", i);
		assert_int_equal(look(&p, NULL), 0);
		PUT(p.drop, name, "", 0644);
	}
	assert_int_equal(look(&p, "too many"), -E2BIG);
	remove_place(&p);
	/* no directory, no demand; a file in its place is an error */
	assert_int_equal(policy_read_at("/nonexistent/ranby", 0, &got, &e), 0);
	assert_false(got.require_audit);
	assert_int_equal(policy_read_at("/dev/null", 0, &got, &e), -ENOTDIR);
}

TESTS("engine/policy", cmocka_unit_test(test_texts), cmocka_unit_test(test_files), cmocka_unit_test(test_limits))
