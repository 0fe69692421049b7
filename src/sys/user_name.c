/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "sys/user_name.h"

#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is wanted of the line. */
struct wanted {
	char *name;  /* USER_NAME_SIZE bytes, or NULL */
	char **home; /* or NULL */
};

static int keep(const struct passwd *pw, const struct wanted *w)
{
	if (w->name && strlen(pw->pw_name) >= USER_NAME_SIZE)
		return -ENOENT;
	if (w->name)
		memcpy(w->name, pw->pw_name, strlen(pw->pw_name) + 1);
	if (!w->home)
		return 0;
	if (pw->pw_dir[0] != '/')
		return -ENOENT;
	*w->home = strdup(pw->pw_dir);
	return *w->home ? 0 : -ENOMEM;
}

/* fgetpwent_r(3) reads the file itself, without NSS. */
static int from_file(uid_t uid, const struct wanted *w)
{
	FILE *f = fopen("/etc/passwd", "re");
	struct passwd pw, *found = NULL;
	char text[4096];
	int r = -ENOENT;

	if (!f)
		return -errno;
	while (fgetpwent_r(f, &pw, text, sizeof(text), &found) == 0)
		if (found->pw_uid == uid) {
			r = keep(found, w);
			break;
		}
	fclose(f);
	return r;
}

static int look_up(uid_t uid, const struct wanted *w)
{
	struct passwd pw, *found = NULL;
	char text[4096];

	if (from_file(uid, w) == 0)
		return 0;
	if (getpwuid_r(uid, &pw, text, sizeof(text), &found) != 0 || !found)
		return -ENOENT;
	return keep(found, w);
}

int user_home_of(uid_t uid, char **ret)
{
	return look_up(uid, &(struct wanted){.home = ret});
}

static bool may_enter(const char *path)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	/* "." is looked for in it: wants its x */
	return fd >= 0 && fstatat(fd, ".", &st, 0) == 0;
}

int user_home(const char *named, char **ret)
{
	if (!named || named[0] != '/' || !may_enter(named))
		return user_home_of(getuid(), ret);
	*ret = strdup(named);
	return *ret ? 0 : -ENOMEM;
}

int user_name_of(uid_t uid, char ret[static USER_NAME_SIZE])
{
	/* a command asks for its own user's more than once */
	static char last[USER_NAME_SIZE];
	static uid_t last_uid;
	int r = 0;

	if (!last[0] || last_uid != uid) {
		char name[USER_NAME_SIZE];

		r = look_up(uid, &(struct wanted){.name = name});
		if (r == 0) {
			snprintf(last, sizeof(last), "%s", name);
			last_uid = uid;
		}
	}
	if (r == 0)
		snprintf(ret, USER_NAME_SIZE, "%s", last);
	return r;
}

const char *user_dir_named(const char *value)
{
	return value && value[0] == '/' && strlen(value) < PATH_MAX - 128 ? value : NULL;
}
