/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * An entry that is no store of ours is passed over, for the same list serves
 * podman, whose stores are of another format; `ranby info` says which ones are
 * used. One that others could have written is an error, since what it calls
 * "debian" would run here.
 */
#include "engine/storage.h"

#include "base/buf.h"
#include "base/toml.h"
#include "engine/image_use.h"
#include "engine/keeper.h"
#include "sys/config_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STORAGE_CONF_MAX (1U << 20)

static int take_stores(struct json_object *o, struct strv *ret, struct err *e)
{
	struct json_object *storage = NULL, *options = NULL;
	_cleanup_(strv_done) struct strv paths = {0};
	int r = json_get_object(o, "storage", &storage, e);

	if (r == 0 && storage)
		r = json_get_object(storage, "options", &options, e);
	if (r == 0 && options)
		r = json_get_strv(options, "additionalimagestores", &paths, e);
	for (size_t i = 0; i < paths.n && r == 0; i++) {
		if (!*paths.items[i])
			continue;
		if (paths.items[i][0] != '/')
			return err_set(e, EINVAL, "additionalimagestores: \"%.200s\" is no absolute path", paths.items[i]);
		if (strv_add(ret, paths.items[i]) < 0)
			r = err_errno(e, ENOMEM, "storage.conf");
	}
	return r;
}

int storage_parse(const char *text, size_t len, const char *what, struct strv *ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	int r = toml_parse(text, len, what, &o, e);

	if (r < 0)
		return r;
	r = take_stores(o, ret, e);
	return r < 0 ? err_wrap(e, r, "%s", what) : 0;
}

/* -ENOENT: there is none. */
static int read_file(const char *path, bool is_named, struct strv *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = (is_named ? config_file_read_named : config_file_read)(path, STORAGE_CONF_MAX, &b, e);

	if (r == -ENOTDIR)
		err_clear(e);
	if (r < 0)
		return r == -ENOTDIR ? -ENOENT : r;
	return storage_parse(buf_str(&b), b.len, path, ret, e);
}

static int users_file(const struct engine *eng, char **ret)
{
	const char *home = strcmp(eng->home, "/") == 0 ? "" : eng->home;

	if (eng->xdg_config_home ? asprintf(ret, "%s/containers/storage.conf", eng->xdg_config_home) < 0 :
				   asprintf(ret, "%s/.config/containers/storage.conf", home) < 0)
		return -ENOMEM;
	return 0;
}

int storage_shared(const struct engine *eng, struct strv *ret, char **ret_file, struct err *e)
{
	_cleanup_free_ char *own = NULL, *copy = NULL;
	const char *files[3] = {NULL, "/etc/containers/storage.conf", "/usr/share/containers/storage.conf"};
	size_t n = eng->storage_conf ? 1 : ARRAY_SIZE(files), i;
	int r = -ENOENT;

	if (!eng->storage_conf && !eng->rootful && users_file(eng, &own) < 0)
		return err_errno(e, ENOMEM, "storage.conf");
	files[0] = eng->storage_conf ? eng->storage_conf : own;
	for (i = 0; i < n && r == -ENOENT; i++)
		r = files[i] ? read_file(files[i], eng->storage_conf != NULL, ret, e) : -ENOENT;
	if (r == -ENOENT)
		return eng->storage_conf ? err_errno(e, ENOENT, "%s", eng->storage_conf) : 0;
	if (r < 0 || !ret_file)
		return r;
	copy = strdup(files[i - 1]);
	if (!copy)
		return err_errno(e, ENOMEM, "storage.conf");
	*ret_file = TAKE_PTR(copy);
	return 0;
}

int storage_open(struct engine *eng, struct store **ret, struct err *e)
{
	_cleanup_(store_closep) struct store *st = NULL;
	_cleanup_(strv_done) struct strv shared = {0};
	int r = store_open(eng->data_fd, &st, e);

	if (r == 0)
		r = storage_shared(eng, &shared, NULL, e);
	for (size_t i = 0; i < shared.n && r >= 0; i++)
		r = store_share(st, shared.items[i], e);
	if (r < 0)
		return r;
	store_set_keeper(st, keeper_for_store, eng);
	store_set_layers_used(st, image_layers_used, eng);
	*ret = TAKE_PTR(st);
	return 0;
}
