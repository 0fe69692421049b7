/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Two independent walls: Landlock says which files, seccomp which calls. A
 * worker that was taken over can then do no more than its job, wrongly: write
 * other content into the one directory or descriptor that it was given, which
 * its caller checks by digest.
 */
#include "sys/confine.h"

#include "sys/fd.h"
#include "sys/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* All that a layer can have (a whiteout is a character device), and nothing is executed. */
#define FS_WORK (LANDLOCK_FS_WRITE & ~(LANDLOCK_FS_MAKE_SOCK | LANDLOCK_FS_MAKE_BLOCK))

int confine_process(struct err *e)
{
	const struct rlimit none = {0, 0};

	/* nobody waits for the answer of one whose starter was killed */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return err_errno(e, errno, "parent death signal");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_errno(e, errno, "no_new_privs");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || setrlimit(RLIMIT_CORE, &none) < 0)
		return err_errno(e, errno, "not dumpable");
	return 0;
}

static uint64_t handled_fs(int abi)
{
	uint64_t all = LANDLOCK_FS_ABI_1 | LANDLOCK_FS_REFER;

	if (abi >= 3)
		all |= LANDLOCK_FS_TRUNCATE;
	if (abi >= 5)
		all |= LANDLOCK_FS_IOCTL_DEV;
	return all;
}

static int add_rule(int ruleset, const struct confine_rule *rule, uint64_t handled, struct err *e)
{
	uint64_t access = (LANDLOCK_FS_READ | (rule->write ? FS_WORK : 0)) & handled;
	_cleanup_close_ int opened = -EBADF;
	int fd = rule->dirfd, r;
	struct stat st;

	if (fd < 0) {
		opened = fd = open(rule->path, O_PATH | O_CLOEXEC);
		if (fd < 0)
			return 0;
	}
	if (fstat(fd, &st) < 0)
		return err_errno(e, errno, "Landlock");
	r = landlock_allow_path(ruleset, fd, S_ISDIR(st.st_mode) ? access : access & LANDLOCK_FS_READ_FILE);
	return r < 0 ? err_errno(e, -r, "Landlock") : 0;
}

int confine_files(const struct confine_rule *rules, size_t n, bool no_connect, struct err *e)
{
	_cleanup_close_ int ruleset = -EBADF;
	struct landlock_rights handled = {0};
	int abi = landlock_abi(), r;

	if (abi < 2)
		return 1;
	handled.fs = handled_fs(abi);
	handled.net = abi >= 4 ? LANDLOCK_NET_BIND | (no_connect ? LANDLOCK_NET_CONNECT : 0) : 0;
	handled.scoped = abi >= 6 ? LANDLOCK_SCOPE_ABSTRACT_UNIX | LANDLOCK_SCOPE_SIGNAL : 0;
	r = landlock_ruleset_make(&handled, &ruleset);
	if (r < 0)
		return err_errno(e, -r, "Landlock");
	for (size_t i = 0; i < n; i++) {
		r = add_rule(ruleset, &rules[i], handled.fs, e);
		if (r < 0)
			return r;
	}
	r = landlock_enter(ruleset);
	return r < 0 ? err_errno(e, -r, "Landlock") : 0;
}

static void filter_freep(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
}

static int add_call(scmp_filter_ctx ctx, int call)
{
	if (call < 0)
		return 0;
	if (call == SCMP_SYS(mmap) || call == SCMP_SYS(mprotect))
		return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, call, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, call, 0);
}

int confine_deny(const int *calls, size_t n, struct err *e)
{
	_cleanup_(filter_freep) scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int r = ctx ? 0 : -ENOMEM;

	for (size_t i = 0; i < n && r == 0; i++)
		if (calls[i] >= 0)
			r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), calls[i], 0);
	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
	/* its flags cannot be seen; libc falls back to clone */
	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (r == 0)
		r = seccomp_load(ctx);
	return r < 0 ? err_errno(e, -r, "seccomp") : 0;
}

int confine_calls(const int *calls, size_t n, struct err *e)
{
	_cleanup_(filter_freep) scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r;

	if (!ctx)
		return err_errno(e, ENOMEM, "seccomp");
	for (size_t i = 0; i < n; i++) {
		r = add_call(ctx, calls[i]);
		if (r < 0)
			return err_errno(e, -r, "seccomp");
	}
	/* a thread must not be left out; libc falls back from clone3, whose flags cannot be seen */
	r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (r == 0)
		r = seccomp_load(ctx);
	return r < 0 ? err_errno(e, -r, "seccomp") : 0;
}
