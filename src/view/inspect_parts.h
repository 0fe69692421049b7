/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* inspect_parts - lists of container.json in the shapes that docker's and podman's inspect give them. */
#ifndef RANBY_ENGINE_INSPECT_PARTS_H
#define RANBY_ENGINE_INSPECT_PARTS_H

#include "base/json.h"
#include "base/mem.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "base/mem.h"

/* config.network.ports as {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}, one key per port. The caller owns it; NULL: no memory. */
struct json_object *inspect_ports(struct json_object *ports);

/* config.mounts as [{"Type": "bind", "Source": …, "RW": true, …}]. The caller owns it; NULL: no memory. */
struct json_object *inspect_mounts(struct json_object *mounts);

/* config.secrets, those that are files, as [{"Name", "ID", "UID", "GID", "Mode"}]. The caller owns it; NULL: no memory. */
struct json_object *inspect_secrets(struct json_object *secrets);

/* "NetworkSettings". The caller owns *ret. */
int inspect_network(struct engine *eng, const struct container *c, struct json_object **ret) _must_check_;

#endif
