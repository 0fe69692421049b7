/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * facts - what the witness has seen of a process with its own eyes.
 *
 *	outcome = facts_read(pidfd, AUDIT_TRUST_LIVE, scratch, &f);
 *
 * All is read through one descriptor of /proc/PID that is shown to be the
 * pidfd's process, so that no number can be somebody else's meanwhile. Numbers
 * stay the words that the kernel has for them.
 */
#ifndef RANBY_WITNESS_FACTS_H
#define RANBY_WITNESS_FACTS_H

#include "audit/verb.h"
#include "witness/record.h"

#define FACTS_SCRATCH (1U << 20) /* the largest status file: 65536 groups of ten digits, and the rest */
#define FACTS_TEXT 320
#define FACTS_WORD 24

struct facts {
	int pid;              /* on the host; not ours */
	unsigned tty;         /* device number; 0: none */
	int exit_status;      /* of a zombie, as waitpid(2) has it */
	unsigned long long start_ticks;
	char state;           /* of proc(5): 't' in a tracing stop */
	bool apparmor;        /* whose label it is; else SELinux's */
	char auid[FACTS_WORD], ses[FACTS_WORD];
	char user_ns[FACTS_WORD], pid_ns[FACTS_WORD]; /* inodes */
	char uid_map[224];    /* "0:1000:1,1:100000:65536"; ",..." at its end when there are more */
	char label[FACTS_TEXT]; /* of the security module; "" when there is none */
	char exe[FACTS_TEXT]; /* ours alone */
	struct record fields; /* the other ones, as the record has them; not ours */
};

/* Of ourselves. WITNESS_RECORDED, _NOT_HOST, _NO_AUDIT (a kernel without it) or _BROKEN. `text` has FACTS_SCRATCH bytes. */
enum witness_outcome facts_read_self(char *text, struct facts *f, char boot_id[static FACTS_TEXT]) _must_check_;

/*
 * WITNESS_RECORDED: all of it is true of the process behind `pidfd`, whose user
 * namespace our caller owns. It runs for AUDIT_TRUST_LIVE, has ended for _ZOMBIE.
 */
enum witness_outcome facts_read(int pidfd, enum audit_trust trust, char *text, struct facts *f) _must_check_;

/* What a file or a link says, behind a newline, so that every line has one before it. False when it cannot be read. */
bool facts_slurp(int dir, const char *name, char *text) _must_check_;

#endif
