/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * secret_spec - the grammar of --secret, and what a container gets by it.
 *
 *	NAME[,type=mount|env][,target=…][,uid=…][,gid=…][,mode=…]
 *
 *	r = secret_specs_resolve(eng, &options->secret, &list, e);	// create: into container.json
 *	r = secret_specs_seal(eng, list, false, &fd, e);		// each start: from the store
 *
 * container.json has the names alone. What they stand for is read at each start:
 * a secret that was replaced is new then, and without one that
 * was removed the container does not start.
 */
#ifndef RANBY_ENGINE_SECRET_SPEC_H
#define RANBY_ENGINE_SECRET_SPEC_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "engine/engine.h"

#include <stdbool.h>
#include <stdint.h>

#define SECRET_MODE_DEFAULT 0444U

struct secret_spec {
	char *source;    /* as given: a name, or an id */
	char *target;    /* the variable, or the absolute path; never NULL once parsed */
	bool own_target; /* it was given; else it has the name of the secret */
	bool is_env;
	uint32_t uid, gid, mode;
};
void secret_spec_done(struct secret_spec *s);

/* -EINVAL with podman's words. */
int secret_spec_parse(const char *text, struct secret_spec *ret, struct err *e) _must_check_;

/* [{"name","id","type","target","uid","gid","mode"}]; NULL for none. -ENOENT: no such secret. The caller owns *ret. */
int secret_specs_resolve(struct engine *eng, const struct strv *specs, struct json_object **ret, struct err *e) _must_check_;

/* A memfd for the runtime (runtime/secrets.h); *ret_fd stays -EBADF when there is nothing for it. `env_only`: without files, for an exec. `more`: NAME=value, variables besides that no store has; NULL for none. */
int secret_specs_seal(struct engine *eng, struct json_object *list, bool env_only, const struct strv *more, int *ret_fd, struct err *e)
	_must_check_;

#endif
