/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * lsm_apparmor - which profiles the kernel has.
 *
 * Users cannot list profiles. They may ask whether what is called so would
 * allow something, and the kernel says ENOENT for what is not loaded.
 */
#ifndef RANBY_SYS_LSM_APPARMOR_H
#define RANBY_SYS_LSM_APPARMOR_H

#include "base/err.h"
#include "base/mem.h"

#define APPARMOR_NAME_MAX 512

/* 1: loaded, 0: not; -EINVAL: no name of a profile; else why it could not be asked (no securityfs). */
int apparmor_is_loaded(const char *profile) _must_check_;

#endif
