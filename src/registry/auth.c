/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Of an entry that an auth file has, an empty one means that the password is
 * elsewhere: docker leaves such entries where a helper keeps it.
 */
#include "registry/auth.h"

#include "base/base64.h"
#include "base/buf.h"
#include "registry/auth_helper.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static void wipe(char **s)
{
	if (*s)
		explicit_bzero(*s, strlen(*s));
	free(*s);
	*s = NULL;
}

void auth_done(struct auth *a)
{
	wipe(&a->username);
	wipe(&a->password);
	wipe(&a->identity_token);
	free(a->path);
	a->path = NULL;
}

/* No NUL in the result: it becomes two strings. */
static int decode(const char *in, struct buf *out)
{
	int r = base64_decode(in, strlen(in), out);

	return r == 0 && memchr(buf_str(out), '\0', out->len) ? -EINVAL : r;
}

int auth_split(const char *pair, struct auth *ret, struct err *e)
{
	const char *colon = strchr(pair, ':');
	struct auth a = {0};

	a.username = strndup(pair, colon ? (size_t)(colon - pair) : strlen(pair));
	a.password = strdup(colon ? colon + 1 : "");
	if (!a.username || !a.password) {
		auth_done(&a);
		return err_errno(e, ENOMEM, "credentials");
	}
	*ret = a;
	return 0;
}

static int take_entry(struct json_object *entry, struct auth *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf pair = BUF_INIT;
	const char *auth = NULL, *token = NULL;
	int r;

	r = json_get_str(entry, "auth", &auth, e);
	if (r == 0)
		r = json_get_str(entry, "identitytoken", &token, e);
	if (r < 0)
		return r;
	if (auth && *auth) {
		if (decode(auth, &pair) < 0)
			return err_set(e, EINVAL, "\"auth\" is not base64 of USER:PASSWORD");
		r = auth_split(buf_str(&pair), ret, e);
		if (pair.data)
			explicit_bzero(pair.data, pair.len);
		if (r < 0)
			return r;
	}
	if (token && *token) {
		ret->identity_token = strdup(token);
		if (!ret->identity_token)
			return err_errno(e, ENOMEM, "credentials");
	}
	return (auth && *auth) || (token && *token);
}

static const char *const docker_io_keys[] = {"https://index.docker.io/v1/", "index.docker.io/v1/", "index.docker.io", "docker.io"};

/* Entries may be written as URLs: "https://host/v1/" means "host". */
static bool key_means(const char *key, const char *want)
{
	size_t len = strlen(want);

	if (strncmp(key, "https://", 8) == 0)
		key += 8;
	else if (strncmp(key, "http://", 7) == 0)
		key += 7;
	else
		return strcasecmp(key, want) == 0;
	return strncasecmp(key, want, len) == 0 && (key[len] == '\0' || key[len] == '/');
}

static struct json_object *find_key(struct json_object *auths, const char *want)
{
	json_object_object_foreach(auths, key, value)
		if (key_means(key, want))
			return value;
	return NULL;
}

/* The entry of the most specific key that there is; *ret_key as it was looked for. */
static struct json_object *find_entry(struct json_object *auths, const struct reference *ref, char want[static REFERENCE_TEXT_SIZE])
{
	struct json_object *entry;
	char *slash;

	reference_repository(ref, want);
	for (;;) {
		entry = find_key(auths, want);
		slash = strrchr(want, '/');
		if (entry || !slash)
			break;
		*slash = '\0';
	}
	if (!entry && strcmp(ref->domain, "docker.io") == 0)
		for (size_t i = 0; i < ARRAY_SIZE(docker_io_keys) && !entry; i++)
			if (json_object_object_get_ex(auths, docker_io_keys[i], &entry))
				snprintf(want, REFERENCE_TEXT_SIZE, "%s", docker_io_keys[i]);
	return entry;
}

/* Which helper has it, of credHelpers, or by credsStore all that the file does not have itself. */
static int find_helper(struct json_object *o, struct json_object *helpers, bool has_entry, const struct reference *ref,
		       struct auth_helper_name *ret, struct err *e)
{
	struct json_object *entry = helpers ? find_entry(helpers, ref, ret->server) : NULL;
	const char *name = NULL;
	int r = 0;

	if (entry) {
		if (!json_object_is_type(entry, json_type_string))
			return err_set(e, EINVAL, "credHelpers: not a name");
		name = json_object_get_string(entry);
	} else if (!has_entry) {
		r = json_get_str(o, "credsStore", &name, e);
		snprintf(ret->server, sizeof(ret->server), "%s", strcmp(ref->domain, "docker.io") == 0 ? docker_io_keys[0] : ref->domain);
	}
	if (r < 0 || !name || !*name)
		return r;
	r = auth_helper_check(name, e);
	if (r == 0)
		snprintf(ret->helper, sizeof(ret->helper), "%s", name);
	return r < 0 ? r : AUTH_HELPER;
}

int auth_helper_of(struct json_object *file, const struct reference *ref, struct auth_helper_name *ret, struct err *e)
{
	struct json_object *helpers = NULL;
	int r = json_get_object(file, "credHelpers", &helpers, e);

	return r < 0 ? r : find_helper(file, helpers, false, ref, ret, e);
}

int auth_from_json(const char *text, size_t len, bool old, const struct reference *ref, struct auth *ret,
		   struct auth_helper_name *ret_helper, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct json_object *auths = NULL, *helpers = NULL, *entry;
	char key[REFERENCE_TEXT_SIZE];
	int r, found = AUTH_NONE;

	r = json_parse(text, len, "auth file", &o, e);
	if (r == 0 && old)
		auths = json_object_is_type(o, json_type_object) ? o : NULL;
	else if (r == 0)
		r = json_get_object(o, "auths", &auths, e);
	if (r == 0 && !old)
		r = json_get_object(o, "credHelpers", &helpers, e);
	if (r < 0)
		return r;
	/* a helper of its own goes before an entry, as in podman */
	if (helpers)
		found = find_helper(o, helpers, true, ref, ret_helper, e);
	entry = auths && found == AUTH_NONE ? find_entry(auths, ref, key) : NULL;
	if (entry)
		found = take_entry(entry, ret, e);
	if (found == AUTH_NONE && !old)
		found = find_helper(o, NULL, false, ref, ret_helper, e);
	return found;
}

/* AUTH_FOUND or AUTH_NONE: not there, or not in it. */
static int try_file(const char *path, bool must_exist, bool old, const struct reference *ref, const struct registry_access *o,
		    struct auth *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct auth_helper_name helper = {0};
	_cleanup_close_ int fd = -EBADF;
	int r;

	/* one that was named may be a pipe */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (must_exist ? 0 : O_NONBLOCK));
	if (fd < 0)
		return must_exist || (errno != ENOENT && errno != ENOTDIR && errno != EACCES) ?
			       err_errno(e, errno, "auth file %s", path) : 0;
	r = fd_read_all(fd, AUTH_FILE_MAX, &b);
	if (r < 0)
		return err_errno(e, -r, "auth file %s", path);
	if (b.len == 0)
		return 0;
	r = auth_from_json(buf_str(&b), b.len, old, ref, ret, &helper, e);
	if (b.data)
		explicit_bzero(b.data, b.len);
	if (r == AUTH_HELPER)
		r = auth_helper_get(helper.helper, helper.server, o, ret, e);
	if (r == AUTH_FOUND) {
		ret->path = strdup(path);
		if (!ret->path)
			r = err_errno(e, ENOMEM, "auth file");
	}
	return r < 0 ? err_wrap(e, r, "%s", path) : r;
}

/* The files in their order; AUTH_NONE: none has it. */
static int try_files(const struct reference *ref, const struct registry_access *o, struct auth *ret, struct err *e)
{
	const char *named = o->auth_file ? o->auth_file : o->registry_auth_file;
	const struct {
		const char *base, *rest;
		bool old;
	} usual[] = {
		{o->xdg_runtime_dir, "/containers/auth.json", false},
		{o->xdg_config_home, "/containers/auth.json", false},
		{o->xdg_config_home ? NULL : o->home, "/.config/containers/auth.json", false},
		{o->home, "/.docker/config.json", false},
		{o->home, "/.dockercfg", true},
	};
	char path[4096];
	int r;

	if (named && *named)
		return try_file(named, o->auth_file && !o->auth_file_may_be_new, false, ref, o, ret, e);
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++) {
		if (!usual[i].base || !*usual[i].base ||
		    (size_t)snprintf(path, sizeof(path), "%s%s", usual[i].base, usual[i].rest) >= sizeof(path))
			continue;
		r = try_file(path, false, usual[i].old, ref, o, ret, e);
		if (r != AUTH_NONE)
			return r;
	}
	return AUTH_NONE;
}

int auth_find(const struct reference *ref, const struct registry_access *o, const struct strv *helpers, struct auth *ret,
	      struct err *e)
{
	int r = AUTH_NONE;

	if (o->creds)
		return auth_split(o->creds, ret, e);
	if (!helpers || helpers->n == 0)
		r = try_files(ref, o, ret, e);
	for (size_t i = 0; helpers && i < helpers->n && r == AUTH_NONE; i++)
		r = strcmp(helpers->items[i], AUTH_FILES) == 0 ? try_files(ref, o, ret, e) :
								 auth_helper_get(helpers->items[i], ref->domain, o, ret, e);
	return r < 0 ? r : 0;
}
