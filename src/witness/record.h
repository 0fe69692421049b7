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
 * these names is used here. A value of a stranger is written as audit writes
 * untrusted strings, audit_encode_nv_string(3): in quotes, or in hex
 * when it holds a quote, a blank, a control byte or one above 126.
 */
#ifndef RANBY_WITNESS_RECORD_H
#define RANBY_WITNESS_RECORD_H

#include "audit/request.h"
#include "base/mem.h"

#include <stdbool.h>

#define RECORD_MAX 4095 /* bytes of a record's text */

struct record {
	size_t len;
	bool cut; /* it did not fit: not to be sent */
	char text[RECORD_MAX + 1];
};

struct witness;

/* Each makes w->record anew. The verb's own: */
void record_verb(struct witness *w);

/* VIRT_RESOURCE of something of that enum witness_resource, which is a claim; WITNESS_RESOURCE_N is the uid map, a fact. */
void record_resource(struct witness *w, uint32_t kind, const char *text);

/* VIRT_MACHINE_ID of the label, a fact. */
void record_label(struct witness *w);

/* One for all the records that are not written from now on. */
void record_suppressed(struct witness *w);

/* ---- what they are made of ---- */

_printf_(2, 3) void record_add(struct record *r, const char *fmt, ...);

/* ` name=value`, at most `max` bytes of it. */
void record_nv(struct record *r, const char *name, const char *value, size_t max);

#endif
