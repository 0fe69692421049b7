/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* info_host - what `ranby info` says of the host beside the engine's own: podman's keys, which scripts read. */
#ifndef RANBY_CMD_INFO_HOST_H
#define RANBY_CMD_INFO_HOST_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "engine/engine.h"

/* conmon, cpuUtilization, distribution, idMappings, networkBackend, pasta, slirp4netns, remoteSocket, uptime, linkmode. */
int info_add_host(struct json_object *host, const struct engine *eng, struct err *e) _must_check_;

/* capabilities and seccompProfilePath of "security". */
int info_add_security(struct json_object *security, struct err *e) _must_check_;

/* "plugins" and "registries". */
int info_add_plugins(struct json_object *o, struct err *e) _must_check_;

#endif
