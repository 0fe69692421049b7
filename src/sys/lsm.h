/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * lsm - the label that a process takes on at its next exec (AppArmor profile
 * or SELinux context), written to /proc/self/attr by descriptor.
 *
 * The write must go to a real procfs, and to this process: an image that has
 * its own idea of /proc made the label land in an ordinary file
 * (CVE-2019-16884, CVE-2019-19921). So the caller gives a proc that it
 * mounted or checked itself, and the file opened is checked again.
 */
#ifndef RANBY_SYS_LSM_H
#define RANBY_SYS_LSM_H

#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>

enum lsm { LSM_APPARMOR, LSM_SELINUX };

/* True when the running kernel enforces with it. Reads /sys by name: for the host side only. */
bool lsm_is_enabled(enum lsm lsm);

/*
 * Sets the label for the next exec of this process. -ENOENT: no such AppArmor
 * profile is loaded.
 *
 * A process that AppArmor confines already keeps its own profile with the new
 * one stacked on it: leaving it for another is refused under no_new_privs,
 * and would let a container escape what its caller is held to.
 */
int lsm_set_exec_label(int procfd, enum lsm lsm, const char *label, struct err *e) _must_check_;

#endif
