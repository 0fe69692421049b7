/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Whoever starts us chooses our descriptors, environment, limits, signals and
 * working directory. What can be undone is; limits cannot, they can make us
 * fail or die, which is an answer nobody mistakes for a record.
 *
 * no_new_privs takes nothing that is already ours, and lets seccomp and
 * Landlock be used without a capability that we would have to keep.
 */
#include "witness/shed.h"

#include "sys/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "name this architecture's AUDIT_ARCH"
#endif

#define SECONDS 15 /* the caller waits for 20 */
#define WANTED CAP_TO_MASK(CAP_AUDIT_WRITE)
#define WANTED_HIGH CAP_TO_MASK(CAP_AUDIT_READ)

/* Sanitizers make calls of their own, at the exit too. */
#ifdef __SANITIZE_ADDRESS__
#define FILTER false
#else
#define FILTER true
#endif

/* ---- what came from the caller ---- */

int shed_inheritance(void)
{
	const struct sigaction plain = {.sa_handler = SIG_DFL};
	const sigset_t none = {{0}};

	/* 0 is the request's socket; without 1 and 2 the next thing opened would be taken for an output */
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return -1;
	if (close_range(3, ~0U, 0) < 0 || clearenv() != 0 || chdir("/") < 0)
		return -1;
	(void)umask(007);
	for (int sig = 1; sig < NSIG; sig++) /* those that cannot be set are as they must be */
		(void)sigaction(sig, &plain, NULL);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0 || signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		return -1;
	(void)alarm(SECONDS);
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* ---- capabilities ---- */

bool shed_privileges(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct caps[2] = {{WANTED, WANTED, 0}, {WANTED_HIGH, WANTED_HIGH, 0}};

	/* What is not permitted cannot be set: that fails when they were lost on the way. No set can give any back: nothing
	   executes from here on, and without inheritable ones none is ambient. */
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_capset, &head, caps) == 0;
}

/* ---- calls ---- */

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offset))
#define ALLOW(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define REFUSE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

int shed_calls(void)
{
	static struct sock_filter calls[] = {
		LOAD(offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
		REFUSE,
		LOAD(offsetof(struct seccomp_data, nr)),
		/* files and sockets */
		ALLOW(read), ALLOW(openat), ALLOW(close), ALLOW(readlinkat), ALLOW(fstatfs),
		ALLOW(pread64), ALLOW(pwrite64), ALLOW(flock), ALLOW(ioctl), ALLOW(ppoll), ALLOW(socket), ALLOW(bind),
		ALLOW(setsockopt), ALLOW(sendmsg), ALLOW(recvmsg), ALLOW(sendto),
#ifdef SYS_poll
		ALLOW(poll),
#endif
		/* ourselves */
		ALLOW(getpid), ALLOW(getuid), ALLOW(getgid), ALLOW(setresgid), ALLOW(getrandom), ALLOW(clock_gettime),
		ALLOW(landlock_create_ruleset), ALLOW(landlock_restrict_self), ALLOW(restart_syscall),
		ALLOW(exit_group),
		REFUSE,
	};
	const struct sock_fprog filter = {.len = sizeof(calls) / sizeof(calls[0]), .filter = calls};

	if (!FILTER)
		return 0;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter);
}

/* ---- files ---- */

int shed_group(void)
{
	gid_t gid = getgid();

	return setresgid(gid, gid, gid);
}

int shed_files(void)
{
	/* the rights of the first version: seccomp has left no call for the later ones */
	const struct landlock_rights all = {.fs = LANDLOCK_FS_ABI_1};
	int ruleset, r = FILTER ? landlock_ruleset_make(&all, &ruleset) : -ENOSYS;

	return r == 0 ? landlock_enter(ruleset) : r == -ENOSYS || r == -EOPNOTSUPP ? 0 : r;
}
