/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * exec_trail - a container's exec trail, as `run --trail` asked for it: the
 * runtime's and the monitor's part of a launch, and what is shown of it.
 */
#ifndef RANBY_ENGINE_EXEC_TRAIL_H
#define RANBY_ENGINE_EXEC_TRAIL_H

#include "base/strv.h"
#include "engine/container.h"
#include "engine/engine.h"

#include <stdbool.h>

#define EXEC_TRAIL_FILE "trail" /* in the container's directory; the format is in ranby-trail(5) */

enum exec_trail_mode {
	EXEC_TRAIL_NONE,
	EXEC_TRAIL_NOTIFY, /* the monitor's writer is asked at each exec, and keeps the file */
	EXEC_TRAIL_CALLS,  /* no trail: the writer is asked at each call, and makes a run of a recorded profile of it */
	EXEC_TRAIL_LOG,    /* the kernel's audit log has SECCOMP records of them */
};

enum exec_trail_mode exec_trail_of(const struct container *c);

/* Whether its monitor has a writer whom its exec sessions join. */
bool exec_trail_has_writer(const struct container *c);

/* Appends the runtime's options for it. 0 or -ENOMEM. */
int exec_trail_runtime_argv(enum exec_trail_mode mode, struct strv *argv) _must_check_;

/*
 * {"mode", "file", "served"}: `served` is whether execs are being written
 * down now, asked of the writer itself. NULL without a trail; the caller owns
 * it. 0 or -ENOMEM.
 */
int exec_trail_json(struct engine *eng, const struct container *c, struct json_object **ret) _must_check_;

#endif
