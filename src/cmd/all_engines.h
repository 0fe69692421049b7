/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* all_engines - `ps --all-engines`: one's own containers, whichever engine had ranby-runtime make them. */
#ifndef RANBY_CMD_ALL_ENGINES_H
#define RANBY_CMD_ALL_ENGINES_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"
#include "engine/engine.h"

#include <stdbool.h>

struct all_engines_ps {
	const char *format;         /* NULL: the table */
	const struct strv *filter;
	const struct strv *roots;   /* directories of states beside the usual ones */
	bool all, no_trunc, noheading, quiet;
};
int all_engines_ps(struct engine *eng, const struct all_engines_ps *a, struct buf *out, struct err *e) _must_check_;

#endif
