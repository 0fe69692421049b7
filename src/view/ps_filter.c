/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* One function per key; a key is a row of the table. */
#include "view/ps.h"

#include "base/parse.h"
#include "base/suggest.h"
#include "engine/filter.h"
#include "engine/health.h"
#include "engine/network_use.h"
#include "engine/pod.h"
#include "engine/restart.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef bool (*match_fn)(const struct container *c, const char *value, const struct container_list *all);

static bool match_id(const struct container *c, const char *value, const struct container_list *all)
{
	(void)all;
	return strncmp(c->id, value, strlen(value)) == 0;
}

static bool match_name(const struct container *c, const char *value, const struct container_list *all)
{
	(void)all;
	return filter_is_like(c->name, value);
}

static bool match_label(const struct container *c, const char *value, const struct container_list *all)
{
	(void)all;
	return filter_has_word(json_at(c->spec, "config.labels"), value);
}

static bool match_no_label(const struct container *c, const char *value, const struct container_list *all)
{
	return !match_label(c, value, all);
}

static bool match_status(const struct container *c, const char *value, const struct container_list *all)
{
	(void)all;
	return strcmp(container_status_word(c->status), value) == 0 ||
	       (strcmp(value, "stopped") == 0 && c->status == CONTAINER_EXITED);
}

/* A whole repository of the name, with or without the tag; or an image id's beginning. */
static bool match_ancestor(const struct container *c, const char *value, const struct container_list *all)
{
	const char *name = json_str(c->spec, "image.name"), *at = name;
	size_t len = strlen(value);

	(void)all;
	if (strncmp(json_str(c->spec, "image.id"), value, len) == 0)
		return true;
	while ((at = strstr(at, value))) {
		bool starts = at == name || at[-1] == '/', ends = at[len] == '\0' || at[len] == ':' || at[len] == '@';

		if (starts && ends)
			return true;
		at++;
	}
	return false;
}

static bool match_exited(const struct container *c, const char *value, const struct container_list *all)
{
	char code[16];

	(void)all;
	snprintf(code, sizeof(code), "%d", c->exit_code);
	return c->status == CONTAINER_EXITED && strcmp(code, value) == 0;
}

static int64_t created_of(const struct container_list *all, const char *name)
{
	for (size_t i = 0; all && i < all->n; i++)
		if (strcmp(all->items[i]->name, name) == 0 || strncmp(all->items[i]->id, name, strlen(name)) == 0)
			return json_int(all->items[i]->spec, "createdNs");
	return 0;
}

static bool match_before(const struct container *c, const char *value, const struct container_list *all)
{
	int64_t t = created_of(all, value);

	return t && json_int(c->spec, "createdNs") < t;
}

static bool match_since(const struct container *c, const char *value, const struct container_list *all)
{
	int64_t t = created_of(all, value);

	return t && json_int(c->spec, "createdNs") > t;
}

/* The first word of what runs, as podman's: the entrypoint's when there is one. */
static bool match_command(const struct container *c, const char *value, const struct container_list *all)
{
	struct json_object *entrypoint = json_at(c->spec, "config.entrypoint"), *command = json_at(c->spec, "config.command"), *words;

	(void)all;
	words = entrypoint && json_object_array_length(entrypoint) ? entrypoint : command;
	return words && json_object_array_length(words) && filter_is_like(json_object_get_string(json_object_array_get_idx(words, 0)), value);
}

static bool match_volume(const struct container *c, const char *value, const struct container_list *all)
{
	struct json_object *list = json_at(c->spec, "config.mounts");
	size_t n = list ? json_object_array_length(list) : 0;

	(void)all;
	for (size_t i = 0; i < n; i++) {
		struct json_object *m = json_object_array_get_idx(list, i);

		if (strcmp(json_str(m, "name"), value) == 0 || strcmp(json_str(m, "destination"), value) == 0 ||
		    strcmp(json_str(m, "source"), value) == 0)
			return true;
	}
	return false;
}

static bool match_network(const struct container *c, const char *value, const struct container_list *all)
{
	(void)all;
	return strcmp(json_str(c->spec, "config.network.mode"), value) == 0 || network_use_is_on(c, value);
}

static bool match_restart(const struct container *c, const char *value, const struct container_list *all)
{
	(void)all;
	return strcmp(restart_policy_word(restart_policy_of(c).kind), value) == 0;
}

/* A pod's name, or its id's beginning. */
static bool match_pod(const struct container *c, const char *value, const struct container_list *all)
{
	(void)all;
	return *value && *pod_id_of(c) &&
	       (strcmp(json_str(c->spec, "podName"), value) == 0 || strncmp(pod_id_of(c), value, strlen(value)) == 0);
}

static bool match_health(const struct container *c, const char *value, const struct container_list *all)
{
	char status[HEALTH_STATUS_SIZE];

	(void)all;
	health_status(c, status);
	return strcmp(*status ? status : "none", value) == 0;
}

/* Made before a moment. */
static bool match_until(const struct container *c, const char *value, const struct container_list *all)
{
	(void)all;
	return filter_against(json_str(c->spec, "created"), value) < 0;
}

static bool match_who(const struct container *c, const char *key, const char *value)
{
	struct json_object *v = c->state ? json_at(c->state, key) : NULL;

	return v && strcmp(json_object_get_string(v), value) == 0;
}

static bool match_auid(const struct container *c, const char *value, const struct container_list *all)
{
	(void)all;
	return match_who(c, "startedBy.auid", value);
}

static bool match_session(const struct container *c, const char *value, const struct container_list *all)
{
	(void)all;
	return match_who(c, "startedBy.session", value);
}

static const struct {
	const char *key;
	match_fn match;
	const char *spec, *state; /* what it reads of container.json and of state.json */
	bool every;               /* several values: all of them, not any */
} keys[] = {
	{"id", match_id, "", "", false},
	{"name", match_name, "", "", false},
	{"label", match_label, "config.labels", "", true},
	{"label!", match_no_label, "config.labels", "", true},
	{"status", match_status, "", "", false},
	{"ancestor", match_ancestor, "image.name image.id", "", false},
	{"exited", match_exited, "", "", false},
	{"before", match_before, "", "", false},
	{"since", match_since, "", "", false},
	{"command", match_command, "config.command config.entrypoint", "", false},
	{"volume", match_volume, "config.mounts", "", false},
	{"network", match_network, "config.network.mode config.network.networks", "", false},
	{"auid", match_auid, "", "startedBy.auid", false},
	{"session", match_session, "", "startedBy.session", false},
	{"restart-policy", match_restart, "options.restart", "", false},
	{"pod", match_pod, "pod podName", "", false},
	{"until", match_until, "created", "", true},
	{"health", match_health, "config.healthcheck", "", false},
};

static const char *key_word(size_t i, const void *ctx)
{
	(void)ctx;
	return i < ARRAY_SIZE(keys) ? keys[i].key : NULL;
}

/* The value of an item of that key; NULL when it is of another. */
static const char *value_of(const char *item, const char *key)
{
	size_t n = strlen(key);

	return strncmp(item, key, n) == 0 && item[n] == '=' ? item + n + 1 : NULL;
}

static bool is_status(const char *word)
{
	/* podman's and docker's, also those that none has here */
	static const char *const words[] = {"configured", "created", "dead", "exited", "initialized", "lost", "paused", "removing",
					    "restarting", "running", "stopped", "stopping", "unknown"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

int ps_filter_check(const struct ps_filter *f, const struct container_list *all, struct err *e)
{
	for (size_t i = 0; i < f->items.n; i++) {
		const char *before = value_of(f->items.items[i], "before"), *name = before ? before : value_of(f->items.items[i], "since");

		if (name && !created_of(all, name))
			return err_set(e, ENOENT, "no container with name or ID \"%s\" found: no such container", name);
	}
	return 0;
}

int ps_filter_add(struct ps_filter *f, const char *text, struct err *e)
{
	const char *near;
	char key[64];
	int64_t code;

	if (!strchr(text, '='))
		return err_set(e, EINVAL, "--filter %s: not of the form KEY=VALUE", text);
	if (value_of(text, "status") && !is_status(value_of(text, "status")))
		return err_set(e, EINVAL, "unknown container state: %s", value_of(text, "status"));
	if (value_of(text, "exited") && parse_i64(value_of(text, "exited"), INT32_MIN, INT32_MAX, &code) < 0)
		return err_set(e, EINVAL, "--filter %s: not an exit code", text);
	if (value_of(text, "until") && filter_check_moment(value_of(text, "until")) < 0)
		return err_set(e, EINVAL, "--filter %s: not a time, nor a duration", text);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (value_of(text, keys[i].key))
			return strv_add(&f->items, text) < 0 ? err_errno(e, ENOMEM, "--filter") : 0;
	snprintf(key, sizeof(key), "%.*s", (int)strcspn(text, "="), text);
	near = suggest(key, key_word, NULL);
	err_set(e, EINVAL, "--filter %s: unknown filter", key);
	if (near)
		err_hint(e, "did you mean %s?", near);
	return -EINVAL;
}

static bool match_key(const struct ps_filter *f, size_t k, const struct container *c, const struct container_list *all)
{
	bool given = false, any = false, every = true;

	for (size_t i = 0; i < f->items.n; i++) {
		const char *value = value_of(f->items.items[i], keys[k].key);
		bool m;

		if (!value)
			continue;
		m = keys[k].match(c, value, all);
		given = true;
		any = any || m;
		every = every && m;
	}
	return !given || (keys[k].every ? every : any);
}

bool ps_filter_match(const struct ps_filter *f, const struct container *c, const struct container_list *all)
{
	for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
		if (!match_key(f, k, c, all))
			return false;
	return true;
}

bool ps_filter_has(const struct ps_filter *f, const char *key)
{
	for (size_t i = 0; i < f->items.n; i++)
		if (value_of(f->items.items[i], key))
			return true;
	return false;
}

int ps_filter_parts(const struct ps_filter *f, struct container_parts *ret)
{
	int r = 0;

	for (size_t k = 0; r == 0 && k < ARRAY_SIZE(keys); k++)
		if (ps_filter_has(f, keys[k].key))
			r = container_parts_add(ret, keys[k].spec, keys[k].state);
	return r;
}

void ps_filter_done(struct ps_filter *f)
{
	strv_done(&f->items);
}
