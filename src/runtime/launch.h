/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * launch - gives birth to init.
 *
 *	struct launch l = {.flags = CLONE_NEWUSER | ..., .map = &map, .plan_fd = fd, .sync = {ours, its}, ...};
 *	r = launch_init(&l, &child, e);
 *	r = launch_go(&l, &child, e);
 *	r = launch_wait_ready(&l, &child, e);
 *
 * One clone(2) with the namespaces' flags in a register, where audit and
 * seccomp rules see them; then an exec of a sealed copy of ranby-init. For a
 * container with a cgroup of its own it is clone3(2), which can put the child
 * there, and saves moving it, for which the kernel stops all forks of the host.
 */
#ifndef RANBY_RUNTIME_LAUNCH_H
#define RANBY_RUNTIME_LAUNCH_H

#include "base/err.h"
#include "runtime/rootfs.h"
#include "sys/idmap.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct launch {
	unsigned long flags;          /* CLONE_NEW* */
	const struct id_map *map;     /* with CLONE_NEWUSER */
	const char *time_offsets;     /* with CLONE_NEWTIME: text for timens_offsets, or NULL */
	bool in_given_user;           /* we have entered a user namespace that was given: its id 0 is not us everywhere */
	int exe_fd;                   /* launch_seal_init() */
	int plan_fd;
	const struct kept_fds *kept;  /* init inherits these, and the plan and its end of `sync` */
	int sync[2];                  /* socketpair: ours, init's */
	int cgroup_fd;                /* where it is to be born, if the kernel can; negative: nowhere else than here */
	bool in_cgroup;               /* launch_init() says whether that was done */
};

struct child {
	pid_t pid;             /* as our pid namespace counts */
	int pidfd;
	uint64_t start_ticks;
};

/*
 * A sealed copy of our ranby-init; the caller owns *ret_fd. `sock`, unless 0:
 * a socket on which somebody sends one that was made meanwhile; when it ends
 * without, it is made here. Who could send another program could as well
 * start another one in our place.
 */
int launch_seal_init(uint32_t sock, int *ret_fd, struct err *e) _must_check_;

/* SOCK_SEQPACKET pair for the "sync" conversation (message.h). */
int launch_sync(int ret[static 2], struct err *e) _must_check_;

/* Clones. The child waits for its maps, and ends when we do. The caller owns ret->pidfd; the child is ours to wait for. */
int launch_init(struct launch *l, struct child *ret, struct err *e) _must_check_;

/* Writes the maps and lets it go on: from here on it outlives us, so what must be known of it is written before. */
int launch_go(const struct launch *l, const struct child *c, struct err *e) _must_check_;

/* Waits for READY, or for init's own words of failure. */
int launch_wait_ready(struct launch *l, struct err *e) _must_check_;

/* Ends and reaps a child that came to nothing. */
void launch_abort(struct child *c);

#endif
