/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * secret - what --secret gives to RUN --mount=type=secret.
 *
 *	id=ID[,src=FILE|,env=NAME][,type=file|env]	without both, the file ID
 */
#ifndef RANBY_BUILD_SECRET_H
#define RANBY_BUILD_SECRET_H

#include "base/buf.h"
#include "build/session.h"

#define SECRET_MAX (512U << 10)

struct secret {
	char *text;             /* cut up */
	const char *id, *src, *env; /* one of the last two */
	bool either;            /* nothing was said but the id: a variable of that name, else the file */
};
void secret_done(struct secret *m);

/* -EINVAL: no id, an unknown key, a file and a variable. */
int secret_parse(const char *text, struct secret *ret, struct err *e) _must_check_;

/* All that were given are ones. */
int secret_check(const struct build_request *q, struct err *e) _must_check_;

/* The bytes of ID, appended. -ENOENT and no message: none of that id was given. */
int secret_read(const struct session *s, const char *id, struct buf *ret, struct err *e) _must_check_;

#endif
