/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * run_mount - RUN --mount=: what a step sees and its layer does not have.
 *
 *	_cleanup_(run_mounts_done) struct run_mounts m = RUN_MOUNTS_INIT;
 *	r = run_mounts_make(s, sg, in, &m, e);
 *	... m.mounts are --mount options of the container, m.env goes to its environment ...
 *
 *	type=bind[,from=STAGE|IMAGE|CONTEXT],source=,target=[,rw]  read-only; what is written with rw is lost
 *	type=cache,target=[,id=][,sharing=shared|private|locked][,mode=,uid=,gid=][,ro]
 *	type=tmpfs,target=[,size=]
 *	type=secret,id=[,target=][,env=][,required][,mode=,uid=,gid=]
 *	type=ssh[,id=][,target=][,required]
 *
 * A source is looked for inside the context or the other image as if that were
 * the root: no link leads out. The id of a cache never becomes a name of a file.
 */
#ifndef RANBY_BUILD_RUN_MOUNT_H
#define RANBY_BUILD_RUN_MOUNT_H

#include "build/session.h"

#include <limits.h>

/* A target: what of its path was there before, links resolved, and what was not. */
struct run_stub {
	char prefix[PATH_MAX], rest[PATH_MAX];
};

struct run_mounts {
	struct strv mounts; /* texts of --mount */
	struct strv digests; /* of what is bound, in its order */
	size_t first_bind;
	struct strv env;
	struct strv secret_env; /* NAME=value, of secrets: for start_request alone */
	struct strv targets; /* where they are, in the image */
	struct run_stub *stubs; /* as many; shared with the child that finds them */
	size_t n_stubs;
	struct session *session;
	size_t n_files;     /* secrets, below the run directory, removed at the end */
	struct image **images; /* pinned */
	size_t n_images;
	struct strv alone, shared; /* caches that are held: by their names */
	int *locks;                /* of them */
	size_t n_locks;
	int run_fd;
};
#define RUN_MOUNTS_INIT {.run_fd = -EBADF}

int run_mounts_make(struct session *s, struct stage *sg, const struct instruction *in, struct run_mounts *ret, struct err *e) _must_check_;
void run_mounts_done(struct run_mounts *m);

/* Around the run: what mounting makes in the image's files is not to be in the layer. `upper_fd`: what was written. */
int run_mounts_before(struct session *s, struct stage *sg, struct run_mounts *m, struct err *e) _must_check_;
int run_mounts_after(struct session *s, const struct run_mounts *m, int upper_fd, struct err *e) _must_check_;

/*
 * What decides what is mounted there, for the cache's key: digests of bound
 * sources; appended. `bound`: run_mounts.digests of the RUN that was done;
 * NULL: as the directories are now.
 */
int run_mounts_content(struct session *s, struct stage *sg, const struct instruction *in, const struct strv *bound, struct buf *ret,
		       struct err *e) _must_check_;

#endif
