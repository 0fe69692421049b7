/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* capname - "CAP_SYS_ADMIN" to its number and back, by libcap-ng. */
#ifndef RANBY_SYS_CAPNAME_H
#define RANBY_SYS_CAPNAME_H

#include "base/mem.h"

#include <stdint.h>

/* Adds the capability of that name ("CAP_CHOWN", upper case, as OCI spells it). -EINVAL: unknown. */
int capname_add(const char *name, uint64_t *mask) _must_check_;

/* "CAP_CHOWN" into `ret`; -EINVAL for a number that libcap-ng does not know. */
#define CAPNAME_MAX 40
int capname_of(int cap, char ret[static CAPNAME_MAX]) _must_check_;

#endif
