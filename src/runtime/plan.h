/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * plan - all that init has to do, as one flat piece of memory.
 *
 * The parent (create or exec) knows JSON, names and capabilities' names; init
 * knows none of it. It gets a sealed memfd that starts with a struct plan;
 * lists and strings follow, found by offset from its start. No pointers, no
 * parsing; every offset is checked once by plan_open(). Descriptors are given
 * by number, as init inherits them.
 *
 * Writing:
 *	struct plan_writer w;
 *	plan_writer_init(&w);
 *	w.head.hostname = plan_string(&w, "box");
 *	w.head.args = plan_strings(&w, argv.items, argv.n);
 *	r = plan_seal(&w, &fd, e);
 * Reading:
 *	r = plan_open(fd, &p, e);
 *	sethostname(plan_str(p, p->hostname), ...);
 */
#ifndef RANBY_RUNTIME_PLAN_H
#define RANBY_RUNTIME_PLAN_H

#include "base/buf.h"
#include "base/err.h"
#include "sys/caps.h"
#include "sys/landlock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAN_MAGIC 0x52504c31U
#define PLAN_MAX (16U << 20)

enum plan_flags {
	PLAN_JOIN = 1U << 0,           /* exec: join a container that runs, mount nothing */
	PLAN_TERMINAL = 1U << 1,
	PLAN_NO_NEW_PRIVS = 1U << 2,
	PLAN_SETGROUPS = 1U << 3,      /* setgroups(2) is allowed there */
	PLAN_ROOT_READONLY = 1U << 4,
	PLAN_LOOPBACK = 1U << 5,       /* the network namespace is new */
	PLAN_MKNOD = 1U << 6,          /* device nodes can be made; else they are bound */
	PLAN_OOM_SCORE = 1U << 7,
	PLAN_SECCOMP = 1U << 8,
	PLAN_KEYRING = 1U << 9,        /* a session keyring of its own, */
	PLAN_KEYRING_MUST = 1U << 10,  /* and no way without: the filter lets keyctl(2) through */
	PLAN_CANARY = 1U << 11,        /* a Landlock domain for the audit log (sys/canary.h) */
	PLAN_EARLY = 1U << 12,         /* READY at the beginning: create does not wait for what init builds */
	PLAN_HOOKS = 1U << 14,         /* create waits for BUILT, init for HOOKED */
	PLAN_SCHEDULER = 1U << 15,
	PLAN_IO_PRIORITY = 1U << 16,
	PLAN_PERSONALITY = 1U << 17,
	PLAN_TIED = 1U << 18,          /* ends with the process that made it, which waits for its end */
	PLAN_KEEP_STDIO = 1U << 13,    /* 0..2 are the caller's own: their owner stays */
};

struct plan_list {
	uint32_t offset;
	uint32_t n;
};

struct plan_rlimit {
	uint32_t resource;
	uint32_t pad;
	uint64_t soft, hard;
};

struct plan_ns {
	int32_t fd;
	int32_t flag; /* CLONE_NEW* */
};

enum plan_mount_kind { PLAN_MOUNT_NEW, PLAN_MOUNT_FD };

struct plan_mount {
	uint32_t kind;
	int32_t fd;               /* PLAN_MOUNT_FD: the detached mount, flags done */
	uint32_t type;            /* string: filesystem type */
	uint32_t destination;     /* string */
	struct plan_list options; /* strings "key" or "key=value" */
	uint64_t attr;            /* PLAN_MOUNT_NEW: MOUNT_ATTR_* */
	uint64_t propagation;     /* MS_* or 0 */
	uint64_t copy_up;         /* bool: starts with what is there */
};

struct plan_device {
	uint32_t path; /* string, "/dev/..." */
	uint32_t mode; /* S_IFMT and permissions */
	uint32_t major, minor;
	uint32_t uid, gid;
};

struct plan_hook {
	uint32_t path; /* string */
	uint32_t timeout_s; /* 0: none */
	struct plan_list args, env; /* strings */
};

/* Texts that hold what is known only when init lives, each in a memfd that create writes before MAPPED. */
enum plan_text {
	PLAN_TEXT_CREATING, /* the container's state, for hooks */
	PLAN_TEXT_CREATED,
	PLAN_TEXT_SECCOMP,  /* for who listens to the filter */
	PLAN_TEXTS,
};

/* sched_setattr(2) */
struct plan_scheduler {
	uint32_t policy;
	int32_t nice;
	uint32_t priority, pad;
	uint64_t flags, runtime, deadline, period;
};

struct plan_pair {
	uint32_t name, value; /* strings */
};

struct plan_path_rule {
	uint64_t access; /* LANDLOCK_FS_* */
	uint32_t path;   /* string, absolute in the container */
	uint32_t pad;
};

struct plan_port_rule {
	uint64_t access; /* LANDLOCK_NET_* */
	uint64_t port;
};

/* One Landlock domain (oci/landlock.h). */
struct plan_domain {
	struct landlock_rights handled;
	struct plan_list paths; /* struct plan_path_rule */
	struct plan_list ports; /* struct plan_port_rule */
};
#define PLAN_DOMAINS_MAX 8

struct plan {
	uint32_t magic;
	uint32_t size; /* of the whole */
	uint32_t flags;
	/* descriptors; -1: none */
	int32_t sync_fd, listen_fd, rootfs_fd, console_fd;
	int32_t lifeline_fd; /* a pipe: without a reader there will be no START */
	int32_t notify_fd;   /* a socket: gets the listener of the filter `seccomp`, and PLAN_TEXT_SECCOMP */
	int32_t text_fd[PLAN_TEXTS];
	int32_t trail_fd;    /* a socket: gets the listener of the filter `trail`; without it that filter has none */
	int32_t proc_fd;    /* /proc of the parent: for a joined container, or where no proc of its own is mounted */
	int32_t target_fd;  /* join: pidfd of the container's init */
	int32_t join_flags; /* join: CLONE_NEW* of that process */
	int32_t unshare_flags;   /* CLONE_NEW* that init makes after it has joined `given` */
	uint32_t preserve;  /* descriptors from 3 on that the payload keeps */
	uint64_t preserve_holes; /* but not those: bit 0 is 3 */
	/* who may start it: SO_PEERCRED's uid, as init sees it */
	uint32_t peer_uid;
	/* the process */
	uint32_t uid, gid, umask;
	uint16_t rows, cols;
	int32_t oom_score_adj;
	struct caps caps;
	struct plan_scheduler scheduler;
	uint32_t io_priority, personality;
	uint64_t rootfs_propagation;
	uint32_t seccomp_flags;
	uint32_t cwd, hostname, domainname, apparmor, selinux; /* strings; 0: none */
	struct plan_list given;     /* struct plan_ns: joined one by one, the user namespace first */
	struct plan_list groups;    /* uint32_t */
	struct plan_list rlimits;   /* struct plan_rlimit */
	struct plan_list mounts;    /* struct plan_mount */
	struct plan_list devices;   /* struct plan_device */
	struct plan_list sysctls;   /* struct plan_pair */
	struct plan_list create_hooks, start_hooks; /* struct plan_hook */
	struct plan_list masked, readonly; /* strings */
	struct plan_list args, env; /* strings */
	struct plan_list seccomp;   /* struct sock_filter */
	struct plan_list trail;     /* likewise; exec_filter.h */
	struct plan_list domains;   /* struct plan_domain, at most PLAN_DOMAINS_MAX */
};

/* ---- writing ---- */
struct plan_writer {
	struct plan head;
	struct buf body; /* what follows the head; failures stick in it */
};

void plan_writer_init(struct plan_writer *w);
void plan_writer_done(struct plan_writer *w);
/* Offset of a copy, 0 for NULL. */
uint32_t plan_string(struct plan_writer *w, const char *s);
/* A list of string offsets. */
struct plan_list plan_strings(struct plan_writer *w, char *const *items, size_t n);
struct plan_list plan_items(struct plan_writer *w, const void *items, size_t n, size_t size);
int plan_seal(struct plan_writer *w, int *ret_fd, struct err *e) _must_check_;

/* ---- reading ---- */
/* Maps the plan privately and checks every offset. Stays mapped until the exec. */
int plan_open(int fd, struct plan **ret, struct err *e) _must_check_;
/* NULL for offset 0. */
const char *plan_str(const struct plan *p, uint32_t offset);
const void *plan_at(const struct plan *p, struct plan_list l);
/* String `i` of a list of strings. */
const char *plan_str_at(const struct plan *p, struct plan_list l, size_t i);

#endif
