/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * loginuid - who logged in, as the kernel keeps it (pam_loginuid(8)).
 *
 *	struct loginuid l;
 *	r = loginuid_read(&l, e);		// before any unshare
 *	r = loginuid_pin(uid, &l, e);		// only where something is started
 *
 * /proc/self/loginuid is translated into the reader's user namespace, so it
 * is right only in the initial one: elsewhere the user's own may read as 0,
 * which is not root, and an unmapped one as 4294967295, which is not unset.
 * Whose such a number is on the host cannot be told there, and nothing is said of it.
 */
#ifndef RANBY_SYS_LOGINUID_H
#define RANBY_SYS_LOGINUID_H

#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define LOGINUID_UNSET UINT32_MAX

enum loginuid_how {
	LOGINUID_ABSENT = 0, /* a kernel without CONFIG_AUDIT: there is none */
	LOGINUID_SET,        /* a login set it; nobody but the kernel's administrator can change it */
	LOGINUID_PINNED,     /* it was unset, and ranby wrote the caller's own uid */
	LOGINUID_REFUSED,    /* it was unset, and the kernel refused the write: anybody may forge it later */
	LOGINUID_WAS_UNSET,  /* read, and not pinned yet */
	LOGINUID_TRANSLATED, /* there is one, and we are in another user namespace than the first: only its session is known */
};

struct loginuid {
	enum loginuid_how how;
	uint32_t auid;    /* LOGINUID_UNSET when unset, absent or not to be told */
	uint32_t session; /* likewise */
};

/* "absent", "set", "pinned", "refused", "unset", "translated": fixed words for state files. */
const char *loginuid_word(enum loginuid_how how);

/* The caller's own. LOGINUID_SET, _WAS_UNSET, _ABSENT or _TRANSLATED. */
int loginuid_read(struct loginuid *ret, struct err *e) _must_check_;

/* The same, for who knows already that we are in the first user namespace. */
int loginuid_read_initial(struct loginuid *ret, struct err *e) _must_check_;

/* Another process's, by a /proc/PID fd; same values. */
int loginuid_read_at(int proc_pid_fd, struct loginuid *ret) _must_check_;

/*
 * Writes `uid` when it is unset, and reads back. A task may write its own
 * unset loginuid without privilege; the kernel then gives it a session of its
 * own. Sets *l anew: _PINNED or _REFUSED. Does nothing unless _WAS_UNSET.
 */
int loginuid_pin(uid_t uid, struct loginuid *l, struct err *e) _must_check_;

#endif
