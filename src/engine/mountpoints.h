/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * mountpoints - a layer of empty mount points, below all those of an image.
 *
 *	if (mountpoints_fit(in->options, n_layers, owned))
 *		r = mountpoints_make(data_dirfd, e);	// "mountpoints" in the data directory
 *
 * Each container has files of its own at /etc/hosts and others, and most
 * images have nothing there: without this layer the runtime makes the missing
 * ones in the container's own layer, at each start of each container, and the
 * kernel copies the image's /etc there for it. One layer serves all, is never
 * written to, and its files are covered by mounts in every container that has
 * it.
 */
#ifndef RANBY_ENGINE_MOUNTPOINTS_H
#define RANBY_ENGINE_MOUNTPOINTS_H

#include "base/err.h"
#include "base/mem.h"
#include "engine/options.h"

#include <stdbool.h>
#include <stddef.h>

#define MOUNTPOINTS_DIR "mountpoints" /* below the data directory */

/*
 * Whether a container with these options and so many layers shall have it:
 * when all of its files will be covered, and its owner, the keeper's 0, is the
 * container's root too (`owned`: userns_mode.h).
 */
bool mountpoints_fit(const struct container_options *o, size_t n_layers, bool owned);

/* Makes it unless it is there. What a kill has left half made is completed by the next call. */
int mountpoints_make(int data_dirfd, struct err *e) _must_check_;

#endif
