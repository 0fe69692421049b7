/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A rule that swallows our records does so in silence: the witness finds it by
 * reading back, but only when something is started. Here it is found by
 * looking. What a rule matches is decided as far as our records are known:
 * their types, the program that sends them, a login behind them. Each other
 * condition may be met by somebody, so the answer is then RULE_SOME.
 */
#include "audit/rule.h"

#include <errno.h>
#include <linux/audit.h>
#include <string.h>

#define AUID_FIRST 1000U /* where logins of people begin */
#define UNSET UINT32_MAX
#define FIELD_EXE 112U

/* ---- the blob ---- */

static int op_of(uint32_t flags, enum rule_op *ret)
{
	static const struct {
		uint32_t flags;
		enum rule_op op;
	} ops[] = {
		{AUDIT_EQUAL, RULE_EQUAL},
		{AUDIT_NOT_EQUAL, RULE_NOT_EQUAL},
		{AUDIT_LESS_THAN, RULE_LESS},
		{AUDIT_LESS_THAN_OR_EQUAL, RULE_LESS_EQUAL},
		{AUDIT_GREATER_THAN, RULE_GREATER},
		{AUDIT_GREATER_THAN_OR_EQUAL, RULE_GREATER_EQUAL},
		{AUDIT_BIT_MASK, RULE_BIT_MASK},
		{AUDIT_BIT_TEST, RULE_BIT_TEST},
	};

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (ops[i].flags == (flags & AUDIT_OPERATORS)) {
			*ret = ops[i].op;
			return 0;
		}
	return -EINVAL;
}

/* Fields whose value is the length of a string behind the struct. */
static bool is_text(uint32_t field)
{
	return (field >= AUDIT_SUBJ_USER && field <= AUDIT_SUBJ_CLR) || (field >= AUDIT_OBJ_USER && field <= AUDIT_OBJ_LEV_HIGH) ||
	       field == AUDIT_WATCH || field == AUDIT_DIR || field == AUDIT_FILTERKEY || field == FIELD_EXE;
}

static void keep_text(struct audit_rule *rule, uint32_t field, const char *text, size_t len)
{
	char *to = field == FIELD_EXE ? rule->exe : field == AUDIT_FILTERKEY ? rule->key : NULL;

	if (!to)
		return;
	if (len >= RULE_TEXT_MAX) {
		rule->cut = true;
		len = RULE_TEXT_MAX - 1;
	}
	memcpy(to, text, len);
	to[len] = '\0';
}

int rule_parse(const void *data, size_t len, struct audit_rule *ret)
{
	struct audit_rule_data head;
	const char *text = (const char *)data + sizeof(head);
	struct audit_rule rule = {0};
	size_t left;

	if (len < sizeof(head))
		return -EINVAL;
	memcpy(&head, data, sizeof(head));
	left = len - sizeof(head);
	if (head.field_count > AUDIT_MAX_FIELDS || head.buflen > left)
		return -EINVAL;
	left = head.buflen;
	rule.list = head.flags & ~(uint32_t)AUDIT_FILTER_PREPEND;
	rule.action = head.action;
	memcpy(rule.calls, head.mask, sizeof(rule.calls));
	for (uint32_t i = 0; i < head.field_count; i++) {
		struct rule_field *f = &rule.fields[rule.n++];

		f->field = head.fields[i];
		f->value = head.values[i];
		if (op_of(head.fieldflags[i], &f->op) < 0)
			return -EINVAL;
		if (!is_text(f->field))
			continue;
		if (f->value > left)
			return -EINVAL;
		keep_text(&rule, f->field, text, f->value);
		text += f->value;
		left -= f->value;
	}
	*ret = rule;
	return 0;
}

/* ---- what it matches ---- */

static bool compare(enum rule_op op, uint32_t a, uint32_t b)
{
	switch (op) {
	case RULE_EQUAL:
		return a == b;
	case RULE_NOT_EQUAL:
		return a != b;
	case RULE_LESS:
		return a < b;
	case RULE_LESS_EQUAL:
		return a <= b;
	case RULE_GREATER:
		return a > b;
	case RULE_GREATER_EQUAL:
		return a >= b;
	case RULE_BIT_MASK:
		return (a & b) != 0;
	case RULE_BIT_TEST:
		return (a & b) == b;
	}
	return false;
}

/* Logins are AUID_FIRST and above and not unset: all of them, some, or none. */
static enum rule_effect over_logins(const struct rule_field *f)
{
	bool first, last;

	if (f->op == RULE_EQUAL)
		return f->value >= AUID_FIRST && f->value != UNSET ? RULE_SOME : RULE_NOTHING;
	if (f->op == RULE_NOT_EQUAL)
		return f->value >= AUID_FIRST && f->value != UNSET ? RULE_SOME : RULE_ALL;
	if (f->op == RULE_BIT_MASK || f->op == RULE_BIT_TEST)
		return RULE_SOME;
	first = compare(f->op, AUID_FIRST, f->value);
	last = compare(f->op, UNSET - 1, f->value);
	return first && last ? RULE_ALL : first || last ? RULE_SOME : RULE_NOTHING;
}

static enum rule_effect both(enum rule_effect a, enum rule_effect b)
{
	return a < b ? a : b;
}

static enum rule_effect yes_no(bool yes)
{
	return yes ? RULE_ALL : RULE_NOTHING;
}

/* What one condition leaves of the records; `exe` NULL: of any program. */
static enum rule_effect over_field(const struct audit_rule *rule, const struct rule_field *f, const char *exe)
{
	switch (f->field) {
	case AUDIT_LOGINUID:
		return over_logins(f);
	case AUDIT_LOGINUID_SET: /* -F auid!=unset */
		return yes_no(compare(f->op, 1, f->value));
	case AUDIT_FILTERKEY:
		return RULE_ALL;
	case FIELD_EXE:
		if (!exe || rule->cut)
			return RULE_SOME;
		return yes_no((strcmp(rule->exe, exe) == 0) == (f->op == RULE_EQUAL));
	default:
		return RULE_SOME;
	}
}

enum rule_effect rule_hides_message(const struct audit_rule *rule, uint32_t type, const char *exe)
{
	enum rule_effect effect = RULE_ALL;

	/* in the exclude list the action is of no account */
	if (rule->list != AUDIT_FILTER_EXCLUDE && !(rule->list == AUDIT_FILTER_USER && rule->action == AUDIT_NEVER))
		return RULE_NOTHING;
	for (size_t i = 0; i < rule->n; i++)
		effect = both(effect, rule->fields[i].field == AUDIT_MSGTYPE
					      ? yes_no(compare(rule->fields[i].op, type, rule->fields[i].value))
					      : over_field(rule, &rule->fields[i], exe));
	return effect;
}

static bool has_call(const struct audit_rule *rule, uint32_t nr)
{
	return nr / 32 < ARRAY_SIZE(rule->calls) && (rule->calls[nr / 32] >> (nr % 32) & 1);
}

/* Of the system calls of logins, those that the rule is about. */
static enum rule_effect over_calls(const struct audit_rule *rule, uint32_t arch, uint32_t nr, bool success_will_do)
{
	enum rule_effect effect = yes_no(rule->list == AUDIT_FILTER_EXIT && has_call(rule, nr));

	for (size_t i = 0; i < rule->n; i++) {
		const struct rule_field *f = &rule->fields[i];

		if (f->field == AUDIT_ARCH)
			effect = both(effect, yes_no(compare(f->op, arch, f->value)));
		else if (f->field == AUDIT_SUCCESS && success_will_do)
			effect = both(effect, yes_no(compare(f->op, 1, f->value)));
		else
			effect = both(effect, over_field(rule, f, NULL));
	}
	return effect;
}

enum rule_effect rule_hides_call(const struct audit_rule *rule, uint32_t arch, uint32_t nr)
{
	if (rule->action != AUDIT_NEVER)
		return RULE_NOTHING;
	if (rule->list == AUDIT_FILTER_TASK) {
		enum rule_effect effect = RULE_ALL;

		for (size_t i = 0; i < rule->n; i++)
			effect = both(effect, over_field(rule, &rule->fields[i], NULL));
		return effect;
	}
	return over_calls(rule, arch, nr, false);
}

bool rule_records_call(const struct audit_rule *rule, uint32_t arch, uint32_t nr)
{
	return rule->action == AUDIT_ALWAYS && over_calls(rule, arch, nr, true) == RULE_ALL;
}

/* ---- as text ---- */

static const char *list_word(uint32_t list)
{
	static const char *const words[] = {
		[AUDIT_FILTER_USER] = "user",	    [AUDIT_FILTER_TASK] = "task",	  [AUDIT_FILTER_ENTRY] = "entry",
		[AUDIT_FILTER_WATCH] = "watch",	    [AUDIT_FILTER_EXIT] = "exit",	  [AUDIT_FILTER_EXCLUDE] = "exclude",
		[AUDIT_FILTER_FS] = "filesystem", [AUDIT_FILTER_URING_EXIT] = "io_uring",
	};

	return list < ARRAY_SIZE(words) ? words[list] : "?";
}

static const char *field_word(uint32_t field)
{
	static const struct {
		uint32_t field;
		const char *word;
	} words[] = {
		{AUDIT_PID, "pid"},	  {AUDIT_PPID, "ppid"},	      {AUDIT_UID, "uid"},	 {AUDIT_EUID, "euid"},
		{AUDIT_GID, "gid"},	  {AUDIT_EGID, "egid"},	      {AUDIT_LOGINUID, "auid"},	 {AUDIT_ARCH, "arch"},
		{AUDIT_MSGTYPE, "msgtype"}, {AUDIT_SESSIONID, "sessionid"}, {AUDIT_SUCCESS, "success"}, {AUDIT_EXIT, "exit"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i].field == field)
			return words[i].word;
	return NULL;
}

static void field_text(const struct audit_rule *rule, const struct rule_field *f, struct buf *out)
{
	/* quoted where a shell would take it for something else */
	static const char *const ops[] = {"=", "!=", "<", "<=", ">", ">=", "&", "&="};
	const char *word = field_word(f->field), *quote = f->op == RULE_EQUAL ? "" : "'";

	if (f->field == FIELD_EXE)
		buf_addf(out, " -F %sexe%s%s%s", quote, ops[f->op], rule->exe, quote);
	else if (f->field == AUDIT_FILTERKEY)
		buf_addf(out, " -k %s", rule->key);
	else if (f->field == AUDIT_LOGINUID_SET)
		buf_adds(out, compare(f->op, 1, f->value) ? " -F 'auid!=-1'" : " -F auid=-1");
	else if (f->field == AUDIT_LOGINUID && f->value == UNSET)
		buf_addf(out, " -F %sauid%s-1%s", quote, ops[f->op], quote);
	else if (word)
		buf_addf(out, " -F %s%s%s%u%s", quote, word, ops[f->op], f->value, quote);
	else
		buf_addf(out, " (field %u)", f->field);
}

void rule_text(const struct audit_rule *rule, struct buf *out)
{
	buf_addf(out, "%s,%s", rule->action == AUDIT_NEVER ? "never" : "always", list_word(rule->list));
	for (size_t i = 0; i < rule->n; i++)
		field_text(rule, &rule->fields[i], out);
}
