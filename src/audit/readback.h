/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * readback - send records, and believe only what comes back.
 *
 *	r = readback_open(&b);
 *	r = kaudit_send(b.fd, type, text);	// any number of times
 *	outcome = readback_wait(&b, type, text, patient, &reply);
 *
 * The last one that was sent must come back word by word, in a record that the
 * kernel stamped with our pid; then the reply has its time, serial, auid and ses.
 */
#ifndef RANBY_AUDIT_READBACK_H
#define RANBY_AUDIT_READBACK_H

#include "audit/request.h"
#include "base/mem.h"
#include "sys/kaudit.h"

#include <stdbool.h>

struct readback {
	int fd, log_fd;
	struct kaudit_message m;
};

int readback_open(struct readback *b) _must_check_;

/*
 * WITNESS_RECORDED; _EXCLUDED: a later record came by, ours did not; _SILENT:
 * nothing came by. `patient`: with a kernel that is silent.
 */
enum witness_outcome readback_wait(struct readback *b, uint16_t type, const char *text, bool patient,
				   struct witness_reply *reply) _must_check_;

/* "audit(SEC.MILLI:SERIAL): pid=P uid=U auid=A ses=S ... msg='TEXT'" into the reply; false when it is another record. */
bool readback_match(const char *message, const char *text, struct witness_reply *reply);

#endif
