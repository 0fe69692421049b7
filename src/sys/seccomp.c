/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The simulator knows the instructions that seccomp filters consist of: load
 * a word of seccomp_data, and, compare and jump, return. It has no memory
 * and jumps go forward only, so it ends.
 */
#include "sys/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int seccomp_filter_load(const struct sock_filter *insns, size_t n, uint32_t flags)
{
	struct sock_fprog prog = {.len = (unsigned short)n, .filter = (struct sock_filter *)(uintptr_t)insns};

	if (n == 0 || n > SECCOMP_INSNS_MAX)
		return -EINVAL;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog) < 0 ? -errno : 0;
}

int seccomp_filter_listen(const struct sock_filter *insns, size_t n, int *ret_fd, bool *ret_killable)
{
	struct sock_fprog prog = {.len = (unsigned short)n, .filter = (struct sock_filter *)(uintptr_t)insns};
	const unsigned listen = SECCOMP_FILTER_FLAG_NEW_LISTENER, killable = listen | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	bool is_killable = true;
	long fd;

	if (n == 0 || n > SECCOMP_INSNS_MAX)
		return -EINVAL;
	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, killable, &prog);
	if (fd < 0 && errno == EINVAL) {
		is_killable = false;
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, listen, &prog);
	}
	if (fd < 0)
		return -errno;
	*ret_fd = (int)fd; /* close-on-exec from birth */
	*ret_killable = is_killable;
	return 0;
}

static int check_one(const struct sock_filter *i, size_t pc, size_t n)
{
	switch (i->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		return i->k % 4 == 0 && i->k < sizeof(struct seccomp_data) ? 0 : -EINVAL;
	case BPF_ALU | BPF_AND | BPF_K:
	case BPF_RET | BPF_K:
		return 0;
	case BPF_JMP | BPF_JA:
		return i->k < n - pc - 1 ? 0 : -EINVAL;
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_K:
		return pc + 1 + i->jt < n && pc + 1 + i->jf < n ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

int seccomp_filter_check(const struct sock_filter *insns, size_t n)
{
	if (n == 0 || n > SECCOMP_INSNS_MAX || BPF_CLASS(insns[n - 1].code) != BPF_RET)
		return -EINVAL;
	for (size_t pc = 0; pc < n; pc++)
		if (check_one(&insns[pc], pc, n) < 0)
			return -EINVAL;
	return 0;
}

static int jump_taken(uint16_t code, uint32_t acc, uint32_t k)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return acc == k;
	case BPF_JGT:
		return acc > k;
	case BPF_JGE:
		return acc >= k;
	default:
		return (acc & k) != 0;
	}
}

uint32_t seccomp_filter_simulate(const struct sock_filter *insns, size_t n, const struct seccomp_data *call)
{
	uint32_t acc = 0;

	if (seccomp_filter_check(insns, n) < 0)
		return SECCOMP_RET_KILL_PROCESS;
	for (size_t pc = 0; pc < n; pc++) {
		const struct sock_filter *i = &insns[pc];

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			memcpy(&acc, (const char *)call + i->k, sizeof(acc));
			break;
		case BPF_ALU:
			acc &= i->k;
			break;
		case BPF_RET:
			return i->k;
		default:
			if (BPF_OP(i->code) == BPF_JA)
				pc += i->k;
			else
				pc += jump_taken(i->code, acc, i->k) ? i->jt : i->jf;
		}
	}
	return SECCOMP_RET_KILL_PROCESS;
}

uint32_t seccomp_native_arch(void)
{
#if defined(__x86_64__)
	return AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
	return AUDIT_ARCH_AARCH64;
#elif defined(__riscv) && __riscv_xlen == 64
	return AUDIT_ARCH_RISCV64;
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
	return AUDIT_ARCH_PPC64LE;
#elif defined(__s390x__)
	return AUDIT_ARCH_S390X;
#elif defined(__i386__)
	return AUDIT_ARCH_I386;
#elif defined(__arm__)
	return AUDIT_ARCH_ARM;
#else
#error "which AUDIT_ARCH_ is this?"
#endif
}
