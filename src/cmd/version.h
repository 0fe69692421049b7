/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* version - which ranby this is, as podman's `version` and `info` have it. */
#ifndef RANBY_CMD_VERSION_H
#define RANBY_CMD_VERSION_H

#include "base/json.h"
#include "base/mem.h"

/* The architecture as images name it: "amd64". */
const char *version_architecture(void);

/* {"APIVersion","Version","GoVersion","GitCommit","BuiltTime","Built","OsArch","Os"}; what only a Go program has is empty. The caller owns *ret. */
int version_json(struct json_object **ret) _must_check_;

#endif
