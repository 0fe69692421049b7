/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * bundle_plan - everything that was resolved for a container, before it is
 * written: between bundle.c, which fills it, and bundle_json.c, which turns it
 * into config.json and into "config" of container.json.
 */
#ifndef RANBY_ENGINE_BUNDLE_PLAN_H
#define RANBY_ENGINE_BUNDLE_PLAN_H

#include "base/err.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/strv.h"
#include "engine/bundle.h"
#include "engine/cdi.h"
#include "engine/etc.h"
#include "engine/hosts.h"
#include "engine/label.h"
#include "engine/mounts.h"
#include "engine/network.h"
#include "engine/peer.h"
#include "engine/profile.h"
#include "engine/systemd_mode.h"
#include "engine/user.h"

struct bundle_plan {
	const struct bundle_input *in;
	char *rootfs;            /* --rootfs: absolute; NULL with layers */
	bool has_overlay;        /* the root is put together: layers, or --rootfs DIR:O */
	char *mountpoints;       /* the layer below the image's (mountpoints.h): absolute; NULL: none */
	struct strv entrypoint, command;
	struct strv env;
	char *workdir;
	struct user_files files;     /* the image's databases, with the users that were added */
	struct etc_added added;
	struct user_id user;
	char *user_text;         /* what it was resolved from; "": nothing says */
	char hostname[HOSTNAME_LEN_MAX + 1];
	struct profile profile;
	struct label label;
	struct json_object *seccomp; /* NULL: unconfined */
	char seccomp_hash[SHA256_HEX_SIZE]; /* of its text; "": unconfined */
	struct json_object *resources; /* limits.h; NULL: none */
	struct json_object *labels;
	struct json_object *annotations;
	struct network_plan network;
	char peer[CONTAINER_ID_LEN + 1]; /* of NETWORK_PEER: the other container */
	struct mount_list mounts;
	struct json_object *secrets; /* secret_spec.h; NULL: none */
	struct json_object *healthcheck; /* health_spec.h; NULL: none */
	int stop_signal;
	struct systemd_mode systemd;
	struct cdi_edits cdi;
	struct json_object *hooks; /* cdi.h; NULL: none */
};

/* config.json as an object. The caller owns *ret. */
int bundle_plan_oci(const struct bundle_plan *p, struct json_object **ret, struct err *e) _must_check_;

/* "config" of container.json. The caller owns *ret. */
int bundle_plan_shown(const struct bundle_plan *p, struct json_object **ret, struct err *e) _must_check_;

#endif
