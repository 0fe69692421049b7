/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * copytree - the content of one directory into another, by descriptor.
 *
 * For a tmpfs that starts with what the image has there ("tmpcopyup"), and
 * for a volume that is filled at its first use. No link is followed and no
 * mount is crossed; what is copied is type, mode, owner and content of
 * directories, regular files, links and FIFOs. Devices and sockets are left
 * out: nobody could have made them in a user namespace.
 */
#ifndef RANBY_SYS_COPYTREE_H
#define RANBY_SYS_COPYTREE_H

#include "base/mem.h"

#define COPYTREE_DEPTH_MAX 128 /* deeper: -ELOOP */

/* 0 or -errno; on failure a part is there. `from` and `to` may be O_PATH. */
int copytree(int from, int to) _must_check_;

#endif
