/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * init - the program ranby-init: a container's first process up to its exec.
 *
 *	init_run(plan_fd)   never returns but by _exit(): the stages 4 and 5 of a
 *	                    launch, as two lists of steps (init.c)
 *	reap_run(argv)      `ranby-init -- COMMAND`: pid 1 that forwards and reaps
 *	reap_pause()        `ranby-init pause`: pid 1 that only waits
 *
 * A step is one function on struct init. It runs in the container's init
 * process, single-threaded, inside the container's namespaces; 0 or -errno
 * with words, which go to the parent (before READY) or the starter (after).
 */
#ifndef RANBY_RUNTIME_INIT_H
#define RANBY_RUNTIME_INIT_H

#include "base/err.h"
#include "base/mem.h"
#include "runtime/plan.h"

#include <stdbool.h>
#include <stdint.h>

/* Something that can be laid over many places: the first time itself, then a copy of it. */
struct cover {
	int fd;
	bool attached;
};

struct init {
	const struct plan *p;
	uint32_t peer_uid;   /* who may start us, as we see him */
	int report;          /* where words of failure go now: sync or start socket */
	int root;            /* the container's root: its mount before the pivot, "/" after */
	int dev;             /* /dev in it, once opened */
	int devpts;          /* its devpts, -EBADF: none */
	int proc;            /* a proc that we mounted or checked, -EBADF: none */
	bool proc_is_ours;   /* mounted by us, so it must be what /proc shows at the end */
	struct cover null, empty; /* /dev/null; an empty read-only directory */
	struct caps want;    /* final capabilities */
	bool cwd_entered;
	int domain[PLAN_DOMAINS_MAX]; /* Landlock rulesets, made but not yet entered */
};

typedef int (*init_step)(struct init *i, struct err *e);

/* ---- steps: root filesystem (init_rootfs.c) ---- */
int init_attach_root(struct init *i, struct err *e);
int init_mount_all(struct init *i, struct err *e);
int init_check_proc(struct init *i, struct err *e);
int init_write_sysctls(struct init *i, struct err *e);
int init_mask_paths(struct init *i, struct err *e);
int init_protect_paths(struct init *i, struct err *e);
int init_make_cwd(struct init *i, struct err *e);
int init_finish_root(struct init *i, struct err *e);
int init_pivot(struct init *i, struct err *e);
int init_propagate(struct init *i, struct err *e);

/* ---- steps: /dev and the terminal (init_dev.c) ---- */
int init_make_devices(struct init *i, struct err *e);
int init_make_links(struct init *i, struct err *e);
int init_open_terminal(struct init *i, struct err *e);

/* ---- steps: hooks (init_hooks.c) ---- */
int init_create_hooks(struct init *i, struct err *e);
int init_start_hooks(struct init *i, struct err *e);

/* In a child of init that has the payload's credentials: the rest of its confinement (init_confine.c). */
int init_confine_hook(struct init *i, struct err *e) _must_check_;

/* ---- steps: confinement (init_confine.c) ---- */
extern const init_step init_confine_new_privs[];    /* no_new_privs off; ends with NULL */
/*
 * With PLAN_TIED: SIGKILL when whoever made us ends, and now if he has. A change of
 * IDs undoes it (prctl(2), PR_SET_PDEATHSIG), so it is done before and after. Our
 * parent is outside of our pid namespace, and getppid(2) 0 in any case: that he
 * lives is seen by the socket that he alone has the other end of.
 */
int init_tie(struct init *i, struct err *e) _must_check_;

extern const init_step init_confine_no_new_privs[]; /* on */

/* Step before READY: -ENOENT with exit_code 127 when there is no such command in the container. */
int init_check_command(struct init *i, struct err *e);

/* Executes the payload; returns only when that failed, with exit_code 126 or 127. */
int init_execute(struct init *i, struct err *e);

/* Lays a cover over `target_fd`. */
int init_cover(struct cover *c, int target_fd);

_Noreturn void init_run(int plan_fd);
_Noreturn void reap_run(char **argv);
_Noreturn void reap_pause(void);

#endif
