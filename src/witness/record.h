/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * record - the words of one audit record, in libvirt's order.
 *
 *	virt=ranby op= reason= vm= uuid= vm-pid=        as libvirt has them
 *	trust= ...                                      facts of ours
 *	claimed-...=                                    what only the caller says
 *	exe= hostname= addr= terminal= res=             as libaudit ends every record
 *
 * The kernel's own prefix (pid uid auid ses subj) says who wrote it; none of
 * these names is used here.
 */
#ifndef RANBY_WITNESS_RECORD_H
#define RANBY_WITNESS_RECORD_H

#include "audit/record_words.h"
#include "audit/request.h"

struct witness;

/* Each makes w->record anew. The verb's own: */
void record_verb(struct witness *w);

/* VIRT_RESOURCE of something of that enum witness_resource, which is a claim; WITNESS_RESOURCE_N is the uid map, a fact. */
void record_resource(struct witness *w, uint32_t kind, const char *text);

/* VIRT_MACHINE_ID of the label, a fact. */
void record_label(struct witness *w);

/* One for all the records that are not written from now on. */
void record_suppressed(struct witness *w);

#endif
