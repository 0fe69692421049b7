/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The file is other programs' too: what is in it is kept as it is, but for the
 * one entry, and it is replaced as a whole. Two logins at once follow one
 * another: the directory is locked.
 */
#include "registry/login.h"

#include "base/base64.h"
#include "registry/auth_helper.h"
#include "registry/session.h"
#include "sys/fd.h"
#include "sys/lock.h"
#include "sys/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define LOCK_WAIT_MS 10000

static int find_path(const struct registry_access *o, char ret[static 4096], struct err *e)
{
	const char *named = o->auth_file ? o->auth_file : o->registry_auth_file;
	const char *base = "", *rest = "";

	if (named && *named) {
		base = named;
	} else if (o->xdg_runtime_dir && *o->xdg_runtime_dir) {
		base = o->xdg_runtime_dir;
		rest = "/containers/auth.json";
	} else if (o->xdg_config_home && *o->xdg_config_home) {
		base = o->xdg_config_home;
		rest = "/containers/auth.json";
	} else if (o->home && *o->home) {
		base = o->home;
		rest = "/.config/containers/auth.json";
	} else {
		return err_set(e, ENOENT, "no place for an auth file: neither XDG_RUNTIME_DIR nor HOME is set; take --authfile");
	}
	if ((size_t)snprintf(ret, 4096, "%s%s", base, rest) >= 4096)
		return err_set(e, ENAMETOOLONG, "auth file");
	return 0;
}

/* "https://host/v1/" is "host", as in old files. */
static int parse_key(const char *registry, struct login *l, struct err *e)
{
	char text[REFERENCE_TEXT_SIZE];
	const char *slash;
	size_t len;
	int r;

	if (strncmp(registry, "https://", 8) == 0)
		registry += 8;
	else if (strncmp(registry, "http://", 7) == 0)
		registry += 7;
	len = strlen(registry);
	while (len > 0 && registry[len - 1] == '/')
		len--;
	if (len > 3 && strncmp(registry + len - 3, "/v1", 3) == 0)
		len -= 3;
	if (len == 0 || (size_t)snprintf(l->key, sizeof(l->key), "%.*s", (int)len, registry) >= sizeof(l->key))
		return err_set(e, EINVAL, "\"%.128s\" names no registry", registry);
	if (strcmp(l->key, "index.docker.io") == 0 || strcmp(l->key, "registry-1.docker.io") == 0)
		snprintf(l->key, sizeof(l->key), "docker.io");
	if ((size_t)snprintf(text, sizeof(text), "%s/x", l->key) >= sizeof(text))
		return err_set(e, EINVAL, "\"%.128s\" names no registry", registry);
	r = reference_parse(text, &l->at, e);
	if (r == 0 && !l->at.domain[0])
		/* "registry" alone is a host of the local network */
		r = reference_set_domain(&l->at, l->key, e);
	if (r < 0)
		return err_wrap(e, r, "registry %.128s", registry);
	/* of no repository: its namespace, or nothing */
	slash = strchr(l->key, '/');
	snprintf(l->at.path, sizeof(l->at.path), "%s", slash ? slash + 1 : "");
	return 0;
}

static const char *helper_of(const struct strv *helpers)
{
	for (size_t i = 0; i < helpers->n; i++)
		if (strcmp(helpers->items[i], AUTH_FILES) == 0)
			return "";
	return helpers->n ? helpers->items[0] : "";
}

int login_to(const char *registry, const struct registry_access *access, struct login *ret, struct err *e)
{
	int r;

	*ret = (struct login){.access = access};
	r = registries_load(access, &ret->conf, e);
	if (r < 0 || !ret->conf)
		return r;
	if (!registry && ret->conf->search.n == 0) {
		r = err_set(e, EINVAL, "which registry? registries.conf names no unqualified-search-registries");
		err_hint(e, "name one, such as registry.example.com");
	}
	if (r == 0)
		r = parse_key(registry ? registry : ret->conf->search.items[0], ret, e);
	if (r == 0)
		r = find_path(access, ret->path, e);
	/* before it is cut to the place for it: another program would get the password */
	if (r == 0 && *helper_of(&ret->conf->helpers))
		r = auth_helper_check(helper_of(&ret->conf->helpers), e);
	if (r == 0)
		snprintf(ret->helper, sizeof(ret->helper), "%s", helper_of(&ret->conf->helpers));
	return r;
}

void login_done(struct login *l)
{
	l->conf = registries_free(l->conf);
}

int login_find(struct login *l, struct auth *ret, struct err *e)
{
	struct registry_access access = *l->access;

	access.auth_file_may_be_new = true;
	return auth_find(&l->at, &access, &l->conf->helpers, ret, e);
}

int login_try(struct login *l, const char *creds, struct err *e)
{
	const struct registry_need need = {.login = true};
	_cleanup_(fetch_stop) struct fetch_client fc = FETCH_CLIENT_INIT;
	struct registry_access access = *l->access;
	struct registry_place place;
	struct fetch_answer a;
	int r = registry_place_named(&l->at, l->conf, &place, e);

	if (r < 0)
		return r;
	access.creds = creds;
	access.auth_file_may_be_new = true;
	r = registry_connect(&place, &need, &access, &fc, e);
	if (r == 0)
		r = fetch_ask(&fc, FETCH_LOGIN, 0, "", 0, -EBADF, e);
	if (r == 0)
		r = fetch_answer(&fc, &a, e);
	if (r == 0 && a.type != FETCH_DONE) {
		if (e)
			*e = a.err;
		r = -a.err.code;
	}
	return r;
}

/* ---- the file ---- */

struct auth_text {
	int dirfd, lock_fd;
	const char *name;
	bool is_there;
	struct json_object *json;
};

static void auth_text_done(struct auth_text *t)
{
	json_object_put(t->json);
	fd_closep(&t->lock_fd);
	fd_closep(&t->dirfd);
}

/* -ENOENT, without words, unless it is to be made. */
static int open_dir(const char *path, bool make, const char **ret_name, int *ret_fd, struct err *e)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *dir = strndup(path, slash ? (size_t)(slash - path) : 0);
	int r = 0;

	if (!dir)
		return err_errno(e, ENOMEM, "auth file");
	*ret_name = slash ? slash + 1 : path;
	if (dir[0] == '/' && make) {
		r = path_make_base(dir, ret_fd);
	} else {
		*ret_fd = open(dir[0] ? dir : slash ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		r = *ret_fd < 0 ? -errno : 0;
	}
	if (r == -ENOENT && !make)
		return r;
	return r < 0 ? err_errno(e, -r, "auth file %s", path) : 0;
}

/* Without `make` no directory is made, and t->is_there says whether there is a file. */
static int open_text(const char *path, bool make, struct auth_text *t, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	int r = open_dir(path, make, &t->name, &t->dirfd, e);

	if (r == -ENOENT && !make)
		return (t->json = json_object_new_object()) ? 0 : err_errno(e, ENOMEM, "auth file");
	if (r < 0)
		return r;
	r = lock_take_dir(t->dirfd, LOCK_WAIT_MS, &t->lock_fd);
	if (r < 0)
		return err_errno(e, -r, "lock the directory of auth file %s", path);
	r = path_own_read(t->dirfd, t->name, AUTH_FILE_MAX, &text);
	if (r < 0 && r != -ENOENT)
		return err_errno(e, -r, "auth file %s", path);
	t->is_there = r == 0;
	if (text.len)
		r = json_parse(buf_str(&text), text.len, path, &t->json, e);
	else
		r = (t->json = json_object_new_object()) ? 0 : err_errno(e, ENOMEM, "auth file");
	if (text.data)
		explicit_bzero(text.data, text.len);
	if (r == 0 && !json_object_is_type(t->json, json_type_object))
		r = err_set(e, EINVAL, "%s: not an object", path);
	return r;
}

static int write_text(const char *path, struct auth_text *t, struct err *e)
{
	const char *text = json_object_to_json_string_ext(t->json, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_PRETTY_TAB | JSON_C_TO_STRING_NOSLASHESCAPE);
	int r = text ? path_own_write(t->dirfd, t->name, text, strlen(text), 0600, PATH_SYNC_FULL) : -ENOMEM;

	return r < 0 ? err_errno(e, -r, "write auth file %s", path) : 0;
}

/* Who keeps it, by what name: as it will be looked for. */
static int choose_helper(struct login *l, struct json_object *file, struct err *e)
{
	struct auth_helper_name by = {0};
	int r;

	if (l->helper[0]) {
		snprintf(by.server, sizeof(by.server), "%s", l->at.domain);
	} else {
		r = auth_helper_of(file, &l->at, &by, e);
		if (r <= 0)
			return r;
		memcpy(l->helper, by.helper, sizeof(l->helper));
	}
	memcpy(l->server, by.server, sizeof(l->server));
	if (l->at.path[0] && strcmp(l->server, l->key) != 0)
		return err_set(e, EINVAL, "credential helper %s keeps them for all of %s, not for a part of it", l->helper, l->at.domain);
	return 0;
}

static struct json_object *auths_of(struct json_object *o)
{
	struct json_object *auths = NULL;

	if (json_object_object_get_ex(o, "auths", &auths) && json_object_is_type(auths, json_type_object))
		return auths;
	auths = json_object_new_object();
	return auths && json_add(o, "auths", auths) == 0 ? auths : NULL;
}

static int put_entry(struct json_object *o, const char *key, const char *creds, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	struct json_object *auths = auths_of(o), *entry = json_object_new_object();
	int r;

	base64_encode(creds, strlen(creds), &text);
	if (!auths || !entry || buf_bad(&text) || json_add_str(entry, "auth", buf_str(&text)) < 0) {
		json_object_put(entry);
		return err_errno(e, ENOMEM, "auth file");
	}
	r = json_add(auths, key, entry);
	if (text.data)
		explicit_bzero(text.data, text.len);
	return r < 0 ? err_errno(e, ENOMEM, "auth file") : 0;
}

static int keep_by_helper(struct login *l, const char *creds, struct err *e)
{
	_cleanup_(auth_done) struct auth a = {0};
	int r = auth_split(creds, &a, e);

	return r < 0 ? r : auth_helper_store(l->helper, l->server, &a, l->access, e);
}

/* 1: it was there. */
static int drop_entry(struct login *l, struct auth_text *t, struct err *e)
{
	struct json_object *auths = NULL;
	int r;

	if (!json_object_object_get_ex(t->json, "auths", &auths) || !json_object_is_type(auths, json_type_object) ||
	    !json_object_object_get_ex(auths, l->key, NULL))
		return 0;
	json_object_object_del(auths, l->key);
	r = write_text(l->path, t, e);
	return r < 0 ? r : 1;
}

int login_keep(struct login *l, const char *creds, struct err *e)
{
	_cleanup_(auth_text_done) struct auth_text t = {.dirfd = -EBADF, .lock_fd = -EBADF};
	int r = open_text(l->path, true, &t, e);

	if (r == 0)
		r = choose_helper(l, t.json, e);
	if (r < 0)
		return r;
	if (!l->helper[0]) {
		r = put_entry(t.json, l->key, creds, e);
		return r < 0 ? r : write_text(l->path, &t, e);
	}
	r = keep_by_helper(l, creds, e);
	/* an older one in the file would go before it */
	if (r == 0)
		r = drop_entry(l, &t, e);
	return r < 0 ? r : 0;
}

int login_forget(struct login *l, struct err *e)
{
	_cleanup_(auth_text_done) struct auth_text t = {.dirfd = -EBADF, .lock_fd = -EBADF};
	int r = open_text(l->path, false, &t, e), erased = -ENOENT;

	if (r == 0)
		r = choose_helper(l, t.json, e);
	if (r == 0 && l->helper[0])
		erased = auth_helper_erase(l->helper, l->server, l->access, e);
	if (r < 0 || (erased < 0 && erased != -ENOENT))
		return r < 0 ? r : erased;
	r = drop_entry(l, &t, e);
	return r < 0 ? r : r == 1 ? 0 : erased;
}

/* The helpers that the file and registries.conf name. */
static int list_helpers(const struct login *l, struct json_object *file, struct strv *ret)
{
	struct json_object *helpers = json_at(file, "credHelpers");
	int r = 0;

	if (*json_str(file, "credsStore"))
		r = strv_add(ret, json_str(file, "credsStore"));
	for (size_t i = 0; i < l->conf->helpers.n && r == 0; i++)
		if (strcmp(l->conf->helpers.items[i], AUTH_FILES) != 0 && strv_find(ret, l->conf->helpers.items[i]) < 0)
			r = strv_add(ret, l->conf->helpers.items[i]);
	if (!json_object_is_type(helpers, json_type_object))
		return r;
	json_object_object_foreach(helpers, key, name) {
		(void)key;
		if (r == 0 && json_object_is_type(name, json_type_string) && strv_find(ret, json_object_get_string(name)) < 0)
			r = strv_add(ret, json_object_get_string(name));
	}
	return r;
}

int login_forget_all(struct login *l, struct strv *ret_helpers, struct err *e)
{
	_cleanup_(auth_text_done) struct auth_text t = {.dirfd = -EBADF, .lock_fd = -EBADF};
	int r = open_text(l->path, false, &t, e);

	if (r < 0)
		return r;
	if (list_helpers(l, t.json, ret_helpers) < 0 || json_add(t.json, "auths", json_object_new_object()) < 0)
		return err_errno(e, ENOMEM, "auth file");
	return t.is_there ? write_text(l->path, &t, e) : 0;
}
