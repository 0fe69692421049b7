/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * healthcheck - what an image, or --health-cmd, says is to be run to see whether a container does its work.
 *
 *	_cleanup_(healthcheck_done) struct healthcheck h = {0};
 *	r = healthcheck_parse(config->healthcheck, &h, e);	// docker's image spec v1.2, "Healthcheck"
 *	r = healthcheck_command(&h, &argv, e);
 *
 * Test is ["NONE"]; ["CMD", ARG...]; or ["CMD-SHELL", TEXT], for the container's /bin/sh.
 */
#ifndef RANBY_OCI_HEALTHCHECK_H
#define RANBY_OCI_HEALTHCHECK_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"

#include <stdint.h>

struct healthcheck {
	struct strv test;         /* empty: not said */
	uint64_t interval_ns, timeout_ns, start_period_ns; /* 0: not said */
	uint32_t retries;         /* likewise */
};
void healthcheck_done(struct healthcheck *h);

/* NULL: nothing is said. -EINVAL with the key. *ret is empty before, and the caller's to free on failure too. */
int healthcheck_parse(struct json_object *o, struct healthcheck *ret, struct err *e) _must_check_;

/* Test out of the text of --health-cmd: a JSON array, "none", "CMD words", "CMD-SHELL text", or text for the shell. */
int healthcheck_parse_text(const char *text, struct strv *ret_test, struct err *e) _must_check_;

/* What is executed; empty for NONE and for nothing. -EINVAL. */
int healthcheck_command(const struct healthcheck *h, struct strv *ret_argv, struct err *e) _must_check_;

#endif
