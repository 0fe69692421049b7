/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * short_name - the user's answers to what a short name means.
 *
 *	r = short_name_record(&access, "debian", "docker.io/library/debian", e);
 *
 * In the file of containers-registries.conf(5) that registries_load() reads
 * and podman shares: a table [aliases], written anew beside a lock.
 */
#ifndef RANBY_REGISTRY_SHORT_NAME_H
#define RANBY_REGISTRY_SHORT_NAME_H

#include "base/err.h"
#include "base/mem.h"
#include "registry/access.h"

/* Adds or replaces one. -ENOENT: there is no place for such a file; -EAGAIN: another one is writing it. */
int short_name_record(const struct registry_access *o, const char *name, const char *repository, struct err *e) _must_check_;

#endif
