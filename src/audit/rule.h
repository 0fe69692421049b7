/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * rule - one rule of kernel audit, as AUDIT_LIST_RULES gives it, and what it does to records of ours.
 *
 *	struct audit_rule rule;
 *	r = rule_parse(blob, len, &rule);
 *	if (rule_hides_message(&rule, 2500)) ...
 *
 * Of each list the kernel takes the first rule that matches.
 */
#ifndef RANBY_AUDIT_RULE_H
#define RANBY_AUDIT_RULE_H

#include "base/buf.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RULE_FIELDS_MAX 64
#define RULE_TEXT_MAX 256 /* of a string field that is kept */

enum rule_op { RULE_EQUAL, RULE_NOT_EQUAL, RULE_LESS, RULE_LESS_EQUAL, RULE_GREATER, RULE_GREATER_EQUAL, RULE_BIT_MASK, RULE_BIT_TEST };

struct rule_field {
	uint32_t field; /* AUDIT_UID ... of linux/audit.h */
	enum rule_op op;
	uint32_t value; /* for a string its length */
};

struct audit_rule {
	uint32_t list;    /* AUDIT_FILTER_USER ... */
	uint32_t action;  /* AUDIT_NEVER, AUDIT_ALWAYS */
	uint32_t calls[64]; /* bit by number of system call */
	size_t n;
	struct rule_field fields[RULE_FIELDS_MAX];
	char exe[RULE_TEXT_MAX], key[RULE_TEXT_MAX]; /* "" when it names none */
	bool cut;         /* a string was longer: it is not one of ours */
};

/* -EINVAL: not such a blob. */
int rule_parse(const void *data, size_t len, struct audit_rule *ret) _must_check_;

/* What a rule does to the records that are asked about. */
enum rule_effect {
	RULE_NOTHING,
	RULE_SOME, /* to those that meet its conditions: some user's, some program's */
	RULE_ALL,
};

/* Does it drop what a program of ours sends (a user message of that type)? `exe` is the program's path. */
enum rule_effect rule_hides_message(const struct audit_rule *rule, uint32_t type, const char *exe);

/* Does it keep system call `nr` of a login (auid 1000 and above) from being recorded? */
enum rule_effect rule_hides_call(const struct audit_rule *rule, uint32_t arch, uint32_t nr);

/* Does it record `nr` of each login? */
bool rule_records_call(const struct audit_rule *rule, uint32_t arch, uint32_t nr);

/* As auditctl(8) takes it behind -a or -d, as far as its fields are known here: "never,exclude -F msgtype=2500". */
void rule_text(const struct audit_rule *rule, struct buf *out);

#endif
