/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The image's configuration is the base's with what the container was made
 * with over it. What the engine itself puts into an environment is left out:
 * it would be old news in the next container.
 */
#include "engine/commit.h"

#include "base/buf.h"
#include "engine/env.h"
#include "engine/keeper.h"
#include "engine/rootfs.h"
#include "image/commit.h"
#include "oci/image_config.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "tar/unpack_copy.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* ---- configuration ---- */

static bool is_engines(const char *entry)
{
	static const char *const keys[] = {"container=", "container_uuid=", "HOSTNAME=", "HOME=", "TERM="};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strncmp(entry, keys[i], strlen(keys[i])) == 0)
			return true;
	return false;
}

/* The caller's, passed on: it may have his password in it. One that was given, or may have been in a file, is the container's. */
static bool is_callers_proxy(const struct container *c, const char *entry)
{
	struct json_object *given = json_at(c->spec, "options.env");
	size_t n = given && json_object_is_type(given, json_type_array) ? json_object_array_length(given) : 0, len = strcspn(entry, "=");

	if (!env_is_proxy(entry) || json_at(c->spec, "options.env-file"))
		return false;
	for (size_t i = 0; i < n; i++) {
		const char *one = json_object_get_string(json_object_array_get_idx(given, i));

		if (strncmp(one, entry, len) == 0 && (one[len] == '=' || one[len] == '\0'))
			return false;
	}
	return true;
}

static bool same_key(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return strncmp(a, b, n) == 0 && b[n] == '=';
}

/* The base's, each in its place, and what is new behind them. */
static int merge_env(const struct container *c, struct json_object *config)
{
	_cleanup_(strv_done) struct strv env = {0}, own = {0};
	int r = json_get_strv(config, "Env", &env, NULL);

	if (r == 0)
		r = json_get_strv(c->spec, "config.env", &own, NULL);
	for (size_t i = 0; r == 0 && i < own.n; i++) {
		size_t at = 0;

		if (is_engines(own.items[i]) || is_callers_proxy(c, own.items[i]))
			continue;
		while (at < env.n && !same_key(own.items[i], env.items[at]))
			at++;
		if (at < env.n) {
			free(env.items[at]);
			env.items[at] = strdup(own.items[i]);
			r = env.items[at] ? 0 : -ENOMEM;
		} else {
			r = strv_add(&env, own.items[i]);
		}
	}
	return r == 0 ? json_add_strv(config, "Env", &env) : r;
}

static int set_words(const struct container *c, const char *path, struct json_object *config, const char *key)
{
	_cleanup_(strv_done) struct strv words = {0};
	int r = json_get_strv(c->spec, path, &words, NULL);

	json_object_object_del(config, key);
	return r == 0 && words.n > 0 ? json_add_strv(config, key, &words) : r;
}

/* What an option said. */
static int set_text(const struct container *c, const char *option, const char *path, struct json_object *config, const char *key)
{
	return *json_str(c->spec, option) ? json_add_str(config, key, json_str(c->spec, path)) : 0;
}

/* An object member of the configuration, made when it is not there. */
static struct json_object *member(struct json_object *config, const char *key)
{
	struct json_object *o = json_at(config, key);

	if (!o) {
		o = json_object_new_object();
		if (!o || json_add(config, key, o) < 0)
			return NULL;
	}
	return o;
}

static int merge_ports(const struct container *c, struct json_object *config)
{
	_cleanup_(strv_done) struct strv ports = {0};
	struct json_object *o;
	int r = json_get_strv(c->spec, "options.expose", &ports, NULL);

	if (r < 0 || ports.n == 0)
		return r;
	o = member(config, "ExposedPorts");
	if (!o)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < ports.n; i++) {
		char port[64];

		snprintf(port, sizeof(port), "%.40s%s", ports.items[i], strchr(ports.items[i], '/') ? "" : "/tcp");
		r = json_add(o, port, json_object_new_object());
	}
	return r;
}

static int merge_volumes(const struct container *c, struct json_object *config)
{
	struct json_object *mounts = json_at(c->spec, "config.mounts"), *to;
	size_t n = mounts ? json_object_array_length(mounts) : 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct json_object *m = json_object_array_get_idx(mounts, i);

		if (!*json_str(m, "name"))
			continue;
		to = member(config, "Volumes");
		r = to ? json_add(to, json_str(m, "destination"), json_object_new_object()) : -ENOMEM;
	}
	return r;
}

static int merge_labels(const struct container *c, struct json_object *config)
{
	struct json_object *labels = json_at(c->spec, "config.labels");

	if (!labels || !json_object_is_type(labels, json_type_object) || json_object_object_length(labels) == 0)
		return 0;
	return json_add(config, "Labels", json_object_get(labels));
}

static int make_config(const struct container *c, const struct image *base, struct json_object **ret)
{
	_cleanup_json_ struct json_object *config = NULL;
	struct json_object *theirs = json_at(base->json, "config");

	if (!theirs)
		config = json_object_new_object();
	else if (json_object_deep_copy(theirs, &config, NULL) < 0)
		return -ENOMEM;
	if (!config || merge_env(c, config) < 0 || set_words(c, "config.command", config, "Cmd") < 0 ||
	    set_words(c, "config.entrypoint", config, "Entrypoint") < 0 ||
	    set_text(c, "options.user", "options.user", config, "User") < 0 ||
	    set_text(c, "options.workdir", "config.workingDir", config, "WorkingDir") < 0 ||
	    set_text(c, "options.stop-signal", "config.stopSignal", config, "StopSignal") < 0 || merge_ports(c, config) < 0 ||
	    merge_labels(c, config) < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(config);
	return 0;
}

/* ---- the layer ---- */

struct upper {
	const struct container *c;
	const struct keeper *k;
	const struct id_map *map;
};

static int start_pack(void *ctx, struct unpack_job *job, int out_fd, struct err *e)
{
	const struct upper *u = ctx;
	_cleanup_close_ int fd = -EBADF;
	struct unpack_tree t = {.userns_fd = u->k->userns_fd, .map = u->map, .layer = true};
	int r = path_own_open(container_dir(u->c), "upper", O_PATH | O_DIRECTORY, 0, &fd);

	if (r < 0)
		return err_errno(e, -r, "changes of container %.12s", u->c->id);
	t.dir_fd = fd;
	return unpack_start_pack(job, &t, out_fd, e);
}

static int command_text(const struct container *c, struct buf *out)
{
	static const char *const lists[] = {"config.entrypoint", "config.command"};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		_cleanup_(strv_done) struct strv words = {0};

		if (json_get_strv(c->spec, lists[i], &words, NULL) < 0)
			return -ENOMEM;
		for (size_t k = 0; k < words.n; k++)
			buf_addf(out, "%s%s", out->len ? " " : "", words.items[k]);
	}
	return -buf_bad(out);
}

/* An image that has more is read by nobody here (oci/image_config.h): what goes with every container that is made of it. */
static int check_env(const struct container *c, struct json_object *config, struct err *e)
{
	struct json_object *env = json_at(config, "Env");
	size_t n = env ? json_object_array_length(env) : 0;

	if (n <= IMAGE_CONFIG_ENV_MAX)
		return 0;
	err_set(e, E2BIG, "container %s has %zu variables, an image %d at most", c->name, n, IMAGE_CONFIG_ENV_MAX);
	err_hint(e, "keep them in a file, for --env-file of the containers that are made of the image");
	return -E2BIG;
}

int commit_container(struct engine *eng, struct store *st, struct container *c, const struct commit_request *q, struct image **ret,
		     struct err *e)
{
	const char *id = json_str(c->spec, "image.id");
	_cleanup_(image_freep) struct image *base = NULL;
	_cleanup_(keeper_done) struct keeper k = KEEPER_INIT;
	_cleanup_json_ struct json_object *config = NULL;
	_cleanup_(buf_done) struct buf command = BUF_INIT;
	struct id_map map;
	struct upper u = {.c = c, .k = &k};
	struct commit_options o = {.changes = q->changes, .author = q->author, .message = q->message};
	int r;

	if (!*id)
		return err_set(e, ENOTSUP, "container %s was made with --rootfs: there is no image to build on", c->name);
	r = store_resolve(st, id, &base, e);
	if (r < 0)
		return err_wrap(e, r, "the image of container %s", c->name);
	if (make_config(c, base, &config) < 0 || (q->include_volumes && merge_volumes(c, config) < 0) || command_text(c, &command) < 0)
		return err_errno(e, ENOMEM, "commit");
	r = check_env(c, config, e);
	if (r == 0)
		r = rootfs_id_map(c, &map, e);
	if (r == 0)
		r = keeper_open(eng, &k, e);
	if (r < 0)
		return r;
	u.map = map.uid.n > 0 ? &map : NULL;
	o.base = base;
	o.config = config;
	o.created_by = buf_str(&command);
	return commit_image(st, start_pack, &u, q->name, &o, ret, e);
}
