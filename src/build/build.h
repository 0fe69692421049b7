/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * build - a Containerfile and a context, made into an image.
 *
 *	struct build_request q = {.eng = eng, .store = st, .file = &parsed, .context = &ctx, …};
 *	r = build_image(&q, &img, e);
 *
 * Stages that the target does not need are left out. Each instruction is a
 * step: it changes the configuration (oci/image_state.h), or it makes a layer
 * (build/layer.h), and what it gave is found again by the next build
 * (build/cache.h). RUN is a container of its own (build/run.h).
 *
 * On failure no image is named, and what was made of layers stays as cache.
 */
#ifndef RANBY_BUILD_BUILD_H
#define RANBY_BUILD_BUILD_H

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"
#include "build/guard.h"
#include "engine/engine.h"
#include "engine/keeper.h"
#include "engine/options.h"
#include "engine/origin.h"
#include "image/pull.h"
#include "image/store.h"
#include "oci/containerfile.h"
#include "tar/unpack_protocol.h"

#include <stdbool.h>
#include <stdint.h>

struct context;  /* build/context.h */
struct assemble; /* image/assemble.h */

struct build_request {
	struct engine *eng;
	struct store *store;            /* works in the engine's keeper */
	struct keeper *keeper;          /* ready */
	const struct origin *origin;
	const struct containerfile *file;
	const struct context *context;  /* directory and what is ignored in it */
	struct assemble *dir;           /* where it works */
	struct assemble *uses;          /* of all images of the command: what they use stays as long as that */
	const struct guard *guard;      /* started when the directory was made */
	const struct container_options *run; /* what RUN's containers are given besides */
	bool allow_host_network;        /* RUN --network=host may have it, whatever `run` says */
	const struct pull_options *pull;
	char *const *env;               /* of the caller */
	const char *cwd;

	const struct strv *names;       /* full references */
	const struct strv *build_args, *labels, *annotations, *set_env, *unset_env, *unset_label;
	const struct strv *contexts;    /* --build-context NAME=VALUE */
	const struct strv *secrets, *ssh;
	const struct strv *outputs;     /* build/output.h; NULL: the image alone */
	uint32_t jobs;                  /* stages at once, at most; 0: any number */
	const char *target;             /* a stage's name or number; NULL: the last */
	const char *platform;           /* NULL: this host's */
	const char *author;
	bool no_cache, layers, squash, squash_all, docker, keep_containers;
	const struct pack_times *times; /* of files and of the image; NULL: as they are */
	/* "STEP 1/3: FROM x", "--> 0123abc": a line without its newline. */
	void (*say)(void *ctx, const char *line);
	void *ctx;
	int out_fd, err_fd;             /* of RUN */
};

/* The caller owns *ret. A RUN that failed: e->exit_code is its exit code. */
int build_image(const struct build_request *q, struct image **ret, struct err *e) _must_check_;

#endif
