/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * confine - a worker that reads strangers' bytes locks itself in.
 *
 *	confine_process();				// no core dumps, no new privileges, not traceable; dies with its starter
 *	r = confine_files(rules, n, e);			// Landlock: these and nothing else
 *	r = confine_calls(calls, n, e);			// seccomp: these and nothing else
 *
 * For the workers of ours that link libseccomp (ranby-unpack, ranby-fetch, ranby-trail), before the first foreign byte is
 * read. What a kernel lacks is left out and said by the return value.
 */
#ifndef RANBY_SYS_CONFINE_H
#define RANBY_SYS_CONFINE_H

#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>

int confine_process(struct err *e) _must_check_;

struct confine_rule {
	int dirfd;        /* this directory and all below it, or -EBADF */
	const char *path; /* then this one, where it exists */
	bool write;       /* make, change and remove too; else read only */
};

/*
 * Landlock(7): files outside the rules can neither be opened, made nor
 * removed, and no TCP port be listened on; with `no_connect` none be connected
 * to either. 1: this kernel cannot (before 5.19, where it would forbid hard
 * links between directories), nothing was changed.
 */
int confine_files(const struct confine_rule *rules, size_t n, bool no_connect, struct err *e) _must_check_;

/* seccomp(2): every other system call fails with EPERM; no memory becomes executable. Numbers as SCMP_SYS() gives them, negative ones ignored. */
int confine_calls(const int *calls, size_t n, struct err *e) _must_check_;

/*
 * The other way round, for a program of others that is executed: these fail
 * with EPERM, and no process is made but a thread. Survives execve(2).
 */
int confine_deny(const int *calls, size_t n, struct err *e) _must_check_;

#endif
