/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * facts - what the witness has seen of a process with its own eyes.
 *
 *	outcome = facts_read(pidfd, FACTS_LIVE, scratch, &f);
 *
 * All is read through one descriptor of /proc/PID that is shown to be the
 * pidfd's process, so that no number can be somebody else's meanwhile.
 */
#ifndef RANBY_WITNESS_FACTS_H
#define RANBY_WITNESS_FACTS_H

#include "audit/request.h"
#include "audit/uuid.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define FACTS_SCRATCH (2U << 20) /* the largest status file: 65536 groups of ten digits, and the rest */
#define FACTS_TEXT 320

enum facts_wanted {
	FACTS_LIVE,   /* it runs */
	FACTS_ZOMBIE, /* it has ended and is not reaped */
	FACTS_EITHER,
};

enum facts_ns { FACTS_NS_USER, FACTS_NS_PID, FACTS_NS_MNT, FACTS_NS_NET, FACTS_NS_N };

struct facts {
	pid_t pid, ns_pid;      /* on the host; in its own pid namespace */
	uint64_t start_ticks;
	bool exec_stop;         /* it is stopped, and traced by whoever started us */
	int exit_status;        /* of a zombie, as waitpid(2) has it */
	uint64_t ns[FACTS_NS_N]; /* inodes; 0: a zombie has none any more */
	uint32_t uid;           /* real, on the host */
	uint32_t auid, ses;
	uint32_t seccomp, filters, nnp;
	uint64_t cap_eff, cap_bnd;
	char uid_map[224];      /* "0:1000:1,1:100000:65536"; "..." at its end when there are more */
	char cgroup[FACTS_TEXT]; /* of the unified hierarchy; "" when there is none */
	char label[FACTS_TEXT];  /* of the security module; "" when there is none */
	bool apparmor;           /* whose label it is; else SELinux's */
	char exe[FACTS_TEXT];    /* as the container names it */
};

/* A fact of ourselves, which the record and the rate limit need. */
struct facts_self {
	uint32_t auid, ses, tty; /* tty: device number, 0: none */
	pid_t pid;
	uint64_t user_ns;
	struct audit_run run;    /* boot alone is set */
	char boot_id[40];
	char exe[FACTS_TEXT];
};

/* WITNESS_RECORDED, WITNESS_NOT_HOST or WITNESS_BROKEN. `scratch` has FACTS_SCRATCH bytes. */
enum witness_outcome facts_read_self(char *scratch, struct facts_self *s) _must_check_;

/* WITNESS_RECORDED: all of it is true of the process behind `pidfd`, whose user namespace `owner` owns. */
enum witness_outcome facts_read(int pidfd, enum facts_wanted wanted, const struct facts_self *self, uid_t owner,
				char *scratch, struct facts *f) _must_check_;

/* ---- the parsers of /proc's texts, for tests ---- */

/* Fields of /proc/PID/stat behind the last ')': state is 3. -1 when there are not so many. */
int facts_stat_field(const char *stat, int field, uint64_t *ret) _must_check_;

/* The number behind "\nKEY:\t" of /proc/PID/status, the n-th of its line, the last one for n = -1. */
int facts_status_number(const char *status, const char *key, int n, unsigned base, uint64_t *ret) _must_check_;

/* "         0       1000          1\n..." becomes "0:1000:1,...". */
void facts_map_text(const char *map, char *out, size_t size);

/* The path behind "0::", "" without one. */
void facts_cgroup_path(const char *cgroup, char *out, size_t size);

#endif
