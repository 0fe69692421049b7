/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * systemd_mode - what a service manager as the first process wants (--systemd; systemd.io/CONTAINER_INTERFACE).
 *
 *	struct systemd_mode mode;
 *	r = systemd_mode_make(&in, &mode, e);
 *	r = systemd_mode_env(&mode, id, &env, e);	// container=, container_uuid=
 *	r = systemd_mode_mounts(&mode, list, size, e);	// /run, /run/lock, /tmp, /var/log/journal
 *
 * It is on with --systemd=always, and with true, the default, when what is
 * executed is an init by its name. Then the stop signal is SIGRTMIN+3, unless
 * the user or the image names one, and /sys/fs/cgroup is writable - if the
 * container has a cgroup and a cgroup namespace of its own, so that what it
 * can write is its own group and nothing of its user's besides. Where that
 * cannot be, "always" is an error; with true the mount stays read-only,
 * `why` says so, and the rest of the mode applies: init may be another's, who
 * needs no cgroup.
 */
#ifndef RANBY_ENGINE_SYSTEMD_MODE_H
#define RANBY_ENGINE_SYSTEMD_MODE_H

#include "base/err.h"
#include "base/json.h"
#include "base/strv.h"
#include "engine/mounts.h"
#include "engine/options.h"

#include <stdbool.h>
#include <stdint.h>

struct systemd_mode {
	bool on;
	bool cgroup;     /* its own group is writable for it */
	const char *why; /* why it is not, in words; NULL: it is, or the mode is off */
};

struct systemd_mode_input {
	const struct engine *eng;
	const struct container_options *options; /* checked */
	const struct strv *entrypoint, *command;
	unsigned joined;   /* PEER_BIT()s: namespaces that are others' */
	bool limited;      /* limits are set on its group */
};

/* Is an init's name what is executed? podman's list; of a shell's "-c" what it executes. */
bool systemd_mode_is_init(const struct strv *entrypoint, const struct strv *command);

/* -EINVAL, -ENOTSUP: "always" cannot be had. */
int systemd_mode_make(const struct systemd_mode_input *in, struct systemd_mode *ret, struct err *e) _must_check_;

int systemd_mode_env(const struct systemd_mode *m, const char *id, struct strv *env, struct err *e) _must_check_;

/* Defaults, where nothing is mounted yet. `size`: of each, in bytes; 0: the kernel's half of the memory. */
int systemd_mode_mounts(const struct systemd_mode *m, struct mount_list *l, uint64_t size, struct err *e) _must_check_;

/* Of container.json: must a start give it a group of its own, for the one that it sees is writable? */
bool systemd_mode_needs_group(struct json_object *spec);

/* Why the mode is not whole, for a warning; "": it is, or is off. */
const char *systemd_mode_lack(struct json_object *spec);

#endif
