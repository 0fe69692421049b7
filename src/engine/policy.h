/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * policy - what the administrator demands (ranby-policy.conf(5)).
 *
 *	struct policy p;
 *	r = policy_read(&p, e);
 *
 * /etc/ranby/policy.conf and /etc/ranby/policy.conf.d/NAME.conf: lines of
 * `key = value`, `#` begins a comment. Each file can only demand more than the
 * others. No file of a user, no option and no variable takes part, so nobody
 * but root can weaken it. Nothing there: nothing is demanded. A file that
 * root does not own alone, or that cannot be read or understood, is an error
 * for whatever asks: a demand that was mistyped must not be taken for none.
 */
#ifndef RANBY_ENGINE_POLICY_H
#define RANBY_ENGINE_POLICY_H

#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>

#define POLICY_DIR "/etc/ranby"
#define POLICY_FILE_MAX (64U << 10)
#define POLICY_FILES_MAX 256

struct policy {
	bool require_audit;         /* require-audit = yes: no start and no exec without a receipt */
	bool refuse_unset_loginuid; /* unset-loginuid = refuse (else pin) */
};

/* Of this host. */
int policy_read(struct policy *ret, struct err *e) _must_check_;

/* The same below another directory, whose files `owner` must own. For tests. */
int policy_read_at(const char *dir, unsigned owner, struct policy *ret, struct err *e) _must_check_;

/* One file's text, added to *p. -EINVAL with file and line in the words. */
int policy_parse(const char *text, const char *what, struct policy *p, struct err *e) _must_check_;

#endif
