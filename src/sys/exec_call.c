/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Numbers are from arch/<arch>/kernel/syscalls/ and include/uapi/asm-generic/unistd.h of the kernel. */
#include "sys/exec_call.h"

#include "base/mem.h"

#include <linux/audit.h>

#define X32 0x40000000U

#define GATE(arch, execve, execveat, narrow) \
	{arch, execve, EXEC_CALL_EXECVE, narrow}, {arch, execveat, EXEC_CALL_EXECVEAT, narrow}

const struct exec_gate exec_gates[] = {
#if defined(__x86_64__)
	GATE(AUDIT_ARCH_X86_64, 59, 322, false),
	GATE(AUDIT_ARCH_X86_64, X32 | 520, X32 | 545, true),
	GATE(AUDIT_ARCH_I386, 11, 358, true),
#elif defined(__aarch64__)
	GATE(AUDIT_ARCH_AARCH64, 221, 281, false),
	GATE(AUDIT_ARCH_ARM, 11, 387, true),
#elif defined(__riscv) && __riscv_xlen == 64
	GATE(AUDIT_ARCH_RISCV64, 221, 281, false),
	GATE(AUDIT_ARCH_RISCV32, 221, 281, true),
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
	GATE(AUDIT_ARCH_PPC64LE, 11, 362, false),
#elif defined(__s390x__)
	GATE(AUDIT_ARCH_S390X, 11, 354, false),
	GATE(AUDIT_ARCH_S390, 11, 354, true),
#elif defined(__i386__)
	GATE(AUDIT_ARCH_I386, 11, 358, true),
#elif defined(__arm__)
	GATE(AUDIT_ARCH_ARM, 11, 387, true),
#else
#error "which numbers have execve and execveat here?"
#endif
};
const size_t exec_gates_n = ARRAY_SIZE(exec_gates);

const struct exec_gate *exec_gate_find(uint32_t arch, uint32_t nr)
{
	for (size_t i = 0; i < exec_gates_n; i++)
		if (exec_gates[i].arch == arch && exec_gates[i].nr == nr)
			return &exec_gates[i];
	return NULL;
}
