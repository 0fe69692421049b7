/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* add_url - the sources of an ADD that are addresses. */
#ifndef RANBY_BUILD_ADD_URL_H
#define RANBY_BUILD_ADD_URL_H

#include "build/add.h"
#include "build/session.h"

struct add_url {
	struct add_download *items; /* one for each source; NULL: no source is an address */
	size_t n;
};
void add_url_done(struct add_url *u);

/*
 * Gets all of them, and checks --checksum. Nothing to do for an instruction
 * without any. -EINVAL: COPY of one, or a --checksum that is of no one file;
 * -ENOTSUP: a git repository; else as download().
 */
int add_url_get(struct session *s, const struct instruction *in, struct add_url *ret, struct err *e) _must_check_;

#endif
