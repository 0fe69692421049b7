/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * verb - everything that changes something, and what kernel audit hears of it.
 *
 * One row per verb. A verb that comes later adds its row and calls
 * attest() (engine/attest.h); record, ledger entry and the checks of the
 * witness follow from the row. Record types and the words in `op` are
 * libvirt's where it has them.
 *
 * Four kinds of statement (`trust=` in the record):
 *	live    the witness holds a pidfd of a running process and read the facts itself
 *	zombie  the same of a process that has ended and is not reaped yet
 *	caller  what the caller says; only the kernel's own stamp says who that is.
 *	        With a pidfd of a running container its uuid and pid are the witness's words too
 *	root    what ranby-runtime read of a running process, where root asks it and no witness (runtime/record.h)
 */
#ifndef RANBY_AUDIT_VERB_H
#define RANBY_AUDIT_VERB_H

#include <stdint.h>

/* Record types (linux/audit.h has the range 2500-2599 for virtualisation, libaudit.h the names). */
enum audit_type {
	AUDIT_TYPE_VIRT_CONTROL = 2500,
	AUDIT_TYPE_VIRT_RESOURCE = 2501,
	AUDIT_TYPE_VIRT_MACHINE_ID = 2502,
	AUDIT_TYPE_VIRT_INTEGRITY_CHECK = 2503,
	AUDIT_TYPE_VIRT_CREATE = 2504,
	AUDIT_TYPE_VIRT_DESTROY = 2505,
};

enum audit_trust { AUDIT_TRUST_CALLER, AUDIT_TRUST_LIVE, AUDIT_TRUST_ZOMBIE, AUDIT_TRUST_ROOT, AUDIT_TRUST_N };

enum audit_verb {
	AUDIT_VERB_CREATE,
	AUDIT_VERB_START,
	AUDIT_VERB_EXEC,
	AUDIT_VERB_EXIT, /* the end of a container: op=stop */
	AUDIT_VERB_ATTACH,
	AUDIT_VERB_PAUSE,
	AUDIT_VERB_UNPAUSE,
	AUDIT_VERB_KILL,
	AUDIT_VERB_STOP, /* somebody asks for the end: a kill with a reason of its own */
	AUDIT_VERB_RESTART,
	AUDIT_VERB_HEALTH, /* it has become healthy or unhealthy */
	AUDIT_VERB_RM,
	AUDIT_VERB_RENAME,
	AUDIT_VERB_INIT,
	AUDIT_VERB_UPDATE,
	AUDIT_VERB_CP,
	AUDIT_VERB_EXPORT,
	AUDIT_VERB_MOUNT,
	AUDIT_VERB_UNMOUNT,
	AUDIT_VERB_COMMIT,
	AUDIT_VERB_PULL,
	AUDIT_VERB_PUSH,
	AUDIT_VERB_LOAD,
	AUDIT_VERB_IMPORT,
	AUDIT_VERB_BUILD,
	AUDIT_VERB_TAG,
	AUDIT_VERB_UNTAG,
	AUDIT_VERB_RMI,
	AUDIT_VERB_VERIFY,
	AUDIT_VERB_VOLUME_CREATE,
	AUDIT_VERB_VOLUME_RM,
	AUDIT_VERB_VOLUME_IMPORT,
	AUDIT_VERB_SECRET_CREATE,
	AUDIT_VERB_SECRET_RM,
	AUDIT_VERB_NETWORK_CREATE,
	AUDIT_VERB_NETWORK_RM,
	AUDIT_VERB_POD_CREATE,
	AUDIT_VERB_POD_RM,
	AUDIT_VERB_N,
};

struct audit_verb_row {
	const char *name;   /* the command's word, and the ledger's */
	enum audit_type type;
	const char *op;     /* op= of the record */
	const char *reason; /* reason= unless the caller has another word */
	enum audit_trust trust;
};

/* NULL past AUDIT_VERB_N: `verb` may come from a stranger. */
/* What an op of the ledger is about: "image", "volume", "ledger" or "container". */
const char *audit_op_about(const char *op);

const struct audit_verb_row *audit_verb_row(uint32_t verb);

/* "caller", "live", "zombie", "root". */
const char *audit_trust_word(enum audit_trust trust);

/* The row of that name; AUDIT_VERB_N when there is none. */
enum audit_verb audit_verb_find(const char *name);

#endif
