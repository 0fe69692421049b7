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

#include "base/parse.h"
#include "engine/in_keeper.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/user_name.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
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

/* What a line says, and what --passwd-entry and --group-entry may name. */
struct line {
	const char *name, *full, *home, *group, *members;
	uint32_t uid, gid;
};

/* A value where it is put down: one that a field cannot hold is left out. */
static void put(struct buf *out, const char *value)
{
	if (fits_in_a_field(value))
		buf_adds(out, value);
}

/* Longest names first: $USERLIST is no $USER. */
static size_t put_variable(struct buf *out, const char *text, const struct line *l)
{
	char uid[12], gid[12];
	const struct {
		const char *name, *value;
	} variables[] = {{"$USERNAME", l->name}, {"$USERLIST", l->members}, {"$GROUPNAME", l->group},
			 {"$UID", uid}, {"$GID", gid}, {"$NAME", l->full}, {"$HOME", l->home}};

	snprintf(uid, sizeof(uid), "%u", l->uid);
	snprintf(gid, sizeof(gid), "%u", l->gid);
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		size_t len = strlen(variables[i].name);

		if (strncmp(text, variables[i].name, len) != 0)
			continue;
		put(out, variables[i].value);
		return len;
	}
	return 0;
}

static void put_line(struct buf *out, const char *format, const struct line *l)
{
	end_line(out);
	while (*format) {
		size_t len = put_variable(out, format, l);

		if (len == 0)
			buf_addc(out, *format++);
		format += len;
	}
	buf_addc(out, '\n');
}

/* Only where the ID and the name are not there yet, and the image has the file at all. */
static int add_passwd(struct user_files *f, const struct line *l, const struct etc_formats *formats, struct etc_added *ret)
{
	char id[12];

	snprintf(id, sizeof(id), "%u", l->uid);
	if (f->passwd.len == 0 || has_entry(&f->passwd, l->name, id))
		return 0;
	put_line(&f->passwd, formats->passwd ? formats->passwd : "$USERNAME:*:$UID:$GID:$NAME:$HOME:/bin/sh", l);
	ret->passwd = true;
	return buf_bad(&f->passwd) ? -ENOMEM : 0;
}

static int add_group(struct user_files *f, const struct line *l, const struct etc_formats *formats, struct etc_added *ret)
{
	char id[12];

	snprintf(id, sizeof(id), "%u", l->gid);
	if (f->group.len == 0 || has_entry(&f->group, l->group, id))
		return 0;
	put_line(&f->group, formats->group ? formats->group : "$GROUPNAME:*:$GID:$USERLIST", l);
	ret->group = true;
	return buf_bad(&f->group) ? -ENOMEM : 0;
}

/* A home that a line cannot hold is "/". */
static const char *home_field(const char *home)
{
	return *home == '/' && fits_in_a_field(home) ? home : "/";
}

int etc_add_user(struct user_files *f, uint32_t host_uid, uint32_t host_gid, uint32_t uid, uint32_t gid, const char *home,
		 const struct etc_formats *formats, struct etc_added *ret)
{
	char user[USER_NAME_SIZE], group[USER_NAME_SIZE];
	struct group *g = getgrgid(host_gid);
	const struct line l = {.name = user, .full = "", .home = home_field(home), .group = group, .members = user, .uid = uid, .gid = gid};
	int r;

	if (user_name_of(host_uid, user) < 0 || !is_name(user))
		snprintf(user, sizeof(user), "%u", uid);
	snprintf(group, sizeof(group), "%s", g && is_name(g->gr_name) ? g->gr_name : "");
	if (!*group)
		snprintf(group, sizeof(group), "%u", gid);
	r = add_passwd(f, &l, formats, ret);
	return r < 0 ? r : add_group(f, &l, formats, ret);
}

int etc_add_host_user(struct user_files *f, const char *who, const char *home, const struct etc_formats *formats, struct etc_added *ret,
		      struct err *e)
{
	char text[4096];
	struct passwd pw, *found = NULL;
	uint32_t uid;
	int r = parse_u32(who, 0, UINT32_MAX - 1, &uid) == 0 ? getpwuid_r(uid, &pw, text, sizeof(text), &found)
							      : getpwnam_r(who, &pw, text, sizeof(text), &found);

	if (r != 0 || !found || !is_name(pw.pw_name))
		return err_set(e, ENOENT, "--hostuser %s: this host has no such user", who);
	/* of the field, what finger(1) takes for the name */
	pw.pw_gecos[strcspn(pw.pw_gecos, ",")] = '\0';
	r = add_passwd(f, &(struct line){.name = pw.pw_name, .full = pw.pw_gecos, .home = home_field(home), .group = "", .members = "", .uid = pw.pw_uid, .gid = pw.pw_gid},
		       formats, ret);
	return r < 0 ? err_errno(e, -r, "--hostuser") : 0;
}

int etc_add_number(struct user_files *f, uint32_t uid, uint32_t gid, const char *home, const struct etc_formats *formats,
		   struct etc_added *ret)
{
	char user[12], group[12];
	const struct line l = {.name = user, .full = "container user", .home = home_field(home), .group = group, .members = user,
			       .uid = uid, .gid = gid};
	int r;

	snprintf(user, sizeof(user), "%u", uid);
	snprintf(group, sizeof(group), "%u", gid);
	r = add_passwd(f, &l, formats, ret);
	return r < 0 ? r : add_group(f, &l, formats, ret);
}

int etc_check_format(const char *option, const char *format, struct err *e)
{
	for (const char *p = format; p && *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return err_set(e, EINVAL, "--%s: it must be one line", option);
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
