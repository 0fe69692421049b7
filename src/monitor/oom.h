/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * oom - whether the kernel killed for want of memory in a container's cgroup.
 */
#ifndef RANBY_MONITOR_OOM_H
#define RANBY_MONITOR_OOM_H

#include "base/mem.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct oom_watch {
	int fd; /* memory.events (cgroup v2) of the process's cgroup; -EBADF: it has none of its own */
	uint64_t kills; /* at the beginning */
};
#define OOM_WATCH_INIT {.fd = -EBADF}

/* Nothing that fails here is an error: then nothing is known. */
void oom_watch_open(struct oom_watch *w, pid_t pid);

/* More of them than at the beginning? Also after the cgroup's processes are gone, while it is there. */
bool oom_watch_fired(const struct oom_watch *w);

void oom_watch_done(struct oom_watch *w);

#endif
