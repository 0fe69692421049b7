/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The files are YAML, which ranby-trust reads. Its users are the host's
 * administrators; what they misspell is told to them and not passed over.
 */
#include "trust/lookaside.h"

#include "sys/config_file.h"
#include "sys/fd.h"
#include "trust/keys.h"
#include "trust/worker.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define SYSTEM_DIR "/etc/containers/registries.d"
#define USER_DIR ".config/containers/registries.d"
#define FILE_MAX TRUST_KEY_FILE_MAX
#define FILE_SCHEME "file://"

void trust_lookaside_done(struct trust_lookaside *l)
{
	free(l->read);
	free(l->write);
	*l = (struct trust_lookaside){0};
}

/* ---- the format ---- */

static int check_place(struct json_object *o, const char *scope, struct err *e)
{
	static const char *const keys[] = {"lookaside", "lookaside-staging", "sigstore", "sigstore-staging", "use-sigstore-attachments"};

	if (!json_object_is_type(o, json_type_object))
		return err_set(e, EINVAL, "%s: not a mapping", scope);
	json_object_object_foreach(o, key, value)
	{
		size_t i = 0;

		while (i < ARRAY_SIZE(keys) && strcmp(keys[i], key) != 0)
			i++;
		if (i == ARRAY_SIZE(keys))
			return err_set(e, EINVAL, "%s: unknown key \"%.64s\"", scope, key);
		if (!json_object_is_type(value, json_type_string))
			return err_set(e, EINVAL, "%s: %s: not a word", scope, key);
		if (i == 4 && strcmp(json_object_get_string(value), "true") != 0 && strcmp(json_object_get_string(value), "false") != 0)
			return err_set(e, EINVAL, "%s: %s: neither true nor false", scope, key);
	}
	return 0;
}

static int add_once(struct json_object *to, const char *scope, struct json_object *place, struct err *e)
{
	int r = check_place(place, scope, e);

	if (r == 0 && json_object_object_get_ex(to, scope, NULL))
		r = err_set(e, EINVAL, "%s: another file has it too", scope);
	if (r == 0 && json_add(to, scope, json_object_get(place)) < 0)
		r = err_errno(e, ENOMEM, "%s", scope);
	return r;
}

static int merge_docker(struct json_object *all, struct json_object *scopes, struct err *e)
{
	int r = 0;

	if (!json_object_is_type(scopes, json_type_object))
		return err_set(e, EINVAL, "docker: not a mapping");
	if (!json_at(all, "docker") && json_add(all, "docker", json_object_new_object()) < 0)
		return err_errno(e, ENOMEM, "docker");
	json_object_object_foreach(scopes, scope, place)
	{
		r = add_once(json_at(all, "docker"), scope, place, e);
		if (r < 0)
			break;
	}
	return r;
}

int trust_lookaside_merge(struct json_object *all, struct json_object *file, const char *what, struct err *e)
{
	int r = 0;

	if (!file || (json_object_is_type(file, json_type_string) && !*json_object_get_string(file)))
		return 0;
	if (!json_object_is_type(file, json_type_object))
		return err_set(e, EINVAL, "%s: not a mapping", what);
	json_object_object_foreach(file, key, value)
	{
		if (strcmp(key, "docker") == 0)
			r = merge_docker(all, value, e);
		else if (strcmp(key, "default-docker") == 0)
			r = add_once(all, key, value, e);
		else
			r = err_set(e, EINVAL, "unknown key \"%.64s\"", key);
		if (r < 0)
			return err_wrap(e, r, "%s", what);
	}
	return 0;
}

static struct json_object *member(struct json_object *o, const char *key)
{
	struct json_object *value = NULL;

	return o && json_object_object_get_ex(o, key, &value) ? value : NULL;
}

/* `text` itself, and without its last parts; it is cut. */
static struct json_object *find_parents(struct json_object *all, char *text)
{
	struct json_object *scopes = member(all, "docker"), *found;
	char *slash;

	for (;;) {
		found = member(scopes, text);
		slash = strrchr(text, '/');
		if (found || !slash)
			return found ? found : member(all, "default-docker");
		*slash = '\0';
	}
}

static struct json_object *find_scope(struct json_object *all, const struct reference *ref)
{
	char text[REFERENCE_TEXT_SIZE];
	struct json_object *found;

	reference_text(ref, text);
	found = member(member(all, "docker"), text);
	reference_repository(ref, text);
	return found ? found : find_parents(all, text);
}

static int take_url(struct json_object *o, const char *key, const char *old, char **ret, struct err *e)
{
	struct json_object *value = member(o, key) ? member(o, key) : member(o, old);

	if (!value)
		return 0;
	*ret = strdup(json_object_get_string(value));
	return *ret ? 0 : err_errno(e, ENOMEM, "%s", key);
}

static int take_place(struct json_object *o, struct trust_lookaside *ret, struct err *e)
{
	struct json_object *attachments = member(o, "use-sigstore-attachments");
	int r = take_url(o, "lookaside", "sigstore", &ret->read, e);

	if (r == 0)
		r = take_url(o, "lookaside-staging", "sigstore-staging", &ret->write, e);
	ret->attachments = !attachments || strcmp(json_object_get_string(attachments), "true") == 0;
	return r;
}

int trust_lookaside_pick(struct json_object *all, const struct reference *ref, struct trust_lookaside *ret, struct err *e)
{
	return take_place(find_scope(all, ref), ret, e);
}

int trust_lookaside_pick_name(struct json_object *all, const char *name, struct trust_lookaside *ret, struct err *e)
{
	_cleanup_free_ char *text = strdup(name);
	struct json_object *found = member(member(all, "docker"), name);
	char *tag = text ? strchr(text, '/') : NULL;

	if (!text)
		return err_errno(e, ENOMEM, "registries.d");
	tag = tag ? strpbrk(tag, ":@") : NULL;
	if (tag)
		*tag = '\0';
	return take_place(found ? found : find_parents(all, text), ret, e);
}

/* ---- the files ---- */

static int read_one(const char *path, struct json_object *all, struct err *e)
{
	_cleanup_json_ struct json_object *request = json_object_new_object(), *answer = NULL;
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	int r = config_file_read(path, FILE_MAX, &text, e);

	/* taken away since it was listed */
	if (r == -ENOENT)
		return err_errno(e, ENOENT, "%s", path);
	if (r < 0)
		return r;
	if (!request || trust_add_bytes(request, "text", text.data, text.len) < 0)
		r = err_errno(e, ENOMEM, "%s", path);
	if (r == 0)
		r = trust_worker_ask("yaml", request, &answer, e);
	if (r < 0)
		return err_wrap(e, r, "%s", path);
	return trust_lookaside_merge(all, json_at(answer, "value"), path, e);
}

int trust_lookaside_load(const char *home, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *all = json_object_new_object();
	_cleanup_(strv_done) struct strv files = {0};
	char dir[4096];
	int r = -ENOENT;

	if (!all)
		return err_errno(e, ENOMEM, "registries.d");
	if (home && snprintf(dir, sizeof(dir), "%s/" USER_DIR, home) >= (int)sizeof(dir))
		return err_set(e, ENAMETOOLONG, "%.128s…", home);
	if (home)
		r = config_file_list(dir, ".yaml", &files, e);
	if (r == -ENOENT)
		r = config_file_list(SYSTEM_DIR, ".yaml", &files, e);
	if (r == -ENOENT)
		r = 0;
	for (size_t i = 0; i < files.n && r == 0; i++)
		r = read_one(files.items[i], all, e);
	if (r == 0)
		*ret = TAKE_PTR(all);
	return r;
}

int trust_lookaside_find(const char *home, const struct reference *ref, struct trust_lookaside *ret, struct err *e)
{
	_cleanup_json_ struct json_object *all = NULL;
	int r = trust_lookaside_load(home, &all, e);

	return r < 0 ? r : trust_lookaside_pick(all, ref, ret, e);
}

/* ---- what is there ---- */

int trust_lookaside_url(const char *base, const struct reference *ref, const struct digest *d, unsigned n, char **ret, struct err *e)
{
	char name[REFERENCE_TEXT_SIZE];
	size_t len = strlen(base);

	reference_repository(ref, name);
	while (len > 0 && base[len - 1] == '/')
		len--;
	if (asprintf(ret, "%.*s/%s@sha256=%s/signature-%u", (int)len, base, name, digest_hex(d), n) < 0) {
		*ret = NULL;
		return err_errno(e, ENOMEM, "signature");
	}
	return 0;
}

/* 1: there is one more; 0: that was all. */
static int read_nth(const char *base, const struct reference *ref, const struct digest *d, unsigned n, struct trust_signatures *ret,
		    struct err *e)
{
	struct trust_signature one = {.kind = TRUST_KIND_SIMPLE, .body = BUF_INIT_MAX(TRUST_SIGNATURE_BYTES_MAX)};
	_cleanup_free_ char *url = NULL;
	_cleanup_close_ int fd = -EBADF;
	int r = trust_lookaside_url(base, ref, d, n, &url, e);

	if (r < 0)
		return r;
	fd = open(url + strlen(FILE_SCHEME), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_errno(e, errno, "%s", url);
	r = fd_read_all(fd, TRUST_SIGNATURE_BYTES_MAX, &one.body);
	if (r < 0) {
		buf_done(&one.body);
		return r == -EFBIG ? 1 : err_errno(e, -r, "%s", url);
	}
	(void)!trust_signatures_add(ret, &one);
	return 1;
}

int trust_lookaside_read(const char *base, const struct reference *ref, const struct digest *d, struct trust_signatures *ret, struct err *e)
{
	int r = 1;

	if (strncmp(base, FILE_SCHEME "/", strlen(FILE_SCHEME) + 1) != 0)
		return err_set(e, EOPNOTSUPP, "lookaside %.128s: neither file://, https:// nor http://", base);
	for (unsigned n = 1; n <= TRUST_SIGNATURES_MAX && r > 0; n++)
		r = read_nth(base, ref, d, n, ret, e);
	return r < 0 ? r : 0;
}
