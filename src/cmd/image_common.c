/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The environment is read here, on behalf of image/, which reads none: the
 * registry worker gets the proxies of it and nothing else.
 */
#include "cmd/image_common.h"

#include "base/size.h"
#include "cmd/screen.h"
#include "engine/engine.h"
#include "engine/storage.h"
#include "sys/user_name.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const proxy_names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
					  "no_proxy",   "NO_PROXY"};

void image_source_done(struct image_source *s)
{
	s->progress = progress_close(s->progress);
	strv_done(&s->env);
	if (s->creds)
		explicit_bzero(s->creds, strlen(s->creds));
	free(s->creds);
	s->creds = NULL;
	free(s->platform);
	s->platform = NULL;
	free(s->home);
	s->home = NULL;
}

static int find_home(struct image_source *ret, struct err *e)
{
	int r = user_home(getenv("HOME"), &ret->home);

	if (r == -ENOMEM)
		return err_errno(e, ENOMEM, "home");
	ret->options.access.home = r == 0 ? ret->home : NULL;
	return 0;
}

int image_source_init(bool quiet, struct image_source *ret, struct err *e)
{
	int r = 0;

	*ret = (struct image_source){.options = {.policy = PULL_MISSING}};
	for (size_t i = 0; i < ARRAY_SIZE(proxy_names) && r == 0; i++) {
		const char *value = getenv(proxy_names[i]);

		if (value)
			r = strv_addf(&ret->env, "%s=%s", proxy_names[i], value);
	}
	if (r < 0)
		return err_errno(e, -r, "environment");
	ret->options.access.env = ret->env.items;
	ret->options.access.xdg_runtime_dir = user_dir_named(getenv("XDG_RUNTIME_DIR"));
	ret->options.access.xdg_config_home = user_dir_named(getenv("XDG_CONFIG_HOME"));
	ret->options.access.xdg_cache_home = user_dir_named(getenv("XDG_CACHE_HOME"));
	ret->options.access.registries_conf = getenv("CONTAINERS_REGISTRIES_CONF");
	ret->options.access.path = getenv("PATH");
	ret->options.access.registry_auth_file = getenv("REGISTRY_AUTH_FILE");
	r = find_home(ret, e);
	if (r == 0 && !quiet)
		r = progress_open(STDERR_FILENO, PROGRESS_AUTO, &ret->progress, e);
	ret->options.progress = ret->progress;
	ret->options.choose = !quiet && screen_is_attended() ? screen_choose : NULL;
	return r;
}

int image_platform(const char *platform, const char *os, const char *arch, const char *variant, char **ret, struct err *e)
{
	if (platform && (os || arch || variant))
		return err_set(e, EINVAL, "--platform and --os, --arch, --variant exclude each other");
	if (variant && !arch)
		return err_set(e, EINVAL, "--variant needs --arch");
	if (platform)
		*ret = strdup(platform);
	else if (!os && !arch)
		return 0;
	else if (asprintf(ret, "%s%s%s%s%s", os ? os : "linux", arch ? "/" : "", arch ? arch : "", variant ? "/" : "",
			  variant ? variant : "") < 0)
		*ret = NULL;
	return *ret ? 0 : err_errno(e, ENOMEM, "platform");
}

char *image_take_secret(const char *arg)
{
	char *copy = strdup(arg), *place = (char *)(uintptr_t)arg; /* it lies in our own argv */

	if (copy)
		for (; *place; place++)
			*place = '*';
	return copy;
}

int registry_access_of(const struct command_call *call, const struct registry_args *a, struct image_source *ret, struct err *e)
{
	struct registry_access *access = &ret->options.access;

	if (a->creds) {
		ret->creds = image_take_secret(a->creds);
		if (!ret->creds)
			return err_errno(e, ENOMEM, "credentials");
	}
	access->creds = ret->creds;
	access->auth_file = a->authfile;
	access->cert_dir = a->cert_dir;
	if (option_given(call->command->rows, call->full_argc, call->full_argv, "tls-verify"))
		access->tls = a->tls_verify ? REGISTRY_TLS_VERIFY : REGISTRY_TLS_INSECURE;
	return 0;
}

int image_source_open(const struct command_call *call, const struct image_source_args *a, struct image_source *ret,
		      struct err *e)
{
	int r = image_source_init(a->quiet, ret, e);

	if (r == 0)
		r = image_platform(a->platform, a->os, a->arch, a->variant, &ret->platform, e);
	if (r < 0)
		return r;
	ret->options.platform = ret->platform;
	ret->options.signature_policy = a->signature_policy;
	return registry_access_of(call, &a->registry, ret, e);
}

int image_store_open(const struct command_call *call, struct store **ret, struct err *e)
{
	return storage_open(call->engine, ret, e);
}

int image_exists(const struct command_call *call, int (*resolve)(struct store *st, const char *name, struct image **ret, struct err *e),
		 struct image **ret, struct err *e)
{
	_cleanup_(store_closep) struct store *st = NULL;
	int r = image_store_open(call, &st, e);

	if (r < 0)
		return r;
	r = resolve(st, call->argv[0], ret, e);
	return r == -ENOENT ? 1 : r;
}

int image_count_uses(const struct strv *uses, const char *id)
{
	size_t len = strlen(id);
	int n = 0;

	for (size_t i = 0; i < uses->n; i++)
		n += strncmp(uses->items[i], id, len) == 0 && uses->items[i][len] == '=';
	return n;
}

void image_size_text(uint64_t bytes, char ret[static 32])
{
	(void)size_text(bytes, 3, " ", ret);
}

int image_split_name(const char *name, char **ret_repository, const char **ret_tag)
{
	const char *at = strchr(name, '@'), *slash = strrchr(name, '/'), *colon = strrchr(name, ':');
	size_t end = strlen(name);

	if (at) {
		end = (size_t)(at - name);
		*ret_tag = "<none>";
	} else if (colon && (!slash || colon > slash)) {
		end = (size_t)(colon - name);
		*ret_tag = colon + 1;
	} else {
		*ret_tag = "<none>";
	}
	*ret_repository = strndup(name, end);
	return *ret_repository ? 0 : -ENOMEM;
}
