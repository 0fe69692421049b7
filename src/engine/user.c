/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Three engines have run a payload as root because a number too big to be an
 * ID, or one with a sign, was then taken for a name, found in the image's own
 * passwd, or read as 0 (containerd's CVE-2024-40635 and CVE-2026-46680, crun's
 * CVE-2026-30892). Hence: what starts with a digit is a number or an error,
 * a name must look like a name, a name that is not found is an error, and there
 * is one parser for the command line, exec and the image.
 *
 * The databases belong to the image. They are read whole, capped, and walked
 * once by length; a line that is not a record (a NUL, too few fields, an ID
 * that is none) is passed over as libc would.
 */
#include "engine/user.h"

#include "base/parse.h"
#include "engine/layered.h"
#include "sys/idmap.h"
#include "sys/path.h"

#include <errno.h>
#include <string.h>

#define ID_MAX (ID_NONE - 1)

void user_files_done(struct user_files *f)
{
	buf_done(&f->passwd);
	buf_done(&f->group);
}

/* How a failed read of a database is said. Absent is fine. */
static int read_result(int r, const char *path, struct err *e)
{
	if (r == 0 || r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r == -EINVAL)
		return err_set(e, EINVAL, "/%s in the container: not a regular file", path);
	if (r == -EFBIG)
		return err_set(e, EFBIG, "/%s in the container: larger than %u bytes", path, USER_FILE_MAX);
	return err_errno(e, -r, "/%s in the container", path);
}

int user_files_from_root(int rootfd, struct user_files *ret, struct err *e)
{
	int r;

	r = read_result(path_in_root_read(rootfd, "etc/passwd", USER_FILE_MAX, &ret->passwd), "etc/passwd", e);
	if (r == 0)
		r = read_result(path_in_root_read(rootfd, "etc/group", USER_FILE_MAX, &ret->group), "etc/group", e);
	return r;
}

int user_files_from_layers(const struct strv *layers, struct user_files *ret, struct err *e)
{
	_cleanup_(layered_done) struct layered l = LAYERED_INIT;
	int r = layered_open(layers, &l, e);

	if (r == 0)
		r = read_result(layered_read(&l, "etc/passwd", USER_FILE_MAX, &ret->passwd), "etc/passwd", e);
	if (r == 0)
		r = read_result(layered_read(&l, "etc/group", USER_FILE_MAX, &ret->group), "etc/group", e);
	return r;
}

/* ---- records ---- */

#define FIELDS_MAX 7

struct record {
	const char *field[FIELDS_MAX];
	size_t len[FIELDS_MAX];
	size_t n;
};

/* The next line of `b` from *pos as fields; false at the end. A line with a NUL has none. */
static bool next_record(const struct buf *b, size_t *pos, struct record *ret)
{
	const char *line, *end, *nl;

	if (*pos >= b->len)
		return false;
	line = b->data + *pos;
	nl = memchr(line, '\n', b->len - *pos);
	end = nl ? nl : b->data + b->len;
	*pos = (size_t)(end - b->data) + 1;
	ret->n = 0;
	if (memchr(line, '\0', (size_t)(end - line)))
		return true;
	while (ret->n < FIELDS_MAX) {
		const char *colon = memchr(line, ':', (size_t)(end - line));
		const char *stop = colon ? colon : end;

		ret->field[ret->n] = line;
		ret->len[ret->n++] = (size_t)(stop - line);
		if (!colon)
			break;
		line = colon + 1;
	}
	return true;
}

static bool field_is(const struct record *rec, size_t i, const char *s)
{
	return rec->len[i] == strlen(s) && memcmp(rec->field[i], s, rec->len[i]) == 0;
}

static bool field_id(const struct record *rec, size_t i, uint32_t *ret)
{
	char digits[16];

	if (rec->len[i] == 0 || rec->len[i] >= sizeof(digits))
		return false;
	memcpy(digits, rec->field[i], rec->len[i]);
	digits[rec->len[i]] = '\0';
	return parse_u32(digits, 0, ID_MAX, ret) == 0;
}

static void field_copy(const struct record *rec, size_t i, char *out, size_t size)
{
	size_t len = rec->len[i];

	out[0] = '\0';
	if (len >= size)
		return;
	for (size_t k = 0; k < len; k++)
		if ((unsigned char)rec->field[i][k] < 0x20 || rec->field[i][k] == 0x7f)
			return;
	memcpy(out, rec->field[i], len);
	out[len] = '\0';
}

/* ---- the grammar ---- */

/* One side of the colon. */
struct side {
	bool given, is_id;
	uint32_t id;
	char name[USER_NAME_MAX + 1];
};

static bool is_name(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = s[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
		bool later = (c >= '0' && c <= '9') || c == '.' || c == '-' || (c == '$' && i + 1 == len);

		if (!letter && !(later && i > 0))
			return false;
	}
	return len > 0 && len <= USER_NAME_MAX;
}

static int parse_side(const char *what, const char *s, size_t len, struct side *ret, struct err *e)
{
	char shown[64];

	*ret = (struct side){.given = len > 0};
	if (len == 0)
		return 0;
	if (len <= USER_NAME_MAX) {
		memcpy(ret->name, s, len);
		ret->name[len] = '\0';
		if (parse_u32(ret->name, 0, ID_MAX, &ret->id) == 0) {
			ret->is_id = true;
			return 0;
		}
		if (is_name(s, len))
			return 0;
	}
	len = len < sizeof(shown) - 1 ? len : sizeof(shown) - 1;
	memcpy(shown, s, len);
	shown[len] = '\0';
	return err_set(e, EINVAL, "%s %s: neither a name nor a number from 0 to %u", what, shown, ID_MAX);
}

static int parse_user(const char *text, struct side *user, struct side *group, struct err *e)
{
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	int r;

	if (colon && len == 0 && !colon[1])
		return err_set(e, EINVAL, "user %s: neither a user nor a group", text);
	/* a group alone is root's, as with docker and podman */
	r = colon && len == 0 ? parse_side("user", "0", 1, user, e) : parse_side("user", text, len, user, e);
	if (r < 0)
		return r;
	return parse_side("group", colon ? colon + 1 : "", colon ? strlen(colon + 1) : 0, group, e);
}

int user_check(const char *text, struct err *e)
{
	struct side user, group;

	return text && *text ? parse_user(text, &user, &group, e) : 0;
}

/* ---- resolution ---- */

static void copy_home(const struct record *rec, struct user_id *ret)
{
	if (rec->n > 5)
		field_copy(rec, 5, ret->home, sizeof(ret->home));
	if (ret->home[0] != '/')
		ret->home[0] = '\0';
}

/* The first passwd line of that user; its gid becomes ret->gid. False when there is none. */
static bool find_user(const struct user_files *f, const struct side *user, struct user_id *ret)
{
	struct record rec;
	size_t pos = 0;

	while (next_record(&f->passwd, &pos, &rec)) {
		uint32_t uid, gid;

		if (rec.n < 4 || !field_id(&rec, 2, &uid) || !field_id(&rec, 3, &gid))
			continue;
		if (user->is_id ? uid != user->id : !field_is(&rec, 0, user->name))
			continue;
		ret->uid = uid;
		ret->gid = gid;
		ret->in_passwd = true;
		field_copy(&rec, 0, ret->name, sizeof(ret->name));
		copy_home(&rec, ret);
		return true;
	}
	return false;
}

static bool find_group(const struct user_files *f, const char *name, uint32_t *ret)
{
	struct record rec;
	size_t pos = 0;

	while (next_record(&f->group, &pos, &rec))
		if (rec.n >= 3 && field_is(&rec, 0, name) && field_id(&rec, 2, ret))
			return true;
	return false;
}

static int add_group(struct user_id *u, uint32_t gid, struct err *e)
{
	size_t i = 0;

	while (i < u->n_groups && u->groups[i] < gid)
		i++;
	if (i < u->n_groups && u->groups[i] == gid)
		return 0;
	if (u->n_groups == USER_GROUPS_MAX)
		return err_set(e, E2BIG, "more than %d supplementary groups", USER_GROUPS_MAX);
	memmove(&u->groups[i + 1], &u->groups[i], (u->n_groups - i) * sizeof(u->groups[0]));
	u->groups[i] = gid;
	u->n_groups++;
	return 0;
}

/* "a,b,c" holds `name`. */
static bool has_member(const char *list, size_t len, const char *name)
{
	size_t want = strlen(name);

	while (len > 0) {
		const char *comma = memchr(list, ',', len);
		size_t n = comma ? (size_t)(comma - list) : len;

		if (n == want && memcmp(list, name, n) == 0)
			return true;
		if (!comma)
			return false;
		list += n + 1;
		len -= n + 1;
	}
	return false;
}

static int add_member_groups(const struct user_files *f, struct user_id *u, struct err *e)
{
	struct record rec;
	size_t pos = 0;
	int r = 0;

	if (!u->name[0])
		return 0;
	while (r == 0 && next_record(&f->group, &pos, &rec)) {
		uint32_t gid;

		if (rec.n >= 4 && field_id(&rec, 2, &gid) && has_member(rec.field[3], rec.len[3], u->name))
			r = add_group(u, gid, e);
	}
	return r;
}

static int group_id(const struct user_files *f, const struct side *group, uint32_t *ret, struct err *e)
{
	if (group->is_id) {
		*ret = group->id;
		return 0;
	}
	if (find_group(f, group->name, ret))
		return 0;
	return err_set(e, ENOENT, "group %s: not in the container's /etc/group", group->name);
}

static int add_extra_groups(const struct user_files *f, const struct strv *extra, struct user_id *u, struct err *e)
{
	for (size_t i = 0; extra && i < extra->n; i++) {
		struct side group;
		uint32_t gid;
		int r = parse_side("group", extra->items[i], strlen(extra->items[i]), &group, e);

		if (r == 0 && !group.given)
			r = err_set(e, EINVAL, "group \"\": empty");
		if (r == 0)
			r = group_id(f, &group, &gid, e);
		if (r == 0)
			r = add_group(u, gid, e);
		if (r < 0)
			return r;
	}
	return 0;
}

int user_resolve(const char *text, const struct user_files *f, const struct strv *group_add, struct user_id *ret,
		 struct err *e)
{
	struct side user, group;
	struct user_id *u = ret;
	int r;

	r = parse_user(text && *text ? text : "0", &user, &group, e);
	if (r < 0)
		return r;
	*u = (struct user_id){.uid = user.id};
	if (!find_user(f, &user, u) && !user.is_id)
		return err_set(e, ENOENT, "user %s: not in the container's /etc/passwd", user.name);
	if (group.given)
		r = group_id(f, &group, &u->gid, e);
	else
		r = add_member_groups(f, u, e);
	if (r == 0)
		r = add_group(u, u->gid, e);
	return r < 0 ? r : add_extra_groups(f, group_add, u, e);
}

int user_keep_mapped(struct user_id *u, const struct id_map *map, bool asked, struct err *e)
{
	size_t kept = 0;
	uint32_t id;

	if (id_list_to_outside(&map->uid, u->uid, &id) < 0)
		return err_set(e, ERANGE, "user %u: not in the container's ID map", u->uid);
	if (id_list_to_outside(&map->gid, u->gid, &id) < 0)
		return err_set(e, ERANGE, "group %u: not in the container's ID map", u->gid);
	for (size_t i = 0; i < u->n_groups; i++) {
		if (id_list_to_outside(&map->gid, u->groups[i], &id) == 0)
			u->groups[kept++] = u->groups[i];
		else if (asked)
			return err_set(e, ERANGE, "group %u: not in the container's ID map", u->groups[i]);
	}
	u->n_groups = kept;
	return 0;
}

uint32_t user_files_size(const struct user_files *f)
{
	const struct buf *files[] = {&f->passwd, &f->group};
	uint32_t size = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct record rec;
		size_t pos = 0;

		while (next_record(files[i], &pos, &rec)) {
			uint32_t id;

			if (rec.n >= 3 && field_id(&rec, 2, &id) && id != 65534 && id >= size)
				size = id + 1;
			if (i == 0 && rec.n >= 4 && field_id(&rec, 3, &id) && id != 65534 && id >= size)
				size = id + 1;
		}
	}
	return size;
}
