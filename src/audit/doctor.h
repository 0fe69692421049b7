/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * doctor - what this host can prove about its containers, what is in the way of more, and the cure.
 *
 *	struct doctor_host h = {.root_fd = fd, .kernel = &state, ...};
 *	struct doctor_report rep;
 *	doctor_examine(&h, &rep);
 *	... rep.level, rep.findings[i]
 *
 * Four levels (ranby-attribution(7)): 0 self, 1 witnessed, 2 ledgered, 3
 * enforced. A check belongs to the level that it is needed for; a level is
 * reached when no check of it, or of one below, is a fault or unknown. What the
 * caller may not read is unknown, never a guess.
 *
 * All files are looked at relative to a root directory, all else is handed
 * in, so that each fault can be tried on a tree of files. Nothing is changed.
 */
#ifndef RANBY_AUDIT_DOCTOR_H
#define RANBY_AUDIT_DOCTOR_H

#include "base/mem.h"
#include "sys/kaudit_state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DOCTOR_LEVELS 4
#define DOCTOR_CHECKS_MAX 64
#define DOCTOR_TEXT_MAX 320

enum doctor_state {
	DOCTOR_OK,
	DOCTOR_WARNING, /* works, and could be better: no level is lost by it */
	DOCTOR_FAULT,
	DOCTOR_UNKNOWN, /* the caller may not look */
};

/* What is asked of the kernel and of the caller's process, not of files. */
struct doctor_host {
	int root_fd;                       /* "/" */
	uid_t root_uid;                    /* who must own what is root's: 0 */
	uid_t uid;                         /* the caller */
	uint64_t subuids, subgids;         /* subordinate IDs that the caller has (engine/subid.h) */
	const struct kaudit_state *kernel; /* NULL: not read, because of kernel_error */
	int kernel_error;                  /* -EPERM, -ECONNREFUSED, -EPROTONOSUPPORT ... */
	int landlock_abi;                  /* 0: none */
	bool pidfd;
	bool host_userns;                  /* the caller is in the initial user namespace */
	const char *witness;               /* path of ranby-witness, from the root */
	const char *trail;                 /* path of ranby-trail */
	int policy_error;                  /* of reading the site policy (engine/policy.h) */
	bool require_audit;                /* it demands a receipt for each start */
};

struct doctor_check;
struct doctor_finding {
	const struct doctor_check *check;
	enum doctor_state state;
	char found[DOCTOR_TEXT_MAX]; /* what is there. Not escaped: may hold a file's words */
	char mend[DOCTOR_TEXT_MAX];  /* a command, or what to do in words after "# "; "" when ok */
};

struct doctor_report {
	struct doctor_finding findings[DOCTOR_CHECKS_MAX];
	size_t n;
	int level;    /* reached, 0 to 3; -1: not even containers */
	int possible; /* the highest that unknown answers leave open */
};

struct doctor_look; /* inside: what the checks share */
struct doctor_check {
	const char *id;    /* "audit.enabled": fixed, for scripts */
	int level;
	const char *title;
	const char *why;   /* why it matters, one sentence */
	enum doctor_state (*look)(const struct doctor_look *l, struct doctor_finding *f);
};

/* All checks by level; .id is NULL at the end. */
extern const struct doctor_check doctor_checks[];

void doctor_examine(const struct doctor_host *h, struct doctor_report *ret);

/* "ok", "warning", "fault", "unknown". */
const char *doctor_state_word(enum doctor_state s);
/* "self", "witnessed", "ledgered", "enforced"; "none" below 0. */
const char *doctor_level_word(int level);

/* The first check that stands between rep->level and the next one; NULL at the top. */
const struct doctor_finding *doctor_next(const struct doctor_report *rep);

#endif
