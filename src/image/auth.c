/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Helpers (credHelpers, credsStore) are other people's programs that would be
 * run with the user's rights; they are named in an error where they would be
 * needed, not run.
 */
#include "image/auth.h"

#include "base/buf.h"
#include "base/json.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define AUTH_FILE_MAX (1U << 20)

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
}

static int digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Standard base64, padding optional; no NUL in the result. */
static int decode(const char *in, struct buf *out)
{
	size_t len = strlen(in);
	unsigned bits = 0, value = 0;

	while (len > 0 && in[len - 1] == '=')
		len--;
	for (size_t i = 0; i < len; i++) {
		int d = digit(in[i]);

		if (d < 0)
			return -EINVAL;
		value = (value << 6 | (unsigned)d) & 0xffffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			if (((value >> bits) & 0xff) == 0)
				return -EINVAL;
			buf_addc(out, (char)((value >> bits) & 0xff));
		}
	}
	return -buf_bad(out);
}

static int split_pair(const char *pair, struct auth *ret, struct err *e)
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
		r = split_pair(buf_str(&pair), ret, e);
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
		return strcmp(key, want) == 0;
	return strncmp(key, want, len) == 0 && (key[len] == '\0' || key[len] == '/');
}

static struct json_object *find_key(struct json_object *auths, const char *want)
{
	json_object_object_foreach(auths, key, value)
		if (key_means(key, want))
			return value;
	return NULL;
}

static struct json_object *find_entry(struct json_object *auths, const struct reference *ref)
{
	char want[REFERENCE_TEXT_SIZE];
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
			(void)json_object_object_get_ex(auths, docker_io_keys[i], &entry);
	return entry;
}

int auth_from_json(const char *text, size_t len, const struct reference *ref, struct auth *ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct json_object *auths = NULL, *helpers = NULL, *entry;
	int r;

	r = json_parse(text, len, "auth file", &o, e);
	if (r == 0)
		r = json_get_object(o, "auths", &auths, e);
	if (r == 0)
		r = json_get_object(o, "credHelpers", &helpers, e);
	if (r < 0)
		return r;
	if (helpers && json_object_object_get_ex(helpers, ref->domain, NULL))
		return err_set(e, EOPNOTSUPP, "credentials of %s are with a helper program, which is not supported: use --creds",
			       ref->domain);
	entry = auths ? find_entry(auths, ref) : NULL;
	return entry ? take_entry(entry, ret, e) : 0;
}

/* 1: found; 0: not there, or not in it. */
static int try_file(const char *path, bool must_exist, const struct reference *ref, struct auth *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
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
	r = auth_from_json(buf_str(&b), b.len, ref, ret, e);
	if (b.data)
		explicit_bzero(b.data, b.len);
	return r < 0 ? err_wrap(e, r, "%s", path) : r;
}

int auth_find(const struct reference *ref, const struct registry_access *o, struct auth *ret, struct err *e)
{
	const char *named = o->auth_file ? o->auth_file : o->registry_auth_file;
	const struct {
		const char *base, *rest;
	} usual[] = {
		{o->xdg_runtime_dir, "/containers/auth.json"},
		{o->xdg_config_home, "/containers/auth.json"},
		{o->xdg_config_home ? NULL : o->home, "/.config/containers/auth.json"},
		{o->home, "/.docker/config.json"},
	};
	char path[4096];
	int r;

	if (o->creds)
		return split_pair(o->creds, ret, e);
	if (named && *named) {
		r = try_file(named, o->auth_file != NULL, ref, ret, e);
		return r < 0 ? r : 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++) {
		if (!usual[i].base || !*usual[i].base ||
		    (size_t)snprintf(path, sizeof(path), "%s%s", usual[i].base, usual[i].rest) >= sizeof(path))
			continue;
		r = try_file(path, false, ref, ret, e);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	return 0;
}
