/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * No unprivileged process is told which capability a call used. So each is
 * inferred: by what the call and its arguments need, of a caller that has
 * the capability in its effective set. Where that cannot be known before
 * the call is made (whether a chown changes anything), it counts as used: a
 * profile that lacks a capability breaks the workload, one that has one too
 * many is no wider than what the workload had.
 */
#include "monitor/record.h"

#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define CLONE_NAMESPACES 0x7e020000U
#define IDS_OF(name) {SYS_##name, CAP_SETUID, "changes user IDs"}
#define GROUPS_OF(name) {SYS_##name, CAP_SETGID, "changes group IDs"}

/* Calls that need one whatever their arguments are, or nearly. */
static const struct {
	int nr, cap;
	const char *why;
} plain[] = {
	IDS_OF(setuid), IDS_OF(setreuid), IDS_OF(setresuid), IDS_OF(setfsuid),
	GROUPS_OF(setgid), GROUPS_OF(setregid), GROUPS_OF(setresgid), GROUPS_OF(setfsgid), GROUPS_OF(setgroups),
	{SYS_fchown, CAP_CHOWN, "changes an owner"}, {SYS_fchownat, CAP_CHOWN, "changes an owner"},
#ifdef SYS_chown
	{SYS_chown, CAP_CHOWN, "changes an owner"}, {SYS_lchown, CAP_CHOWN, "changes an owner"},
#endif
	{SYS_chroot, CAP_SYS_CHROOT, "changes its root"},
	{SYS_mount, CAP_SYS_ADMIN, "mounts"}, {SYS_umount2, CAP_SYS_ADMIN, "unmounts"}, {SYS_pivot_root, CAP_SYS_ADMIN, "changes the root"},
	{SYS_move_mount, CAP_SYS_ADMIN, "mounts"}, {SYS_fsmount, CAP_SYS_ADMIN, "mounts"}, {SYS_setns, CAP_SYS_ADMIN, "joins a namespace"},
	{SYS_sethostname, CAP_SYS_ADMIN, "sets the host name"}, {SYS_setdomainname, CAP_SYS_ADMIN, "sets the domain name"},
	{SYS_setpriority, CAP_SYS_NICE, "sets a priority"}, {SYS_sched_setscheduler, CAP_SYS_NICE, "sets a scheduler"},
	{SYS_sched_setattr, CAP_SYS_NICE, "sets a scheduler"},
	{SYS_ptrace, CAP_SYS_PTRACE, "traces"}, {SYS_process_vm_readv, CAP_SYS_PTRACE, "reads another's memory"},
	{SYS_process_vm_writev, CAP_SYS_PTRACE, "writes another's memory"},
	{SYS_setrlimit, CAP_SYS_RESOURCE, "sets a limit"}, {SYS_acct, CAP_SYS_PACCT, "accounts"},
	{SYS_clock_settime, CAP_SYS_TIME, "sets a clock"}, {SYS_settimeofday, CAP_SYS_TIME, "sets the clock"},
	{SYS_bpf, CAP_BPF, "loads BPF"}, {SYS_mlock, CAP_IPC_LOCK, "locks memory"}, {SYS_mlockall, CAP_IPC_LOCK, "locks memory"},
};

static void need_of_socket(struct record_asker *a)
{
	const __u64 *arg = a->n->data.args;
	int type = (int)arg[1] & 0xf;

	if ((int)arg[0] == AF_PACKET || (type == SOCK_RAW && ((int)arg[0] == AF_INET || (int)arg[0] == AF_INET6)))
		record_need(a, CAP_NET_RAW, "raw socket");
	if ((int)arg[0] == AF_NETLINK && (int)arg[2] == NETLINK_AUDIT)
		record_need(a, CAP_AUDIT_WRITE, "audit");
}

/* The owner of a process is that of its directory, whose number is the container's. */
static void need_of_kill(struct record_asker *a)
{
	const struct proc_status *st = asker_status(a);
	_cleanup_close_ int fd = -EBADF;
	int pid = (int)a->n->data.args[0];
	struct stat s;
	char path[32];

	if (!st || pid <= 0 || asker_root(a) < 0)
		return;
	snprintf(path, sizeof(path), "/proc/%d", pid);
	if (path_in_root_open(a->root, path, O_PATH, &fd) == 0 && fstat(fd, &s) == 0 && s.st_uid != st->uid[PROC_EFFECTIVE] &&
	    s.st_uid != st->uid[PROC_REAL])
		record_need(a, CAP_KILL, "signals another user's process");
}

static void need_of_prctl(struct record_asker *a)
{
	if (a->n->data.args[0] == PR_CAPBSET_DROP || a->n->data.args[0] == PR_SET_SECUREBITS)
		record_need(a, CAP_SETPCAP, "changes its bounding set or securebits");
}

static void need_of_prlimit(struct record_asker *a)
{
	if (a->n->data.args[2])
		record_need(a, CAP_SYS_RESOURCE, "sets a limit");
}

static void need_of_namespaces(struct record_asker *a)
{
	uint64_t flags = a->n->data.args[0];

	if ((flags & CLONE_NAMESPACES) && !(flags & CLONE_NEWUSER))
		record_need(a, CAP_SYS_ADMIN, "makes namespaces");
}

static bool stat_named(struct record_asker *a, bool at, struct stat *ret)
{
	_cleanup_close_ int fd = -EBADF;
	char path[PATH_MAX];

	return asker_path(a, at ? 0 : RECORD_NO_ARG, at ? 1 : 0, path) == 0 && asker_root(a) >= 0 &&
	       path_in_root_open(a->root, path, O_PATH, &fd) == 0 && fstat(fd, ret) == 0;
}

static bool stat_open(struct record_asker *a, struct stat *ret)
{
	_cleanup_close_ int fd = -EBADF;
	char link[24];

	snprintf(link, sizeof(link), "fd/%d", (int)a->n->data.args[0]);
	fd = openat(a->dirfd, link, O_PATH | O_CLOEXEC);
	return fd >= 0 && fstat(fd, ret) == 0;
}

static void need_of_mode(struct record_asker *a)
{
	const struct proc_status *st = asker_status(a);
	int nr = a->n->data.nr;
	uint64_t mode = a->n->data.args[nr == SYS_fchmodat ? 2 : 1];
	struct stat s;

	if (!st || !(nr == SYS_fchmod ? stat_open(a, &s) : stat_named(a, nr == SYS_fchmodat, &s)))
		return;
	if (s.st_uid != st->uid[PROC_FS])
		record_need(a, CAP_FOWNER, "changes the mode of another user's file");
	if ((mode & S_ISGID) && s.st_gid != st->gid[PROC_FS])
		record_need(a, CAP_FSETID, "set-group-ID for another group");
}

static void need_of_mknod(struct record_asker *a)
{
	uint64_t mode = a->n->data.args[a->n->data.nr == SYS_mknodat ? 2 : 1];

	if (S_ISCHR(mode) || S_ISBLK(mode))
		record_need(a, CAP_MKNOD, "makes a device");
}

static void need_of_xattr(struct record_asker *a)
{
	char name[64];

	if (asker_text(a, a->n->data.args[1], name, sizeof(name)) == 0 && strcmp(name, "security.capability") == 0)
		record_need(a, CAP_SETFCAP, "gives a file capabilities");
}

static const struct {
	int nr;
	void (*look)(struct record_asker *a);
} judged[] = {
	{SYS_socket, need_of_socket}, {SYS_kill, need_of_kill}, {SYS_tgkill, need_of_kill}, {SYS_rt_sigqueueinfo, need_of_kill},
	{SYS_prctl, need_of_prctl}, {SYS_prlimit64, need_of_prlimit}, {SYS_clone, need_of_namespaces}, {SYS_unshare, need_of_namespaces},
	{SYS_fchmod, need_of_mode}, {SYS_fchmodat, need_of_mode}, {SYS_mknodat, need_of_mknod}, {SYS_setxattr, need_of_xattr},
	{SYS_lsetxattr, need_of_xattr}, {SYS_fsetxattr, need_of_xattr},
#ifdef SYS_chmod
	{SYS_chmod, need_of_mode}, {SYS_mknod, need_of_mknod},
#endif
};

void record_caps(struct record_asker *a)
{
	int nr = a->n->data.nr;

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		if (plain[i].nr == nr)
			record_need(a, plain[i].cap, plain[i].why);
	for (size_t i = 0; i < ARRAY_SIZE(judged); i++)
		if (judged[i].nr == nr)
			judged[i].look(a);
}
