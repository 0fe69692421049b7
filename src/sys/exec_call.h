/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * exec_call - the numbers that execve(2) and execveat(2) have.
 *
 * Every way into the kernel has its own, and a process without a seccomp
 * profile can take any of them: a 64-bit program may use the 32-bit gate
 * (int 0x80) or x32.
 */
#ifndef RANBY_SYS_EXEC_CALL_H
#define RANBY_SYS_EXEC_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum exec_call { EXEC_CALL_NONE = 0, EXEC_CALL_EXECVE, EXEC_CALL_EXECVEAT };

struct exec_gate {
	uint32_t arch;           /* AUDIT_ARCH_*, as seccomp(2) gives it */
	uint32_t nr;
	enum exec_call call;
	bool narrow;             /* its pointers have 32 bits */
};

/* All of this architecture's; those of one arch stand together. */
extern const struct exec_gate exec_gates[];
extern const size_t exec_gates_n;

/* The gate of a call, or NULL when it is none of them. */
const struct exec_gate *exec_gate_find(uint32_t arch, uint32_t nr);

#endif
