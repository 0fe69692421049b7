/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * kaudit - kernel audit by netlink: a record of our own, and the stream that all are in.
 *
 *	r = kaudit_open_log(&log);			// first, so that no record is missed
 *	r = kaudit_open(&fd);
 *	r = kaudit_send(fd, 2500, "op=start ...");	// CAP_AUDIT_WRITE
 *	while (kaudit_receive(log, 100, &m) == 0)	// CAP_AUDIT_READ
 *		...
 *
 * netlink(7), linux/audit.h. The stream is the multicast group READLOG (Linux
 * 3.16), in the order of the serials. The kernel takes audit from the initial
 * user namespace alone. All return 0 or -errno.
 */
#ifndef RANBY_SYS_KAUDIT_H
#define RANBY_SYS_KAUDIT_H

#include "base/mem.h"

#include <stddef.h>
#include <stdint.h>

#define KAUDIT_TEXT_MAX 8970 /* MAX_AUDIT_MESSAGE_LENGTH of libaudit */
#define KAUDIT_EVENT_LISTENER 1335 /* somebody has joined or left the stream (Linux 5.8) */

/* One record of the stream: "audit(1700000000.123:4567): pid=1 uid=0 ...". */
struct kaudit_message {
	uint16_t type;
	size_t len;
	char text[KAUDIT_TEXT_MAX + 1]; /* NUL-terminated */
};

/* A socket to send by. -EPROTONOSUPPORT: a kernel without audit. */
int kaudit_open(int *ret_fd) _must_check_;

/* A socket that hears all records from now on. -EPERM without CAP_AUDIT_READ. */
int kaudit_open_log(int *ret_fd) _must_check_;

/*
 * Sends one user message (types 1100-1199, 2100-2999) and waits for the kernel's
 * answer. 0 says that it was well-formed and allowed, and no more: audit that
 * is off and a rule that drops the record answer the same. -EPERM,
 * -ECONNREFUSED (a user namespace), -EMSGSIZE, -ETIMEDOUT.
 */
int kaudit_send(int fd, uint16_t type, const char *text) _must_check_;

/* The next record, waiting for `timeout_ms` at most: -ETIMEDOUT. -ENOBUFS: some were lost, go on. */
int kaudit_receive(int fd, int timeout_ms, struct kaudit_message *ret) _must_check_;

#endif
