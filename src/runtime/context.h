/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* context - what every verb of ranby-runtime needs: where the state is, where filters are cached. */
#ifndef RANBY_RUNTIME_CONTEXT_H
#define RANBY_RUNTIME_CONTEXT_H

#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>

struct runtime_context {
	int rroot;              /* O_PATH directory of all containers' states, RROOT */
	const char *rroot_path;
	char *const *env;       /* the caller's environment; NULL: not of interest */
	bool systemd;           /* cgroups are scopes of systemd's */
	bool no_cgroup;         /* none is made, and what needs one is an error */
	const char *cache_dir;  /* of compiled seccomp filters, absolute; NULL: none */
};

#endif
