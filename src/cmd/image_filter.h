/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* image_filter - --filter of images: those that match all keys; of one key, any of its values. */
#ifndef RANBY_CMD_IMAGE_FILTER_H
#define RANBY_CMD_IMAGE_FILTER_H

#include "base/err.h"
#include "base/strv.h"
#include "engine/engine.h"
#include "image/store.h"

#include <time.h>

struct image_filter {
	struct strv references; /* glob patterns, or names */
	struct strv labels;     /* "KEY" or "KEY=VALUE"; all must match */
	struct strv no_labels;  /* none may match (label!=) */
	struct strv ids;
	struct strv uses;       /* of containers=, see store_uses_fn */
	int used;               /* -1 no, 1 yes, 0 not asked */
	int dangling;           /* -1 no, 1 yes, 0 not asked */
	int read_only;          /* -1 no, 1 yes, 0 not asked */
	bool nothing;           /* asks for what never is (intermediate images) */
	struct timespec before, since, until;
	bool has_before, has_since, has_until;
};

/* `name`: the operand, or NULL. `st` finds the images of before= and since=, `eng` the containers of containers=. */
int image_filter_parse(const struct strv *filters, const char *name, struct store *st, struct engine *eng, struct image_filter *ret,
		       struct err *e) _must_check_;
bool image_filter_match(const struct image_filter *f, const struct image *img);
void image_filter_done(struct image_filter *f);

#endif
