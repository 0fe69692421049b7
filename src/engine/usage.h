/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * usage - how much is in directories that belong to a container's IDs.
 *
 *	_cleanup_(usage_done) struct usage u = {0};
 *	r = usage_add_container(&u, eng, c);	// its index is u.n - 1
 *	r = usage_measure(eng, &u, e);
 *	... u.bytes[0] ...
 *
 * The sizes of files as ls(1) shows them, each file once; directories count
 * nothing, so that an empty one is 0. No other file system is entered. What
 * vanishes meanwhile is not counted.
 */
#ifndef RANBY_ENGINE_USAGE_H
#define RANBY_ENGINE_USAGE_H

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"
#include "engine/container.h"
#include "engine/engine.h"

#include <stdint.h>

struct usage {
	struct strv dirs; /* absolute */
	uint64_t *bytes;  /* of each, after usage_measure() */
	size_t n;
};

/* What a container has changed of its image's files; a volume's content. -ENOMEM. */
int usage_add_container(struct usage *u, const struct engine *eng, const struct container *c) _must_check_;
int usage_add_dir(struct usage *u, const struct engine *eng, const char *name) _must_check_; /* below the data directory */
int usage_add_volume(struct usage *u, const struct engine *eng, const char *name) _must_check_;

/* One child goes into the keeper for all of them. A directory that is not there has nothing in it. */
int usage_measure(struct engine *eng, struct usage *u, struct err *e) _must_check_;

void usage_done(struct usage *u);

#endif
