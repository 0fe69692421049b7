/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * readback - send records, and believe only what comes back.
 *
 *	_cleanup_(readback_done) struct readback b = READBACK_INIT;
 *	r = readback_open(&b);
 *	r = readback_send(&b, type, text);	// any number of times
 *	outcome = readback_wait(&b, pid, patience, &reply);
 *
 * The last one that was sent must come back word by word, in a record that the
 * kernel stamped with our pid; then the reply has its time, serial, auid and ses.
 */
#ifndef RANBY_WITNESS_READBACK_H
#define RANBY_WITNESS_READBACK_H

#include "audit/request.h"
#include "base/mem.h"
#include "sys/kaudit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct readback {
	int fd, log_fd, fence_fd;
	uint16_t type;    /* of the last that was sent */
	const char *text; /* borrowed until readback_wait() */
	uint32_t seen;    /* records of ours that came back */
	int64_t alive_ms; /* when a joining of ours was heard: audit is on; -1: not yet */
	struct kaudit_message m;
};
#define READBACK_INIT {.fd = -EBADF, .log_fd = -EBADF, .fence_fd = -EBADF, .alive_ms = -1}

int readback_open(struct readback *b) _must_check_;
void readback_done(struct readback *b);

/* 0 or -errno of the kernel's answer. */
int readback_send(struct readback *b, uint16_t type, const char *text) _must_check_;

/*
 * WITNESS_RECORDED; _EXCLUDED: a later record came by, ours did not; _SILENT:
 * nothing came by. `required`: have more patience with a kernel that is silent.
 */
enum witness_outcome readback_wait(struct readback *b, pid_t pid, bool required, struct witness_reply *reply) _must_check_;

/* "audit(SEC.MILLI:SERIAL): pid=P uid=U auid=A ses=S ... msg='TEXT'" into the reply; false when it is another record. For tests. */
bool readback_match(const char *message, pid_t pid, const char *text, struct witness_reply *reply);

#endif
