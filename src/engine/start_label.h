/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * start_label - what a start does for a container with an SELinux label.
 *
 *	struct start_label l = START_LABEL_INIT;
 *	r = start_label(eng, c, &keeper, &l, e);
 *	… the monitor keeps l.claim_fd …
 *	start_label_streams(c, &monitor.labels);
 *	start_label_done(&l);
 *
 * Under the container's lock. Its own pair of categories is claimed; when
 * another container has it by now, it gets a new one, which is written into
 * container.json and config.json. Then the files that are its to use (its
 * etc/, mounts with z or Z) are labelled so. Nothing for a container without a label.
 */
#ifndef RANBY_ENGINE_START_LABEL_H
#define RANBY_ENGINE_START_LABEL_H

#include "base/err.h"
#include "base/mem.h"
#include "engine/container.h"
#include "engine/keeper.h"
#include "engine/label.h"
#include "monitor/stdio_labels.h"

#include <errno.h>

struct start_label {
	int claim_fd; /* -EBADF: nothing was claimed */
};
#define START_LABEL_INIT {.claim_fd = -EBADF}

int start_label(struct engine *eng, struct container *c, struct keeper *keeper, struct start_label *ret, struct err *e) _must_check_;
void start_label_done(struct start_label *l);

/* The labels of a container that is being started, or runs; borrowed from its spec. */
void start_label_streams(const struct container *c, struct stdio_labels *ret);

/* "config.selinux" of container.json. The caller owns *ret. `mounts` is {source, private} of what is relabelled. */
struct start_label_mount {
	const char *source;
	bool private;
};
int start_label_json(const struct label *l, const struct start_label_mount *mounts, size_t n, struct json_object **ret) _must_check_;

#endif
