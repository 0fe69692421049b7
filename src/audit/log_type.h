/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* log_type - record types and system calls of the audit log, as tables. */
#ifndef RANBY_AUDIT_LOG_TYPE_H
#define RANBY_AUDIT_LOG_TYPE_H

#include "audit/log_reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a record is to its event. */
enum log_role {
	LOG_ROLE_OTHER = 0, /* a type that we do not read; others may come with it */
	LOG_ROLE_SYSCALL,
	LOG_ROLE_PART,      /* never without a SYSCALL record: without one the event was damaged */
	LOG_ROLE_LAST,      /* PROCTITLE: a part, and the last one */
	LOG_ROLE_END,       /* EOE */
	LOG_ROLE_LOGIN,
	LOG_ROLE_RULES,
	LOG_ROLE_VIRT,      /* alone in its event, as all that user space sends */
	LOG_ROLE_USER,
	LOG_ROLE_DAEMON,
	LOG_ROLE_KERNEL,    /* the first record of a boot */
	LOG_ROLE_URING,     /* in a SYSCALL record's place */
};

/* Of the name in "type=NAME" ("SYSCALL", "UNKNOWN[1423]"): its number, 0 when not known, and its role. */
uint16_t log_type_parse(const char *name, size_t len, enum log_role *ret_role);
/* The name, or NULL. */
const char *log_type_name(uint16_t type);

enum log_call log_call_of(uint32_t arch, uint32_t nr);

/* The CLONE_NEW* bits of such a call's arguments. */
uint32_t log_call_namespaces(enum log_call call, uint32_t arch, uint32_t nr, const uint64_t args[4]);
/* clone() with CLONE_THREAD. */
bool log_call_thread(enum log_call call, uint32_t arch, uint32_t nr, const uint64_t args[4]);

/* An open() that is not for reading alone. */
bool log_call_writes(enum log_call call, uint32_t arch, uint32_t nr, const uint64_t args[4]);

/* The signal that such a call sends; 0 for others. */
uint32_t log_call_signal(enum log_call call, uint32_t arch, uint32_t nr, const uint64_t args[4]);

#endif
