/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * keeper_helper - newuidmap(1) and newgidmap(1), for keeper_make.c.
 *
 *	struct keeper_helper h = KEEPER_HELPER_INIT;
 *	r = keeper_helper_start("newuidmap", pid, &list, &h, e);
 *	...						// it works meanwhile
 *	r = keeper_helper_finish(&h, e);
 *	keeper_helper_done(&h);				// also without finish
 */
#ifndef RANBY_ENGINE_KEEPER_HELPER_H
#define RANBY_ENGINE_KEEPER_HELPER_H

#include "base/err.h"
#include "base/mem.h"
#include "sys/idmap.h"

#include <errno.h>
#include <sys/types.h>

struct keeper_helper {
	const char *name;
	pid_t pid;        /* 0: none, or waited for */
	int complaint_fd; /* its standard error */
};
#define KEEPER_HELPER_INIT {.complaint_fd = -EBADF}

/* Starts it: it writes map `l` of process `pid`. `name` is kept. */
int keeper_helper_start(const char *name, pid_t pid, const struct id_list *l, struct keeper_helper *ret, struct err *e) _must_check_;

/* Waits for its end. What it said on stderr is the text of its failure. */
int keeper_helper_finish(struct keeper_helper *h, struct err *e) _must_check_;
void keeper_helper_done(struct keeper_helper *h);

/* A hint where AppArmor may be why a map could not be written. */
void keeper_hint_apparmor(struct err *e);

/* Whether the file of a sysctl holds this number. */
bool keeper_sysctl_is(const char *path, uint64_t value);

#endif
