/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * self - where our own programs are, and which helpers of the host we trust.
 *
 * Our programs are found beside the running one: PREFIX/bin/ranby uses
 * PREFIX/libexec/ranby and PREFIX/bin, so a build tree runs without being
 * installed. No environment variable and no PATH takes part.
 */
#ifndef RANBY_SYS_SELF_H
#define RANBY_SYS_SELF_H

#include "base/err.h"
#include "base/mem.h"

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

/*
 * For the first line of a main(): undoes what a caller may have left us, so
 * that none of it changes what we do. Descriptors 0 to 2 are open; SIGCHLD is
 * not ignored (no exit status could be had); SIGXFSZ is (a limit on file sizes
 * is then an error of the write and not our death); the umask leaves us what we
 * make.
 */
int self_settle(void) _must_check_;

/*
 * For a command that is going to use so much of the heap: the kernel makes the
 * pages at once, for a fraction of what it costs one at a time. A hint.
 */
void self_expect_heap(size_t bytes);

/* Opens (O_PATH) one of ours: "ranby-monitor", "ranby-runtime", ...; *ret_path, when asked for, is malloc'ed and absolute. */
int self_open_program(const char *name, int *ret_fd, char **ret_path, struct err *e) _must_check_;

/* A sealed copy of one of ours in memory (memfd.h), for an exec where a container can reach /proc/PID/exe. The caller owns *ret_fd. */
int self_seal_program(const char *name, int *ret_fd, struct err *e) _must_check_;

/*
 * Opens (O_PATH) a helper of the host, from fixed directories only (/usr/bin,
 * /usr/sbin, /usr/local/bin, /bin, /usr/lib/podman, /usr/libexec/podman):
 * owned by root, not writable by group or others, a regular file, the same
 * for its directory. Otherwise an error that says which of these failed.
 * Run it by execveat(fd) (spawn.h), so that what was checked is what runs.
 */
int self_open_helper(const char *name, int *ret_fd, char **ret_path, struct err *e) _must_check_;

/* Whether that path, as the kernel names a running program, is of a file in one of these directories. */
bool self_is_helper_path(const char *path);

/* Whom files of the host's root belong to, as seen from this user namespace: 0, or nobody where he is not mapped. */
uid_t self_host_root(void);

#endif
