/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* What is bound is named, not opened: the container is made later, and resolves names itself. */
#include "build/run_mount.h"

int run_mounts_make(struct session *s, struct stage *sg, const struct instruction *in, struct run_mounts *ret, struct err *e)
{
	(void)s;
	(void)sg;
	(void)ret;
	return in->flags.mount.n ? err_set(e, ENOTSUP, "RUN --mount is not supported yet") : 0;
}

int run_mounts_content(struct session *s, struct stage *sg, const struct instruction *in, struct buf *ret, struct err *e)
{
	(void)s;
	(void)sg;
	(void)in;
	(void)ret;
	(void)e;
	return 0;
}

void run_mounts_done(struct run_mounts *m)
{
	(void)m;
}
