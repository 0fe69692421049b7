/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The default profile is a file and not a part of the program, so that an
 * administrator can read what is enforced and a container's inspect can name
 * it. It is found from where the running program is, as our other programs are
 * (sys/self.h): no variable of the environment takes part.
 */
#include "engine/profile.h"

#include "oci/seccomp_profile.h"
#include "sys/fd.h"
#include "sys/self.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#define DEFAULT_NAME "profiles/seccomp/default.json"

/* Opens PREFIX/share/ranby/…, or the source tree's for build/bin/ranby. */
static int open_default(int *ret_fd, struct err *e)
{
	static const char *const places[] = {"/../share/ranby/" DEFAULT_NAME, "/../../" DEFAULT_NAME};
	_cleanup_close_ int self = -EBADF;
	_cleanup_free_ char *path = NULL;
	char *slash;
	int r = self_open_program("ranby-runtime", &self, &path, e);

	if (r < 0)
		return r;
	slash = strrchr(path, '/');
	if (!slash)
		return err_set(e, ENOENT, "%s: not an absolute path", path);
	*slash = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		_cleanup_free_ char *name = NULL;
		int fd;

		if (asprintf(&name, "%s%s", path, places[i]) < 0)
			return err_errno(e, ENOMEM, "seccomp profile");
		fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (fd >= 0) {
			*ret_fd = fd;
			return 0;
		}
		if (errno != ENOENT && errno != ENOTDIR)
			return err_errno(e, errno, "seccomp profile %s", name);
	}
	return err_set(e, ENOENT, "the default seccomp profile is not installed (%s beside %s)", DEFAULT_NAME, path);
}

static int read_profile(const struct profile *p, struct json_object **ret, struct err *e)
{
	const char *what = p->seccomp_file ? p->seccomp_file : "the default seccomp profile";
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (p->seccomp_file) {
		fd = open(p->seccomp_file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (fd < 0)
			return err_errno(e, errno, "seccomp profile %s", what);
	} else {
		r = open_default(&fd, e);
		if (r < 0)
			return r;
	}
	r = fd_read_all(fd, SECCOMP_PROFILE_MAX, &b);
	if (r < 0)
		return err_errno(e, -r, "%s", what);
	return json_parse(buf_str(&b), b.len, what, ret, e);
}

int profile_seccomp(const struct profile *p, struct json_object **ret, struct err *e)
{
	struct seccomp_profile_context context = {.caps = &p->caps};
	_cleanup_json_ struct json_object *profile = NULL;
	struct utsname host;
	int r;

	*ret = NULL;
	if (p->seccomp_unconfined)
		return 0;
	if (uname(&host) < 0)
		return err_errno(e, errno, "uname");
	context.machine = host.machine;
	context.kernel = host.release;
	r = read_profile(p, &profile, e);
	if (r == 0)
		r = seccomp_profile_resolve(profile, &context, ret, e);
	return r < 0 ? err_wrap(e, r, "seccomp profile %s", profile_seccomp_name(p)) : 0;
}
