/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What stands in a generated passwd is decided here, at the sink: HOME,
 * user and group names come from the image, the command line and the host's
 * directory, and one of them with a newline would be a second line, with any
 * uid (CVE-2022-4318). So a field is checked byte by byte just before it is
 * put down, whoever checked it before.
 */
#include "engine/etc.h"

#include "engine/in_keeper.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/user_name.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>

static bool fits_in_a_field(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f || *s == ':')
			return false;
	return true;
}

static bool is_name(const char *s)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";

	return *s && *s != '-' && strlen(s) <= USER_NAME_MAX && s[strspn(s, allowed)] == '\0';
}

/* Whether field 1 of a line is `name`, or field 3 `id`. */
static bool has_entry(const struct buf *text, const char *name, const char *id)
{
	for (const char *line = buf_str(text); *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t len = strcspn(line, ":\n"), at;

		if (len == strlen(name) && strncmp(line, name, len) == 0)
			return true;
		at = len + (line[len] == ':');
		at += strcspn(line + at, ":\n");
		at += line[at] == ':';
		len = strcspn(line + at, ":\n");
		if (len == strlen(id) && strncmp(line + at, id, len) == 0)
			return true;
	}
	return false;
}

static void end_line(struct buf *text)
{
	if (text->len > 0 && text->data[text->len - 1] != '\n')
		buf_addc(text, '\n');
}

int etc_add_user(struct user_files *f, uint32_t host_uid, uint32_t host_gid, uint32_t uid, uint32_t gid, const char *home,
		 struct etc_added *ret)
{
	char user[USER_NAME_SIZE], group[USER_NAME_SIZE], id[12];
	struct etc_added added = {.passwd = false};
	struct group *g = getgrgid(host_gid);

	if (user_name_of(host_uid, user) < 0 || !is_name(user))
		snprintf(user, sizeof(user), "%u", uid);
	snprintf(group, sizeof(group), "%s", g && is_name(g->gr_name) ? g->gr_name : "");
	if (!*group)
		snprintf(group, sizeof(group), "%u", gid);
	snprintf(id, sizeof(id), "%u", uid);
	if (f->passwd.len > 0 && !has_entry(&f->passwd, user, id)) {
		end_line(&f->passwd);
		buf_addf(&f->passwd, "%s:*:%u:%u::%s:/bin/sh\n", user, uid, gid, *home == '/' && fits_in_a_field(home) ? home : "/");
		added.passwd = true;
	}
	snprintf(id, sizeof(id), "%u", gid);
	if (f->group.len > 0 && !has_entry(&f->group, group, id)) {
		end_line(&f->group);
		buf_addf(&f->group, "%s:*:%u:%s\n", group, gid, user);
		added.group = true;
	}
	if (buf_bad(&f->passwd) || buf_bad(&f->group))
		return -ENOMEM;
	*ret = added;
	return 0;
}

int etc_write(int container_dirfd, const char *name, const struct buf *text, enum path_sync sync, struct err *e)
{
	int r = path_own_write(container_dirfd, name, buf_str(text), text->len, 0644, sync);

	return r < 0 ? err_errno(e, -r, "the container's own %s", name) : 0;
}

int etc_rewrite(int container_dirfd, const char *name, const struct buf *text, enum path_sync sync, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r = path_own_open(container_dirfd, name, O_WRONLY | O_TRUNC, 0, &fd);

	(void)sync;
	if (r == 0)
		r = fd_write_all(fd, buf_str(text), text->len);
	return r < 0 ? err_errno(e, -r, "the container's own %s", name) : 0;
}

int etc_write_user(int container_dirfd, const struct user_files *f, const struct etc_added *added, enum path_sync sync, struct err *e)
{
	const struct {
		const char *name;
		const struct buf *text;
		bool wanted;
	} files[] = {{"passwd", &f->passwd, added->passwd}, {"group", &f->group, added->group}};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(files); i++)
		if (files[i].wanted)
			r = etc_write(container_dirfd, files[i].name, files[i].text, sync, e);
	return r;
}

const char *const etc_names[] = {"hosts", "hostname", "resolv.conf", "passwd", "group", NULL};

struct owner {
	int container_dirfd;
	uint32_t uid, gid;
};

static int give(void *ctx, struct err *e)
{
	const struct owner *o = ctx;
	int r = 0;

	for (const char *const *name = etc_names; r == 0 && *name; name++) {
		_cleanup_close_ int fd = -EBADF;

		r = path_own_open(o->container_dirfd, *name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, &fd);
		if (r == 0 && fchown(fd, o->uid, o->gid) < 0)
			r = -errno;
		if (r == -ENOENT)
			r = 0;
	}
	return r < 0 ? err_errno(e, -r, "give etc to the container's root") : 0;
}

int etc_give(int container_dirfd, struct keeper *k, uint32_t uid, uint32_t gid, struct err *e)
{
	struct owner o = {container_dirfd, uid, gid};

	/* mostly it is the user himself, who has written them */
	return uid == 0 && gid == 0 ? 0 : in_keeper(k, give, &o, e);
}
