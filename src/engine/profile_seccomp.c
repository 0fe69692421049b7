/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The default profile is a file and not a part of the program, so that an
 * administrator can read what is enforced and a container's inspect can name
 * it. It is found from where the running program is, as our other programs are
 * (sys/self.h): no variable of the environment takes part.
 *
 * To read, check and resolve it took two thirds of the time of making
 * a bundle, so the answer is kept as text in the user's cache directory.
 */
#include "engine/profile.h"

#include "base/sha256.h"
#include "oci/seccomp_profile.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/self.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <json-c/printbuf.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

/* Opens PREFIX/share/ranby/…; the build has such a directory too (a link), so no other place is ever looked at. */
int profile_open_shipped(const char *name, int *ret_fd, struct err *e)
{
	_cleanup_free_ char *path = NULL, *file = NULL;
	_cleanup_close_ int self = -EBADF;
	char *slash;
	int fd, r = self_open_program("ranby-runtime", &self, &path, e);

	if (r < 0)
		return r;
	slash = strrchr(path, '/');
	if (!slash)
		return err_set(e, ENOENT, "%s: not an absolute path", path);
	*slash = '\0';
	if (asprintf(&file, "%s/../share/ranby/%s", path, name) < 0)
		return err_errno(e, ENOMEM, "%s", name);
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_errno(e, errno, "the installed profile %s", file);
	*ret_fd = fd;
	return 0;
}

static int open_profile(const struct profile *p, int *ret_fd, struct err *e)
{
	int fd;

	if (!p->seccomp_file)
		return profile_open_shipped(PROFILE_SECCOMP_DEFAULT, ret_fd, e);
	fd = open(p->seccomp_file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return err_errno(e, errno, "seccomp profile %s", p->seccomp_file);
	*ret_fd = fd;
	return 0;
}

static int read_profile(const struct profile *p, int fd, struct json_object **ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = fd_read_all(fd, SECCOMP_PROFILE_MAX, &b);

	if (r < 0)
		return err_errno(e, -r, "read");
	return json_parse(buf_str(&b), b.len, p->seccomp_file ? p->seccomp_file : PROFILE_SECCOMP_DEFAULT, ret, e);
}

/* SECCOMP_FILTER_FLAG_LOG: the kernel's audit log gets each call that is not simply allowed, with the user's auid. */
static int add_log_flag(struct json_object *section, struct err *e)
{
	struct json_object *flags = NULL;
	int r = json_get_array(section, "flags", &flags, e);

	if (r < 0)
		return r;
	if (!flags) {
		flags = json_object_new_array();
		if (json_add(section, "flags", flags) < 0)
			return err_errno(e, ENOMEM, "flags");
	}
	for (size_t i = 0; i < json_object_array_length(flags); i++) {
		struct json_object *flag = json_object_array_get_idx(flags, i);

		if (!json_object_is_type(flag, json_type_string))
			return err_set(e, EINVAL, "flags: not all of them are strings");
		if (strcmp(json_object_get_string(flag), "SECCOMP_FILTER_FLAG_LOG") == 0)
			return 0;
	}
	return json_append_str(flags, "SECCOMP_FILTER_FLAG_LOG") < 0 ? err_errno(e, ENOMEM, "flags") : 0;
}

/* ---- what was resolved before ---- */

/* Names the answer by all that it depends on: the file as it is now, the capabilities, the kernel. */
static int cache_name(const struct profile *p, int fd, const struct utsname *host, char ret[static 32 + SHA256_HEX_SIZE])
{
	char hex[SHA256_HEX_SIZE];
	struct sha256 h;
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -EINVAL;
	sha256_init(&h);
	sha256_add(&h, RANBY_VERSION, sizeof(RANBY_VERSION));
	sha256_add(&h, &p->seccomp_log, sizeof(p->seccomp_log));
	sha256_add(&h, &st.st_dev, sizeof(st.st_dev));
	sha256_add(&h, &st.st_ino, sizeof(st.st_ino));
	sha256_add(&h, &st.st_size, sizeof(st.st_size));
	sha256_add(&h, &st.st_mtim, sizeof(st.st_mtim));
	sha256_add(&h, &st.st_ctim, sizeof(st.st_ctim));
	sha256_add(&h, host->machine, strlen(host->machine) + 1);
	sha256_add(&h, host->release, strlen(host->release) + 1);
	for (size_t i = 0; i < p->caps.n; i++)
		sha256_add(&h, p->caps.items[i], strlen(p->caps.items[i]) + 1);
	sha256_end_hex(&h, hex);
	snprintf(ret, 32 + SHA256_HEX_SIZE, "seccomp-profile-%s", hex);
	return 0;
}

static int write_raw(struct json_object *o, struct printbuf *out, int level, int flags)
{
	const char *text = json_object_get_userdata(o);

	(void)level;
	(void)flags;
	return printbuf_memappend(out, text, (int)strlen(text));
}

static void free_raw(struct json_object *o, void *text)
{
	(void)o;
	free(text);
}

/* A stand-in that prints as the text, which is not parsed again: the runtime reads config.json strictly anyway. */
static struct json_object *from_cache(int cache_dirfd, const char *name)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct json_object *o;
	char *text;

	if (path_own_read(cache_dirfd, name, SECCOMP_PROFILE_MAX, &b) < 0 || b.len < 2 || b.data[0] != '{' ||
	    b.data[b.len - 1] != '}' || memchr(b.data, '\0', b.len))
		return NULL;
	o = json_object_new_object();
	text = o ? buf_take(&b) : NULL;
	if (!text) {
		json_object_put(o);
		return NULL;
	}
	json_object_set_serializer(o, write_raw, text, free_raw);
	return o;
}

int profile_seccomp(const struct profile *p, int cache_dirfd, struct json_object **ret, struct err *e)
{
	struct seccomp_profile_context context = {.caps = &p->caps};
	_cleanup_json_ struct json_object *profile = NULL;
	char name[32 + SHA256_HEX_SIZE] = "";
	_cleanup_close_ int fd = -EBADF;
	struct utsname host;
	int r;

	*ret = NULL;
	if (p->seccomp_unconfined)
		return 0;
	if (uname(&host) < 0)
		return err_errno(e, errno, "uname");
	r = open_profile(p, &fd, e);
	if (r < 0)
		return r;
	if (cache_dirfd >= 0 && cache_name(p, fd, &host, name) == 0)
		*ret = from_cache(cache_dirfd, name);
	if (*ret)
		return 0;
	context.machine = host.machine;
	context.kernel = host.release;
	r = read_profile(p, fd, &profile, e);
	if (r == 0)
		r = seccomp_profile_resolve(profile, &context, ret, e);
	if (r == 0 && p->seccomp_log)
		r = add_log_flag(*ret, e);
	if (r < 0)
		return err_wrap(e, r, "seccomp profile %s", profile_seccomp_name(p));
	if (name[0]) {
		size_t len;
		const char *text = json_text(*ret, &len);

		/* a cache that cannot be written is no cache */
		if (text)
			(void)!path_own_write(cache_dirfd, name, text, len, 0600, PATH_SYNC_NONE);
	}
	return 0;
}
