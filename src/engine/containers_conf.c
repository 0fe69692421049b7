/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * One object is kept, and each file is laid over it: tables are merged key by
 * key, all else is replaced. Nothing here knows what a key means; that is
 * engine/defaults.h's.
 */
#include "engine/containers_conf.h"

#include "base/buf.h"
#include "base/toml.h"
#include "sys/config_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME "containers.conf"

void containers_conf_done(struct containers_conf *f)
{
	json_putp(&f->json);
	strv_done(&f->files);
}

/* The marker {append=true} at a list's end. */
static bool is_continued(struct json_object *list)
{
	size_t n = json_object_array_length(list);

	return n > 0 && json_true(json_object_array_get_idx(list, n - 1), "append");
}

static int lay_list(struct json_object *onto, const char *key, struct json_object *list)
{
	struct json_object *all = json_object_new_array(), *old = NULL;
	bool continued = is_continued(list);
	size_t n = json_object_array_length(list) - (continued ? 1 : 0);
	int r = all ? 0 : -ENOMEM;

	if (continued && json_object_object_get_ex(onto, key, &old) && json_object_is_type(old, json_type_array))
		for (size_t i = 0; r == 0 && i < json_object_array_length(old); i++)
			r = json_append(all, json_object_get(json_object_array_get_idx(old, i)));
	for (size_t i = 0; r == 0 && i < n; i++)
		r = json_append(all, json_object_get(json_object_array_get_idx(list, i)));
	if (r < 0) {
		json_object_put(all);
		return r;
	}
	json_object_object_del(onto, key);
	return json_add(onto, key, all);
}

/* Two levels: [table] and its keys; a table in a table, of which none has a meaning here, is replaced. */
static int lay_table(struct json_object *onto, struct json_object *table)
{
	int r = 0;

	json_object_object_foreach(table, key, value) {
		if (json_object_is_type(value, json_type_array)) {
			r = lay_list(onto, key, value);
		} else {
			json_object_object_del(onto, key);
			r = json_add(onto, key, json_object_get(value));
		}
		if (r < 0)
			break;
	}
	return r;
}

static int lay_file(struct json_object *all, struct json_object *file)
{
	int r = 0;

	json_object_object_foreach(file, name, table) {
		struct json_object *onto = NULL;

		if (!json_object_is_type(table, json_type_object))
			continue;
		if (!json_object_object_get_ex(all, name, &onto)) {
			onto = json_object_new_object();
			r = json_add(all, name, onto);
		}
		if (r == 0)
			r = lay_table(onto, table);
		if (r < 0)
			break;
	}
	return r;
}

int containers_conf_add(struct containers_conf *f, const char *text, size_t len, const char *what, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	int r = toml_parse(text, len, what, &o, e);

	if (r < 0)
		return r;
	if (!f->json)
		f->json = json_object_new_object();
	if (!f->json || lay_file(f->json, o) < 0 || strv_add(&f->files, what) < 0)
		return err_errno(e, ENOMEM, "%s", what);
	return 0;
}

typedef int (*reader)(const char *path, size_t max, struct buf *b, struct err *e);

/* -ENOENT: there is none. */
static int read_file(struct containers_conf *f, const char *path, reader read, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = read(path, CONTAINERS_CONF_FILE_MAX, &b, e);

	if (r == -ENOTDIR)
		err_clear(e);
	if (r < 0)
		return r == -ENOTDIR ? -ENOENT : r;
	if (f->files.n >= CONTAINERS_CONF_FILES_MAX)
		return err_set(e, E2BIG, "%s: more than %d files", path, CONTAINERS_CONF_FILES_MAX);
	return containers_conf_add(f, buf_str(&b), b.len, path, e);
}

static int read_dir(struct containers_conf *f, const char *path, struct err *e)
{
	_cleanup_(strv_done) struct strv files = {0};
	int r = config_file_list(path, ".conf", &files, e);

	if (r == -ENOTDIR)
		err_clear(e);
	if (r < 0)
		return r == -ENOENT || r == -ENOTDIR ? 0 : r;
	for (size_t i = 0; i < files.n && r == 0; i++) {
		r = read_file(f, files.items[i], config_file_read, e);
		r = r == -ENOENT ? 0 : r;
	}
	return r;
}

/* DIR/containers.conf and what is dropped beside it. */
static int read_place(struct containers_conf *f, const char *dir, struct err *e)
{
	char file[4096], drop[4096];
	int r;

	if ((size_t)snprintf(drop, sizeof(drop), "%s/" NAME ".d", dir) >= sizeof(drop))
		return 0;
	snprintf(file, sizeof(file), "%s/" NAME, dir);
	r = read_file(f, file, config_file_read, e);
	return r < 0 && r != -ENOENT ? r : read_dir(f, drop, e);
}

static int read_usual(const struct engine *eng, struct containers_conf *f, struct err *e)
{
	static const char *const hosts[] = {"/usr/share/containers", "/etc/containers"};
	char dir[3072];
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(hosts); i++)
		r = read_place(f, hosts[i], e);
	if (r < 0 || eng->rootful)
		return r;
	snprintf(dir, sizeof(dir), "%s%s/containers", eng->xdg_config_home ? eng->xdg_config_home : eng->home,
		 eng->xdg_config_home ? "" : "/.config");
	return read_place(f, dir, e);
}

static int read_named(struct containers_conf *f, const char *path, struct err *e)
{
	int r = read_file(f, path, config_file_read_named, e);

	return r == -ENOENT ? err_errno(e, ENOENT, "%s", path) : r;
}

int containers_conf_read(const struct engine *eng, struct containers_conf *ret, struct err *e)
{
	_cleanup_(containers_conf_done) struct containers_conf f = {0};
	int r = eng->containers_conf ? read_named(&f, eng->containers_conf, e) : read_usual(eng, &f, e);

	if (r == 0 && eng->containers_conf_override)
		r = read_named(&f, eng->containers_conf_override, e);
	if (r < 0)
		return r;
	*ret = f;
	f = (struct containers_conf){0};
	return 0;
}
