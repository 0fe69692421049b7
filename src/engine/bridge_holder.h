/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * bridge_holder - the process whose network namespace has the bridges, and
 * what is done in there.
 *
 *	_cleanup_(bridge_holder_done) struct bridge_holder h = BRIDGE_HOLDER_INIT;
 *	r = bridge_holder_find(eng, dirfd, &h, e);		// -ESRCH: there is none
 *	r = bridge_holder_make(eng, dirfd, keeper, &h, e);
 *	r = bridge_holder_mend(&h, e);
 *	r = bridge_holder_do(&h, work, &args, e);		// in a child, in all of its namespaces
 *	r = bridge_holder_end(&h, dirfd, e);
 *
 * There is one for each run directory, while a container is on a bridge. The
 * caller of each function has the lock of `dirfd` (bridge.h).
 */
#ifndef RANBY_ENGINE_BRIDGE_HOLDER_H
#define RANBY_ENGINE_BRIDGE_HOLDER_H

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"
#include "engine/engine.h"
#include "engine/in_keeper.h"
#include "engine/keeper.h"

#include <stdint.h>
#include <sys/types.h>

/* Where things are for those in it. */
#define BRIDGE_NETNS_DIR "/run/netns"  /* the containers' namespaces, by id */
#define BRIDGE_CONFIG_DIR "/run/aardvark" /* netavark's --config */

/* Unique local addresses (RFC 4193) that never leave it: each pasta's interface has the subnet of its number, the uplink 0. */
#define BRIDGE_SIX_PREFIX "fd72:616e:6279:"

struct bridge_holder {
	pid_t pid;
	uint64_t start_ticks;
	int pidfd;
	struct keeper keeper; /* the user namespace it is in; its containers must be of the same */
};
#define BRIDGE_HOLDER_INIT {.pidfd = -EBADF, .keeper = KEEPER_INIT}

void bridge_holder_done(struct bridge_holder *h);

int bridge_holder_find(struct engine *eng, int dirfd, struct bridge_holder *ret, struct err *e) _must_check_;
int bridge_holder_make(struct engine *eng, int dirfd, struct keeper *k, struct bridge_holder *ret, struct err *e) _must_check_;

/* The pasta that connects it with the host's networks may have been killed: then it is started anew. */
int bridge_holder_mend(struct bridge_holder *h, struct err *e) _must_check_;

/* Ends it, and with it all processes, interfaces and mounts that are in it. */
int bridge_holder_end(struct bridge_holder *h, int dirfd, struct err *e) _must_check_;

/* As in_keeper(): a child of us runs `work`, as root, in its mount and network namespace; its children are in its pid namespace. */
int bridge_holder_do(struct bridge_holder *h, in_keeper_fn work, void *ctx, struct err *e) _must_check_;

/*
 * For `work`: runs a program of the host, opened outside (self_open_helper()),
 * with `input` on its stdin, and waits. 0, or -EIO with the program's words.
 * `out` (may be NULL) is an open file that takes its stdout.
 */
struct bridge_program {
	int exe_fd;
	const char *const *argv; /* NULL-terminated; argv[0] is its name in errors */
	const char *input;
	int out;                 /* -EBADF: nowhere */
	int fd;                  /* becomes 3; -EBADF: none */
};
#define BRIDGE_PROGRAM_INIT .out = -EBADF, .fd = -EBADF
int bridge_program_run(const struct bridge_program *p, struct err *e) _must_check_;

#endif
