/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The lengths below are chosen so that a record with the longest value of all
 * in hex still fits, which a test shows; one that did not would not be sent.
 */
#include "witness/record.h"

#include "witness/witness.h"

#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#define MAX_NAME 120
#define PTS_MAJOR 136 /* and the seven above it: admin-guide/devices.txt */

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
	[WITNESS_CLAIM_DETAIL] = {"claimed-detail", 172},
	[WITNESS_CLAIM_LEDGER] = {"claimed-ledger", 56},
	[WITNESS_CLAIM_CMD] = {"claimed-cmd", 220},
	[WITNESS_CLAIM_PROFILE] = {"claimed-profile", 64},
	[WITNESS_CLAIM_PROFILE_HASH] = {"claimed-profile-hash", 64},
};

static const char *const resources[][2] = {
	[WITNESS_RESOURCE_MOUNT] = {"mount", "claimed-mount"},
	[WITNESS_RESOURCE_DEVICE] = {"device", "claimed-device"},
	[WITNESS_RESOURCE_NET] = {"net", "claimed-net"},
	[WITNESS_RESOURCE_IMAGE] = {"image", "claimed-image"},
	[WITNESS_RESOURCE_N] = {"uidmap", "uid-map"},
};

/* What every record of ours begins with. */
static struct record *begin(struct record *r)
{
	r->len = 0;
	r->cut = false;
	record_add(r, "virt=ranby");
	return r;
}

static struct record *begin_about(struct witness *w, const char *word, const char *value)
{
	const char *reason = w->q.reason[0] ? w->q.reason : w->row->reason;
	struct record *r = begin(&w->record);

	if (w->trust == AUDIT_TRUST_ZOMBIE)
		reason = WTERMSIG(w->target.exit_status) ? "signal" : "exited";
	record_add(r, " %s=%s reason=%s", word, value, reason);
	record_nv(r, "vm", w->q.vm, MAX_NAME);
	if (w->init)
		record_add(r, " uuid=%s vm-pid=%d", w->reply.receipt.uuid, w->target.pid);
	return r;
}

static void end(struct witness *w, struct record *r)
{
	unsigned number = major(w->self.tty), unit = minor(w->self.tty);

	record_add(r, " nonce=%016llx", (unsigned long long)w->nonce);
	record_nv(r, "exe", w->self.exe, 96);
	record_add(r, " hostname=? addr=? terminal=");
	if (number >= PTS_MAJOR && number < PTS_MAJOR + 8)
		record_add(r, "pts/%u", (number - PTS_MAJOR) * 256 + unit);
	else if (w->self.tty)
		record_add(r, "%u:%u", number, unit);
	else
		record_add(r, "?");
	record_add(r, " res=%s", w->q.flags & WITNESS_FAILED ? "failed" : "success");
}

/* What was seen of the process, as numbers that nobody can choose and names that are encoded. */
static void add_facts(struct record *r, const struct witness *w)
{
	const struct facts *t = &w->target, *init = w->init;

	record_add(r, " boot=%s vm-start=%llu init-pid=%d init-start=%llu pid-ns=%s user-ns=%s uid-map=%s%s", w->boot_id,
		   t->start_ticks, init->pid, init->start_ticks, t->pid_ns, t->user_ns, t->uid_map, t->fields.text);
	record_add(r, " starter-auid=%s starter-ses=%s", init->auid, init->ses);
	if (t != init)
		record_add(r, " auid-of=%s ses-of=%s", t->auid, t->ses);
	if (w->trust == AUDIT_TRUST_LIVE)
		record_add(r, " stage=%s", t->state == 't' ? "exec-stop" : "pre-exec");
	if (w->trust == AUDIT_TRUST_ZOMBIE)
		record_add(r, WTERMSIG(t->exit_status) ? " exit-signal=%d" : " exit-code=%d",
			   WTERMSIG(t->exit_status) ? WTERMSIG(t->exit_status) : WEXITSTATUS(t->exit_status));
}

void record_verb(struct witness *w)
{
	struct record *r = begin_about(w, "op", w->row->op);

	record_add(r, " trust=%s", audit_trust_word(w->trust));
	if (w->q.ctr[0])
		record_add(r, " ctr=%s", w->q.ctr);
	if (w->init)
		add_facts(r, w);
	if (w->suppressed)
		record_add(r, " suppressed=%llu", (unsigned long long)w->suppressed);
	for (size_t i = 0; i < ARRAY_SIZE(claims); i++)
		if (w->q.claim[i][0])
			record_nv(r, claims[i].name, w->q.claim[i], claims[i].max);
	end(w, r);
}

void record_resource(struct witness *w, uint32_t kind, const char *text)
{
	struct record *r = begin_about(w, "resrc", resources[kind][0]);

	record_add(r, " trust=%s", audit_trust_word(kind == WITNESS_RESOURCE_N ? w->trust : AUDIT_TRUST_CALLER));
	record_nv(r, resources[kind][1], text, WITNESS_TEXT_SIZE);
	end(w, r);
}

void record_label(struct witness *w)
{
	struct record *r = begin(&w->record);

	record_nv(r, "vm", w->q.vm, MAX_NAME);
	record_add(r, " uuid=%s", w->reply.receipt.uuid);
	record_nv(r, "vm-ctx", w->target.label, sizeof(w->target.label));
	record_add(r, " img-ctx=? model=%s trust=%s", w->target.apparmor ? "apparmor" : "selinux", audit_trust_word(w->trust));
	end(w, r);
}

void record_suppressed(struct witness *w)
{
	struct record *r = begin(&w->record);

	record_add(r, " op=suppress reason=rate-limit trust=live suppressed=%llu", (unsigned long long)w->suppressed);
	end(w, r);
}
