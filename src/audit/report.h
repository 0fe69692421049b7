/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * report - what a ledger shows of the controls of a compliance profile.
 *
 *	_cleanup_(report_done) struct report rep = {.profile = report_profile("pci4")};
 *	r = report_add_ledger(&rep, "auid-1001", e);	// then its entries in their order
 *	r = report_add(&rep, entry, e);
 *	r = report_finish(&rep, e);
 *	report_text(&rep, &out); report_html(&rep, &out); r = report_json(&rep, &out);
 *
 * A control is met, not met, or cannot be shown from this data; never more
 * than the entries say. Its evidence is named: the kernel's serial where there
 * is a receipt, else ledger and seq. What a report of a user's own ledger is
 * worth stands at its head (`own`).
 */
#ifndef RANBY_AUDIT_REPORT_H
#define RANBY_AUDIT_REPORT_H

#include "audit/ledger.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPORT_EVENTS_MAX 500000
#define REPORT_EVIDENCE_MAX 8  /* that a control names; the rest is counted */
#define REPORT_TICKS_MAX 400   /* execs that the page draws for one container */
#define REPORT_NO_ID UINT32_MAX
#define REPORT_CLAIMS_TEXT "Entries left out, because who sent them was in a container or cannot be placed"

/* ---- what is in it ---- */

enum report_kind {
	REPORT_START = 1U << 0,
	REPORT_STOP = 1U << 1,
	REPORT_EXEC = 1U << 2,   /* ranby exec */
	REPORT_OBJECT = 1U << 3, /* made or removed: containers, images, volumes */
	REPORT_OTHER = 1U << 4,  /* kill, attach, pause ... */
	REPORT_EXECVE = 1U << 5, /* a program, as the kernel recorded it */
	REPORT_LOGIN = 1U << 6,
	REPORT_TRAIL = 1U << 7,  /* what ranby-trail says of itself */
	REPORT_GAP = 1U << 8,    /* something is missing */
	REPORT_HEAD = 1U << 9,
	REPORT_CONTROL = REPORT_START | REPORT_STOP | REPORT_EXEC | REPORT_OBJECT | REPORT_OTHER,
	REPORT_CLAIM = 1U << 11, /* who sent it is not believed: it shows nothing (system_ledger_doubt()) */
	REPORT_NO_OP = 1U << 10, /* says it is of containers, and not what: counted with REPORT_CONTROL */
};

struct report_event {
	struct json_object *o; /* the entry */
	unsigned kind;         /* one bit */
	uint32_t ledger;       /* index */
	uint64_t seq;
	uint64_t serial;       /* 0: no receipt */
	int64_t ns;            /* the kernel's time where there is a receipt, else the entry's */
	uint32_t auid, ses;    /* REPORT_NO_ID: none */
	bool started;          /* a program: its container's start is in the data (report_place()) */
};

struct report_ledger {
	char name[64];
	char fault[256]; /* the first fault of its chain; "" when whole */
};

/* One run of a container. */
struct report_run {
	const char *uuid, *name, *image, *ended; /* borrowed; "" when not said */
	uint32_t auid, ses;
	int64_t start_ns, stop_ns; /* stop 0: no stop recorded */
	size_t start, stop;        /* events; SIZE_MAX: none */
	uint32_t *ticks;           /* events: execs in it */
	size_t n_ticks, n_execs;   /* n_execs also counts those past REPORT_TICKS_MAX */
	bool again;                /* its container was started again later */
	bool has_origin;           /* the login of its session is there, with where it came from */
};

enum report_status { REPORT_MET, REPORT_NOT_MET, REPORT_NOT_SHOWN };

struct report_control; /* inside */
struct report_result {
	const struct report_control *control;
	enum report_status status;
	char found[256];
	size_t evidence[REPORT_EVIDENCE_MAX]; /* events: what shows it, or what is against it */
	size_t n_evidence, more;
};

struct report {
	const char *profile;     /* its id, from report_profile() */
	const char *title;       /* of it, with the edition */
	bool own;                /* the user's own ledger: level 0; before entries are added */
	int64_t since_ns, until_ns; /* 0: no bound */
	uint32_t auid;           /* of this login only; with any_user false */
	bool any_user;
	char host[128], made[64];
	struct report_event *events; /* in the order of time */
	size_t n, room;
	size_t n_claims;             /* entries that were left out: REPORT_CLAIM */
	struct report_ledger *ledgers;
	size_t n_ledgers;
	struct report_run *runs;     /* by login, session, start */
	size_t n_runs;
	struct report_result *results;
	size_t n_results;
	const char *(*user_name)(uint32_t uid, char *buf, size_t size); /* NULL: numbers */
};
void report_done(struct report *rep);

/* Entries added next are of this one. */
int report_add_ledger(struct report *rep, const char *name, struct err *e) _must_check_;

/* What ledger_verify() found first in it. */
void report_ledger_fault(struct report *rep, const char *fault);

/* One entry; kept when it is within the bounds. -E2BIG past REPORT_EVENTS_MAX. */
int report_add(struct report *rep, const struct ledger_entry *entry, struct err *e) _must_check_;

/* Sorts, makes the runs, judges the controls. */
int report_finish(struct report *rep, struct err *e) _must_check_;

/* ---- out ---- */

void report_text(const struct report *rep, struct buf *out);
int report_json(const struct report *rep, struct buf *out) _must_check_;
/* One page with nothing outside of it: no script, a policy that allows nothing but its own style. */
void report_html(const struct report *rep, struct buf *out);

/* ---- for the three of them ---- */

const char *report_status_word(enum report_status s); /* "met", "not met", "cannot be shown" */
/* "1700000000.123:4567", or "auid-1001#12". */
void report_evidence_text(const struct report *rep, size_t event, char *out, size_t size);
/* What the data can prove, in sentences. */
const char *report_statement(const struct report *rep);
/* A user's name or number; "no login". */
const char *report_user(const struct report *rep, uint32_t auid, char out[static 64]);
/* The first of the members `names` ("image|claimed-image") that the entry has; "" when none. */
const char *report_word(const struct report_event *ev, const char *names);

#endif
