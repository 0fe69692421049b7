/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * inforce - what the kernel holds a payload to, read from outside.
 *
 *	r = inforce_read(pid, start_ticks, "exec-stop", &json, e);
 *
 * Read while the payload is stopped at its exec: credentials, filters, label
 * and executable are final, and none of its own instructions has run. With
 * "pre-exec" (no ptrace here) it is init that is read, before it confined
 * itself, and what is said of filters and label is not final yet; the stage is
 * part of the result.
 */
#ifndef RANBY_ENGINE_INFORCE_H
#define RANBY_ENGINE_INFORCE_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"

#include <stdint.h>
#include <sys/types.h>

#define INFORCE_EXEC_STOP "exec-stop"
#define INFORCE_PRE_EXEC "pre-exec"

/* -ESRCH when the process is gone. The caller owns *ret. */
int inforce_read(pid_t pid, uint64_t start_ticks, const char *stage, struct json_object **ret, struct err *e) _must_check_;

/*
 * Adds what no file of /proc says: the Landlock domains that were asked for
 * (`config`: of container.json) and this kernel's ABI, {"domains", "abi"}. A
 * payload that reached its exec is in all of them: init ends at the first that fails.
 */
int inforce_add_landlock(struct json_object *in_force, struct json_object *config) _must_check_;

/* Out of a state.json: "0:57", the device of a root that our fuse-overlayfs serves; borrowed; NULL: it does not. */
const char *inforce_fuse_device(struct json_object *state);

#endif
