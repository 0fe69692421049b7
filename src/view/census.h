/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * census - every container on the host, whoever runs it and with whatever.
 *
 *	r = census_allowed(&fs, e);			// root, or group ranby-audit
 *	_cleanup_(census_done) struct census c = {0};
 *	r = census_take(&fs, &c, e);			// what the kernel shows
 *	r = census_join(&c, CENSUS_LEDGER_DIR, boot, 0);	// what the system ledger knows of it
 *	... c.rows[i]
 *
 * Nothing here comes from a file that a user can write. A row is a pair of
 * namespaces (user, pid) of which one at least is not the host's, told by its
 * oldest process: pid 1 of the pid namespace, where there is one. So podman's
 * containers, docker's, lxc's, bwrap's and those of a bare unshare(1) are
 * rows too. CENSUS_PROC says that no start record goes with a row: it was seen in
 * /proc, and of what it calls itself nothing is known for sure.
 */
#ifndef RANBY_ENGINE_CENSUS_H
#define RANBY_ENGINE_CENSUS_H

#include "audit/system_ledger.h"
#include "base/err.h"
#include "base/mem.h"
#include "sys/procfs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CENSUS_GROUP "ranby-audit"
#define CENSUS_ROWS_MAX 65536
#define CENSUS_COMMAND_MAX 4096 /* bytes of arguments that are kept */
#define CENSUS_NONE SIZE_MAX
#define CENSUS_LEDGER_DIR SYSTEM_LEDGER_DIR

enum census_source {
	CENSUS_PROC,   /* seen in /proc only */
	CENSUS_LEDGER, /* the system ledger has the start record of this very process */
	CENSUS_CLAIMED, /* the same, of one without a login, or sent by who is not believed: a container's process may have sent it */
};

struct census_row {
	enum census_source source;
	pid_t pid;             /* the process that stands for it, on the host */
	uint64_t start_ticks;  /* with the pid and the boot: which process */
	int64_t started_ns;    /* the same on the clock, since 1970 */
	uint64_t userns, pidns; /* inode numbers; 0: the caller may not see them */
	bool has_pidns;        /* a pid namespace of its own, and `pid` is 1 in it */
	uint32_t uid;          /* effective, on the host */
	uint32_t owner;        /* who made the user namespace; PROC_ID_UNSET: not known, or the host's */
	uint32_t auid, ses;    /* the login; PROC_ID_UNSET: none */
	size_t n_processes;    /* in this pair of namespaces, when it was looked at */
	size_t outer;          /* row that it lies in, or CENSUS_NONE */
	char comm[PROC_COMM_MAX];
	char parent[PROC_COMM_MAX]; /* what the parent process calls itself */
	char *command;         /* arguments with blanks between; "" when they cannot be read. Not escaped */
	char *uid_map;         /* "0:2001:1,1:100000:65536"; "" when it cannot be read */
	/* not of CENSUS_PROC: NULL then */
	char *name, *ctr, *uuid, *image, *receipt;
};

struct census {
	struct census_row *rows; /* by login, then start */
	size_t n;
	bool blind;      /* namespaces of other users' processes could not be read: not root */
	bool hidden;     /* /proc shows not all processes: hidepid */
	size_t unplaced; /* blind: processes in some pid namespace that came from outside of it */
	size_t cut;      /* rows past CENSUS_ROWS_MAX */
};
void census_done(struct census *c);

/* 0, or -EACCES with words: neither root nor of CENSUS_GROUP, or not in the host's user namespace. */
int census_allowed(const struct procfs *fs, struct err *e) _must_check_;

/* 0; -EACCES with words: `what` was asked for within a user namespace. */
int census_on_host(const struct procfs *fs, const char *what, struct err *e) _must_check_;

int census_take(const struct procfs *fs, struct census *ret, struct err *e) _must_check_;

/* The row of this very process, or CENSUS_NONE. */
size_t census_find(const struct census *c, pid_t pid, uint64_t start_ticks);

/* A row more, at the end: this very process, wherever it is. -ESRCH: it has ended. */
int census_add(const struct procfs *fs, pid_t pid, uint64_t start_ticks, struct census *c) _must_check_;

/*
 * Finds the start record of each row's process in the system ledger at `path`,
 * and with it name, id and image. `boot_id` is the kernel's; `root` must own
 * what is read (0). -ENOENT, -EACCES: there is none for the caller;
 * -EPERM: others than root may write it. The rows are then as they were.
 */
int census_join(struct census *c, const char *path, const char *boot_id, uid_t root) _must_check_;

/* "ledger", "claimed", "proc". */
const char *census_source_word(enum census_source s);

/* How to call a row: its recorded name; else in parentheses what started it, "(conmon)", and in what it lies. Not escaped; the caller frees. NULL: no memory. */
char *census_name(const struct census *c, const struct census_row *row) _must_check_;

#endif
