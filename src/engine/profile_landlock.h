/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * profile_landlock - --security-opt landlock=, from the words to what
 * config.json carries (oci/landlock.h).
 */
#ifndef RANBY_ENGINE_PROFILE_LANDLOCK_H
#define RANBY_ENGINE_PROFILE_LANDLOCK_H

#include "base/err.h"
#include "base/json.h"
#include "base/strv.h"
#include "engine/mounts.h"

/*
 * Reads the profiles of `names` (a file with a '/', else one that is
 * installed: ro-rootfs, no-network, isolated), checks them, and asks this
 * kernel. A profile with "mounts" gets the writable mounts of `mounts` added
 * to what it may write. *ret is an array that the caller owns, NULL for no
 * names. -ENOTSUP: the kernel has not what one of them needs.
 */
int profile_landlock(const struct strv *names, const struct mount_list *mounts, struct json_object **ret, struct err *e) _must_check_;

#endif
