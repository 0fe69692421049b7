/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * vars - which variables a Containerfile sees: build arguments and ENV.
 *
 *	_cleanup_(vars_done) struct vars v = {0};
 *	r = vars_give(&v, "VERSION=2", NULL, e);	// each --build-arg
 *	r = vars_platform(&v, "linux/amd64", "linux/arm64/v8", e);
 *	r = vars_global_arg(&v, "TAG=latest");		// ARG before the first FROM, expanded
 *	x = (struct expand){escape, vars_global_get, &v};	// for FROM and those ARGs
 *
 *	r = vars_stage(&v, image_env, "0");		// FROM: a stage begins; its ENV is the image's
 *	x = (struct expand){escape, vars_get, &v};	// for all in the stage
 *	r = vars_arg(&v, "TAG");			// ARG
 *	r = vars_env(&v, "PATH", "/bin");		// ENV
 *	r = vars_run_args(&v, &args);			// what RUN's process gets besides ENV
 *	r = vars_run_proxies(&v, &args);		// and this, which is noted nowhere
 *
 * Rules (Dockerfile reference, "ARG"): ENV has precedence over ARG of the same
 * name. --build-arg has precedence over the default of an ARG, and is seen only
 * after an ARG of that name; HTTP_PROXY, HTTPS_PROXY, FTP_PROXY, NO_PROXY and
 * ALL_PROXY (and in small letters) need none. ARG NAME without a value in a
 * stage takes a global ARG's, and the platform's (TARGETPLATFORM, TARGETOS,
 * TARGETARCH, TARGETVARIANT and BUILD…, TARGETSTAGE), which the global scope has
 * by itself.
 */
#ifndef RANBY_BUILD_VARS_H
#define RANBY_BUILD_VARS_H

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"

#include <stdbool.h>

struct vars {
	struct strv given;    /* --build-arg, NAME=value */
	struct strv used;     /* names of those that an ARG declared */
	struct strv platform; /* TARGETPLATFORM=… */
	struct strv global;   /* ARG before FROM, with values */
	struct strv args;     /* this stage's ARGs, with values */
	struct strv env;      /* this stage's environment: the image's, then ENV; borrowed by the image's configuration */
};
void vars_done(struct vars *v);

/* --build-arg NAME=value, or NAME: the caller's environment has the value then, given as `env_value` (NULL: it is left out). -EINVAL: no name. */
int vars_give(struct vars *v, const char *arg, const char *env_value, struct err *e) _must_check_;

/* "os/arch[/variant]" of the machine that builds and of the image. */
int vars_platform(struct vars *v, const char *build, const char *target, struct err *e) _must_check_;

/* "NAME" or "NAME=default", expanded. */
int vars_global_arg(struct vars *v, const char *word) _must_check_;
int vars_arg(struct vars *v, const char *word) _must_check_;

/* Forgets what the stage before had. `image_env`: NAME=value, NULL for none. `stage`: its name or number, for TARGETSTAGE. */
int vars_stage(struct vars *v, char *const *image_env, const char *stage) _must_check_;
int vars_env(struct vars *v, const char *name, const char *value) _must_check_;

/* A stage that goes on another: that one's ENV comes by its image, its ARGs (`args` of it) by this, as with BuildKit. */
int vars_inherit(struct vars *v, const struct strv *args) _must_check_;

/* For struct expand; `ctx` is the struct vars. */
const char *vars_get(const char *name, void *ctx);
const char *vars_global_get(const char *name, void *ctx);

/* What RUN's process gets besides the image's environment: the ARGs that ENV has not; appended. */
int vars_run_args(const struct vars *v, struct strv *ret) _must_check_;

/* And the proxies of --build-arg that no ARG names. They say where this build reaches a network, with a password at times: nothing that an image or a key of the cache is to have. */
int vars_run_proxies(const struct vars *v, struct strv *ret) _must_check_;

/* Names of --build-arg that nothing declared ("[Warning] one or more build args were not consumed: [X]"); appended. */
int vars_unused(const struct vars *v, struct strv *ret) _must_check_;

#endif
