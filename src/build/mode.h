/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * mode - what --chmod says: octal, or symbolic as chmod(1) has it.
 *
 *	r = mode_check("u=rwX,go=rX", e);
 *	mode = mode_change("u=rwX,go=rX", st.st_mode);
 */
#ifndef RANBY_BUILD_MODE_H
#define RANBY_BUILD_MODE_H

#include "base/err.h"
#include "base/mem.h"

#include <sys/types.h>

/* -EINVAL with docker's words. */
int mode_check(const char *text, struct err *e) _must_check_;

/* The permission bits that a file of that st_mode gets; `text` was checked. No umask is asked. */
mode_t mode_change(const char *text, mode_t mode);

#endif
