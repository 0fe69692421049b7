/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Everything that a container is later made of is checked here for its type
 * once, so that no later reader has to. The JSON stays whole, since inspect
 * shows fields that we do not use.
 */
#include "oci/image_config.h"

#include "oci/manifest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The keys of an object ("ExposedPorts": {"80/tcp": {}}), which docker also writes as null. */
static int get_keys(struct json_object *o, const char *path, struct strv *v, struct err *e)
{
	struct json_object *set = NULL;
	int r = json_get_object(o, path, &set, e);

	if (r < 0 || !set)
		return r;
	if (json_object_object_length(set) > STRV_MAX)
		return err_set(e, E2BIG, "%s: more than %d", path, STRV_MAX);
	json_object_object_foreach(set, key, value) {
		(void)value;
		if (strv_add(v, key) < 0)
			return err_errno(e, ENOMEM, "%s", path);
	}
	return 0;
}

static int check_labels(struct json_object *labels, struct err *e)
{
	if (!labels)
		return 0;
	json_object_object_foreach(labels, key, value)
		if (!json_object_is_type(value, json_type_string))
			return err_set(e, EINVAL, "config.Labels: \"%.64s\" is not a string", key);
	return 0;
}

static int check_env(const struct strv *env, struct err *e)
{
	if (env->n > IMAGE_CONFIG_ENV_MAX)
		return err_set(e, E2BIG, "config.Env: more than %d variables", IMAGE_CONFIG_ENV_MAX);
	for (size_t i = 0; i < env->n; i++)
		if (env->items[i][0] == '=' || !strchr(env->items[i], '='))
			return err_set(e, EINVAL, "config.Env[%zu]: not of the form NAME=value", i);
	return 0;
}

static int get_command(struct image_config *c, struct err *e)
{
	struct json_object *o = c->json;
	int r;

	r = json_get_str(o, "config.User", &c->user, e);
	if (r == 0)
		r = json_get_str(o, "config.WorkingDir", &c->working_dir, e);
	if (r == 0)
		r = json_get_str(o, "config.StopSignal", &c->stop_signal, e);
	if (r == 0)
		r = json_get_strv(o, "config.Env", &c->env, e);
	if (r == 0)
		r = check_env(&c->env, e);
	if (r == 0)
		r = json_get_strv(o, "config.Entrypoint", &c->entrypoint, e);
	if (r == 0)
		r = json_get_strv(o, "config.Cmd", &c->cmd, e);
	return r;
}

static int get_objects(struct image_config *c, struct err *e)
{
	struct json_object *o = c->json;
	int r;

	r = get_keys(o, "config.ExposedPorts", &c->exposed_ports, e);
	if (r == 0)
		r = get_keys(o, "config.Volumes", &c->volumes, e);
	if (r == 0)
		r = json_get_object(o, "config.Labels", &c->labels, e);
	if (r == 0)
		r = check_labels(c->labels, e);
	if (r == 0)
		r = json_get_object(o, "config.Healthcheck", &c->healthcheck, e);
	if (r == 0)
		r = json_get_array(o, "history", &c->history, e);
	return r;
}

static int get_word(struct json_object *o, const char *key, char *to, struct err *e)
{
	const char *s = "";
	int r = json_get_str(o, key, &s, e);

	if (r == 0 && (size_t)snprintf(to, PLATFORM_WORD_SIZE, "%s", s) >= PLATFORM_WORD_SIZE)
		r = err_set(e, EINVAL, "%s: longer than %d bytes", key, PLATFORM_WORD_SIZE - 1);
	return r;
}

static int get_head(struct image_config *c, struct err *e)
{
	int r;

	r = get_word(c->json, "os", c->platform.os, e);
	if (r == 0)
		r = get_word(c->json, "architecture", c->platform.arch, e);
	if (r == 0)
		r = get_word(c->json, "variant", c->platform.variant, e);
	if (r == 0)
		r = json_get_str(c->json, "created", &c->created, e);
	if (r == 0)
		r = json_get_str(c->json, "author", &c->author, e);
	return r;
}

static int get_diff_ids(struct image_config *c, struct err *e)
{
	struct json_object *list = NULL, *item;
	const char *type = "layers";
	size_t n;
	int r;

	r = json_get_str(c->json, "rootfs.type", &type, e);
	if (r == 0)
		r = json_get_array(c->json, "rootfs.diff_ids", &list, e);
	if (r < 0)
		return r;
	if (!list || strcmp(type, "layers") != 0)
		return err_set(e, EINVAL, "no rootfs of type \"layers\": not the config of a container image");
	n = json_object_array_length(list);
	if (n > MANIFEST_LAYERS_MAX)
		return err_set(e, EINVAL, "rootfs.diff_ids: more than %d", MANIFEST_LAYERS_MAX);
	c->diff_ids = mem_array(n, sizeof(*c->diff_ids));
	if (!c->diff_ids)
		return err_errno(e, ENOMEM, "rootfs.diff_ids");
	for (size_t i = 0; i < n; i++) {
		item = json_object_array_get_idx(list, i);
		if (!json_object_is_type(item, json_type_string))
			return err_set(e, EINVAL, "rootfs.diff_ids[%zu]: not a string", i);
		r = digest_parse_n(json_object_get_string(item), (size_t)json_object_get_string_len(item),
				   &c->diff_ids[i], e);
		if (r < 0)
			return err_wrap(e, r, "rootfs.diff_ids[%zu]", i);
		c->n_diff_ids = i + 1;
	}
	return 0;
}

int image_config_parse(const char *text, size_t len, struct image_config **ret, struct err *e)
{
	_cleanup_(image_config_freep) struct image_config *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return err_errno(e, ENOMEM, "image config");
	if (len > IMAGE_CONFIG_MAX)
		return err_set(e, EFBIG, "image config: larger than %zu bytes", IMAGE_CONFIG_MAX);
	c->user = c->working_dir = "";
	r = json_parse(text, len, "image config", &c->json, e);
	if (r < 0)
		return r;
	if (!json_object_is_type(c->json, json_type_object))
		return err_set(e, EINVAL, "image config: not an object");
	r = get_head(c, e);
	if (r == 0)
		r = get_command(c, e);
	if (r == 0)
		r = get_objects(c, e);
	if (r == 0)
		r = get_diff_ids(c, e);
	if (r < 0)
		return err_wrap(e, r, "image config");
	*ret = TAKE_PTR(c);
	return 0;
}

struct image_config *image_config_free(struct image_config *c)
{
	if (!c)
		return NULL;
	strv_done(&c->env);
	strv_done(&c->entrypoint);
	strv_done(&c->cmd);
	strv_done(&c->exposed_ports);
	strv_done(&c->volumes);
	free(c->diff_ids);
	json_object_put(c->json);
	free(c);
	return NULL;
}

void image_chain_id(const struct digest *parent, const struct digest *diff_id, struct digest *ret)
{
	char both[2 * DIGEST_TEXT_SIZE];
	int n;

	if (!parent) {
		*ret = *diff_id;
		return;
	}
	n = snprintf(both, sizeof(both), "%s %s", parent->text, diff_id->text);
	digest_of(both, (size_t)n, ret);
}
