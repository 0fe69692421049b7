/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * log_reader - the text of an audit log becomes events, in the order of their serials.
 *
 *	_cleanup_(log_reader_freep) struct log_reader *lr = NULL;
 *	r = log_reader_new(sink, data, &lr, e);
 *	while ((n = read(fd, buf, sizeof(buf))) > 0)
 *		r = log_reader_feed(lr, buf, n, e);	// cut anywhere
 *	r = log_reader_end(lr, e);
 *
 * Reads what auditd writes (3.0.9 and 4.x, RAW and ENRICHED) and what it hands to its
 * plugins. An event's records may lie between those of others, and events may lie a little
 * out of order: up to LOG_OPEN_MAX are held open until they are whole, or until they
 * must go. A plugin calls log_reader_idle() when nothing has come for a second or so.
 *
 * Nothing is guessed. A record that was cut, or an event whose SYSCALL record is not there, makes
 * the event `damaged`: its serial is known, what it said is not. A line that is no record at all
 * is counted and leaves its serial missing, which the reader of events sees by counting.
 *
 * Serials count from 1 at each boot: `boot` counts the boots seen, and log_event_key()
 * orders over them. auditd's own records (DAEMON_*) have numbers of another sequence and no place
 * in the order: they have serial 0.
 */
#ifndef RANBY_AUDIT_LOG_READER_H
#define RANBY_AUDIT_LOG_READER_H

#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_LINE_MAX 16384 /* bytes of a record; the kernel and auditd stay below 9000 */
#define LOG_OPEN_MAX 1024  /* events that are held open */
#define LOG_PATHS_MAX 16   /* PATH records of one event that are kept */
#define LOG_TEXT_MAX 16384 /* bytes of text that one event keeps */
#define LOG_NONE UINT32_MAX /* an id that is absent or unset */

enum log_kind {
	LOG_OTHER = 0, /* counted, but says nothing to us */
	LOG_DAMAGED,   /* its serial is known, what it said is not */
	LOG_SYSCALL,   /* pid, ppid, auid, ses, uid, call, done, exit, args */
	LOG_LOGIN,     /* pid, uid, old_auid, old_ses, auid, ses, done; when a SYSCALL record came with it also ppid */
	LOG_VIRT,      /* VIRT_*: pid, uid, auid, ses of the sender, as the kernel stamped them; `virt` is what it said */
	LOG_USER,      /* USER_*, CRED_*, SERVICE_*: the same, and `user` */
	LOG_RULES,     /* what is recorded changes from here on: rules, or audit switched on or off */
	LOG_DAEMON,    /* auditd's own: no serial */
};

/* Families of system calls, whatever the architecture calls them. */
enum log_call {
	LOG_CALL_OTHER = 0,
	LOG_CALL_EXEC,    /* execve, execveat */
	LOG_CALL_FORK,    /* fork, vfork, clone: flags in ns_flags and thread */
	LOG_CALL_CLONE3,  /* a fork whose flags cannot be seen */
	LOG_CALL_UNSHARE, /* ns_flags */
	LOG_CALL_SETNS,   /* ns_flags; 0: of any kind */
	LOG_CALL_MOUNT,   /* mount, move_mount, fsmount, pivot_root */
	LOG_CALL_EXIT,    /* exit_group */
	LOG_CALL_KILL,    /* kill, tkill, tgkill, pidfd_send_signal */
	LOG_CALL_OPEN,    /* open, openat, openat2, creat: `writes` */
	LOG_CALL_PRIVILEGED, /* chroot, umount2, sethostname, setdomainname: who is not root does them in a user namespace */
};

/* What a VIRT_* record of ours says; "" and 0 where it does not say it. */
struct log_virt {
	const char *virt;   /* "ranby" */
	const char *op;     /* "start", "exec", "stop", ... */
	const char *reason;
	const char *vm;     /* the container's name, decoded */
	const char *uuid;
	const char *ctr;    /* the container's id, 64 hex digits, as claimed */
	const char *trust;  /* "live", "zombie", "root", "caller": audit/verb.h */
	const char *image;  /* claimed-image */
	const char *ledger; /* claimed-ledger: "SEQ:PREV" of the entry that it was made for */
	const char *uid_map;
	const char *profile, *profile_hash; /* claimed-profile, claimed-profile-hash */
	uint32_t vm_pid;    /* the process it is about; 0: none */
	uint32_t init_pid;  /* the container's init: another one than vm_pid for exec */
	uint64_t vm_start, init_start; /* when they began, in ticks since boot */
	uint64_t pid_ns, user_ns;
	uint32_t ses_of;    /* the process's session where it is not init's; LOG_NONE: not said */
	uint32_t starter_ses, starter_auid; /* init's */
	bool success;
};

struct log_user {
	const char *op, *acct, *addr, *hostname, *terminal, *unit;
	bool success;
};

/* Strings are never NULL and are borrowed: they are gone when the sink returns. */
struct log_event {
	enum log_kind kind;
	uint16_t type;     /* of the first record; 0: a name that we do not know and that has no number */
	uint32_t boot;     /* 0, 1, ... as they come in the log */
	uint32_t serial;   /* 0: none */
	uint64_t sec;
	uint32_t milli;
	uint32_t pid, ppid, uid, euid, auid, ses;
	uint32_t old_auid, old_ses;
	enum log_call call;
	bool done;         /* success=yes; res=1 */
	bool thread;       /* a clone() that made a thread */
	bool writes;       /* an open() for writing too; openat2() does not show it and counts as one */
	uint32_t enabled, old_value; /* "audit_enabled=1 old=0"; LOG_NONE: not said */
	uint32_t ns_flags; /* CLONE_NEW* asked for */
	uint32_t arch;
	uint32_t nr;       /* the system call's number */
	int64_t exit;
	uint64_t args[4];
	const char *comm, *exe, *tty, *key;
	const char *cwd;
	const char *argv;  /* EXECVE's arguments as shell words; cut where it is too long */
	const char *paths[LOG_PATHS_MAX];
	unsigned n_paths;
	uint32_t opid, oses, oauid; /* OBJ_PID: whom a kill hit; else LOG_NONE */
	uint32_t signal;   /* that it sent */
	struct log_virt virt;
	struct log_user user;
};

struct log_stats {
	uint64_t lines, events, damaged;
	uint64_t bad_lines;  /* not a record */
	uint64_t foreign;    /* of another node than the first */
	uint64_t late;       /* came after its place had gone by */
	uint64_t missing;    /* serials that never came, between the first and the last of a boot */
};

/* 0 to go on; a negative value ends the reading and is handed through. */
typedef int (*log_sink)(const struct log_event *ev, void *data, struct err *e);

struct log_reader;
int log_reader_new(log_sink sink, void *data, struct log_reader **ret, struct err *e) _must_check_;
struct log_reader *log_reader_free(struct log_reader *lr);
DEFINE_CLEANUP(struct log_reader *, log_reader_free);

int log_reader_feed(struct log_reader *lr, const char *data, size_t len, struct err *e) _must_check_;
/* Nothing has come for a while: what is open goes to the sink. */
int log_reader_idle(struct log_reader *lr, struct err *e) _must_check_;
/* The end of the input: a last line without its newline counts as cut. The reader can be fed another file afterwards. */
int log_reader_end(struct log_reader *lr, struct err *e) _must_check_;
const struct log_stats *log_reader_stats(const struct log_reader *lr);

/* Orders events over boots; never 0 for an event that has a serial. */
static inline uint64_t log_event_key(const struct log_event *ev)
{
	return (uint64_t)ev->boot << 32 | ev->serial;
}

#endif
