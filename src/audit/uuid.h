/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * uuid - which run of a container, as audit records name it.
 *
 * A UUIDv8 (RFC 9562) that anybody can decode: 42 bits of the host's boot id,
 * the host pid of the container's init (32), and its start time in clock
 * ticks since boot (48). No two processes of a machine have the same, and it
 * is made by who has looked at the process, so that nobody can choose one.
 *
 *	bbbbbbbb-bbPP-8ppp-Yppp-tttttttttttt
 *	boot id (42 bits), pid, version 8, variant (the two bits of Y's top), start ticks
 */
#ifndef RANBY_AUDIT_UUID_H
#define RANBY_AUDIT_UUID_H

#include "base/mem.h"

#include <stdint.h>

#define AUDIT_UUID_SIZE 37          /* 36 characters and the NUL */
#define AUDIT_UUID_BOOT_BITS 42
#define AUDIT_UUID_TICKS_MAX ((UINT64_C(1) << 48) - 1)

struct audit_run {
	uint64_t boot;        /* the first 42 bits of the boot id */
	uint32_t pid;         /* on the host */
	uint64_t start_ticks; /* field 22 of /proc/PID/stat; at most AUDIT_UUID_TICKS_MAX */
};

/* The first 42 bits of a boot id as /proc/sys/kernel/random/boot_id has it. -EINVAL when it is none. */
int audit_boot_bits(const char *boot_id, uint64_t *ret) _must_check_;

void audit_uuid_text(const struct audit_run *run, char out[static AUDIT_UUID_SIZE]);

/* -EINVAL: not a UUID in lower case, of another version or variant. */
int audit_uuid_parse(const char *text, struct audit_run *ret) _must_check_;

#endif
