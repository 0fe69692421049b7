/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * config - /etc/ranby/trail.conf: what ranby-trail writes, and where.
 *
 *	_cleanup_(trail_config_done) struct trail_config c = TRAIL_CONFIG_DEFAULT;
 *	r = trail_config_read("/etc/ranby/trail.conf", &c, e);	// -ENOENT leaves the defaults
 *
 * Lines of `key = value`; `#` begins a comment; a key that is not known is an
 * error, so that a misspelt one is not a default in disguise.
 */
#ifndef RANBY_TRAIL_CONFIG_H
#define RANBY_TRAIL_CONFIG_H

#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

#define TRAIL_CONFIG_PATH "/etc/ranby/trail.conf"
#define TRAIL_CONFIG_MAX 65536

struct trail_config {
	char *directory; /* the system ledger */
	char *keys;      /* directory of trail.key and trail.pub */
	char *user;      /* the account that reads and indexes */
	char *group;     /* that may read the ledger */
	char *log;       /* auditd's log file, to catch up from; "none" */
	char *exports;   /* of "json", "ecs", "ocsf", joined by blanks; "none" */
	uint32_t queue;          /* entries that may wait to be written */
	uint32_t heads_seconds;  /* a head is signed so long after the first entry that no head covers */
	uint32_t heads_entries;  /* or after so many of them */
	bool index;
};

/* Fills in what was not said. The strings are the caller's to free. */
int trail_config_read(const char *path, struct trail_config *ret, struct err *e) _must_check_;
/* The same of text; `what` names it in errors. */
int trail_config_parse(const char *text, const char *what, struct trail_config *ret, struct err *e) _must_check_;
void trail_config_done(struct trail_config *c);

#endif
