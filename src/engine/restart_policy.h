/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * restart_policy - the words of --restart.
 *
 *	no, always, on-failure[:N], unless-stopped
 *
 * on-failure is an exit code other than 0, N times in a row at most.
 * always and unless-stopped differ only for who starts containers after a boot
 * (`start --all --filter restart-policy=...`): a stop by the user holds in both.
 */
#ifndef RANBY_ENGINE_RESTART_POLICY_H
#define RANBY_ENGINE_RESTART_POLICY_H

#include "base/err.h"
#include "base/mem.h"

#include <stdint.h>

enum restart_kind { RESTART_NO, RESTART_ALWAYS, RESTART_ON_FAILURE, RESTART_UNLESS_STOPPED };

struct restart_policy {
	enum restart_kind kind;
	uint32_t retries; /* on-failure: so often; 0: without end */
};

/* NULL and "" are no. -EINVAL. */
int restart_policy_parse(const char *text, struct restart_policy *ret, struct err *e) _must_check_;

/* "no", "always", "on-failure", "unless-stopped". */
const char *restart_policy_word(enum restart_kind kind);

#endif
