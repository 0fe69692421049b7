/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * journal - entries for systemd-journald, by its native protocol
 * (systemd, docs/JOURNAL_NATIVE_PROTOCOL.md), without its library.
 *
 *	struct journal j = JOURNAL_INIT;
 *	journal_field(&b, "MESSAGE", text, len);	// one entry: fields one after the other
 *	r = journal_send(&j, &iov, 1);
 *	journal_done(&j);
 *
 * Who sent it the journal asks the kernel: _PID, _UID, _AUDIT_LOGINUID and
 * _AUDIT_SESSION are not ours to say.
 */
#ifndef RANBY_SYS_JOURNAL_H
#define RANBY_SYS_JOURNAL_H

#include "base/buf.h"
#include "base/mem.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

struct journal {
	int fd;       /* -EBADF: to be connected */
	bool stalled; /* the last entry was waited for in vain: the next is not */
};
#define JOURNAL_INIT {.fd = -EBADF}

/* Appends a field: `name` is of A-Z, 0-9 and _, the value of any bytes. */
void journal_field(struct buf *b, const char *name, const char *value, size_t len);

/*
 * One entry of so many parts, one after the other. Connects when it is not
 * connected. A journal that does not keep up is waited for, JOURNAL_WAIT_MS at
 * most and only once until it takes an entry again: -EAGAIN. -ENOENT or
 * -ECONNREFUSED: there is none. The entry is lost then.
 */
#define JOURNAL_WAIT_MS 2000
int journal_send(struct journal *j, const struct iovec *iov, size_t n) _must_check_;

void journal_done(struct journal *j);

#endif
