/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A relative name that is looked up where somebody else stands is a name that
 * others choose: in /tmp, a profile or a directory of theirs. So the words are
 * written anew with an absolute name, in the grammar of their option, and
 * nothing but the words is looked at: no file is opened here.
 */
#include "engine/option_paths.h"

#include "base/buf.h"
#include "engine/mount_spec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define GONE " (deleted)"

static bool is_place(const char *cwd)
{
	size_t len = cwd ? strlen(cwd) : 0, gone = strlen(GONE);

	return len > 0 && *cwd == '/' && !(len > gone && strcmp(cwd + len - gone, GONE) == 0);
}

int option_path_absolute(const char *path, const char *cwd, char **ret, struct err *e)
{
	char *out = NULL;

	if (*path != '/' && !is_place(cwd))
		return err_set(e, ENOENT, "%s: the directory that it was relative to is gone", path);
	if (*path == '/')
		out = strdup(path);
	else if (asprintf(&out, "%s/%s", cwd, path) < 0)
		out = NULL;
	if (!out)
		return err_errno(e, ENOMEM, "%s", path);
	*ret = out;
	return 0;
}

/* Each returns the new words in *ret, or leaves it NULL where they can stay. */
typedef int (*fix_fn)(const char *text, const char *cwd, char **ret, struct err *e);

static int take_text(struct buf *b, const char *text, char **ret, struct err *e)
{
	*ret = b->error ? NULL : strdup(buf_str(b));
	return *ret ? 0 : err_errno(e, ENOMEM, "%s", text);
}

/* ./SRC:DST: a colon in the directory's name is none between two parts. */
static int fix_volume(const char *text, const char *cwd, char **ret, struct err *e)
{
	_cleanup_(mount_spec_done) struct mount_spec m = {0};
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_free_ char *path = NULL;
	int r;

	if (volume_spec_parse(text, &m, NULL) < 0 || m.kind != MOUNT_BIND || *m.source == '/')
		return 0;
	r = option_path_absolute(text, cwd, &path, e);
	if (r < 0)
		return r;
	for (const char *p = cwd; *p; p++) {
		if (*p == ':')
			buf_addc(&b, '\\');
		buf_addc(&b, *p);
	}
	buf_addf(&b, "/%s", text);
	return take_text(&b, text, ret, e);
}

/* The last src= is what counts. */
static int fix_mount(const char *text, const char *cwd, char **ret, struct err *e)
{
	_cleanup_(mount_spec_done) struct mount_spec m = {0};
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_free_ char *path = NULL;
	int r;

	if (mount_spec_parse(text, &m, NULL) < 0 || (m.kind != MOUNT_BIND && m.kind != MOUNT_GLOB) || *m.source == '/')
		return 0;
	r = option_path_absolute(m.source, cwd, &path, e);
	if (r < 0)
		return r;
	if (m.kind == MOUNT_GLOB && strpbrk(cwd, "*?[\\"))
		return err_set(e, EINVAL, "%s: the name of the directory that it is relative to, %s, would be taken for a pattern", text, cwd);
	buf_addf(&b, "%s,\"src=", text);
	for (const char *p = path; *p; p++) {
		if (*p == '"')
			buf_addc(&b, '"');
		buf_addc(&b, *p);
	}
	buf_addc(&b, '"');
	return take_text(&b, text, ret, e);
}

/* A word alone is no file; of Landlock, one without a slash is a profile of ours. */
static int fix_security(const char *text, const char *cwd, char **ret, struct err *e)
{
	size_t len = strcspn(text, "=:");
	const char *value = text[len] ? text + len + 1 : "";
	bool seccomp = len == 7 && strncmp(text, "seccomp", len) == 0, landlock = len == 8 && strncmp(text, "landlock", len) == 0;
	_cleanup_free_ char *path = NULL;
	int r;

	if (!(seccomp || landlock) || !*value || *value == '/' || strcmp(value, "unconfined") == 0 ||
	    (seccomp && strcmp(value, "builtin") == 0) || (landlock && !strchr(value, '/')))
		return 0;
	r = option_path_absolute(value, cwd, &path, e);
	if (r < 0)
		return r;
	return asprintf(ret, "%.*s%s", (int)len + 1, text, path) < 0 ? (*ret = NULL, err_errno(e, ENOMEM, "%s", text)) : 0;
}

static int fix_file(const char *text, const char *cwd, char **ret, struct err *e)
{
	return *text == '/' ? 0 : option_path_absolute(text, cwd, ret, e);
}

int option_paths_fix(struct container_options *o, const char *cwd, struct err *e)
{
	const struct {
		const char *name;
		struct strv *list;
		fix_fn fix;
	} lists[] = {
		{"volume", &o->volume, fix_volume},     {"mount", &o->mount, fix_mount},
		{"security-opt", &o->security_opt, fix_security},
		{"env-file", &o->env_file, fix_file},   {"label-file", &o->label_file, fix_file},
	};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (size_t k = 0; k < lists[i].list->n; k++) {
			char *text = NULL;
			int r = lists[i].fix(lists[i].list->items[k], cwd, &text, e);

			if (r < 0)
				return err_wrap(e, r, "--%s", lists[i].name);
			if (!text)
				continue;
			free(lists[i].list->items[k]);
			lists[i].list->items[k] = text;
		}
	return 0;
}
