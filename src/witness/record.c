/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The lengths below are chosen so that a record with the longest value of all
 * in hex still fits, which a test shows; one that did not would not be sent.
 * libaudit's own encoder is not linked, because its object file brings along
 * the resolver, NSS and every rule parser; a test compares the two.
 */
#include "witness/record.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAX_NAME 120
#define MAX_PATH 180 /* executable, cgroup */

static const struct {
	const char *name;
	size_t max;
} claims[] = {
	[WITNESS_CLAIM_REASON] = {"claimed-reason", 16},
	[WITNESS_CLAIM_RUN] = {"claimed-run", 36},
	[WITNESS_CLAIM_IMAGE] = {"claimed-image", 180},
	[WITNESS_CLAIM_DIGEST] = {"claimed-digest", 72},
	[WITNESS_CLAIM_USER] = {"claimed-user", 48},
	[WITNESS_CLAIM_SIGNAL] = {"claimed-signal", 12},
	[WITNESS_CLAIM_DETAIL] = {"claimed-detail", 96},
	[WITNESS_CLAIM_LEDGER] = {"claimed-ledger", 56},
	[WITNESS_CLAIM_CMD] = {"claimed-cmd", WITNESS_TEXT_SIZE - 1},
};

static const char *const resources[] = {
	[WITNESS_RESOURCE_MOUNT] = "mount",
	[WITNESS_RESOURCE_DEVICE] = "device",
	[WITNESS_RESOURCE_NET] = "net",
	[WITNESS_RESOURCE_IMAGE] = "image",
};

static _printf_(2, 3) void add(struct record *r, const char *fmt, ...)
{
	size_t room = sizeof(r->text) - r->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(r->text + r->len, room, fmt, ap);
	va_end(ap);
	if ((size_t)n >= room)
		r->cut = true;
	else
		r->len += (size_t)n;
}

/* As audit_value_needs_encoding(3). */
static bool needs_encoding(const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (value[i] == '"' || (unsigned char)value[i] < 0x21 || (unsigned char)value[i] >= 0x7f)
			return true;
	return false;
}

void record_nv(struct record *r, const char *name, const char *value, size_t max)
{
	size_t len = strnlen(value, max);

	if (!needs_encoding(value, len)) {
		add(r, " %s=\"%.*s\"", name, (int)len, value);
		return;
	}
	add(r, " %s=", name);
	for (size_t i = 0; i < len; i++)
		add(r, "%02X", (unsigned char)value[i]);
}

/* What every record of ours begins with. */
static void add_head(struct record *r, const struct record_subject *s, const char *word, const char *value)
{
	const char *reason = s->q->reason[0] ? s->q->reason : s->row->reason;

	if (s->trust == AUDIT_TRUST_ZOMBIE)
		reason = (s->target->exit_status & 0x7f) == 0 ? "exited" : "signal";
	add(r, "virt=ranby %s=%s reason=%s", word, value, reason);
	record_nv(r, "vm", s->q->vm, MAX_NAME);
	if (s->target)
		add(r, " uuid=%s vm-pid=%d", s->uuid, s->target->pid);
}

static void add_tail(struct record *r, const struct record_subject *s)
{
	unsigned tty = s->self->tty, major = tty >> 8 & 0xfff, minor = (tty & 0xff) | (tty >> 12 & 0xfff00);

	add(r, " nonce=%016llx", (unsigned long long)s->nonce);
	record_nv(r, "exe", s->self->exe, 96);
	add(r, " hostname=? addr=? terminal=");
	if (tty == 0)
		add(r, "?");
	else if (major >= 136 && major <= 143) /* admin-guide/devices.txt: Unix98 pseudo-terminals */
		add(r, "pts/%u", (major - 136) * 256 + minor);
	else
		add(r, "%u:%u", major, minor);
	add(r, " res=%s", s->q->flags & WITNESS_FAILED ? "failed" : "success");
}

static void add_claims(struct record *r, const struct witness_request *q)
{
	for (size_t i = 0; i < ARRAY_SIZE(claims); i++)
		if (q->claim[i][0])
			record_nv(r, claims[i].name, q->claim[i], claims[i].max);
}

/* Where it is, as numbers that nobody can choose. */
static void add_place(struct record *r, const struct record_subject *s)
{
	const struct facts *t = s->target, *init = s->init;

	add(r, " boot=%s vm-start=%llu init-pid=%d init-start=%llu ns-pid=%d pid-ns=%llu user-ns=%llu", s->self->boot_id,
	    (unsigned long long)t->start_ticks, init->pid, (unsigned long long)init->start_ticks, t->ns_pid,
	    (unsigned long long)t->ns[FACTS_NS_PID], (unsigned long long)t->ns[FACTS_NS_USER]);
	add(r, " vm-uid=%u uid-map=%s starter-auid=%u starter-ses=%u", t->uid, t->uid_map, init->auid, init->ses);
	if (t != init)
		add(r, " auid-of=%u ses-of=%u", t->auid, t->ses);
}

/* What the kernel holds it to. */
static void add_confinement(struct record *r, const struct facts *t)
{
	static const char *const modes[] = {"disabled", "strict", "filter"};

	add(r, " stage=%s mnt-ns=%llu net-ns=%llu", t->exec_stop ? "exec-stop" : "pre-exec",
	    (unsigned long long)t->ns[FACTS_NS_MNT], (unsigned long long)t->ns[FACTS_NS_NET]);
	add(r, " seccomp=%s:%u cap-eff=%016llx cap-bnd=%016llx nnp=%u", t->seccomp < ARRAY_SIZE(modes) ? modes[t->seccomp] : "?",
	    t->filters, (unsigned long long)t->cap_eff, (unsigned long long)t->cap_bnd, t->nnp);
	record_nv(r, "cgroup", t->cgroup, MAX_PATH);
	record_nv(r, "vm-exe", t->exe, MAX_PATH);
}

static void add_end(struct record *r, int status)
{
	if ((status & 0x7f) == 0)
		add(r, " exit-code=%d", status >> 8 & 0xff);
	else
		add(r, " exit-signal=%d", status & 0x7f);
}

void record_verb(struct record *r, const struct record_subject *s)
{
	add_head(r, s, "op", s->row->op);
	add(r, " trust=%s", audit_trust_word(s->trust));
	if (s->q->ctr[0])
		add(r, " ctr=%s", s->q->ctr);
	if (s->target)
		add_place(r, s);
	if (s->trust == AUDIT_TRUST_LIVE)
		add_confinement(r, s->target);
	if (s->trust == AUDIT_TRUST_ZOMBIE)
		add_end(r, s->target->exit_status);
	if (s->suppressed)
		add(r, " suppressed=%llu", (unsigned long long)s->suppressed);
	add_claims(r, s->q);
	add_tail(r, s);
}

void record_resource(struct record *r, const struct record_subject *s, const struct witness_item *item)
{
	char name[32];

	add_head(r, s, "resrc", resources[item->kind]);
	add(r, " trust=%s", audit_trust_word(AUDIT_TRUST_CALLER));
	snprintf(name, sizeof(name), "claimed-%s", resources[item->kind]);
	record_nv(r, name, item->text, sizeof(item->text));
	add_tail(r, s);
}

void record_map(struct record *r, const struct record_subject *s)
{
	add_head(r, s, "resrc", "uidmap");
	add(r, " trust=%s user-ns=%llu uid-map=%s", audit_trust_word(s->trust),
	    (unsigned long long)s->target->ns[FACTS_NS_USER], s->target->uid_map);
	add_tail(r, s);
}

void record_label(struct record *r, const struct record_subject *s)
{
	add(r, "virt=ranby");
	record_nv(r, "vm", s->q->vm, MAX_NAME);
	add(r, " uuid=%s", s->uuid);
	record_nv(r, "vm-ctx", s->target->label, sizeof(s->target->label));
	add(r, " img-ctx=? model=%s trust=%s", s->target->apparmor ? "apparmor" : "selinux", audit_trust_word(s->trust));
	add_tail(r, s);
}

void record_suppressed(struct record *r, const struct record_subject *s)
{
	add(r, "virt=ranby op=suppress reason=rate-limit trust=live suppressed=1");
	add_tail(r, s);
}
