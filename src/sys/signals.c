/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * By the system calls themselves: signal(3) and sigprocmask(3) spare 32 and
 * 33, which glibc uses for threads. A caller who ignores or blocks those
 * (some runners of tests and jobs do) would pass that on to a payload, whose
 * libc may be another and count on them.
 */
#include "sys/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SIGNALS 64 /* of the kernel, on all that we build for */

int signals_reset(void)
{
	/* struct sigaction as the kernel has it: SIG_DFL, no flags, empty mask; all zero, so its order is of no account */
	static const uint64_t zero[8];
	const uint64_t none = 0;

	for (int sig = 1; sig <= SIGNALS; sig++)
		if (sig != SIGKILL && sig != SIGSTOP && syscall(SYS_rt_sigaction, sig, zero, NULL, sizeof(none)) < 0)
			return -errno;
	return syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none)) < 0 ? -errno : 0;
}
