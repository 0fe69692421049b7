/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * kaudit_state - how kernel audit is set, and the rules that are loaded.
 *
 *	_cleanup_(kaudit_state_done) struct kaudit_state s = {0};
 *	r = kaudit_state_read(&s);		// -EPERM without CAP_AUDIT_CONTROL
 *
 * netlink(7), linux/audit.h, AUDIT_GET, AUDIT_GET_FEATURE and AUDIT_LIST_RULES.
 * The rules are the kernel's own blobs, one after the other, as it applies
 * them; audit/rule.h reads them.
 */
#ifndef RANBY_SYS_KAUDIT_STATE_H
#define RANBY_SYS_KAUDIT_STATE_H

#include "base/buf.h"
#include "base/mem.h"

#include <stdint.h>

#define KAUDIT_RULES_MAX 65536
#define KAUDIT_RULES_BYTES (64U << 20)

/* Bits of `features` and `locked`. */
#define KAUDIT_ONLY_UNSET_LOGINUID (1U << 0)
#define KAUDIT_LOGINUID_IMMUTABLE (1U << 1)

struct kaudit_state {
	uint32_t enabled;       /* 0 off, 1 on, 2 on and locked until the next boot */
	uint32_t failure;       /* when a record cannot be kept: 0 nothing, 1 printk, 2 panic */
	uint32_t pid;           /* auditd's; 0: none is registered */
	uint32_t rate_limit;    /* records a second; 0: no limit */
	uint32_t backlog_limit, lost, backlog;
	uint32_t features, locked;
	uint32_t n_rules;
	struct buf rules;       /* each: its length as uint32_t, then struct audit_rule_data */
};

/* -EPERM: the caller may not ask; -ECONNREFUSED: from a user namespace; -EPROTONOSUPPORT: a kernel without audit. */
int kaudit_state_read(struct kaudit_state *ret) _must_check_;
void kaudit_state_done(struct kaudit_state *s);

/* Appends one blob to s->rules. -E2BIG past the bounds. */
int kaudit_state_add_rule(struct kaudit_state *s, const void *data, size_t len) _must_check_;

#endif
