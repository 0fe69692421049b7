/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* audit_rules - the rules pack, as `ranby audit rules` prints it and `ranby audit setup` installs it. */
#ifndef RANBY_CMD_AUDIT_RULES_H
#define RANBY_CMD_AUDIT_RULES_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>

/*
 * With the paths of the installation in `prefix` ("/usr/local"); a watch below
 * a directory that this host lacks, which the kernel would refuse, becomes a
 * comment, unless `any_host`. -ENOENT: the pack is not installed.
 */
int audit_rules_text(const char *prefix, bool any_host, struct buf *out, struct err *e) _must_check_;

#endif
