/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * each_pod - a verb on every pod that its operands, --all, --latest or
 * --pod-id-file name, as each.h does for containers.
 *
 *	const struct each_pod w = {.all = a->all, .latest = a->latest};
 *	return each_pod(call, &w, stop_one, a, e);
 */
#ifndef RANBY_CMD_EACH_POD_H
#define RANBY_CMD_EACH_POD_H

#include "base/err.h"
#include "cmd/command.h"
#include "engine/pod.h"

#include <stdbool.h>

struct each_pod {
	bool all, latest;
	bool ignore;               /* one that is not there is no error */
	int missing_exit;          /* the exit code when an operand names none; 0: that of other errors */
	const struct strv *files;  /* --pod-id-file, or NULL */
};

typedef int (*each_pod_fn)(const struct command_call *call, struct pod *p, void *ctx, struct err *e);

/* Prints the id of each that it went well with, and errors as they come. Returns what run() is to return. */
int each_pod(const struct command_call *call, const struct each_pod *w, each_pod_fn fn, void *ctx, struct err *e) _must_check_;

/* The first operand, or with `latest` the newest. */
int one_pod(const struct command_call *call, bool latest, struct pod **ret, struct err *e) _must_check_;

/* For each member in turn, the infra container last; all are tried, the first error is kept and told, those of others are printed. */
typedef int (*member_fn)(const struct command_call *call, struct container *c, void *ctx, struct err *e);
int each_member(const struct command_call *call, struct pod *p, member_fn fn, void *ctx, struct err *e) _must_check_;

#endif
