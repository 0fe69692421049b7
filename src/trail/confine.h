/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * confine - what the reader and the indexer may still do, after they have dropped all privilege.
 *
 *	r = trail_confine_reader(dirfd, e);	// may read the ledger, and nothing else
 *	... what the ledger has of this boot ...
 *	r = trail_confine_stream(e);		// may open nothing at all
 *	... records ...
 *
 * There is no way back. Each says to syslog when this kernel has no Landlock.
 */
#ifndef RANBY_TRAIL_CONFINE_H
#define RANBY_TRAIL_CONFINE_H

#include "base/err.h"
#include "base/mem.h"

int trail_confine_reader(int ledger_dirfd, struct err *e) _must_check_;
int trail_confine_stream(struct err *e) _must_check_;

/* Reads the ledger, writes below the two directories; any system call. */
int trail_confine_indexer(int ledger_dirfd, int index_dirfd, int export_dirfd, struct err *e) _must_check_;

#endif
