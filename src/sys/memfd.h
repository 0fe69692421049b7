/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * memfd - sealed copies in memory (memfd_create(2)): nobody can change them,
 * nor reach the file on disk through them (/proc/PID/exe, CVE-2019-5736).
 */
#ifndef RANBY_SYS_MEMFD_H
#define RANBY_SYS_MEMFD_H

#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>

/* A sealed copy of bytes. The caller owns *ret_fd. */
int memfd_seal_bytes(const char *name, const void *data, size_t len, int *ret_fd) _must_check_;

/* An empty one, to be written; not sealed. The caller owns *ret_fd. */
int memfd_empty(const char *name, int *ret_fd) _must_check_;

/* A sealed, executable copy of the regular file open at `fd`. */
int memfd_seal_program(const char *name, int fd, int *ret_fd) _must_check_;

/* Whether `fd` is such a copy: one that nobody can change any more, its seals included. */
bool memfd_is_sealed(int fd);

#endif
