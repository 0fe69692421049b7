/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* recording - where a session's recording goes (run and exec --record), and where the newest one is. */
#ifndef RANBY_ENGINE_RECORDING_H
#define RANBY_ENGINE_RECORDING_H

#include "base/err.h"
#include "base/strv.h"
#include "engine/container.h"
#include "engine/engine.h"

#define RECORDINGS_MAX 100000 /* of one container, or beside one FILE */

/*
 * Makes the file, empty and 0600, and appends its absolute path to `texts`.
 * `asked` is the value of --record: "" for record-N.cast in the container's
 * directory; a FILE, relative to `cwd`, and FILE.N where there is one already.
 */
int recording_make(struct engine *eng, const struct container *c, const char *asked, const char *cwd, struct strv *texts,
		   struct err *e) _must_check_;

/* Opens recording `number` of the container, 0 for its newest, or its --record=FILE. -ENOENT. */
int recording_open(const struct container *c, uint32_t number, int *ret_fd, struct err *e) _must_check_;

#endif
