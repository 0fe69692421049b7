/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * image_state - an image configuration, from instruction to instruction.
 *
 *	_cleanup_(image_state_done) struct image_state s = {0};
 *	r = image_state_begin(&s, base->json or NULL, "linux/amd64", e);
 *	r = image_state_apply(&s, instruction, e);		// ENV, CMD, LABEL, ... already expanded
 *	r = image_state_history(&s, created, "/bin/sh -c #(nop) ENV A=b", NULL, NULL, e);
 *	r = image_state_text(&s, &text, &id, e);		// what the image's config would be now
 *
 * docker's resets: ENTRYPOINT takes an inherited CMD away, SHELL is what the
 * shell form of RUN, CMD and ENTRYPOINT after it is given to, WORKDIR is
 * relative to the one before.
 */
#ifndef RANBY_OCI_IMAGE_STATE_H
#define RANBY_OCI_IMAGE_STATE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "oci/digest.h"
#include "oci/instruction.h"

#include <stdbool.h>

struct image_state {
	struct json_object *json;   /* the whole config, owned */
	struct json_object *config; /* its "config", borrowed */
	bool own_cmd;               /* this stage said CMD */
	struct buf history;         /* the texts of its first lines, which do not change */
	size_t n_history;
};
void image_state_done(struct image_state *s);

/* A copy of the base's; NULL: an empty one of that platform. */
int image_state_begin(struct image_state *s, struct json_object *base, const char *platform, struct err *e) _must_check_;

/* One of CMD ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL MAINTAINER ONBUILD SHELL STOPSIGNAL USER VOLUME WORKDIR. -EINVAL with the reason. */
int image_state_apply(struct image_state *s, const struct instruction *in, struct err *e) _must_check_;

/* Sets "KEY=value" of an environment, as ENV would. */
int image_state_env(struct image_state *s, const char *name, const char *value) _must_check_; /* -E2BIG past IMAGE_CONFIG_ENV_MAX */
int image_state_env_unset(struct image_state *s, const char *name) _must_check_;
/* As LABEL would. */
int image_state_label(struct image_state *s, const char *name, const char *value) _must_check_;

/* What a command line of the shell form is given to; appended. */
int image_state_shell(const struct image_state *s, struct strv *ret) _must_check_;

/* "/" when it is not said. */
const char *image_state_workdir(const struct image_state *s);

/* The triggers of ONBUILD that the base had; taken away from the state and appended. */
int image_state_take_triggers(struct image_state *s, struct strv *ret) _must_check_;

/* A line of the history; `diff_id` NULL: it made no layer. `created` is the image's from then on. */
int image_state_history(struct image_state *s, const char *created, const char *created_by, const char *comment, const struct digest *diff_id,
		  struct err *e) _must_check_;

/* Forgets all layers and history from number `keep_layers` and `keep_history` on. */
int image_state_cut(struct image_state *s, size_t keep_layers, size_t keep_history, struct err *e) _must_check_;

/* -EFBIG past IMAGE_CONFIG_MAX: what nobody could read is made by nobody. */
int image_state_text(struct image_state *s, struct buf *ret, struct digest *ret_id, struct err *e) _must_check_;

#endif
