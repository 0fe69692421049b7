/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The table is made by the Makefile out of <asm/unistd.h>. libseccomp has
 * one too, but who records calls is static and small, and does without it.
 */
#include "sys/callname.h"

#include "base/mem.h"

#include <asm/unistd.h>
#include <string.h>

static const struct {
	const char *name;
	uint32_t nr;
} calls[] = {
#include <callname_table.h>
};

#define BASE(name) __NR_##name
const uint32_t callname_base[] = {
	BASE(read), BASE(write), BASE(futex), BASE(close), BASE(mmap), BASE(munmap), BASE(mprotect), BASE(brk),
	BASE(rt_sigprocmask), BASE(rt_sigaction), BASE(clock_gettime), BASE(lseek), BASE(fstat), BASE(pread64), BASE(pwrite64),
	BASE(readv), BASE(writev), BASE(gettimeofday), BASE(nanosleep), BASE(clock_nanosleep), BASE(clock_getres), BASE(ppoll),
	BASE(epoll_pwait), BASE(pselect6), BASE(madvise), BASE(mremap), BASE(sched_yield), BASE(getpid), BASE(gettid), BASE(getppid),
	BASE(getuid), BASE(geteuid), BASE(getgid), BASE(getegid), BASE(rt_sigreturn), BASE(sigaltstack), BASE(restart_syscall),
	BASE(exit), BASE(exit_group), BASE(set_tid_address), BASE(set_robust_list), BASE(getrandom), BASE(uname), BASE(wait4),
	BASE(dup), BASE(dup3), BASE(getcwd),
	BASE(sendmsg), /* by which the recorder gets its listener: nobody could be asked about that one */
#ifdef __NR_rseq
	BASE(rseq),
#endif
#ifdef __NR_poll
	BASE(poll), BASE(epoll_wait), BASE(select), BASE(dup2), BASE(time),
#endif
#ifdef __NR_arch_prctl
	BASE(arch_prctl),
#endif
};
const size_t callname_base_n = ARRAY_SIZE(callname_base);

const char *callname_of(uint32_t nr)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].nr == nr)
			return calls[i].name;
	return NULL;
}

bool callname_is_known(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (strcmp(calls[i].name, name) == 0)
			return true;
	return false;
}
