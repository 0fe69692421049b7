/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A table of keys, and for each the values with what they demand; false is
 * the weaker in all of them, so that files are put together by "or".
 */
#include "engine/policy.h"

#include "base/buf.h"
#include "base/strv.h"
#include "sys/dir.h"
#include "sys/fd.h"
#include "sys/self.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
	const char *key, *value;
	size_t offset;
	bool demands;
} known[] = {
	{"require-audit", "yes", offsetof(struct policy, require_audit), true},
	{"require-audit", "no", offsetof(struct policy, require_audit), false},
	{"unset-loginuid", "refuse", offsetof(struct policy, refuse_unset_loginuid), true},
	{"unset-loginuid", "pin", offsetof(struct policy, refuse_unset_loginuid), false},
};

static char *trim(char *s)
{
	size_t len;

	s += strspn(s, " \t\r");
	len = strlen(s);
	while (len > 0 && strchr(" \t\r", s[len - 1]))
		s[--len] = '\0';
	return s;
}

static int apply(const char *key, const char *value, const char *what, unsigned line, struct policy *p, struct err *e)
{
	bool key_is_known = false;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(known[i].key, key) != 0)
			continue;
		key_is_known = true;
		if (strcmp(known[i].value, value) == 0) {
			if (known[i].demands)
				*(bool *)((char *)p + known[i].offset) = true;
			return 0;
		}
	}
	if (key_is_known)
		return err_set(e, EINVAL, "%s:%u: \"%s\" is no value of %s", what, line, value, key);
	return err_set(e, EINVAL, "%s:%u: there is no key \"%s\"", what, line, key);
}

int policy_parse(const char *text, const char *what, struct policy *p, struct err *e)
{
	_cleanup_free_ char *copy = strdup(text);
	unsigned number = 0;
	char *rest = copy, *line;

	if (!copy)
		return err_errno(e, ENOMEM, "%s", what);
	while ((line = strsep(&rest, "\n"))) {
		char *equals;
		int r;

		number++;
		line[strcspn(line, "#")] = '\0';
		line = trim(line);
		if (!*line)
			continue;
		equals = strchr(line, '=');
		if (!equals)
			return err_set(e, EINVAL, "%s:%u: a line is `key = value`", what, number);
		*equals = '\0';
		r = apply(trim(line), trim(equals + 1), what, number, p, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Nobody but its owner may have written it, or put it there. */
static int check_owner(int fd, mode_t type, unsigned owner, const char *what, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(e, errno, "%s", what);
	if ((st.st_mode & S_IFMT) != type || st.st_uid != owner || (st.st_mode & 022) != 0)
		return err_set(e, EPERM, "%s: must be %s of root that nobody else can write", what,
			       type == S_IFDIR ? "a directory" : "a file");
	return 0;
}

static int read_file(int dirfd, const char *name, const char *dir, unsigned owner, struct policy *p, struct err *e)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_free_ char *what = NULL;
	int r;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (asprintf(&what, "%s/%s", dir, name) < 0)
		return err_errno(e, ENOMEM, "policy");
	if (fd < 0)
		return err_errno(e, errno, "%s", what);
	r = check_owner(fd, S_IFREG, owner, what, e);
	if (r < 0)
		return r;
	r = fd_read_all(fd, POLICY_FILE_MAX, &b);
	if (r < 0)
		return err_errno(e, -r, "%s", what);
	if (memchr(buf_str(&b), '\0', b.len))
		return err_set(e, EINVAL, "%s: it holds a NUL byte", what);
	return policy_parse(buf_str(&b), what, p, e);
}

static int read_dropins(int parent, const char *dir, unsigned owner, struct policy *p, struct err *e)
{
	int fd = openat(parent, "policy.conf.d", O_RDONLY | O_DIRECTORY | O_CLOEXEC), files = 0, r;
	_cleanup_free_ char *what = NULL;
	struct dirent *d;
	DIR *list;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_errno(e, errno, "%s/policy.conf.d", dir);
	if (asprintf(&what, "%s/policy.conf.d", dir) < 0) {
		fd_closep(&fd);
		return err_errno(e, ENOMEM, "policy");
	}
	r = check_owner(fd, S_IFDIR, owner, what, e);
	list = r == 0 ? fdopendir(fd) : NULL;
	if (!list)
		fd_closep(&fd);
	while (list && r == 0 && (d = dir_next(list, &r))) {
		size_t len = strlen(d->d_name);

		if (d->d_name[0] == '.' || len < 5 || strcmp(d->d_name + len - 5, ".conf") != 0)
			continue;
		r = ++files > POLICY_FILES_MAX ? err_set(e, E2BIG, "%s: too many files", what)
					       : read_file(dirfd(list), d->d_name, what, owner, p, e);
	}
	if (list)
		closedir(list);
	return r < 0 && e && !e->code ? err_errno(e, -r, "%s", what) : r;
}

int policy_read_at(const char *dir, unsigned owner, struct policy *ret, struct err *e)
{
	_cleanup_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct policy p = {0};
	int r;

	if (fd < 0 && errno != ENOENT)
		return err_errno(e, errno, "policy of %s", dir);
	r = fd < 0 ? 0 : check_owner(fd, S_IFDIR, owner, dir, e);
	if (r == 0 && fd >= 0)
		r = read_file(fd, "policy.conf", dir, owner, &p, e);
	if (r == 0 && fd >= 0)
		r = read_dropins(fd, dir, owner, &p, e);
	if (r == 0)
		*ret = p;
	return r;
}

int policy_read(struct policy *ret, struct err *e)
{
	return policy_read_at(POLICY_DIR, self_host_root(), ret, e);
}
