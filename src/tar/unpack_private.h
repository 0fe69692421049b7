/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* unpack_private - how unpack.c starts the worker, for unpack_copy.c too. */
#ifndef RANBY_TAR_UNPACK_PRIVATE_H
#define RANBY_TAR_UNPACK_PRIVATE_H

#include "tar/unpack.h"

#define UNPACK_WORKER "ranby-unpack"

/* argv[0] is UNPACK_WORKER; the fds become those of the protocol. */
int unpack_start(struct unpack_job *job, char *const *argv, int in_fd, int dir_fd, int userns_fd, struct err *e) _must_check_;

#endif
