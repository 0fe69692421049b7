/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The configuration is kept as the JSON that it will be: what the base had and
 * nobody here knows of stays in it. Its text is made anew when it is wanted, and
 * the same steps on the same base give the same bytes.
 */
#include "oci/image_state.h"

#include "base/parse.h"
#include "base/signame.h"
#include "oci/image_config.h"
#include "oci/index.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

void image_state_done(struct image_state *s)
{
	json_putp(&s->json);
	s->config = NULL;
	buf_done(&s->history);
	s->n_history = 0;
}

static struct json_object *member(struct json_object *o, const char *key, bool array)
{
	struct json_object *found = NULL;

	if (json_object_object_get_ex(o, key, &found) && json_object_is_type(found, array ? json_type_array : json_type_object))
		return found;
	found = array ? json_object_new_array() : json_object_new_object();
	return json_add(o, key, found) == 0 ? found : NULL;
}

static int fresh(struct image_state *s, const char *platform, struct err *e)
{
	struct json_object *config, *env;
	struct platform p;
	int bad = 0, r = platform_parse(platform, &p, e);

	if (r < 0)
		return r;
	s->json = json_object_new_object();
	config = json_object_new_object();
	env = json_object_new_array();
	bad |= json_add_str(s->json, "architecture", p.arch);
	if (p.variant[0])
		bad |= json_add_str(s->json, "variant", p.variant);
	bad |= json_add_str(s->json, "os", p.os);
	/* what BuildKit and buildah begin with too */
	bad |= json_append_str(env, ENV_PATH_DEFAULT);
	bad |= json_add(config, "Env", env);
	bad |= json_add(s->json, "config", config);
	return bad ? err_errno(e, ENOMEM, "image config") : 0;
}

int image_state_begin(struct image_state *s, struct json_object *base, const char *platform, struct err *e)
{
	struct json_object *rootfs;
	int r = 0;

	if (!base)
		r = fresh(s, platform, e);
	else if (json_object_deep_copy(base, &s->json, NULL) < 0)
		r = err_errno(e, ENOMEM, "image config");
	if (r < 0)
		return r;
	/* docker's words about how the base was made */
	json_object_object_del(s->json, "container_config");
	json_object_object_del(s->json, "container");
	s->config = member(s->json, "config", false);
	rootfs = member(s->json, "rootfs", false);
	if (!s->config || !rootfs || !member(rootfs, "diff_ids", true) || !member(s->json, "history", true) ||
	    json_add_str(rootfs, "type", "layers") < 0)
		return err_errno(e, ENOMEM, "image config");
	s->own_cmd = false;
	return 0;
}

/* The place of that variable; how many there are when it is none. */
static size_t env_place(struct json_object *env, const char *name)
{
	size_t n = json_object_array_length(env), len = strlen(name), i = 0;

	for (; i < n; i++) {
		const char *pair = json_object_get_string(json_object_array_get_idx(env, i));

		if (pair && strncmp(pair, name, len) == 0 && pair[len] == '=')
			break;
	}
	return i;
}

int image_state_env(struct image_state *s, const char *name, const char *value)
{
	_cleanup_(buf_done) struct buf pair = BUF_INIT;
	_cleanup_json_ struct json_object *text = NULL;
	struct json_object *env = member(s->config, "Env", true);
	size_t at;

	buf_addf(&pair, "%s=%s", name, value);
	text = buf_bad(&pair) ? NULL : json_object_new_string(buf_str(&pair));
	if (!env || !text)
		return -ENOMEM;
	at = env_place(env, name);
	if (at >= IMAGE_CONFIG_ENV_MAX)
		return -E2BIG;
	if (json_object_array_put_idx(env, at, text) < 0)
		return -ENOMEM;
	(void)TAKE_PTR(text);
	return 0;
}

int image_state_env_unset(struct image_state *s, const char *name)
{
	struct json_object *env = json_at(s->config, "Env");
	size_t at;

	if (!json_object_is_type(env, json_type_array))
		return 0;
	at = env_place(env, name);
	return at < json_object_array_length(env) && json_object_array_del_idx(env, at, 1) < 0 ? -ENOMEM : 0;
}

int image_state_label(struct image_state *s, const char *name, const char *value)
{
	struct json_object *labels = member(s->config, "Labels", false);

	return labels ? json_add_str(labels, name, value) : -ENOMEM;
}

int image_state_shell(const struct image_state *s, struct strv *ret)
{
	size_t before = ret->n;
	int r = json_get_strv(s->config, "Shell", ret, NULL);

	if (r == 0 && ret->n == before)
		r = strv_add(ret, "/bin/sh");
	if (r == 0 && ret->n == before + 1 && strcmp(ret->items[before], "/bin/sh") == 0)
		r = strv_add(ret, "-c");
	return r;
}

const char *image_state_workdir(const struct image_state *s)
{
	const char *dir = json_str(s->config, "WorkingDir");

	return *dir ? dir : "/";
}

/* ---- the instructions ---- */

static int words(const struct image_state *s, const struct instruction *in, struct strv *ret)
{
	int r = in->is_exec ? 0 : image_state_shell(s, ret);

	return r == 0 ? strv_add_all(ret, in->args.items) : r;
}

static int set_words(struct image_state *s, const struct instruction *in, const char *key)
{
	_cleanup_(strv_done) struct strv list = {0};
	int r = words(s, in, &list);

	json_object_object_del(s->config, key);
	return r == 0 && list.n > 0 ? json_add_strv(s->config, key, &list) : r;
}

static int set_cmd(struct image_state *s, const struct instruction *in, struct err *e)
{
	(void)e;
	s->own_cmd = true;
	return set_words(s, in, "Cmd");
}

static int set_entrypoint(struct image_state *s, const struct instruction *in, struct err *e)
{
	(void)e;
	if (!s->own_cmd)
		json_object_object_del(s->config, "Cmd");
	return set_words(s, in, "Entrypoint");
}

static int set_env(struct image_state *s, const struct instruction *in, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i + 1 < in->args.n; i += 2)
		r = image_state_env(s, in->args.items[i], in->args.items[i + 1]);
	return r == -E2BIG ? err_set(e, E2BIG, "ENV: more than %d variables", IMAGE_CONFIG_ENV_MAX) : r;
}

static int set_label(struct image_state *s, const struct instruction *in, struct err *e)
{
	int r = 0;

	(void)e;
	for (size_t i = 0; r == 0 && i + 1 < in->args.n; i += 2)
		r = image_state_label(s, in->args.items[i], in->args.items[i + 1]);
	return r;
}

/* "80", "80/udp", "8000-8010/tcp" */
static int add_port(struct json_object *ports, const char *text, struct err *e)
{
	size_t len = strcspn(text, "/");
	const char *protocol = text[len] ? text + len + 1 : "tcp";
	_cleanup_(buf_done) struct buf range = BUF_INIT;
	uint32_t first, last;
	char *dash;
	int r = 0;

	buf_add(&range, text, len);
	if (buf_bad(&range))
		return -ENOMEM;
	dash = strchr(range.data ? range.data : "", '-');
	if (dash)
		*dash++ = '\0';
	if (parse_u32(buf_str(&range), 0, 65535, &first) < 0 || parse_u32(dash ? dash : buf_str(&range), 0, 65535, &last) < 0 || last < first ||
	    (strcasecmp(protocol, "tcp") != 0 && strcasecmp(protocol, "udp") != 0 && strcasecmp(protocol, "sctp") != 0))
		return err_set(e, EINVAL, "EXPOSE %s: no port, range or protocol", text);
	for (uint32_t port = first; r == 0 && port <= last; port++) {
		char key[32];

		if (json_object_object_length(ports) >= STRV_MAX)
			return err_set(e, E2BIG, "EXPOSE: more than %d ports", STRV_MAX);
		snprintf(key, sizeof(key), "%u/%s", port, protocol);
		for (char *c = key; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		r = json_add(ports, key, json_object_new_object());
	}
	return r;
}

static int set_expose(struct image_state *s, const struct instruction *in, struct err *e)
{
	struct json_object *ports = member(s->config, "ExposedPorts", false);
	int r = ports ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < in->args.n; i++)
		r = add_port(ports, in->args.items[i], e);
	return r;
}

static int set_volume(struct image_state *s, const struct instruction *in, struct err *e)
{
	struct json_object *volumes = member(s->config, "Volumes", false);
	int r = volumes ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < in->args.n; i++) {
		if (!*in->args.items[i])
			return err_set(e, EINVAL, "VOLUME: an empty name");
		if (json_object_object_length(volumes) >= STRV_MAX)
			return err_set(e, E2BIG, "VOLUME: more than %d directories", STRV_MAX);
		r = json_add(volumes, in->args.items[i], json_object_new_object());
	}
	return r;
}

static int add_duration(struct json_object *o, const char *key, const char *text)
{
	uint64_t us = 0;

	if (!text || parse_duration(text, &us) < 0)
		return 0;
	return json_add_u64(o, key, us * 1000);
}

static int set_healthcheck(struct image_state *s, const struct instruction *in, struct err *e)
{
	struct json_object *o = json_object_new_object(), *test = json_object_new_array();
	uint32_t retries = 0;
	int bad = 0;

	(void)e;
	bad |= json_append_str(test, in->is_none ? "NONE" : in->is_exec ? "CMD" : "CMD-SHELL");
	for (size_t i = 0; !in->is_none && i < in->args.n; i++)
		bad |= json_append_str(test, in->args.items[i]);
	bad |= json_add(o, "Test", test);
	bad |= add_duration(o, "Interval", in->flags.interval);
	bad |= add_duration(o, "Timeout", in->flags.timeout);
	bad |= add_duration(o, "StartPeriod", in->flags.start_period);
	bad |= add_duration(o, "StartInterval", in->flags.start_interval);
	if (in->flags.retries && parse_u32(in->flags.retries, 0, INT32_MAX, &retries) == 0)
		bad |= json_add_u64(o, "Retries", retries);
	bad |= json_add(s->config, "Healthcheck", o);
	return bad ? -ENOMEM : 0;
}

static int set_maintainer(struct image_state *s, const struct instruction *in, struct err *e)
{
	(void)e;
	return in->args.n ? json_add_str(s->json, "author", in->args.items[0]) : 0;
}

static int set_onbuild(struct image_state *s, const struct instruction *in, struct err *e)
{
	struct json_object *list = member(s->config, "OnBuild", true);

	(void)e;
	return list ? json_append_str(list, in->args.items[0]) : -ENOMEM;
}

static int set_shell(struct image_state *s, const struct instruction *in, struct err *e)
{
	(void)e;
	return json_add_strv(s->config, "Shell", &in->args);
}

static int set_stop_signal(struct image_state *s, const struct instruction *in, struct err *e)
{
	int signal;

	if (signal_parse(in->args.items[0], &signal) < 0)
		return err_set(e, EINVAL, "STOPSIGNAL %s: no signal", in->args.items[0]);
	return json_add_str(s->config, "StopSignal", in->args.items[0]);
}

static int set_user(struct image_state *s, const struct instruction *in, struct err *e)
{
	if (!*in->args.items[0])
		return err_set(e, EINVAL, "USER: no name");
	return json_add_str(s->config, "User", in->args.items[0]);
}

/* Components after each other; "." and ".." are text here, as docker has it. */
static int join(const char *base, const char *path, struct buf *out)
{
	for (int part = *path == '/'; part < 2; part++) {
		const char *at = part ? path : base;

		while (*at) {
			size_t len = strcspn(at, "/");

			if (len == 2 && memcmp(at, "..", 2) == 0) {
				while (out->len > 0 && out->data[out->len - 1] != '/')
					out->data[--out->len] = '\0';
				if (out->len > 0)
					out->data[--out->len] = '\0';
			} else if (len > 0 && !(len == 1 && *at == '.')) {
				buf_addc(out, '/');
				buf_add(out, at, len);
			}
			at += len + (at[len] == '/');
		}
	}
	if (out->len == 0)
		buf_addc(out, '/');
	return -buf_bad(out);
}

static int set_workdir(struct image_state *s, const struct instruction *in, struct err *e)
{
	_cleanup_(buf_done) struct buf path = BUF_INIT;
	int r;

	if (!*in->args.items[0])
		return err_set(e, EINVAL, "WORKDIR: no directory");
	r = join(image_state_workdir(s), in->args.items[0], &path);
	return r == 0 ? json_add_str(s->config, "WorkingDir", buf_str(&path)) : r;
}

int image_state_apply(struct image_state *s, const struct instruction *in, struct err *e)
{
	static int (*const rows[INSTRUCTION_KINDS])(struct image_state *, const struct instruction *, struct err *) = {
		[INSTRUCTION_CMD] = set_cmd,           [INSTRUCTION_ENTRYPOINT] = set_entrypoint,
		[INSTRUCTION_ENV] = set_env,           [INSTRUCTION_EXPOSE] = set_expose,
		[INSTRUCTION_HEALTHCHECK] = set_healthcheck, [INSTRUCTION_LABEL] = set_label,
		[INSTRUCTION_MAINTAINER] = set_maintainer, [INSTRUCTION_ONBUILD] = set_onbuild,
		[INSTRUCTION_SHELL] = set_shell,       [INSTRUCTION_STOPSIGNAL] = set_stop_signal,
		[INSTRUCTION_USER] = set_user,         [INSTRUCTION_VOLUME] = set_volume,
		[INSTRUCTION_WORKDIR] = set_workdir,
	};
	struct err said = {0};
	int r = rows[in->kind] ? rows[in->kind](s, in, &said) : -EINVAL;

	if (r == 0)
		return 0;
	if (!said.text[0])
		return err_errno(e, -r, "%s", instruction_name(in->kind));
	if (e)
		*e = said;
	return r;
}

int image_state_take_triggers(struct image_state *s, struct strv *ret)
{
	int r = json_get_strv(s->config, "OnBuild", ret, NULL);

	json_object_object_del(s->config, "OnBuild");
	return r;
}

/* ---- history and text ---- */

int image_state_history(struct image_state *s, const char *created, const char *created_by, const char *comment, const struct digest *diff_id,
		  struct err *e)
{
	struct json_object *one = json_object_new_object();
	int bad = 0;

	bad |= json_add_str(one, "created", created);
	bad |= json_add_str(one, "created_by", created_by);
	if (comment)
		bad |= json_add_str(one, "comment", comment);
	if (!diff_id)
		bad |= json_add_bool(one, "empty_layer", true);
	bad |= json_append(member(s->json, "history", true), one);
	if (diff_id)
		bad |= json_append_str(json_at(s->json, "rootfs.diff_ids"), diff_id->text);
	bad |= json_add_str(s->json, "created", created);
	return bad ? err_errno(e, ENOMEM, "image config") : 0;
}

static int cut(struct json_object *list, size_t keep)
{
	size_t n = list ? json_object_array_length(list) : 0;

	return n > keep ? json_object_array_del_idx(list, keep, n - keep) : 0;
}

int image_state_cut(struct image_state *s, size_t keep_layers, size_t keep_history, struct err *e)
{
	if (cut(json_at(s->json, "rootfs.diff_ids"), keep_layers) < 0 || cut(json_at(s->json, "history"), keep_history) < 0)
		return err_errno(e, ENOMEM, "image config");
	if (keep_history < s->n_history) {
		buf_reset(&s->history);
		s->n_history = 0;
	}
	return 0;
}

static void add_text(struct buf *b, struct json_object *o)
{
	size_t len = strlen("null");
	const char *text = o ? json_text(o, &len) : "null";

	if (text)
		buf_add(b, text, len);
	else
		b->error = ENOMEM;
}

/* A line is added by each step and never changed, and after each the text is wanted: that of the lines before is kept. */
static void add_history(struct image_state *s, struct json_object *list, struct buf *b)
{
	size_t n = json_object_array_length(list);

	for (; s->n_history < n; s->n_history++) {
		if (s->n_history > 0)
			buf_addc(&s->history, ',');
		add_text(&s->history, json_object_array_get_idx(list, s->n_history));
	}
	buf_addc(b, '[');
	buf_add(b, buf_str(&s->history), s->history.len);
	buf_addc(b, ']');
	if (buf_bad(&s->history))
		b->error = buf_bad(&s->history);
}

/* What json_text() makes of the whole. */
static int add_config(struct image_state *s, struct buf *b)
{
	const char *before = "{";

	json_object_object_foreach(s->json, key, value) {
		_cleanup_json_ struct json_object *name = json_object_new_string(key);

		if (!name)
			return -ENOMEM;
		buf_adds(b, before);
		add_text(b, name);
		buf_addc(b, ':');
		if (strcmp(key, "history") == 0 && json_object_is_type(value, json_type_array))
			add_history(s, value, b);
		else
			add_text(b, value);
		before = ",";
	}
	buf_addc(b, '}');
	return -buf_bad(b);
}

int image_state_text(struct image_state *s, struct buf *ret, struct digest *ret_id, struct err *e)
{
	size_t before = ret->len;
	int r = add_config(s, ret);

	if (r < 0)
		return err_errno(e, -r, "image config");
	if (ret->len - before > IMAGE_CONFIG_MAX)
		return err_set(e, EFBIG, "image config: larger than %zu bytes", IMAGE_CONFIG_MAX);
	digest_of(ret->data + before, ret->len - before, ret_id);
	return 0;
}
