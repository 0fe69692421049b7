/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* stage_source - what from= means, of COPY and of RUN --mount: a named context, a stage, an image. */
#ifndef RANBY_BUILD_STAGE_SOURCE_H
#define RANBY_BUILD_STAGE_SOURCE_H

#include "build/session.h"

struct stage_source {
	struct image *image;       /* owned; NULL: a stage's, or a directory */
	const struct image *other; /* it, or the stage's; NULL: a directory */
	int dir_fd;
};
#define STAGE_SOURCE_INIT {.dir_fd = -EBADF}
void stage_source_done(struct stage_source *c);

/* For the stage `sg`, whose own name and those behind it are not seen. */
int stage_source_find(struct session *s, const struct stage *sg, const char *name, struct stage_source *ret, struct err *e) _must_check_;

/* Whether a --build-context has that name. */
bool stage_source_is_context(const struct session *s, const char *name);

/* The image of FROM, which is no stage: a --build-context of the name goes before. -ENOTSUP: that is a directory. */
int stage_source_base(struct session *s, const char *name, const char *platform, struct image **ret, struct err *e) _must_check_;

#endif
