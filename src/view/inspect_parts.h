/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* inspect_parts - lists of container.json in the shapes that docker's and podman's inspect give them. */
#ifndef RANBY_VIEW_INSPECT_PARTS_H
#define RANBY_VIEW_INSPECT_PARTS_H

#include "base/json.h"
#include "base/mem.h"
#include "engine/container.h"
#include "engine/engine.h"

/* What a key has where nothing is known. */
enum inspect_empty {
	INSPECT_STRING,
	INSPECT_NUMBER,
	INSPECT_DURATION, /* nanoseconds */
	INSPECT_BOOL,
	INSPECT_TRUE, /* a flag that is on unless it was turned off */
	INSPECT_LIST,
	INSPECT_MAP,
};

/* A key of podman's, and where its value is in container.json or state.json. */
struct inspect_row {
	const char *key;
	const char *path; /* NULL: always the empty value */
	enum inspect_empty empty;
	const char *otherwise; /* of a string that is not there, in place of "" */
};
#define INSPECT(key, path, kind) {key, path, INSPECT_##kind, NULL}

int inspect_add_rows(struct json_object *o, struct json_object *from, const struct inspect_row *rows, size_t n) _must_check_;

/* The same in a new object under `key`, which *ret (may be NULL) borrows. */
int inspect_add_object(struct json_object *o, const char *key, struct json_object *from, const struct inspect_row *rows, size_t n,
		       struct json_object **ret) _must_check_;

/* config.network.ports as {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}, one key per port. The caller owns it; NULL: no memory. */
struct json_object *inspect_ports(struct json_object *ports);

/* config.mounts but for tmpfs (inspect_host_config()) and devices as [{"Type": "bind", "Source": …, "RW": true, …}]. The caller owns it; NULL: no memory. */
struct json_object *inspect_mounts(struct json_object *mounts);

/* config.secrets, those that are files, as [{"Name", "ID", "UID", "GID", "Mode"}]. The caller owns it; NULL: no memory. */
struct json_object *inspect_secrets(struct json_object *secrets);

/* Adds "HostConfig". */
int inspect_host_config(struct json_object *o, struct engine *eng, const struct container *c) _must_check_;

/* "NetworkSettings". The caller owns *ret. */
int inspect_network(struct engine *eng, const struct container *c, struct json_object **ret) _must_check_;

#endif
