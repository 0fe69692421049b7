/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * image_config - what an image says about how it wants to be run.
 *
 *	_cleanup_(image_config_freep) struct image_config *c = NULL;
 *	r = image_config_parse(text, len, &c, e);
 *
 * Source: OCI image-spec config.md; docker's image spec v1.2 adds Healthcheck,
 * Shell and OnBuild. All of it was written by a stranger: the strings are
 * UTF-8 without NUL and nothing else is known of them.
 */
#ifndef RANBY_OCI_IMAGE_CONFIG_H
#define RANBY_OCI_IMAGE_CONFIG_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "oci/digest.h"
#include "oci/index.h"

#include <stddef.h>

/* Of an image that says no PATH, and of one that is made of nothing. */
#define ENV_PATH_DEFAULT "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

#define IMAGE_CONFIG_MAX ((size_t)4 << 20) /* bytes */
#define IMAGE_CONFIG_ENV_MAX 4096          /* variables: each that is set is looked for among the others */

struct image_config {
	struct json_object *json;  /* the whole, owned */
	struct platform platform;
	const char *created;       /* RFC 3339 text, or NULL; strings are borrowed from json */
	const char *author;        /* or NULL */
	const char *user;          /* "" when not said */
	const char *working_dir;   /* "" when not said */
	const char *stop_signal;   /* NULL when not said */
	struct strv env;           /* "KEY=value" */
	struct strv entrypoint;
	struct strv cmd;
	struct strv exposed_ports; /* "80/tcp" */
	struct strv volumes;       /* "/data" */
	struct json_object *labels;      /* object of strings, or NULL; borrowed */
	struct json_object *healthcheck; /* object, or NULL; borrowed */
	struct json_object *history;     /* array, or NULL; borrowed */
	struct digest *diff_ids;   /* lowest first */
	size_t n_diff_ids;
};

/* -EINVAL with the place; -EFBIG. */
int image_config_parse(const char *text, size_t len, struct image_config **ret, struct err *e) _must_check_;

struct image_config *image_config_free(struct image_config *c);
static inline void image_config_freep(struct image_config **c)
{
	*c = image_config_free(*c);
}

/* The chain id of `diff_id` on a parent (NULL: the lowest layer), image-spec config.md "Layer ChainID". */
void image_chain_id(const struct digest *parent, const struct digest *diff_id, struct digest *ret);

#endif
