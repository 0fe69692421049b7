/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * bundle_config - changes of the config.json of a container that is made
 * already: another label, other limits.
 *
 *	r = bundle_config_change(container_dir(c), set_limits, resources, e);
 */
#ifndef RANBY_ENGINE_BUNDLE_CONFIG_H
#define RANBY_ENGINE_BUNDLE_CONFIG_H

#include "base/err.h"
#include "base/json.h"

/* Changes what was read; 0, or -ENOMEM. */
typedef int (*bundle_config_fn)(struct json_object *config, void *ctx);

/* The caller holds the container's lock. The file is replaced as a whole and is on the disk on return. */
int bundle_config_change(int container_dirfd, bundle_config_fn fn, void *ctx, struct err *e) _must_check_;

#endif
