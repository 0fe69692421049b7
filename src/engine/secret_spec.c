/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A file's target goes through the rules for mounts, so that a secret cannot
 * be put where a mount could not.
 */
#include "engine/secret_spec.h"

#include "base/parse.h"
#include "engine/mount_spec.h"
#include "engine/secret_store.h"
#include "runtime/secrets.h"
#include "sys/fd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SPEC_MAX 16384

void secret_spec_done(struct secret_spec *s)
{
	free(s->source);
	free(s->target);
	*s = (struct secret_spec){0};
}

/* What was given so far. */
struct seen {
	bool file_words; /* uid, gid or mode */
};

static int take_type(struct secret_spec *s, const char *value, struct err *e)
{
	if (strcmp(value, "env") == 0)
		s->is_env = true;
	else if (strcmp(value, "mount") != 0)
		return err_set(e, EINVAL, "type %s is invalid: parsing secret", value);
	return 0;
}

static int take_text(char **slot, const char *value)
{
	free(*slot);
	*slot = strdup(value);
	return *slot ? 0 : -ENOMEM;
}

static int take(struct secret_spec *s, struct seen *seen, const char *key, const char *value, struct err *e)
{
	int r = 0;

	if (strcmp(key, "type") == 0)
		return take_type(s, value, e);
	if (strcmp(key, "source") == 0)
		return take_text(&s->source, value) < 0 ? err_errno(e, ENOMEM, "secret") : 0;
	if (strcmp(key, "target") == 0)
		return take_text(&s->target, value) < 0 ? err_errno(e, ENOMEM, "secret") : 0;
	seen->file_words = true;
	if (strcmp(key, "mode") == 0)
		r = parse_mode(value, &s->mode);
	else if (strcmp(key, "uid") == 0)
		r = parse_u32(value, 0, UINT32_MAX - 1, &s->uid);
	else if (strcmp(key, "gid") == 0)
		r = parse_u32(value, 0, UINT32_MAX - 1, &s->gid);
	else
		return err_set(e, EINVAL, "option %s=%s invalid: parsing secret", key, value);
	return r < 0 ? err_set(e, EINVAL, "%s %s invalid: parsing secret", key, value) : 0;
}

/* The first word may be the name alone. */
static int take_words(struct secret_spec *s, struct seen *seen, char *text, struct err *e)
{
	char *save = NULL;
	int r = 0;

	for (char *w = strtok_r(text, ",", &save), *first = w; r == 0 && w; w = strtok_r(NULL, ",", &save)) {
		char *eq = strchr(w, '=');

		if (!eq && w == first)
			r = take_text(&s->source, w) < 0 ? err_errno(e, ENOMEM, "secret") : 0;
		else if (!eq)
			r = err_set(e, EINVAL, "option %s must be in form option=value: parsing secret", w);
		else {
			*eq = '\0';
			r = take(s, seen, w, eq + 1, e);
		}
	}
	return r;
}

/* A variable of the secret's name, or a file below /run/secrets. */
static int settle_target(struct secret_spec *s, struct err *e)
{
	_cleanup_free_ char *path = NULL, *clean = NULL;
	const char *name = s->own_target ? s->target : s->source;
	int r;

	if (s->is_env) {
		if (strchr(name, '='))
			return err_set(e, EINVAL, "target %s invalid: parsing secret", name);
		path = strdup(name);
	} else if (*name == '/') {
		path = strdup(name);
	} else if (asprintf(&path, "/run/secrets/%s", name) < 0) {
		path = NULL;
	}
	if (!path)
		return err_errno(e, ENOMEM, "secret");
	r = s->is_env ? 0 : mount_destination_clean(path, &clean, e);
	if (r < 0)
		return r;
	free(s->target);
	s->target = s->is_env ? TAKE_PTR(path) : TAKE_PTR(clean);
	return 0;
}

static int parse(char *text, struct secret_spec *s, struct err *e)
{
	struct seen seen = {0};
	int r = take_words(s, &seen, text, e);

	if (r < 0)
		return r;
	if (!s->source || !*s->source)
		return err_set(e, EINVAL, "no source found: parsing secret");
	if (s->is_env && seen.file_words)
		return err_set(e, EINVAL, "UID, GID, Mode options cannot be set with secret type env: parsing secret");
	s->own_target = s->target && *s->target;
	return settle_target(s, e);
}

int secret_spec_parse(const char *text, struct secret_spec *ret, struct err *e)
{
	_cleanup_(secret_spec_done) struct secret_spec s = {.mode = SECRET_MODE_DEFAULT};
	_cleanup_free_ char *copy = NULL;
	int r;

	if (strlen(text) > SPEC_MAX)
		return err_set(e, E2BIG, "--secret: longer than %d bytes", SPEC_MAX);
	copy = strdup(text);
	if (!copy)
		return err_errno(e, ENOMEM, "--secret");
	r = parse(copy, &s, e);
	if (r < 0)
		return r;
	*ret = s;
	s = (struct secret_spec){0};
	return 0;
}

/* ---- into container.json ---- */

/* Two files at one place, or two values of one variable: one of them would be given in vain. */
static int check_alone(struct json_object *list, const struct secret_spec *s, struct err *e)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);

		if (strcmp(json_str(o, "target"), s->target) == 0 && s->is_env == (strcmp(json_str(o, "type"), "env") == 0))
			return err_set(e, EEXIST, "--secret %s: %s is the target of secret %s already", s->source, s->target, json_str(o, "name"));
	}
	return 0;
}

static int add_one(struct engine *eng, const char *text, struct json_object *list, struct err *e)
{
	_cleanup_(secret_spec_done) struct secret_spec s = {0};
	_cleanup_(secret_note_done) struct secret_note n = {0};
	struct json_object *o;
	int r = secret_spec_parse(text, &s, e);

	if (r == 0)
		r = secret_find(eng, s.source, &n, e);
	if (r < 0)
		return r;
	/* named by its id: the file and the variable have the name */
	r = take_text(&s.source, n.name) < 0 ? err_errno(e, ENOMEM, "secret") : settle_target(&s, e);
	if (r < 0)
		return r;
	r = check_alone(list, &s, e);
	if (r < 0)
		return r;
	o = json_object_new_object();
	if (!o || json_append(list, o) < 0 || json_add_str(o, "name", n.name) < 0 || json_add_str(o, "id", n.id) < 0 ||
	    json_add_str(o, "type", s.is_env ? "env" : "mount") < 0 || json_add_str(o, "target", s.target) < 0 ||
	    json_add_int(o, "uid", s.uid) < 0 || json_add_int(o, "gid", s.gid) < 0 || json_add_int(o, "mode", s.mode) < 0)
		return err_errno(e, ENOMEM, "secret");
	return 0;
}

int secret_specs_resolve(struct engine *eng, const struct strv *specs, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *list = NULL;
	int r = 0;

	if (specs->n == 0)
		return 0;
	if (specs->n > SECRETS_MAX)
		return err_set(e, E2BIG, "--secret: more than %d", SECRETS_MAX);
	list = json_object_new_array();
	if (!list)
		return err_errno(e, ENOMEM, "secret");
	for (size_t i = 0; r == 0 && i < specs->n; i++)
		r = add_one(eng, specs->items[i], list, e);
	if (r == 0)
		*ret = TAKE_PTR(list);
	return r;
}

/* ---- for a start ---- */

static int load_one(struct engine *eng, struct json_object *o, struct secrets *to, struct err *e)
{
	_cleanup_(secret_data_done) struct buf data = BUF_INIT_MAX(SECRET_DATA_MAX + 1);
	_cleanup_free_ char *target = strdup(json_str(o, "target"));
	const char *name = json_str(o, "name");
	struct secret one = {.is_env = strcmp(json_str(o, "type"), "env") == 0, .name = target};
	/* at once: what grows leaves pieces behind */
	int r = !target || !buf_reserve(&data, SECRET_DATA_MAX) ? err_errno(e, ENOMEM, "secret") : secret_data(eng, name, &data, e);

	if (r < 0)
		return r;
	one.uid = (uint32_t)json_int(o, "uid");
	one.gid = (uint32_t)json_int(o, "gid");
	one.mode = (uint32_t)json_int(o, "mode");
	one.data = data.data;
	one.len = data.len;
	r = secrets_add(to, &one);
	if (r == -EINVAL && one.is_env)
		return err_set(e, EINVAL, "secret %s holds a NUL: it can be a file, and no variable", name);
	return r < 0 ? err_errno(e, -r, "secret %s", name) : 0;
}

static int add_variable(const char *pair, struct secrets *to, struct err *e)
{
	size_t n = strcspn(pair, "=");
	_cleanup_free_ char *name = strndup(pair, n);
	const struct secret one = {.is_env = true, .name = name, .data = (char *)(uintptr_t)(pair + n + 1), .len = strlen(pair) - n - 1};
	int r = name ? secrets_add(to, &one) : -ENOMEM;

	return r < 0 ? err_errno(e, -r, "secret in variable %s", name ? name : "") : 0;
}

int secret_specs_seal(struct engine *eng, struct json_object *list, bool env_only, const struct strv *more, int *ret_fd, struct err *e)
{
	_cleanup_(secrets_done) struct secrets s = {0};
	size_t n = list && json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct json_object *o = json_object_array_get_idx(list, i);

		if (!env_only || strcmp(json_str(o, "type"), "env") == 0)
			r = load_one(eng, o, &s, e);
	}
	for (size_t i = 0; r == 0 && more && i < more->n; i++)
		r = add_variable(more->items[i], &s, e);
	return r < 0 || s.n == 0 ? r : secrets_seal(&s, ret_fd, e);
}
