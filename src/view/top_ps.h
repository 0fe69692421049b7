/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * top_ps - `ranby top NAME -ef`: the host's ps(1), restricted to containers.
 *
 *	if (top_ps_wanted(argv[1]))
 *		r = top_ps(&request, argv + 1, n, 80, &out, e);
 */
#ifndef RANBY_ENGINE_TOP_PS_H
#define RANBY_ENGINE_TOP_PS_H

#include "base/buf.h"
#include "base/err.h"
#include "view/top.h"

#define TOP_PS_OUTPUT_MAX (64U << 20)

/* True for what only ps can mean: "-ef", "-o", and clusters of its BSD options such as "aux". */
bool top_ps_wanted(const char *arg);

/*
 * Runs the host's ps (found by self_open_helper(), no PATH, no environment of
 * the caller's) with those arguments, and keeps the lines of the targets'
 * processes. `width`: columns to fit into, 0: as wide as it takes. Appends
 * escaped lines to `out`. The columns of `q` are not used.
 */
int top_ps(struct top_request *q, char *const *args, size_t n_args, unsigned width, struct buf *out, struct err *e) _must_check_;

#endif
