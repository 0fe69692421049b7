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

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Newer than the headers of Debian 12 (Linux 6.2, 6.7, 6.10) */
#define FS_TRUNCATE (1ULL << 14)
#define FS_IOCTL_DEV (1ULL << 15)
#define NET_BIND_TCP (1ULL << 0)
#define NET_CONNECT_TCP (1ULL << 1)

#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_WRITE                                                                                            \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |   \
	 LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |         \
	 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER | FS_TRUNCATE)
#define FS_ALL_1 ((1ULL << 13) - 1)

struct ruleset_attr {
	uint64_t fs, net, scoped;
};

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

static uint64_t handled_fs(long abi)
{
	uint64_t all = FS_ALL_1 | LANDLOCK_ACCESS_FS_REFER;

	if (abi >= 3)
		all |= FS_TRUNCATE;
	if (abi >= 5)
		all |= FS_IOCTL_DEV;
	return all;
}

static int add_rule(int ruleset, const struct confine_rule *rule, uint64_t handled, struct err *e)
{
	struct landlock_path_beneath_attr beneath = {.parent_fd = rule->dirfd};
	_cleanup_close_ int opened = -EBADF;
	struct stat st;

	if (rule->dirfd < 0) {
		opened = open(rule->path, O_PATH | O_CLOEXEC);
		if (opened < 0)
			return 0;
		beneath.parent_fd = opened;
	}
	if (fstat(beneath.parent_fd, &st) < 0)
		return err_errno(e, errno, "Landlock");
	beneath.allowed_access = (FS_READ | (rule->write ? FS_WRITE : 0)) & handled;
	if (!S_ISDIR(st.st_mode))
		beneath.allowed_access &= LANDLOCK_ACCESS_FS_READ_FILE;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0)
		return err_errno(e, errno, "Landlock");
	return 0;
}

int confine_files(const struct confine_rule *rules, size_t n, bool no_connect, struct err *e)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	_cleanup_close_ int ruleset = -EBADF;
	struct ruleset_attr attr = {0};
	int r;

	if (abi < 2)
		return 1;
	attr.fs = handled_fs(abi);
	attr.net = abi >= 4 ? NET_BIND_TCP | (no_connect ? NET_CONNECT_TCP : 0) : 0;
	attr.scoped = abi >= 6 ? 3 : 0; /* abstract unix sockets and signals of others */
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, abi >= 6 ? 24 : abi >= 4 ? 16 : 8, 0);
	if (ruleset < 0)
		return err_errno(e, errno, "Landlock");
	for (size_t i = 0; i < n; i++) {
		r = add_rule(ruleset, &rules[i], attr.fs, e);
		if (r < 0)
			return r;
	}
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return err_errno(e, errno, "Landlock");
	return 0;
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
