/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A key that is there is a restriction, also with an empty list: "bind": []
 * means no port at all. One of exec, ro and rw restricts all use of files.
 *
 * Rights over files need the ABI that knows of truncation: under an older
 * one what is read-only could be emptied, and a profile that does not hold
 * must not be taken for one that does.
 */
#include "oci/landlock.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *key;
	uint64_t access;
} files[] = {
	{"exec", LANDLOCK_FS_EXECUTE | LANDLOCK_FS_READ},
	{"ro", LANDLOCK_FS_READ},
	{"rw", LANDLOCK_FS_READ | LANDLOCK_FS_WRITE},
};

static const struct {
	const char *key;
	uint64_t access;
} nets[] = {
	{"bind", LANDLOCK_NET_BIND},
	{"connect", LANDLOCK_NET_CONNECT},
};

static const struct {
	const char *word;
	uint64_t scope;
} scopes[] = {
	{"abstract-unix", LANDLOCK_SCOPE_ABSTRACT_UNIX},
	{"signal", LANDLOCK_SCOPE_SIGNAL},
};

void landlock_profile_done(struct landlock_profile *p)
{
	free(p->paths);
	free(p->ports);
	*p = (struct landlock_profile){0};
}

void landlock_profiles_free(struct landlock_profile *list, size_t n)
{
	for (size_t i = 0; list && i < n; i++)
		landlock_profile_done(&list[i]);
	free(list);
}

static bool is_key(const char *key)
{
	bool found = strcmp(key, "scope") == 0 || strcmp(key, "comment") == 0;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		found |= strcmp(key, files[i].key) == 0;
	for (size_t i = 0; i < ARRAY_SIZE(nets); i++)
		found |= strcmp(key, nets[i].key) == 0;
	return found;
}

static int check_keys(struct json_object *o, struct err *e)
{
	json_object_object_foreach(o, key, value)
	{
		(void)value;
		if (!is_key(key))
			return err_set(e, EINVAL, "%.40s: unknown key", key);
	}
	return 0;
}

/* Says one place, and says it plainly. */
static bool is_plain(const char *path)
{
	const char *at = path;

	if (*path != '/')
		return false;
	while (*at == '/') {
		size_t len = strcspn(++at, "/");

		if ((len == 0 && at[0] == '/') || (len == 1 && at[0] == '.') || (len == 2 && memcmp(at, "..", 2) == 0))
			return false;
		at += len;
	}
	return true;
}

/* The list at `key` grown into the array at *items, which has *n of `size` bytes; *ret: the JSON list, NULL without the key. */
static int grow(struct json_object *o, const char *key, size_t size, void *items, size_t n, struct json_object **ret, struct err *e)
{
	void **at = items, *more;
	size_t add;
	int r = json_get_array(o, key, ret, e);

	if (r < 0 || !*ret)
		return r;
	add = json_object_array_length(*ret);
	if (n + add > LANDLOCK_RULES_MAX)
		return err_set(e, E2BIG, "%s: more than %d rules", key, LANDLOCK_RULES_MAX);
	more = mem_regrow(*at, n + add, size);
	if (!more)
		return err_errno(e, ENOMEM, "%s", key);
	*at = more;
	return 0;
}

static int read_paths(struct json_object *o, size_t which, struct landlock_profile *p, struct err *e)
{
	const char *key = files[which].key;
	struct json_object *list = NULL;
	int r = grow(o, key, sizeof(*p->paths), &p->paths, p->n_paths, &list, e);

	if (r < 0 || !list)
		return r;
	p->handled.fs = LANDLOCK_FS_ALL;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);
		const char *path = json_object_is_type(item, json_type_string) ? json_object_get_string(item) : "";

		if (!is_plain(path) || strlen(path) != (size_t)json_object_get_string_len(item))
			return err_set(e, EINVAL, "%s[%zu]: not an absolute path without . and ..", key, i);
		p->paths[p->n_paths++] = (struct landlock_path){.path = path, .access = files[which].access};
	}
	return 0;
}

static int read_ports(struct json_object *o, size_t which, struct landlock_profile *p, struct err *e)
{
	const char *key = nets[which].key;
	struct json_object *list = NULL;
	int r = grow(o, key, sizeof(*p->ports), &p->ports, p->n_ports, &list, e);

	if (r < 0 || !list)
		return r;
	p->handled.net |= nets[which].access;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);
		int64_t port = json_object_is_type(item, json_type_int) ? json_object_get_int64(item) : -1;

		if (port < 0 || port > UINT16_MAX)
			return err_set(e, EINVAL, "%s[%zu]: not a TCP port", key, i);
		p->ports[p->n_ports++] = (struct landlock_port){.port = (uint16_t)port, .access = nets[which].access};
	}
	return 0;
}

static int read_scopes(struct json_object *o, struct landlock_profile *p, struct err *e)
{
	_cleanup_(strv_done) struct strv words = {0};
	int r = json_get_strv(o, "scope", &words, e);

	for (size_t i = 0; r == 0 && i < words.n; i++) {
		uint64_t scope = 0;

		for (size_t k = 0; k < ARRAY_SIZE(scopes); k++)
			if (strcmp(scopes[k].word, words.items[i]) == 0)
				scope = scopes[k].scope;
		if (!scope)
			return err_set(e, EINVAL, "scope[%zu]: neither abstract-unix nor signal", i);
		p->handled.scoped |= scope;
	}
	return r;
}

static int read_all(struct json_object *o, struct landlock_profile *p, struct err *e)
{
	int r;

	if (!json_object_is_type(o, json_type_object))
		return err_set(e, EINVAL, "not an object");
	r = check_keys(o, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(files); i++)
		r = read_paths(o, i, p, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(nets); i++)
		r = read_ports(o, i, p, e);
	if (r == 0)
		r = read_scopes(o, p, e);
	if (r == 0 && landlock_abi_of(&p->handled) == 0)
		return err_set(e, EINVAL, "restricts nothing");
	return r;
}

int landlock_profile_read(struct json_object *o, struct landlock_profile *ret, struct err *e)
{
	struct landlock_profile p = {0};
	int r = read_all(o, &p, e);

	if (r < 0) {
		landlock_profile_done(&p);
		return err_wrap(e, r, "Landlock profile");
	}
	*ret = p;
	return 0;
}

int landlock_profiles_parse(const char *text, struct json_object **ret_json, struct landlock_profile **ret, size_t *ret_n,
			    struct err *e)
{
	_cleanup_json_ struct json_object *json = NULL;
	struct landlock_profile *list;
	size_t n;
	int r = json_parse(text, strlen(text), LANDLOCK_ANNOTATION, &json, e);

	if (r < 0)
		return r;
	if (!json_object_is_type(json, json_type_array))
		return err_set(e, EINVAL, LANDLOCK_ANNOTATION ": not an array");
	n = json_object_array_length(json);
	if (n == 0 || n > LANDLOCK_PROFILES_MAX)
		return err_set(e, n ? E2BIG : EINVAL, LANDLOCK_ANNOTATION ": not 1 to %d profiles", LANDLOCK_PROFILES_MAX);
	list = mem_array(n, sizeof(*list));
	if (!list)
		return err_errno(e, ENOMEM, LANDLOCK_ANNOTATION);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = landlock_profile_read(json_object_array_get_idx(json, i), &list[i], e);
	if (r < 0) {
		landlock_profiles_free(list, n);
		return err_wrap(e, r, LANDLOCK_ANNOTATION);
	}
	*ret_json = TAKE_PTR(json);
	*ret = list;
	*ret_n = n;
	return 0;
}

int landlock_profile_check(const struct landlock_profile *p, int abi, struct err *e)
{
	int needed = landlock_abi_of(&p->handled);

	if (abi >= needed)
		return 0;
	if (abi == 0)
		return err_set(e, ENOTSUP, "Landlock is not enabled in this kernel");
	return err_set(e, ENOTSUP, "the profile needs Landlock ABI %d, and this kernel has %d", needed, abi);
}
