/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * record - the start and the end of a container in kernel audit, where another
 * engine drives us, a batch system, or a shell: ranby records its own.
 *
 * Whoever makes one himself is in other namespaces afterwards: in a user
 * namespace nobody reaches audit, in a network namespace nobody hears what came
 * of it. So one stays behind who asks for him:
 *	_cleanup_(recorder_end) struct recorder c = RECORDER_INIT;
 *	r = recorder_begin(x, id, &c);
 *	...					// create it
 *	recorder_ask(&c, AUDIT_VERB_START);
 *	...					// it has ended, and is not reaped
 *	recorder_ask(&c, AUDIT_VERB_EXIT);
 *	...					// it is reaped, and will be removed
 *	recorder_ask(&c, AUDIT_VERB_RM);	// root's: what record_gone() does
 *
 * Who may ask whom: a plain user ranby-witness, where that is installed; root
 * writes it by himself (trust=root), and of his containers an exec
 * (record_exec) and the removal (record_gone) too.
 *
 * Nothing fails by it: what came of the first is in RROOT/ID/record, which
 * the state shows as attribution.record:
 *	{"receipt": "1700000000.123:4567", "uuid": ...}   read back from the kernel's stream
 *	{"ended": "1700000000.125:4569", "uuid": ...}     the same of its end: what is left could not be removed yet
 *	{"why": "audit is off"}                           there is none, though somebody could have written it
 */
#ifndef RANBY_RUNTIME_RECORD_H
#define RANBY_RUNTIME_RECORD_H

#include "audit/request.h"
#include "audit/verb.h"
#include "runtime/context.h"
#include "runtime/state.h"

#include <stdbool.h>
#include <sys/types.h>

#define RUNTIME_RECORD_MAX 4096 /* bytes of RROOT/ID/record */

/* Writes what came of it there. */
int record_note(int rroot, const char *id, const struct witness_reply *reply) _must_check_;

struct recorder {
	int sock; /* to who stayed behind; -EBADF: we can ask ourselves */
	bool able; /* else nobody can be asked: not in a user namespace, nor for a plain user where no witness is installed */
	pid_t pid;
	const struct runtime_context *x;
	const char *id;
};
#define RECORDER_INIT {.sock = -EBADF}

/* Root's: `pid` is to become an exec in the container, and has executed nothing of it yet. */
void record_exec(const struct runtime_state *s, pid_t pid);
/* Root's: one of which the start is recorded has ended, and what is left of it is being removed. */
void record_gone(const struct runtime_context *x, struct runtime_state *s);

/* Before anything of it is made. -errno: nobody could be left behind. */
int recorder_begin(const struct runtime_context *x, const char *id, struct recorder *ret) _must_check_;
/* The same for one that is made already: nobody is needed who stays. */
void recorder_here(const struct runtime_context *x, const char *id, struct recorder *ret);
void recorder_ask(const struct recorder *c, enum audit_verb verb);
void recorder_end(struct recorder *c);

#endif
