/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * record_root - the records of a container's start, of an exec in it and of its end that root writes himself.
 *
 *	r = record_root_write(&t, &reply);	// reply.outcome: what came of it
 *
 * The witness reads what it says by itself, for a caller who owns the user
 * namespace that the process is in. Root may write any record, and needs no
 * witness; his containers may be in the host's user namespace, where that
 * sees nothing. So the facts are read here, from /proc, before init has run
 * anything of the container's; of an exec, before its process has joined the
 * container but for the pid namespace. The end is told when what is left of the container is removed: that it
 * has ended is what is known then, and not when, nor how.
 */
#ifndef RANBY_RUNTIME_RECORD_ROOT_H
#define RANBY_RUNTIME_RECORD_ROOT_H

#include "audit/record_words.h"
#include "audit/request.h"
#include "audit/verb.h"
#include "base/mem.h"
#include "runtime/state.h"
#include "sys/procfs.h"

struct record_root {
	enum audit_verb verb; /* AUDIT_VERB_START, _EXEC, _EXIT */
	const struct runtime_state *s;
	const struct proc *p; /* its init; of an exec that one's process; of an end NULL */
	const char *job;      /* what the environment of its making claims: "SLURM_JOB_ID=4711"; "": nothing */
};

/* True for the form of an id that records have as `ctr`: 64 hexadecimal digits. */
bool record_is_container_id(const char *id);

/* The words, in the order of the witness's own (witness/record.h), for the run `uuid`. */
void record_root_text(const struct record_root *t, const char *uuid, struct record *ret);

/* -errno when nothing could be asked of audit at all; else 0 and ret->outcome. */
int record_root_write(const struct record_root *t, struct witness_reply *ret) _must_check_;

#endif
