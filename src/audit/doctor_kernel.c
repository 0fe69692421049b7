/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* How kernel audit is set and what its rules do to records of ours: doctor's checks of what netlink answers. */
#include "audit/doctor_look.h"

#include <errno.h>
#include <linux/audit.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#define BACKLOG_LIMIT_MIN 1024U
#define TYPE_FIRST 2500U /* VIRT_CONTROL */
#define TYPE_LAST 2505U  /* VIRT_DESTROY */

#if defined(__x86_64__)
#define ARCH_OWN AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH_OWN AUDIT_ARCH_AARCH64
#elif defined(__riscv)
#define ARCH_OWN AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__)
#define ARCH_OWN AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define ARCH_OWN AUDIT_ARCH_S390X
#else
#define ARCH_OWN 0U
#endif

/* What the pack records so that a chain has no hole; those of the same `part` stand for each other. */
static const struct {
	uint32_t nr;
	const char *name;
} calls[] = {
	{SYS_execve, "execve"},
	{SYS_execveat, "execveat"},
#ifdef SYS_fork
	{SYS_fork, "fork"},
	{SYS_vfork, "vfork"},
#endif
	{SYS_clone, "clone"},
	{SYS_clone3, "clone3"},
};

/* True when the kernel's answers are there; else *ret is the finding. */
static bool asked(const struct doctor_look *l, struct doctor_finding *f, enum doctor_state *ret)
{
	if (l->h->kernel)
		return true;
	if (l->h->kernel_error == -EPROTONOSUPPORT)
		*ret = doctor_bad(f, DOCTOR_FAULT, "# a kernel with CONFIG_AUDIT, without audit=0 on its command line", "this kernel has no audit");
	else if (l->h->kernel_error == -ECONNREFUSED)
		*ret = doctor_bad(f, DOCTOR_UNKNOWN, "# ask from outside of the container", "kernel audit does not speak to a user namespace");
	else
		*ret = doctor_error(f, l->h->kernel_error, "sudo ranby audit doctor", "kernel audit");
	return false;
}

enum doctor_state look_enabled(const struct doctor_look *l, struct doctor_finding *f)
{
	enum doctor_state s;

	if (!asked(l, f, &s))
		return s;
	if (l->h->kernel->enabled == 0)
		return doctor_bad(f, DOCTOR_FAULT, "sudo auditctl -e 1", "off");
	return doctor_ok(f, l->h->kernel->enabled == 2 ? "on, locked" : "on");
}

enum doctor_state look_daemon(const struct doctor_look *l, struct doctor_finding *f)
{
	enum doctor_state s;

	if (!asked(l, f, &s))
		return s;
	if (l->h->kernel->pid == 0)
		return doctor_bad(f, DOCTOR_FAULT, "sudo systemctl enable --now auditd", "none is registered with the kernel");
	return doctor_ok(f, "pid %u", l->h->kernel->pid);
}

enum doctor_state look_lost(const struct doctor_look *l, struct doctor_finding *f)
{
	enum doctor_state s;

	if (!asked(l, f, &s))
		return s;
	if (l->h->kernel->lost > 0)
		return doctor_bad(f, DOCTOR_WARNING, "sudo auditctl -b 8192; sudo auditctl --reset-lost", "%u since the last reset",
				  l->h->kernel->lost);
	return doctor_ok(f, "none");
}

enum doctor_state look_backlog(const struct doctor_look *l, struct doctor_finding *f)
{
	const struct kaudit_state *k = l->h->kernel;
	enum doctor_state s;

	if (!asked(l, f, &s))
		return s;
	if (k->backlog_limit > 0 && k->backlog > k->backlog_limit / 2)
		return doctor_bad(f, DOCTOR_WARNING, "sudo auditctl -b 8192", "%u of %u records wait", k->backlog, k->backlog_limit);
	if (k->backlog_limit > 0 && k->backlog_limit < BACKLOG_LIMIT_MIN)
		return doctor_bad(f, DOCTOR_WARNING, "sudo auditctl -b 8192", "only %u records may wait", k->backlog_limit);
	return doctor_ok(f, "%u of %u", k->backlog, k->backlog_limit);
}

enum doctor_state look_rate(const struct doctor_look *l, struct doctor_finding *f)
{
	enum doctor_state s;

	if (!asked(l, f, &s))
		return s;
	if (l->h->kernel->rate_limit > 0)
		return doctor_bad(f, DOCTOR_FAULT, "sudo auditctl -r 0", "%u records a second", l->h->kernel->rate_limit);
	return doctor_ok(f, "none");
}

enum doctor_state look_failure(const struct doctor_look *l, struct doctor_finding *f)
{
	enum doctor_state s;

	if (!asked(l, f, &s))
		return s;
	if (l->h->kernel->failure == 0)
		return doctor_bad(f, DOCTOR_WARNING, "sudo auditctl -f 1", "0: silence");
	return doctor_ok(f, l->h->kernel->failure == 2 ? "2: the kernel stops" : "1: the kernel's log says so");
}

enum doctor_state look_swallowed(const struct doctor_look *l, struct doctor_finding *f)
{
	enum doctor_state s;

	if (!asked(l, f, &s))
		return s;
	for (size_t i = 0; i < l->n_rules; i++) {
		_cleanup_(buf_done) struct buf text = BUF_INIT;
		enum rule_effect effect = RULE_NOTHING;
		char mend[DOCTOR_TEXT_MAX];

		for (uint32_t type = TYPE_FIRST; type <= TYPE_LAST; type++) {
			enum rule_effect one = rule_hides_message(&l->rules[i], type, l->h->witness);

			effect = one > effect ? one : effect;
		}
		if (effect == RULE_NOTHING)
			continue;
		rule_text(&l->rules[i], &text);
		snprintf(mend, sizeof(mend), "sudo auditctl -d %s   # and from /etc/audit/rules.d/", buf_str(&text));
		return doctor_bad(f, DOCTOR_FAULT, mend, "%s: drops %s", buf_str(&text), effect == RULE_ALL ? "all of them" : "some of them");
	}
	return doctor_ok(f, "none");
}

/* ---- rules for system calls ---- */

enum doctor_state look_calls(const struct doctor_look *l, struct doctor_finding *f)
{
	_cleanup_(buf_done) struct buf missing = BUF_INIT;
	enum doctor_state s;

	if (!asked(l, f, &s))
		return s;
	for (size_t c = 0; c < ARRAY_SIZE(calls); c++) {
		bool met = false;

		for (size_t i = 0; i < l->n_rules && !met; i++)
			met = rule_records_call(&l->rules[i], ARCH_OWN, calls[c].nr);
		if (!met)
			buf_addf(&missing, "%s%s", missing.len ? ", " : "", calls[c].name);
	}
	if (missing.len)
		return doctor_bad(f, DOCTOR_FAULT,
				  "ranby audit rules | sudo tee " DOCTOR_RULES_FILE " && sudo augenrules --load",
				  "of logins nothing records %s", buf_str(&missing));
	return doctor_ok(f, "all recorded, among %u rules", l->h->kernel->n_rules);
}

enum doctor_state look_never(const struct doctor_look *l, struct doctor_finding *f)
{
	enum doctor_state s;

	if (!asked(l, f, &s))
		return s;
	for (size_t i = 0; i < l->n_rules; i++)
		for (size_t c = 0; c < ARRAY_SIZE(calls); c++) {
			_cleanup_(buf_done) struct buf text = BUF_INIT;
			enum rule_effect effect = rule_hides_call(&l->rules[i], ARCH_OWN, calls[c].nr);
			char mend[DOCTOR_TEXT_MAX];

			if (effect == RULE_NOTHING)
				continue;
			rule_text(&l->rules[i], &text);
			snprintf(mend, sizeof(mend), "sudo auditctl -d %s   # and from /etc/audit/rules.d/", buf_str(&text));
			return doctor_bad(f, effect == RULE_ALL ? DOCTOR_FAULT : DOCTOR_WARNING, mend, "%s: hides %s of %s",
					  buf_str(&text), calls[c].name, effect == RULE_ALL ? "every login" : "some");
		}
	return doctor_ok(f, "none");
}

enum doctor_state look_locked(const struct doctor_look *l, struct doctor_finding *f)
{
	enum doctor_state s;

	if (!asked(l, f, &s))
		return s;
	if (l->h->kernel->enabled != 2)
		return doctor_bad(f, DOCTOR_WARNING, "echo '-e 2' | sudo tee /etc/audit/rules.d/99-finalize.rules && sudo augenrules --load",
				  "they can be changed");
	return doctor_ok(f, "-e 2");
}

enum doctor_state look_immutable(const struct doctor_look *l, struct doctor_finding *f)
{
	enum doctor_state s;

	if (!asked(l, f, &s))
		return s;
	if (l->h->kernel->features & KAUDIT_LOGINUID_IMMUTABLE)
		return doctor_ok(f, l->h->kernel->locked & KAUDIT_LOGINUID_IMMUTABLE ? "on, locked" : "on");
	return doctor_bad(f, DOCTOR_WARNING, "echo '--loginuid-immutable' | sudo tee /etc/audit/rules.d/11-loginuid.rules && sudo augenrules --load",
			  "off; with it --ident=session is not to be had");
}

enum doctor_state look_boot(const struct doctor_look *l, struct doctor_finding *f)
{
	char line[4096], *at;
	int r = doctor_read_word(l, "/proc/cmdline", line, sizeof(line));

	if (r < 0)
		return doctor_error(f, r, "", "/proc/cmdline");
	at = strstr(line, "audit=1");
	if (!at || (at > line && at[-1] != ' ') || (at[7] && at[7] != ' '))
		return doctor_bad(f, DOCTOR_WARNING, "# add audit=1 audit_backlog_limit=8192 to the kernel's command line",
				  "no audit=1 on the kernel's command line");
	return doctor_ok(f, "audit=1");
}
