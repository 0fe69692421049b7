/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "build/address.h"

#include "base/buf.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

static bool begins(const char *text, const char *with)
{
	return strncasecmp(text, with, strlen(with)) == 0;
}

enum address_kind address_kind(const char *text)
{
	bool http = begins(text, "http://") || begins(text, "https://");
	size_t n = strcspn(text, "#");

	if (begins(text, "git://") || begins(text, "git@") || begins(text, "ssh://") || (http && n > 4 && strncmp(text + n - 4, ".git", 4) == 0))
		return ADDRESS_GIT;
	if (http)
		return ADDRESS_HTTP;
	return begins(text, "ftp://") ? ADDRESS_OTHER : ADDRESS_NONE;
}

int address_refuse_git(const char *text, struct err *e)
{
	err_set(e, ENOTSUP, "%s: git repositories are not fetched", text);
	err_hint(e, "git clone it, and give the directory");
	return -ENOTSUP;
}

int address_refuse(const char *text, struct err *e)
{
	switch (address_kind(text)) {
	case ADDRESS_GIT:
		return address_refuse_git(text, e);
	case ADDRESS_OTHER:
		err_set(e, ENOTSUP, "%s: neither http nor https", text);
		err_hint(e, "get the file first, and give its path");
		return -ENOTSUP;
	case ADDRESS_HTTP:
	case ADDRESS_NONE:
		break;
	}
	return 0;
}

int address_scratch_file(int scratch_fd, const char *what, int *ret_fd, struct err *e)
{
	static const char name[] = "unnamed";
	_cleanup_close_ int fd = openat(scratch_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	int r = 0;

	if (fd < 0) {
		r = path_own_open(scratch_fd, name, O_RDWR | O_CREAT | O_EXCL, 0600, &fd);
		if (r == 0 && unlinkat(scratch_fd, name, 0) < 0)
			r = -errno;
	}
	if (r < 0)
		return err_errno(e, -r, "%s", what);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int address_get(const char *url, const struct digest *want, const struct registry_access *access, int scratch_fd, int *ret_fd,
		struct download *ret, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r = address_scratch_file(scratch_fd, url, &fd, e);

	if (r == 0)
		r = download(url, want, UINT64_MAX, access, fd, ret, e);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = err_errno(e, errno, "%s", url);
	if (r == 0)
		*ret_fd = TAKE_FD(fd);
	return r;
}

static int hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

static void decode(const char *text, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '%' && i + 2 < len && isxdigit((unsigned char)text[i + 1]) && isxdigit((unsigned char)text[i + 2])) {
			buf_addc(out, (char)(hex(text[i + 1]) * 16 + hex(text[i + 2])));
			i += 2;
		} else {
			buf_addc(out, text[i]);
		}
	}
}

int address_file_name(const char *url, char **ret, struct err *e)
{
	const char *host = strstr(url, "://"), *path = host ? strpbrk(host + 3, "/?#") : NULL;
	_cleanup_(buf_done) struct buf name = BUF_INIT_MAX(PATH_MAX);
	size_t end = path ? strcspn(path, "?#") : 0, begin;

	for (; end > 0 && path[end - 1] == '/'; end--)
		;
	for (begin = end; begin > 0 && path[begin - 1] != '/'; begin--)
		;
	if (path)
		decode(path + begin, end - begin, &name);
	if (buf_bad(&name))
		return err_errno(e, buf_bad(&name), "%s", url);
	if (name.len == 0 || name.len > NAME_MAX || memchr(name.data, '/', name.len) || strlen(name.data) != name.len ||
	    strcmp(name.data, ".") == 0 || strcmp(name.data, "..") == 0)
		return err_set(e, EINVAL, "cannot determine a file's name from url: %s", url);
	*ret = strdup(name.data);
	return *ret ? 0 : err_errno(e, ENOMEM, "%s", url);
}
