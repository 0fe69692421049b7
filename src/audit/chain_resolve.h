/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* chain_resolve - where a sample's process was. The store must be prepared. For chain*.c only. */
#ifndef RANBY_AUDIT_CHAIN_RESOLVE_H
#define RANBY_AUDIT_CHAIN_RESOLVE_H

#include "audit/chain_store.h"

struct verdict chain_resolve(struct chain *c, struct line *l, size_t i, unsigned depth);
/* Of pid `l->pid` at the moment `key`, at which it did nothing itself. */
struct verdict chain_resolve_between(struct chain *c, struct line *l, uint64_t key, unsigned depth);
/* Who sent the record `key`, in session `ses`: of whom not even the parent is known. */
struct verdict chain_resolve_sender(struct chain *c, uint32_t boot, uint32_t pid, uint32_t ses, uint64_t key);

#endif
