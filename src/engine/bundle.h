/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * bundle - options + image config + layers -> an OCI bundle on the disk.
 *
 *	struct bundle_input in = {.id = id, .options = &o, .image = config, …};
 *	_cleanup_(bundle_result_done) struct bundle_result out = {0};
 *	r = bundle_write(&in, &out, e);
 *
 * The container's directory is the bundle. Makes in it config.json, hosts,
 * hostname, resolv.conf, upper/ and work/; and the volumes that are missing. Nothing is mounted and nothing of the image is executed. On failure
 * the caller removes the container's directory; volumes made here are removed
 * here.
 */
#ifndef RANBY_ENGINE_BUNDLE_H
#define RANBY_ENGINE_BUNDLE_H

#include "base/err.h"
#include "base/json.h"
#include "base/strv.h"
#include "engine/keeper.h"
#include "engine/options.h"
#include "engine/userns_mode.h"
#include "sys/fuse_overlay.h"

#include <stdint.h>

#define BUNDLE_IMAGE_ID_SIZE 65

struct hosts_bridge; /* engine/hosts.h */
struct engine;       /* engine/engine.h */
struct image_config; /* oci/image_config.h */
struct peer_choice;  /* engine/peer_choice.h */

/* What it shares with another container's first process (peer.h), but for the network, which --network says. */
struct bundle_joined {
	char id[65];    /* the pod's infra container's */
	unsigned set;   /* PEER_BIT()s; PEER_NET among them: that one's network is meant */
	const struct peer_choice *choice; /* those of `set` which are other containers' or files'; NULL: none */
	const char *pod; /* its pod's id, below whose cgroup its own goes; NULL: the usual place */
	const char *label; /* with PEER_IPC or PEER_PID: that one's SELinux label, whose categories are both's; NULL or "": none */
	const char *shm; /* with PEER_IPC: the host's directory that is /dev/shm of both; NULL: one of its own */
};

/* The files of another image that is here, for type=image: its layers, lowest first, absolute, owned as the container's map wants it. */
struct bundle_images {
	int (*layers)(void *ctx, const char *image, struct strv *ret, char ret_id[static BUNDLE_IMAGE_ID_SIZE], struct err *e);
	void *ctx;
};

struct bundle_input {
	struct engine *eng;          /* hears of the volumes that are made (engine/attest.h) */
	const char *id, *name;
	const struct container_options *options; /* checked */
	const struct image_config *image; /* NULL with --rootfs */
	const struct strv *layers;   /* lowest first, absolute or relative to data_dir (store_layers()); NULL with --rootfs */
	const struct bundle_images *images;
	char *const *command;        /* operands after the image, NULL-terminated; NULL or empty: the image's */
	const struct userns_plan *userns;
	const struct bundle_joined *joined; /* NULL: namespaces of its own */
	struct keeper *keeper;       /* volumes are filled in it */
	const struct fuse_program *fuse; /* for an overlay that the kernel refuses; forced: for each */
	int dirfd;                   /* the container's directory, empty */
	const char *dir;             /* its absolute path */
	int data_dirfd;              /* the data directory: volumes/ is below */
	const char *data_dir;        /* its absolute path */
	int cache_dirfd;             /* the user's cache directory, or -EBADF: nothing is kept */
	char *const *caller_env;     /* environ of the caller */
	const char *caller_cwd;      /* for relative sources (-v ./x:/y); NULL: it has been removed */
};

struct bundle_result {
	/*
	 * "config" of container.json: what was resolved. Keys: command[],
	 * entrypoint[], env[], workingDir, user{uid,gid,groups[],name,text},
	 * hostname, stopSignal, stopTimeout, tty, openStdin, labels{},
	 * mounts[{type,name?,image?,source,destination,subpath?,options[],rw}], network{mode,
	 * ports[…],helper[]}, userns{mode,uidMap[],gidMap[]}, capabilities[], rlimits[],
	 * seccompProfile, apparmor, selinux{start_label.h}, privileged, readOnly, volumes[], log{log_config.h}, notifySocket?,
	 * systemd{on,cgroup,lack?} (systemd_mode.h; only in that mode),
	 * joined{container,namespaces[]} (peer.h), peers{ipc,…} (peer_choice.h), secrets[{name,id,type,target,uid,gid,mode}]: no word of what they are
	 */
	struct json_object *config;
	struct strv network_helper; /* see network.h; also config.network.helper */
	struct strv volumes;        /* names of the volumes in use */
	struct strv made;           /* those of them that were not there before: bundle_discard_volumes() */
	struct strv anonymous;      /* those of them that go with the container (--rm, rm -v) */
	int stop_signal;
	uint32_t stop_timeout_s;
};

int bundle_write(const struct bundle_input *in, struct bundle_result *ret, struct err *e) _must_check_;
void bundle_result_done(struct bundle_result *r);

/* Removes the volumes that were made for a container (`id`) which did not come to be. Recorded here. */
void bundle_discard_volumes(struct engine *eng, struct keeper *keeper, const char *id, const struct strv *made);

/* Writes hosts, hostname and resolv.conf again: at each start, since the host's resolvers may have changed. `bridge`: what it has there, or NULL. */
int bundle_refresh_etc(int container_dirfd, const struct container_options *o, const char *id, const struct hosts_bridge *bridge,
		       struct err *e) _must_check_;

/* The same while it runs: the files that it has mounted stay, and get other contents. In the keeper: they may belong to any of its IDs. */
int bundle_rewrite_etc(int container_dirfd, const struct container_options *o, const char *id, const struct hosts_bridge *bridge,
		       struct err *e) _must_check_;

#endif
