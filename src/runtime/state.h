/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * state - what ranby-runtime keeps of a container: RROOT/ID/state.json.
 *
 * Written once, by create, atomically. What changes is not stored but
 * derived: a container is
 *	created   its init lives and RROOT/ID/start is still there,
 *	running   its init lives and the start socket is gone,
 *	paused    its init lives, and the container's cgroup is frozen,
 *	stopped   its init has ended (also: another boot).
 * "Its init" is {boot id, pid, start time}: a number alone is nobody.
 */
#ifndef RANBY_RUNTIME_STATE_H
#define RANBY_RUNTIME_STATE_H

#include "base/err.h"
#include "base/mem.h"
#include "runtime/rootfs.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define RUNTIME_ID_MAX 255
/* RROOT where no --root is given */
#define RUNTIME_ROOT_IN_XDG "ranby/runtime" /* below $XDG_RUNTIME_DIR, where there is one */
#define RUNTIME_ROOT_OF_ROOT "/run/ranby/runtime"
#define RUNTIME_ROOT_IN_TMP "/tmp/ranby-runtime-%u" /* effective user */

#define RUNTIME_STATE_MAX (1U << 20) /* bytes of a state.json */

enum runtime_status { RUNTIME_CREATED, RUNTIME_RUNNING, RUNTIME_PAUSED, RUNTIME_STOPPED, RUNTIME_CREATING };

struct runtime_state {
	char id[RUNTIME_ID_MAX + 1];
	char boot_id[40];
	char *bundle;       /* absolute */
	char *rootfs;       /* root.path, absolute */
	char *annotations;  /* a JSON object as text, or NULL */
	char *created;      /* RFC 3339 */
	char *hooks;        /* "poststart" and "poststop" of the config's hooks as text, or NULL */
	char *attribution;  /* runtime/attribution.h, or NULL */
	char *record;       /* RROOT/ID/record as text (runtime/record.h), or NULL; runtime_state_load_record() */
	char *cgroup;       /* our cgroup's path below its mount, or NULL */
	pid_t pid;          /* in the pid namespace of the /proc that create saw */
	uint64_t start_ticks;
	uid_t owner;        /* as create saw it */
	struct rootfs_servers servers; /* of its file systems, in the pid namespace of `pid` */
};

/* Frees the strings; for _cleanup_(). */
void runtime_state_done(struct runtime_state *s);

/* [A-Za-z0-9_+.-]{1,RUNTIME_ID_MAX}, not starting with '.' or '-'. */
bool runtime_id_is_valid(const char *id);

/* RROOT/ID/state.json. -ENOENT with "container ID does not exist". */
int runtime_state_load(int rroot_dirfd, const char *id, struct runtime_state *ret, struct err *e) _must_check_;
/* The text of a state.json; all of it but the ID. */
int runtime_state_parse(const char *text, size_t len, struct runtime_state *ret, struct err *e) _must_check_;
int runtime_state_save(int container_dirfd, const struct runtime_state *s, struct err *e) _must_check_;

/* Reads what became of the record of its start, which is shown as attribution.record; none is none. */
int runtime_state_load_record(int rroot_dirfd, struct runtime_state *s) _must_check_;

/* Derived, see above. `*ret_pidfd` (may be NULL) is a pidfd of init, or -EBADF when stopped; the caller owns it. */
int runtime_state_status(int rroot_dirfd, const struct runtime_state *s, enum runtime_status *ret, int *ret_pidfd,
			 struct err *e) _must_check_;
/* 0; -ESRCH: written before a reboot, so none of its numbers means anything now; -errno. */
int runtime_state_is_of_this_boot(const struct runtime_state *s) _must_check_;
const char *runtime_status_name(enum runtime_status status);

/* The state as `ranby-runtime state` prints it (OCI runtime-spec, "State"); malloc'ed. */
int runtime_state_text(const struct runtime_state *s, enum runtime_status status, char **ret, struct err *e) _must_check_;

#endif
