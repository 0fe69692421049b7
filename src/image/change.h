/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* change - Dockerfile lines that change an image config (import and commit --change). */
#ifndef RANBY_IMAGE_CHANGE_H
#define RANBY_IMAGE_CHANGE_H

#include "base/err.h"
#include "base/json.h"
#include "base/strv.h"

/*
 * Applies lines such as "CMD [\"sh\"]", "ENV A=b", "USER=1000" to the
 * "config" object of an image config: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL,
 * ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR, in the grammar of a Containerfile
 * or podman's with "=", without variables. NULL: none. -EINVAL with the line.
 */
int change_apply_all(struct json_object *config, const struct strv *lines, struct err *e) _must_check_;
int change_apply(struct json_object *config, const char *line, struct err *e) _must_check_;

#endif
