/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The words of --opt are those of podman's and docker's local driver, which
 * hands them to mount(8). A user may mount a tmpfs and bind a directory, and
 * nothing with a device; so these two are known here, they are checked when
 * the volume is made, and by the grammar of -v, so that a container cannot get by a
 * volume what it would not get by an option.
 *
 * Without a daemon nobody holds a mount between containers: a volume of type
 * tmpfs is empty for each container that mounts it.
 */
#include "engine/volume_note.h"

#include "base/clock.h"
#include "base/parse.h"
#include "sys/path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

void volume_note_done(struct volume_note *n)
{
	free(n->name);
	free(n->created);
	json_object_put(n->labels);
	json_object_put(n->options);
	*n = (struct volume_note)VOLUME_NOTE_INIT;
}

/* ---- on disk ---- */

static int created_by_directory(int dirfd, struct volume_note *n)
{
	char text[CLOCK_TEXT_SIZE];
	struct stat st;

	if (fstat(dirfd, &st) < 0)
		return -errno;
	n->created = strdup(clock_rfc3339_fixed(&st.st_mtim, CLOCK_UTC, text));
	return n->created ? 0 : -ENOMEM;
}

static struct json_object *words_of(struct json_object *o, const char *key)
{
	struct json_object *words = json_at(o, key);

	return words && json_object_is_type(words, json_type_object) ? json_object_get(words) : NULL;
}

int volume_note_read(int dirfd, const char *name, struct volume_note *ret)
{
	_cleanup_(volume_note_done) struct volume_note n = {.name = strdup(name), .needs_fill = true};
	_cleanup_json_ struct json_object *o = NULL;
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = path_own_read(dirfd, "volume.json", VOLUME_JSON_MAX, &b);

	if (!n.name)
		return -ENOMEM;
	if (r == 0)
		r = json_parse(buf_str(&b), b.len, "volume.json", &o, NULL);
	if (r < 0 && r != -ENOENT && r != -EINVAL)
		return r;
	if (*json_str(o, "createdAt")) {
		n.created = strdup(json_str(o, "createdAt"));
		r = n.created ? 0 : -ENOMEM;
	} else {
		r = created_by_directory(dirfd, &n);
	}
	if (r < 0)
		return r;
	n.anonymous = json_true(o, "anonymous");
	n.needs_fill = !o || json_true(o, "needsCopyUp");
	n.labels = words_of(o, "labels");
	n.options = words_of(o, "options");
	*ret = n;
	n = (struct volume_note)VOLUME_NOTE_INIT;
	return 0;
}

int volume_note_write(int dirfd, const struct volume_note *n)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	const char *text;
	size_t len;

	if (!o || json_add_str(o, "name", n->name) < 0 || json_add_str(o, "createdAt", n->created) < 0 ||
	    json_add_bool(o, "anonymous", n->anonymous) < 0 || json_add_bool(o, "needsCopyUp", n->needs_fill) < 0 ||
	    (n->labels && json_add(o, "labels", json_object_get(n->labels)) < 0) ||
	    (n->options && json_add(o, "options", json_object_get(n->options)) < 0))
		return -ENOMEM;
	text = json_text(o, &len);
	return text ? path_own_write(dirfd, "volume.json", text, len, 0600, PATH_SYNC_NONE) : -ENOMEM;
}

/* ---- what the options mean ---- */

void volume_plan_done(struct volume_plan *p)
{
	mount_spec_done(&p->spec);
	*p = (struct volume_plan){0};
}

/* A word of `o` for the directory itself. */
static int plain_word(struct volume_plan *p, const char *word, struct err *e)
{
	if (strncmp(word, "uid=", 4) == 0) {
		p->has_uid = true;
		return parse_u32(word + 4, 0, UINT32_MAX - 1, &p->uid) < 0 ? err_set(e, EINVAL, "%s: not a user ID", word) : 0;
	}
	if (strncmp(word, "gid=", 4) == 0) {
		p->has_gid = true;
		return parse_u32(word + 4, 0, UINT32_MAX - 1, &p->gid) < 0 ? err_set(e, EINVAL, "%s: not a group ID", word) : 0;
	}
	if (strcmp(word, "nocopy") == 0) {
		p->no_copy = true;
		return 0;
	}
	if (strcmp(word, "copy") == 0 || strcmp(word, "noquota") == 0)
		return 0;
	if (strncmp(word, "size=", 5) == 0 || strncmp(word, "inodes=", 7) == 0)
		return err_set(e, ENOTSUP, "%s: a user can set no quota; type=tmpfs has a size", word);
	return err_set(e, EINVAL, "%s: not an option of a volume without a type", word);
}

static int plain_plan(const char *words, struct volume_plan *p, struct err *e)
{
	_cleanup_free_ char *copy = strdup(words);
	char *save = NULL;

	if (!copy)
		return err_errno(e, ENOMEM, "volume");
	p->is_plain = true;
	for (char *w = strtok_r(copy, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
		int r = plain_word(p, w, e);

		if (r < 0)
			return r;
	}
	return 0;
}

static void escape_colons(const char *path, struct buf *out)
{
	for (; *path; path++) {
		if (*path == ':')
			buf_addc(out, '\\');
		buf_addc(out, *path);
	}
}

/* By the grammars of -v and --tmpfs; any destination will do. */
static int mounted_plan(const char *device, const char *words, struct volume_plan *p, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	if (device) {
		escape_colons(device, &b);
		buf_addc(&b, ':');
	}
	buf_addf(&b, "/volume%s%s", *words ? ":" : "", words);
	if (buf_bad(&b))
		return err_errno(e, buf_bad(&b), "volume");
	return device ? volume_spec_parse(buf_str(&b), &p->spec, e) : tmpfs_spec_parse(buf_str(&b), &p->spec, e);
}

static int check_keys(struct json_object *options, struct err *e)
{
	static const char *const known[] = {"type", "device", "o"};

	json_object_object_foreach(options, key, value)
	{
		bool found = false;

		(void)value;
		for (size_t i = 0; i < ARRAY_SIZE(known); i++)
			found |= strcmp(known[i], key) == 0;
		if (!found) {
			err_set(e, EINVAL, "volume option %s: not one of type, device, o", key);
			return -EINVAL;
		}
	}
	return 0;
}

static int make_plan(struct json_object *options, struct volume_plan *p, struct err *e)
{
	const char *type = json_str(options, "type"), *device = json_str(options, "device"), *words = json_str(options, "o");
	bool bind = strcmp(type, "none") == 0 || strcmp(type, "bind") == 0;

	if (strcmp(type, "tmpfs") == 0)
		return mounted_plan(NULL, words, p, e);
	if (*type && !bind) {
		err_set(e, ENOTSUP, "volume option type=%s: a user cannot mount it", type);
		err_hint(e, "tmpfs, none and bind can be mounted");
		return -ENOTSUP;
	}
	if (!*device)
		return bind ? err_set(e, EINVAL, "volume option type=%s: needs device=DIRECTORY", type) : plain_plan(words, p, e);
	if (*device != '/')
		return err_set(e, EINVAL, "volume option device=%s: must be an absolute path", device);
	return mounted_plan(device, words, p, e);
}

int volume_note_plan(struct json_object *options, struct volume_plan *ret, struct err *e)
{
	_cleanup_(volume_plan_done) struct volume_plan p = {0};
	int r = options ? check_keys(options, e) : 0;

	if (r == 0)
		r = make_plan(options, &p, e);
	if (r < 0)
		return r;
	*ret = p;
	p = (struct volume_plan){0};
	return 0;
}
