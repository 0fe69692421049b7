/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * procfs - what the kernel says about a process, and surely about that one.
 *
 *	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
 *	_cleanup_(proc_close) struct proc p = PROC_INIT;
 *	_cleanup_(proc_status_done) struct proc_status st = {0};
 *
 *	r = procfs_open(&fs);
 *	r = proc_open(&fs, pid, &p);
 *	r = proc_read_status(&p, &st);		// -ESRCH: it is gone
 *	if (!proc_is_there(&p)) ...
 *
 * A struct proc is a descriptor of the directory /proc/PID beside a pidfd
 * of the same process. The directory belongs to the process and not to its
 * number (proc(5)): once the process has been reaped every read gives
 * -ESRCH, and a new process with the same number is never seen through it.
 *
 * All IDs are as the caller's own user namespace shows them, all paths of
 * cgroups as its cgroup namespace does. Texts are bounded; nothing here
 * enters a namespace or follows a link into a process's files.
 */
#ifndef RANBY_SYS_PROCFS_H
#define RANBY_SYS_PROCFS_H

#include "base/buf.h"
#include "base/mem.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROC_PIDS_MAX (1U << 22)     /* the kernel's own limit, PID_MAX_LIMIT */
#define PROC_COMM_MAX 64             /* 15 for user processes, up to 63 for kernel threads */
#define PROC_LEVELS_MAX 33           /* nested pid namespaces, MAX_PID_NS_LEVEL + 1 */
#define PROC_TEXT_MAX (1U << 20)     /* status with 65536 groups is some 700 KiB */
#define PROC_CMDLINE_MAX (128U << 10) /* bytes of arguments that are read at most */
#define PROC_LABEL_MAX 4096
#define PROC_ID_UNSET UINT32_MAX     /* loginuid or sessionid never set, or not mapped here */

/* ---- the tree ---- */

struct procfs {
	int fd;       /* the directory */
	bool on_host; /* read by one in the first user namespace: what is shown as an id is the host's; false, too: it cannot be told */
	bool live;    /* a real procfs of our own pid namespace; false: a tree of files for tests, without pidfds */
};
#define PROCFS_INIT {.fd = -EBADF}

/* Opens /proc. -ENOTSUP when what is mounted there is not the procfs of our own pid namespace. */
int procfs_open(struct procfs *ret) _must_check_;

/* Takes a directory of files that look like /proc (tests). Keeps no hold on `dirfd`. */
int procfs_open_tree(int dirfd, struct procfs *ret) _must_check_;

void procfs_close(struct procfs *fs);

/* All process numbers, ascending; *ret_pids is malloc'ed. With hidepid, those that the caller may see. */
int procfs_pids(const struct procfs *fs, pid_t **ret_pids, size_t *ret_n) _must_check_;

/* A small file at the top ("sys/kernel/random/boot_id"), without its last newline. */
int procfs_read_line(const struct procfs *fs, const char *path, char *out, size_t size) _must_check_;

/* Time since boot, the clock of start times (CLOCK_BOOTTIME). */
int procfs_uptime_ns(const struct procfs *fs, uint64_t *ret_ns) _must_check_;

/* ---- one process ---- */

struct proc {
	pid_t pid;            /* in the caller's pid namespace */
	int dirfd;            /* /proc/PID, O_PATH | O_DIRECTORY */
	int pidfd;            /* -EBADF in a tree of files */
	uint64_t start_ticks; /* field 22 of stat: with the boot id, who it is for ever */
};
#define PROC_INIT {.dirfd = -EBADF, .pidfd = -EBADF}

/* -ESRCH when there is none. */
int proc_open(const struct procfs *fs, pid_t pid, struct proc *ret) _must_check_;

/* As proc_open(), and -ESRCH unless it started at `start_ticks`. */
int proc_open_identity(const struct procfs *fs, pid_t pid, uint64_t start_ticks, struct proc *ret) _must_check_;

void proc_close(struct proc *p);

/* True while it has not been reaped: its number was its own up to this moment. */
bool proc_is_there(const struct proc *p);

/* Reads one of its files ("attr/current"), `max` bytes at most (-EFBIG), appending to `b`. */
int proc_read(const struct proc *p, const char *name, size_t max, struct buf *b) _must_check_;

/* ---- /proc/PID/stat, proc_pid_stat(5) ---- */

struct proc_stat {
	pid_t pid;
	char comm[PROC_COMM_MAX]; /* as it is: any byte but NUL */
	char state;               /* R S D T t Z X I P */
	pid_t ppid, pgrp, session;
	uint32_t tty;             /* device number as the kernel encodes it; 0: none */
	uint64_t utime, stime;    /* clock ticks */
	uint64_t cutime, cstime;  /* of children that it has waited for, and theirs */
	int64_t nice;
	uint64_t threads;
	uint64_t start_ticks;     /* clock ticks since boot */
	uint64_t vsize;           /* bytes */
	uint64_t rss_pages;
	uint64_t exit_code;       /* wait status of a zombie; 0 when not permitted */
};
int proc_stat_parse(const char *text, size_t len, struct proc_stat *ret) _must_check_;
int proc_read_stat(const struct proc *p, struct proc_stat *ret) _must_check_;

/* ---- /proc/PID/status, proc_pid_status(5) ---- */

enum { PROC_REAL, PROC_EFFECTIVE, PROC_SAVED, PROC_FS };
struct proc_pids {
	size_t n;                    /* levels seen from here: [0] the caller's namespace, [n-1] its own */
	uint32_t v[PROC_LEVELS_MAX]; /* 0: not visible */
};
struct proc_status {
	uint32_t uid[4], gid[4]; /* PROC_REAL ... */
	uint32_t *groups;
	size_t n_groups;
	uint32_t ppid;
	struct proc_pids nspid, nstgid, nspgid, nssid;
	uint64_t cap_inh, cap_prm, cap_eff, cap_bnd, cap_amb;
	int no_new_privs;        /* 0, 1; -1: the kernel does not say */
	int seccomp;             /* 0 disabled, 1 strict, 2 filter; -1 */
	int64_t seccomp_filters; /* -1: the kernel does not say (before 5.9) */
	uint64_t vm_rss_kib, vm_size_kib; /* 0 for zombies and kernel threads */
};
int proc_status_parse(const char *text, size_t len, struct proc_status *ret) _must_check_;
int proc_read_status(const struct proc *p, struct proc_status *ret) _must_check_;
/* "disabled", "strict", "filter"; NULL: not known. */
const char *proc_seccomp_word(const struct proc_status *st);
void proc_status_done(struct proc_status *st);

/* ---- the rest ---- */

/* The arguments, each ended by a NUL as the process left them, appended; *ret_cut: there was more than `max`. */
int proc_read_cmdline(const struct proc *p, size_t max, struct buf *b, bool *ret_cut) _must_check_;

/* "loginuid" or "sessionid"; PROC_ID_UNSET when never set. */
int proc_read_id(const struct proc *p, const char *name, uint32_t *ret) _must_check_;

/* /proc/PID/attr/NAME ("current", "apparmor/current") without the final NUL and newline. -EINVAL: no such LSM. */
int proc_read_label(const struct proc *p, const char *name, char out[static PROC_LABEL_MAX]) _must_check_;

/*
 * The path in the unified hierarchy ("0::/user.slice"), or, when that one is
 * the root and `v1` is not NULL, in the v1 hierarchy of that controller.
 */
int proc_cgroup_parse(const char *text, const char *v1, struct buf *out) _must_check_;
int proc_read_cgroup(const struct proc *p, struct buf *out) _must_check_;

/* The namespace's inode number: "pid", "user", "mnt", ... -EACCES when the process may not be looked into. */
int proc_ns_inode(const struct proc *p, const char *ns, uint64_t *ret) _must_check_;

/* A descriptor of the namespace: its inode number is no other's as long as it is open. */
int proc_ns_open(const struct proc *p, const char *ns, int *ret_fd) _must_check_;

/* The inode number of an open namespace; and its parent (NS_GET_PARENT, -EPERM above our own). */
int ns_inode(int nsfd, uint64_t *ret) _must_check_;
int ns_parent(int nsfd, int *ret_fd) _must_check_;

#endif
