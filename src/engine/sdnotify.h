/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * sdnotify - --sdnotify: what a service manager that waits for a container is told (sd_notify(3)).
 *
 * container (the default)  the payload tells it: the socket is mounted in the container, and NOTIFY_SOCKET set
 * conmon                   ready as soon as it runs
 * healthy                  ready when its health check has passed for the first time
 * ignore                   nothing
 *
 * The main process is the monitor, which ends with the container. Without NOTIFY_SOCKET there is nobody to tell.
 */
#ifndef RANBY_ENGINE_SDNOTIFY_H
#define RANBY_ENGINE_SDNOTIFY_H

#include "base/err.h"
#include "base/mem.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/options.h"

#define SDNOTIFY_INSIDE "/run/notify/notify.sock" /* as podman has it */

/* The word alone, and what goes with it. */
int sdnotify_check(const struct container_options *o, struct err *e) _must_check_;

/* The socket to mount at SDNOTIFY_INSIDE; NULL: none. -EINVAL: container was asked for, and it has no path (an abstract one). */
int sdnotify_source(const struct engine *eng, const struct container_options *o, const char **ret, struct err *e) _must_check_;

/*
 * Before a later start, by the holder of its lock: what is mounted there and in
 * the variable is what this command has, and not what there was when the
 * container was made. Changes container.json and config.json where that differs.
 */
int sdnotify_refresh(const struct engine *eng, struct container *c, struct err *e) _must_check_;

/* It runs, and has that monitor. As with sd_notify(3), nobody is bothered when the manager cannot be reached. */
void sdnotify_started(const struct engine *eng, const struct container *c, pid_t monitor);

/* Its health check has made it healthy. */
void sdnotify_healthy(const struct engine *eng, const struct container *c);

#endif
