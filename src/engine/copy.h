/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * copy - files between the host, containers and tar streams.
 *
 *	struct copy_side from, to;
 *	r = copy_side_parse(eng, "web:/etc/hosts", COPY_SOURCE, &from, e);
 *	r = copy_side_parse(eng, ".", COPY_DESTINATION, &to, e);
 *	r = copy_files(eng, &from, &to, &(struct copy_options){0}, e);
 *
 * What goes where is docker's (docker-cp(1)). The transport is a tar through a
 * pipe, between two confined workers (tar/unpack_copy.h): one sees the
 * source's tree and nothing else, the other the destination's.
 */
#ifndef RANBY_ENGINE_COPY_H
#define RANBY_ENGINE_COPY_H

#include "base/err.h"
#include "base/mem.h"
#include "engine/container.h"
#include "engine/engine.h"

#include <stdbool.h>

struct copy_side {
	struct container *c; /* owned; NULL: the host */
	char *path;          /* owned; in a container from its root; NULL: standard input or output */
};

void copy_side_done(struct copy_side *s);

/* CONTAINER:PATH, PATH or "-". One that begins with "." or "/" is of the host whatever colons it has. */
int copy_side_parse(struct engine *eng, const char *text, struct copy_side *ret, struct err *e) _must_check_;

struct copy_options {
	bool archive;   /* keep owners; else what is copied to a container is its root's, and to the host ours */
	bool overwrite; /* a directory may be replaced by something else, and the other way */
};

/* -EINVAL: one side at least is a container's. */
int copy_files(struct engine *eng, struct copy_side *from, struct copy_side *to, const struct copy_options *o, struct err *e) _must_check_;

/* The whole of its files as a tar into `out_fd`: what is mounted in it is left out. */
int copy_export(struct engine *eng, struct container *c, int out_fd, struct err *e) _must_check_;

#endif
