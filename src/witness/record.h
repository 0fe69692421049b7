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
#include "audit/verb.h"
#include "base/mem.h"
#include "witness/facts.h"

#define RECORD_MAX 4095 /* bytes of a record's text */

struct record {
	size_t len;
	bool cut; /* it did not fit: not to be sent */
	char text[RECORD_MAX + 1];
};

/* What a record is about, as far as the witness has seen it. */
struct record_subject {
	const struct witness_request *q;
	const struct audit_verb_row *row;
	enum audit_trust trust;     /* the row's with a target; without one it is the caller's word */
	const struct facts_self *self;
	const struct facts *target; /* NULL: none */
	const struct facts *init;   /* of the container; the target but for exec. NULL with target */
	const char *uuid;           /* "" without a target */
	uint64_t nonce;
	uint64_t suppressed;        /* records of this login that were not written before this one */
};

/* The verb's own record. */
void record_verb(struct record *r, const struct record_subject *s);

/* VIRT_RESOURCE of one of the request's resources, which are claims. */
void record_resource(struct record *r, const struct record_subject *s, const struct witness_item *item);

/* VIRT_RESOURCE of the user-id map and VIRT_MACHINE_ID of the label, which are facts. */
void record_map(struct record *r, const struct record_subject *s);
void record_label(struct record *r, const struct record_subject *s);

/* One for all the records that are not written from now on. */
void record_suppressed(struct record *r, const struct record_subject *s);

/* ` name=value`, at most `max` bytes of it. For tests too. */
void record_nv(struct record *r, const char *name, const char *value, size_t max);

#endif
