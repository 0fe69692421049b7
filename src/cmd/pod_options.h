/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * pod_options - the options of `pod create`, and the pod that they make.
 *
 *	r = pod_options_finish(call, args, e);	// first thing in run()
 *	r = pod_options_create(call, args, &p, e);
 */
#ifndef RANBY_CMD_POD_OPTIONS_H
#define RANBY_CMD_POD_OPTIONS_H

#include "base/buf.h"
#include "cmd/command.h"
#include "engine/options.h"
#include "engine/pod.h"

struct pod_options {
	struct container_options o; /* o.name: the pod's */
	bool infra, share_parent;   /* true by default */
	const char *infra_name, *share, *exit_policy;
	/* set by pod_options_finish() */
	struct buf used; /* what containers.conf has given, for who is told that something does not go together */
	unsigned set;
	enum pod_exit_policy policy;
};

extern const struct option_row pod_create_rows[];
void pod_options_done(void *args);
int pod_options_finish(const struct command_call *call, struct pod_options *a, struct err *e) _must_check_;

/* With a keeper and an origin of its own. */
int pod_options_create(const struct command_call *call, struct pod_options *a, struct pod **ret, struct err *e) _must_check_;

#endif
