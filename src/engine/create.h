/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * create - an image and options, made into a container that can be started.
 *
 *	struct create_request q = {.options = &o, .image = "debian", .command = argv, …};
 *	r = create_container(eng, &q, &c, e);
 *
 * On failure nothing is left: no directory, no name, no volume that was not
 * there before. (What was pulled stays: it is whole.)
 */
#ifndef RANBY_ENGINE_CREATE_H
#define RANBY_ENGINE_CREATE_H

#include "base/err.h"
#include "base/mem.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/keeper.h"
#include "engine/options.h"
#include "engine/origin.h"
#include "engine/peer_choice.h"
#include "engine/pod.h"
#include "image/pull.h"
#include "monitor/launch.h"

struct create_request {
	const struct container_options *options; /* checked */
	const char *image;                /* as given; NULL with --rootfs */
	char *const *command;             /* operands after the image, NULL-terminated */
	const struct pull_options *pull;  /* how to get the image; NULL with --rootfs */
	const struct origin *origin;
	struct keeper *keeper;            /* begun; ready at the end */
	char *const *env;                 /* of the caller */
	const char *cwd;                  /* of the caller */
	const struct pod *pod;            /* it is in this one; NULL: in none */
	bool is_infra;                    /* the pod's own */
	bool is_build;                    /* a step of a build: ps shows it with --external alone, and prune takes it when the builder has gone (build/guard.h) */
	struct pod_place *place;          /* in it, when it is not (pod.h) */
	const struct peer_choice *choice; /* what it has of other containers; NULL: nothing */
	struct monitor_handle *monitor;   /* it is to be started at once: gets a monitor that waits; NULL: it is not */
};

/* -ENOENT: no such image; -EEXIST: the name is in use. */
int create_container(struct engine *eng, const struct create_request *q, struct container **ret, struct err *e) _must_check_;

#endif
