/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * engine - who we are and where our state lies.
 *
 *	struct engine_where where = {.root = NULL, .runroot = NULL};
 *	_cleanup_(engine_closep) struct engine *eng = NULL;
 *	r = engine_open(&where, &eng, e);
 *
 * Four directories, all 0700 and checked to be the caller's own:
 *
 *	data   --root,    else $XDG_DATA_HOME/ranby, else ~/.local/share/ranby
 *	run    --runroot, else $XDG_RUNTIME_DIR/ranby, else /run/user/UID/ranby,
 *	                  else /tmp/ranby-UID
 *	cache  $XDG_CACHE_HOME/ranby, else ~/.cache/ranby
 *	state  $XDG_STATE_HOME/ranby, else ~/.local/state/ranby
 *
 * Root in the initial user namespace uses /var/lib/ranby, /run/ranby,
 * /var/cache/ranby and /var/lib/ranby/state. An environment variable that
 * names a relative path or somebody else's directory is not used
 * (basedir-spec 0.8). cache and state are made when first asked for.
 *
 * Names below the data directory are in the list of ENGINE_* strings, so
 * that no two files spell them differently.
 */
#ifndef RANBY_ENGINE_ENGINE_H
#define RANBY_ENGINE_ENGINE_H

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"
#include "sys/loginuid.h"

#include <stdbool.h>
#include <sys/types.h>

#define ENGINE_CONTAINERS "containers"
#define ENGINE_NAMES "names"
#define ENGINE_PENDING "pending" /* see engine/container.h */
#define ENGINE_VOLUMES "volumes"
#define ENGINE_BUILD_CACHE "build-cache"   /* see build/cache.h */
#define ENGINE_BUILD_MOUNTS "build-mounts" /* what RUN --mount=type=cache keeps */
#define ENGINE_NETWORKS "networks"
#define ENGINE_PODS "pods"
#define ENGINE_RUNTIME "runtime" /* ranby-runtime's --root, below the run directory */

struct engine_where {
	const char *root;    /* --root: absolute, or NULL */
	const char *runroot; /* --runroot: absolute, or NULL */
	const struct strv *storage_opt; /* --storage-opt, or NULL */
	const char *events_backend; /* --events-backend, or NULL */
};

struct engine {
	uid_t uid;         /* real ids of the caller */
	gid_t gid;
	bool rootful;      /* uid 0 in the initial user namespace: no keeper is needed */
	char boot_id[37];  /* /proc/sys/kernel/random/boot_id */
	char *home;        /* $HOME, absolute; "/" when unset */
	const char *mount_program; /* storage option: fuse-overlayfs in any case, its path; NULL: the kernel's overlay when it can; borrowed */
	const char *events_backend; /* --events-backend, NULL: as containers.conf says (event_journal.h); borrowed */
	int events_in_journal;      /* 1, or -1 for no; 0: not looked for yet */
	const char *notify_socket;  /* $NOTIFY_SOCKET (sdnotify.h), NULL when unset; borrowed */
	const char *xdg_config_home; /* absolute, or NULL; borrowed */
	const char *containers_conf, *containers_conf_override; /* $CONTAINERS_CONF and so on (containers_conf.h), NULL when unset or empty; borrowed */
	const char *storage_conf;    /* $CONTAINERS_STORAGE_CONF (storage.h), NULL when unset or empty; borrowed */
	const char *ssh_connection; /* $SSH_CONNECTION as the caller claims it, NULL when unset; borrowed */
	char *data_path;   /* absolute */
	char *run_path;
	int data_fd;       /* O_RDONLY | O_DIRECTORY, so that it can be synced */
	int run_fd;
	/* below: made when first asked for, see the functions; NULL and -EBADF before */
	char *cache_path;
	char *state_path;
	int containers_fd;
	int cache_fd;
	int state_fd;
	int audit_refusal;     /* enum witness_outcome: nobody is asked again in this command; 0: none, see attest() */
	struct loginuid login; /* this process's own, when it was seen to be set, from when on it stays; see attest() */
	struct ledger *ledger; /* as the last entry of this command left it, see attest() */
	struct keeper *keeper; /* the one that this command has worked with, see keeper_ready() */
};

/* Opens (makes) the data and run directories. The caller closes. */
int engine_open(const struct engine_where *where, struct engine **ret, struct err *e) _must_check_;
struct engine *engine_close(struct engine *eng);
static inline void engine_closep(struct engine **eng)
{
	*eng = engine_close(*eng);
}

/* Appends the command line of a ranby that works on the same directories: `words` ends with NULL. For the monitor, which starts it later. */
int engine_argv(const struct engine *eng, const char *const *words, struct strv *argv, struct err *e) _must_check_;

/* The directory of all containers; made when missing. Borrowed fd. */
int engine_containers(struct engine *eng, int *ret_fd, struct err *e) _must_check_;

/* The cache directory and the state directory (user ledger); made when missing. Borrowed. */
int engine_cache(struct engine *eng, int *ret_fd, const char **ret_path, struct err *e) _must_check_;
int engine_state(struct engine *eng, int *ret_fd, const char **ret_path, struct err *e) _must_check_;

#endif
