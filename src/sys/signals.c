/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * By the system calls themselves: signal(3) and sigprocmask(3) spare 32 and
 * 33, which glibc uses for threads. A caller who ignores or blocks those
 * (some runners of tests and jobs do) would pass that on to a payload, whose
 * libc may be another and count on them.
 */
#include "sys/signals.h"

#include "sys/status_mask.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SIGNALS 64 /* of the kernel, on all that we build for */

/* `which`: a bit for each, signal 1 the lowest. */
static int reset(uint64_t which)
{
	/* struct sigaction as the kernel has it: SIG_DFL, no flags, empty mask; all zero, so its order is of no account */
	static const uint64_t zero[8];
	const uint64_t none = 0;

	for (int sig = 1; sig <= SIGNALS; sig++)
		if (which >> (sig - 1) & 1 && sig != SIGKILL && sig != SIGSTOP && syscall(SYS_rt_sigaction, sig, zero, NULL, sizeof(none)) < 0)
			return -errno;
	return syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none)) < 0 ? -errno : 0;
}

int signals_reset(void)
{
	return reset(UINT64_MAX);
}

int signals_reset_ignored(void)
{
	/* not open(3): musl's marks it close-on-exec once more */
	int fd = openat(AT_FDCWD, "/proc/self/status", O_RDONLY | O_CLOEXEC);
	uint64_t which = UINT64_MAX;
	char text[STATUS_TEXT_SIZE];
	ssize_t n;

	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
		text[n > 0 ? n : 0] = '\0';
		if (!status_mask(text, "SigIgn", &which))
			which = UINT64_MAX;
	}
	return reset(which);
}
