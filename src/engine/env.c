/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The environment is built from nothing, never copied: what is in it was
 * named by someone (CVE-2020-14370 and CVE-2021-3602 were copies). The
 * caller's environment comes as a parameter and not from environ, so that a
 * restart by the monitor and a test see the same.
 *
 * Values may hold anything but NUL; names may not hold '=', blanks or
 * control bytes. What writes an environment into a file must encode it there.
 */
#include "engine/env.h"

#include "oci/image_config.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Given to programs in containers by docker and podman alike. */
static const char *const proxies[] = {
	"http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY",
};

static const char *caller_get(char *const *caller, const char *name, size_t len)
{
	for (; caller && *caller; caller++)
		if (strncmp(*caller, name, len) == 0 && (*caller)[len] == '=')
			return *caller;
	return NULL;
}

static int bad_name(const char *name, size_t len, struct err *e)
{
	if (len == 0)
		return err_set(e, EINVAL, "no name before the '='");
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] <= ' ' || name[i] == 0x7f)
			return err_set(e, EINVAL, "%.*s: a blank or control byte in the name", (int)(len < 64 ? len : 64), name);
	return 0;
}

/* `r` is of a list: that it is full is no want of memory. */
static int not_added(int r, struct err *e)
{
	return r == -E2BIG ? err_set(e, E2BIG, "environment: more than %d variables", STRV_MAX) : err_errno(e, ENOMEM, "environment");
}

static int apply_prefix(struct strv *env, const char *prefix, size_t len, char *const *caller, struct err *e)
{
	for (; caller && *caller; caller++) {
		int r = 0;

		if (strncmp(*caller, prefix, len) == 0 && strchr(*caller, '='))
			r = strv_env_set(env, *caller);
		if (r < 0)
			return not_added(r, e);
	}
	return 0;
}

int env_apply(struct strv *env, const char *value, char *const *caller, struct err *e)
{
	size_t len = strcspn(value, "=");
	const char *pair = value[len] ? value : NULL;
	int r = bad_name(value, len, e);

	if (r < 0)
		return r;
	if (!pair && value[len - 1] == '*')
		return apply_prefix(env, value, len - 1, caller, e);
	if (!pair)
		pair = caller_get(caller, value, len);
	if (pair)
		r = strv_env_set(env, pair);
	return r < 0 ? not_added(r, e) : 0;
}

int env_lines(const char *name, const char *text, size_t len, env_line_fn line, void *ctx, struct err *e)
{
	_cleanup_free_ char *copy = NULL;
	unsigned number = 0;
	char *p, *next;

	if (memchr(text, '\0', len))
		return err_set(e, EINVAL, "%s: holds a NUL byte", name);
	copy = strndup(text, len);
	if (!copy)
		return err_errno(e, ENOMEM, "%s", name);
	p = copy;
	if (strncmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	for (; p && *p; p = next) {
		size_t end = strcspn(p, "\n");
		int r;

		next = p[end] ? p + end + 1 : NULL;
		p[end] = '\0';
		number++;
		if (end > 0 && p[end - 1] == '\r')
			p[end - 1] = '\0';
		p += strspn(p, " \t");
		if (!*p || *p == '#')
			continue;
		r = line(ctx, p, e);
		if (r < 0)
			return err_wrap(e, r, "%s: line %u", name, number);
	}
	return 0;
}

int env_lines_of(const char *option, const char *path, env_line_fn line, void *ctx, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r;

	if (fd < 0)
		return err_errno(e, errno, "--%s %s", option, path);
	r = fd_read_all(fd, ENV_FILE_MAX, &b);
	if (r < 0)
		return err_errno(e, -r, "--%s %s", option, path);
	r = env_lines(path, buf_str(&b), b.len, line, ctx, e);
	return r < 0 ? err_wrap(e, r, "--%s", option) : 0;
}

struct target {
	struct strv *env;
	char *const *caller;
};

static int apply_line(void *ctx, const char *line, struct err *e)
{
	struct target *t = ctx;
	size_t len = strlen(line);

	/* a pattern is for the command line; in a file "*" is part of a name */
	if (!strchr(line, '=') && line[len - 1] == '*')
		return err_set(e, EINVAL, "%s: a pattern cannot stand in a file", line);
	return env_apply(t->env, line, t->caller, e);
}

int env_file_apply(struct strv *env, const char *name, const char *text, size_t len, char *const *caller, struct err *e)
{
	struct target t = {env, caller};

	return env_lines(name, text, len, apply_line, &t, e);
}

int env_file_read(struct strv *env, const char *path, char *const *caller, struct err *e)
{
	struct target t = {env, caller};

	return env_lines_of("env-file", path, apply_line, &t, e);
}

int env_check(const struct container_options *o, struct err *e)
{
	for (size_t i = 0; i < o->env.n; i++) {
		int r = bad_name(o->env.items[i], strcspn(o->env.items[i], "="), e);

		if (r < 0)
			return err_wrap(e, r, "--env %s", o->env.items[i]);
	}
	for (size_t i = 0; i < o->env_merge.n; i++) {
		const char *item = o->env_merge.items[i];
		size_t len = strcspn(item, "=$");

		if (item[len] != '=' || bad_name(item, len, NULL) < 0)
			return err_set(e, EINVAL, "--env-merge %s: not NAME=VALUE", item);
	}
	for (size_t i = 0; i < o->unsetenv.n; i++)
		if (!o->unsetenv.items[i][0] || strchr(o->unsetenv.items[i], '='))
			return err_set(e, EINVAL, "--unsetenv %s: not a name", o->unsetenv.items[i]);
	return 0;
}

/* Of an image: a pair without a name, or without '=', is passed over as docker does. */
static int apply_image(struct strv *env, const struct strv *image, struct err *e)
{
	for (size_t i = 0; image && i < image->n; i++) {
		const char *eq = strchr(image->items[i], '=');
		int r = eq && eq != image->items[i] ? strv_env_set(env, image->items[i]) : 0;

		if (r < 0)
			return not_added(r, e);
	}
	return 0;
}

bool env_is_proxy(const char *entry)
{
	size_t len = strcspn(entry, "=");

	for (size_t i = 0; i < ARRAY_SIZE(proxies); i++)
		if (strncmp(proxies[i], entry, len) == 0 && proxies[i][len] == '\0')
			return true;
	return false;
}

/* What the caller has on purpose or by --http-proxy. */
static int apply_caller(struct strv *env, const struct env_input *in, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && in->options->http_proxy && i < ARRAY_SIZE(proxies); i++)
		r = env_apply(env, proxies[i], in->caller, e);
	if (r == 0 && in->options->env_host)
		r = apply_prefix(env, "", 0, in->caller, e);
	return r;
}

/* ${NAME} and $NAME as the environment has them so far; what it lacks is empty. */
static void expand(const struct strv *env, const char *text, struct buf *out)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

	while (*text) {
		bool braced = text[0] == '$' && text[1] == '{';
		const char *name = text + 1 + braced;
		size_t len = braced ? strcspn(name, "}") : strspn(name, letters);
		char key[256];
		const char *value;

		if (*text != '$' || len == 0 || len >= sizeof(key) || (braced && name[len] != '}')) {
			buf_addc(out, *text++);
			continue;
		}
		snprintf(key, sizeof(key), "%.*s", (int)len, name);
		value = strv_env_get(env, key);
		buf_adds(out, value ? value : "");
		text = name + len + braced;
	}
}

static int apply_merge(struct strv *env, const struct strv *merge, struct err *e)
{
	for (size_t i = 0; i < merge->n; i++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT;
		int r;

		expand(env, merge->items[i], &b);
		r = buf_bad(&b) ? -buf_bad(&b) : strv_env_set(env, buf_str(&b));
		if (r < 0)
			return r == -EFBIG ? err_errno(e, EFBIG, "environment") : not_added(r, e);
	}
	return 0;
}

static int apply_options(struct strv *env, const struct env_input *in, struct err *e)
{
	const struct container_options *o = in->options;
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->env_file.n; i++)
		r = env_file_read(env, o->env_file.items[i], in->caller, e);
	for (size_t i = 0; r == 0 && i < o->env.n; i++)
		r = env_apply(env, o->env.items[i], in->caller, e);
	return r;
}

/* `key` unless it is there. */
static int supply(struct strv *env, const char *key, const char *value, struct err *e)
{
	int r = !value || !*value || strv_env_get(env, key) ? 0 : strv_addf(env, "%s=%s", key, value);

	return r < 0 ? not_added(r, e) : 0;
}

int env_resolve(const struct env_input *in, struct strv *ret, struct err *e)
{
	const struct container_options *o = in->options;
	int r = 0;

	if (!o->unsetenv_all) {
		if (strv_add(ret, ENV_PATH_DEFAULT) < 0 || strv_add(ret, "container=ranby") < 0)
			return err_errno(e, ENOMEM, "environment");
		r = apply_image(ret, in->image, e);
	}
	for (size_t i = 0; r == 0 && i < o->unsetenv.n; i++)
		strv_env_unset(ret, o->unsetenv.items[i]);
	if (r == 0)
		r = apply_merge(ret, &o->env_merge, e);
	if (r == 0)
		r = apply_caller(ret, in, e);
	if (r == 0)
		r = apply_options(ret, in, e);
	if (r == 0)
		r = supply(ret, "HOME", in->home[0] ? in->home : "/", e);
	if (r == 0)
		r = supply(ret, "HOSTNAME", in->hostname, e);
	if (r == 0)
		r = supply(ret, "NOTIFY_SOCKET", in->notify, e);
	if (r == 0 && o->tty)
		r = supply(ret, "TERM", "xterm", e);
	return r;
}
