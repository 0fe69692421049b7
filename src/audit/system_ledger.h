/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * system_ledger - what the system ledger is made of: a directory of ledgers, one for each login uid, and two of its own.
 *
 *	_cleanup_(strv_done) struct strv names = {0};
 *	r = system_ledger_list(dirfd, SYSTEM_LEDGER_USERS | SYSTEM_LEDGER_OWN, &names, e);
 */
#ifndef RANBY_AUDIT_SYSTEM_LEDGER_H
#define RANBY_AUDIT_SYSTEM_LEDGER_H

#include "audit/log_reader.h"
#include "base/err.h"
#include "base/json.h"
#include "base/strv.h"

#include <stdbool.h>

#define SYSTEM_LEDGER_DIR "/var/log/ranby"
#define SYSTEM_LEDGER_AUID "auid-"   /* and the login uid, or "unset" */
#define SYSTEM_LEDGER_SYSTEM "system" /* what ranby-trail says of itself */
#define SYSTEM_LEDGER_HEADS "heads"
#define SYSTEM_LEDGER_SHARDS_MAX 65536

enum system_ledger_part {
	SYSTEM_LEDGER_USERS = 1U << 0,
	SYSTEM_LEDGER_OWN = 1U << 1,
	SYSTEM_LEDGER_SIGNED = 1U << 2, /* the heads */
};

/* The caller owns *ret_fd. */
int system_ledger_open(const char *path, int *ret_fd, struct err *e) _must_check_;

/* Names of the ledgers in it, sorted. What else lies there (index, exports) is none. */
int system_ledger_list(int dirfd, unsigned parts, struct strv *ret, struct err *e) _must_check_;

/* The same, one after the other. A value other than 0 ends it and is handed through. */
typedef int system_ledger_visit(int dirfd, const char *name, void *data, struct err *e);
int system_ledger_each(int dirfd, unsigned parts, system_ledger_visit *visit, void *data, struct err *e) _must_check_;

/* Has it an entry for such an event? Each exec that was done, VIRT_* record and login has. */
bool system_ledger_holds(const struct log_event *ev);

/*
 * What an entry of it is worth that a program sent: "" when who sent it is believed, and for what the kernel says
 * itself; else "claimed" or "unknown" (enum chain_word), and then it shows nothing of a container.
 */
const char *system_ledger_doubt(struct json_object *entry);

#endif
