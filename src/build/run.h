/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * run - RUN: a container of the stage's image, which runs one command.
 *
 *	r = run_step(s, sg, in, &code, e);
 *
 * Made, confined, started and recorded as any container is; `ps --external`
 * shows it while it is there. Its upper directory is the layer.
 */
#ifndef RANBY_BUILD_RUN_H
#define RANBY_BUILD_RUN_H

#include "build/session.h"

/* Where a here-document that begins with #! is a file, for the time of its RUN. */
#define RUN_SCRIPT "/dev/pipes/script"

/* The words that are executed; appended. */
int run_command(const struct session *s, const struct stage *sg, const struct instruction *in, struct strv *ret, struct err *e) _must_check_;

/* `created_by` is its line in the history. A command that fails: -ECHILD, and e->exit_code is its. */
int run_step(struct session *s, struct stage *sg, const struct instruction *in, const char *created_by, struct strv *ret_digests, struct err *e) _must_check_;

#endif
