/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * state - the image configuration of a stage, from instruction to instruction.
 *
 *	_cleanup_(state_done) struct state s = {0};
 *	r = state_begin(&s, base->json or NULL, "linux/amd64", e);
 *	r = state_apply(&s, instruction, e);		// ENV, CMD, LABEL, ... already expanded
 *	r = state_history(&s, created, "/bin/sh -c #(nop) ENV A=b", NULL, NULL, e);
 *	r = state_text(&s, &text, &id, e);		// what the image's config would be now
 *
 * docker's resets: ENTRYPOINT takes an inherited CMD away, SHELL is what the
 * shell form of RUN, CMD and ENTRYPOINT after it is given to, WORKDIR is
 * relative to the one before.
 */
#ifndef RANBY_BUILD_STATE_H
#define RANBY_BUILD_STATE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "build/instruction.h"
#include "oci/digest.h"

#include <stdbool.h>

struct state {
	struct json_object *json;   /* the whole config, owned */
	struct json_object *config; /* its "config", borrowed */
	bool own_cmd;               /* this stage said CMD */
};
void state_done(struct state *s);

/* A copy of the base's; NULL: an empty one of that platform. */
int state_begin(struct state *s, struct json_object *base, const char *platform, struct err *e) _must_check_;

/* One of CMD ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL MAINTAINER ONBUILD SHELL STOPSIGNAL USER VOLUME WORKDIR. -EINVAL with the reason. */
int state_apply(struct state *s, const struct instruction *in, struct err *e) _must_check_;

/* Sets "KEY=value" of an environment, as ENV would. */
int state_env(struct state *s, const char *name, const char *value) _must_check_;
/* As LABEL would. */
int state_label(struct state *s, const char *name, const char *value) _must_check_;

/* What a command line of the shell form is given to; appended. */
int state_shell(const struct state *s, struct strv *ret) _must_check_;

/* "/" when it is not said. */
const char *state_workdir(const struct state *s);

/* The triggers of ONBUILD that the base had; taken away from the state and appended. */
int state_take_triggers(struct state *s, struct strv *ret) _must_check_;

/* A line of the history; `diff_id` NULL: it made no layer. `created` is the image's from then on. */
int state_history(struct state *s, const char *created, const char *created_by, const char *comment, const struct digest *diff_id,
		  struct err *e) _must_check_;

/* Forgets all layers and history from number `keep_layers` and `keep_history` on. */
int state_cut(struct state *s, size_t keep_layers, size_t keep_history, struct err *e) _must_check_;

int state_text(const struct state *s, struct buf *ret, struct digest *ret_id, struct err *e) _must_check_;

#endif
