/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * engines - containers that whatever engine has ranby-runtime make, and those
 * that no state tells of.
 *
 *	_cleanup_(engines_done) struct engines g = {0};
 *	r = engines_add(&g, "/run/containerd/runc/k8s.io", "containerd", e);
 *	r = engines_join(&g, &fs, e);
 *	... g.items[i], g.census.rows[g.items[i].row]
 *
 * A state is a file of its owner's: what it says is a claim, but for which
 * process it means, which {boot, pid, start time} decide. All that is known of
 * that process is read from the host's /proc, also what the runtime could not
 * read inside of another engine's user namespace.
 */
#ifndef RANBY_VIEW_ENGINES_H
#define RANBY_VIEW_ENGINES_H

#include "base/err.h"
#include "base/mem.h"
#include "runtime/state.h"
#include "sys/procfs.h"
#include "view/census.h"

#include <stdbool.h>

#define ENGINES_ROOT_MAX 65536 /* names below one --root that are looked at */

struct engine_state {
	struct runtime_state s;
	struct json_object *annotations, *attribution; /* of s, or NULL; the record in the latter */
	const char *engine; /* a claim: by where it was found, else by what it says; "unknown" */
	char *root;         /* where it was found */
	enum runtime_status status;
	size_t row;         /* its process in the census; CENSUS_NONE: it has ended */
};
struct engines {
	struct engine_state *items;
	size_t n;
	struct census census;
	struct engines_seen {
		uint64_t dev, ino;
	} *roots; /* no directory is read twice */
	size_t n_roots;
	size_t refused; /* states that were not the caller's or root's, or no states of ours */
};
void engines_done(struct engines *g);

/*
 * The states below a runtime's --root; `engine` NULL: what each says. States
 * of other runtimes are passed over. -ENOENT, -EACCES: nothing for the caller;
 * -EPERM: neither the caller's nor root's, a link, or others may write in it.
 */
int engines_add(struct engines *g, const char *path, const char *engine, struct err *e) _must_check_;

/* All of /proc that the caller may look into, and which process of it is whose. */
int engines_join(struct engines *g, const struct procfs *fs, struct err *e) _must_check_;

/* Is that row a container of which no state tells: process 1 of a PID namespace into which the kernel lets the caller look? */
bool engines_is_unknown(const struct engines *g, size_t row);

#endif
