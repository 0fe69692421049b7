/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* pod_private - between pod_make.c, pod_infra.c and pod_member.c. */
#ifndef RANBY_ENGINE_POD_PRIVATE_H
#define RANBY_ENGINE_POD_PRIVATE_H

#include "engine/pod.h"

#define POD_LOCK "lock"
#define POD_LOCK_MS 15000
#define POD_ROOTFS "rootfs" /* of the infra container */

/* What the infra container's root needs: mount points. */
int pod_infra_make_root(int pod_dirfd, struct err *e) _must_check_;

/* Makes it, as pod.json says; it is a member then. Recorded here. */
int pod_infra_make(struct engine *eng, struct pod *p, const struct pod_wanted *w, struct err *e) _must_check_;

#endif
