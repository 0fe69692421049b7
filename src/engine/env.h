/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * env - the payload's environment.
 *
 *	struct env_input in = {.options = &o, .image = &config->env, …};
 *	r = env_resolve(&in, &env, e);
 *
 * Later wins: PATH and container=ranby, the image, --env-merge, proxies, --env-host, --env-file,
 * -e; then HOME, HOSTNAME and TERM where still missing. `-e NAME` and a line
 * "NAME" of an env-file take the caller's value, and nothing when the caller
 * has none; `-e 'NAME*'` takes all that begin so. Nothing else of the caller's
 * environment gets in, proxies excepted (--http-proxy=false: not those either).
 */
#ifndef RANBY_ENGINE_ENV_H
#define RANBY_ENGINE_ENV_H

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"
#include "engine/options.h"

#include <stdbool.h>
#include <stddef.h>

#define ENV_FILE_MAX (1U << 20) /* bytes of one --env-file */

struct env_input {
	const struct container_options *options;
	const struct strv *image; /* of its config, or NULL */
	char *const *caller;      /* environ of the caller, or NULL */
	const char *home;         /* of the passwd line; "" when none */
	const char *hostname;     /* "" when none */
	const char *notify;       /* NOTIFY_SOCKET inside; NULL: none */
};

/* -e, --env-merge and --unsetenv on their own. */
int env_check(const struct container_options *o, struct err *e) _must_check_;

/* "NAME=value" of one that --http-proxy passes on. */
bool env_is_proxy(const char *entry);

int env_resolve(const struct env_input *in, struct strv *ret, struct err *e) _must_check_;

/*
 * One -e value: sets, passes through or (a NAME the caller lacks) does
 * nothing. -EINVAL with text for no name or a blank in it. For exec too.
 */
int env_apply(struct strv *env, const char *value, char *const *caller, struct err *e) _must_check_;

/*
 * The text of an env-file: NAME=VALUE or NAME per line, '#' comments, blank
 * lines, a BOM and CR at line ends as docker takes them. Quotes are part of the
 * value. `name` is for errors.
 */
int env_file_apply(struct strv *env, const char *name, const char *text, size_t len, char *const *caller, struct err *e) _must_check_;

/* Reads and applies. */
int env_file_read(struct strv *env, const char *path, char *const *caller, struct err *e) _must_check_;

/* "KEY=value" lines of --label-file and of --env-file alike: calls `line` for each, CR, comments and blank lines taken off. */
typedef int (*env_line_fn)(void *ctx, const char *line, struct err *e);
int env_lines(const char *name, const char *text, size_t len, env_line_fn line, void *ctx, struct err *e) _must_check_;

/* Reads a file of at most ENV_FILE_MAX bytes that the caller named ("-" is not special), and walks its lines. */
int env_lines_of(const char *option, const char *path, env_line_fn line, void *ctx, struct err *e) _must_check_;

#endif
