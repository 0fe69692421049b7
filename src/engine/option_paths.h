/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * option_paths - options whose words are used again later, by another command
 * that stands in another directory: of a pod for its members, of a container
 * for its clones. What was relative means what it meant when it was given.
 *
 *	r = option_paths_fix(&o, cwd, e);
 */
#ifndef RANBY_ENGINE_OPTION_PATHS_H
#define RANBY_ENGINE_OPTION_PATHS_H

#include "base/err.h"
#include "base/mem.h"
#include "engine/options.h"

/* `path` as seen from `cwd`; NULL, "" or a name that the kernel gives to a directory that is gone: -ENOENT for a relative one. */
int option_path_absolute(const char *path, const char *cwd, char **ret, struct err *e) _must_check_;

/*
 * Makes the host's files in the lists absolute: -v, --mount, --security-opt seccomp= and landlock=, --env-file and
 * --label-file. What cannot be parsed is left for container_options_check().
 */
int option_paths_fix(struct container_options *o, const char *cwd, struct err *e) _must_check_;

#endif
