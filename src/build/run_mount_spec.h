/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * run_mount_spec - the text of a RUN --mount, expanded.
 *
 *	struct run_mount_spec m;
 *	r = run_mount_spec_parse("type=cache,target=/c,sharing=locked", &m, e);
 *	...
 *	run_mount_spec_done(&m);	// also after an error
 *
 * A key that its type has no use for is refused; which keys it needs is for who makes the mount (build/run_mount.h).
 */
#ifndef RANBY_BUILD_RUN_MOUNT_SPEC_H
#define RANBY_BUILD_RUN_MOUNT_SPEC_H

#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

struct run_mount_spec {
	char *text; /* cut up; the others point into it */
	const char *type; /* "bind" when it is not said */
	const char *from, *source, *target, *id, *sharing, *env, *size;
	uint32_t mode, uid, gid;
	bool has_mode, rw, ro, required;
};

/* -EINVAL with the key. Sets *m in any case. */
int run_mount_spec_parse(const char *text, struct run_mount_spec *m, struct err *e) _must_check_;
void run_mount_spec_done(struct run_mount_spec *m);

#endif
