/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Lists of NAME=value, looked through from the strongest: a stage's ENV, its
 * ARGs, the proxies of the command line. An ARG takes its value when it is met,
 * so that what stands before it does not see it.
 */
#include "build/vars.h"

#include "oci/index.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const proxies[] = {
	"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy",
	"NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy",
};

void vars_done(struct vars *v)
{
	struct strv *const lists[] = {&v->given, &v->used, &v->platform, &v->global, &v->args, &v->env};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		strv_done(lists[i]);
}

static int set_pair(struct strv *list, const char *name, const char *value)
{
	_cleanup_free_ char *pair = NULL;

	if (asprintf(&pair, "%s=%s", name, value) < 0)
		return -ENOMEM;
	return strv_env_set(list, pair);
}

int vars_give(struct vars *v, const char *arg, const char *env_value, struct err *e)
{
	int r;

	if (!*arg || *arg == '=')
		return err_set(e, EINVAL, "--build-arg %s: no name", arg);
	if (strchr(arg, '='))
		r = strv_env_set(&v->given, arg);
	else
		r = env_value ? set_pair(&v->given, arg, env_value) : 0;
	return r < 0 ? err_errno(e, -r, "--build-arg") : 0;
}

static int give_platform(struct vars *v, const char *prefix, const char *text, struct err *e)
{
	struct platform p;
	char name[32];
	int r = platform_parse(text, &p, e);
	const struct {
		const char *name, *value;
	} parts[] = {{"PLATFORM", text}, {"OS", p.os}, {"ARCH", p.arch}, {"VARIANT", p.variant}};

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(parts); i++) {
		snprintf(name, sizeof(name), "%s%s", prefix, parts[i].name);
		r = set_pair(&v->platform, name, parts[i].value);
		if (r < 0)
			return err_errno(e, -r, "platform");
	}
	return r;
}

int vars_platform(struct vars *v, const char *build, const char *target, struct err *e)
{
	int r = give_platform(v, "BUILD", build, e);

	return r < 0 ? r : give_platform(v, "TARGET", target, e);
}

static int mark_used(struct vars *v, const char *name)
{
	return strv_find(&v->used, name) >= 0 ? 0 : strv_add(&v->used, name);
}

/* Of ARG: what was given, else the default. NULL: it has none. */
static int take_arg(struct vars *v, const char *word, char **ret_name, const char **ret_value)
{
	size_t len = strcspn(word, "=");
	char *name = strndup(word, len);
	int r = name ? mark_used(v, name) : -ENOMEM;

	if (r < 0) {
		free(name);
		return r;
	}
	*ret_value = strv_env_get(&v->given, name);
	if (!*ret_value && word[len])
		*ret_value = word + len + 1;
	*ret_name = name;
	return 0;
}

int vars_global_arg(struct vars *v, const char *word)
{
	_cleanup_free_ char *name = NULL;
	const char *value;
	int r = take_arg(v, word, &name, &value);

	return r == 0 && value ? set_pair(&v->global, name, value) : r;
}

int vars_arg(struct vars *v, const char *word)
{
	_cleanup_free_ char *name = NULL;
	const char *value;
	int r = take_arg(v, word, &name, &value);

	if (r == 0 && !value)
		value = strv_env_get(&v->global, name);
	if (r == 0 && !value)
		value = strv_env_get(&v->platform, name);
	return r == 0 && value ? set_pair(&v->args, name, value) : r;
}

int vars_stage(struct vars *v, char *const *image_env, const char *stage)
{
	int r;

	strv_done(&v->args);
	strv_done(&v->env);
	r = strv_add_all(&v->env, image_env);
	return r == 0 ? set_pair(&v->platform, "TARGETSTAGE", stage) : r;
}

int vars_env(struct vars *v, const char *name, const char *value)
{
	return set_pair(&v->env, name, value);
}

int vars_inherit(struct vars *v, const struct strv *args)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < args->n; i++)
		r = strv_env_set(&v->args, args->items[i]);
	return r;
}

static bool is_proxy(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(proxies); i++)
		if (strcmp(name, proxies[i]) == 0)
			return true;
	return false;
}

const char *vars_get(const char *name, void *ctx)
{
	const struct vars *v = ctx;
	const char *value = strv_env_get(&v->env, name);

	if (!value)
		value = strv_env_get(&v->args, name);
	if (!value && is_proxy(name))
		value = strv_env_get(&v->given, name);
	return value;
}

const char *vars_global_get(const char *name, void *ctx)
{
	const struct vars *v = ctx;
	const char *value = strv_env_get(&v->global, name);

	return value ? value : strv_env_get(&v->platform, name);
}

/* What is no ENV, in the order of the ARGs. */
int vars_run_args(const struct vars *v, struct strv *ret)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < v->args.n; i++) {
		_cleanup_free_ char *name = strndup(v->args.items[i], strcspn(v->args.items[i], "="));

		if (!name)
			return -ENOMEM;
		if (!strv_env_get(&v->env, name))
			r = strv_add(ret, v->args.items[i]);
	}
	return r;
}

int vars_run_proxies(const struct vars *v, struct strv *ret)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(proxies); i++) {
		const char *value = strv_env_get(&v->given, proxies[i]);

		if (value && !strv_env_get(&v->env, proxies[i]) && !strv_env_get(&v->args, proxies[i]))
			r = strv_addf(ret, "%s=%s", proxies[i], value);
	}
	return r;
}

int vars_unused(const struct vars *v, struct strv *ret)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < v->given.n; i++) {
		_cleanup_free_ char *name = strndup(v->given.items[i], strcspn(v->given.items[i], "="));

		if (!name)
			return -ENOMEM;
		if (!is_proxy(name) && strv_find(&v->used, name) < 0)
			r = strv_add(ret, name);
	}
	return r;
}
