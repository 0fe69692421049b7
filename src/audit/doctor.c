/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The table of checks, and the level that follows. A check is one row here and
 * one function (doctor_host.c, doctor_kernel.c, doctor_files.c), so that what
 * the doctor knows can be read in one place.
 */
#include "audit/doctor.h"

#include "audit/doctor_look.h"
#include "sys/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct doctor_check doctor_checks[] = {
	{"kernel.userns", 0, "User namespaces", "Without them no container starts.", look_userns},
	{"kernel.ptrace", 0, "Tracing one's own children",
	 "At its exec stop a payload's credentials, filters and label are read before its first instruction.", look_yama},
	{"kernel.pidfd", 0, "Processes by descriptor", "A process number alone may be another's the next moment.", look_pidfd},
	{"kernel.notify", 0, "seccomp user notification", "run --trail records every exec by it, with no privilege.", look_notify},
	{"kernel.landlock", 0, "Landlock", "ranby's own workers are held by it, and --ident=landlock names a container by it.", look_landlock},
	{"kernel.landlock-log", 0, "Landlock in the audit log",
	 "A container's begin and end are then in the log even when its monitor is killed.", look_landlock_log},
	{"host.newuidmap", 0, "newuidmap", "Without it a container has one user ID and not a range.", look_newuidmap},
	{"host.newgidmap", 0, "newgidmap", "Without it a container has one group ID and not a range.", look_newgidmap},
	{"host.subuid", 0, "Subordinate user IDs", "They are what a container's users are on the host.", look_subuid},
	{"host.subgid", 0, "Subordinate group IDs", "They are what a container's groups are on the host.", look_subgid},
	{"login.uid", 0, "This session's login", "An unset loginuid can be forged by anybody; ranby pins it, to the user and not to a login.",
	 look_login},

	{"audit.enabled", 1, "Kernel audit", "While it is off the kernel takes our records, says so, and drops them.", look_enabled},
	{"audit.daemon", 1, "auditd", "Without it records go to the kernel's log, which drops most of a burst and counts nothing as lost.",
	 look_daemon},
	{"audit.lost", 1, "Lost records", "What was lost can be anybody's; answers that depend on it become \"unknown\".", look_lost},
	{"audit.backlog", 1, "Backlog", "When it is full the kernel holds up whoever makes records, and then drops them.", look_backlog},
	{"audit.rate", 1, "Rate limit", "Records past it are dropped.", look_rate},
	{"audit.failure", 1, "When a record cannot be kept", "0 says nothing to anybody.", look_failure},
	{"audit.swallowed", 1, "Rules that drop our records", "The kernel takes such a record, says so, and drops it.", look_swallowed},
	{"witness.file", 1, "ranby-witness", "It writes the kernel records that a user cannot write.", look_witness_file},
	{"witness.caps", 1, "Its capabilities", "cap_audit_write to write a record, cap_audit_read to see that it was written.", look_witness_caps},
	{"witness.mount", 1, "Its file system", "With nosuid the kernel ignores file capabilities.", look_witness_mount},
	{"witness.state", 1, "Its rate limits", "Without them one user could wipe a rotating log in seconds.", look_witness_state},
	{"login.caps", 1, "This session's limits", "Under no_new_privs, or without the capability in the bounding set, the witness has none.",
	 look_session_caps},

	{"auditd.conf", 2, "auditd.conf", "It decides whether records are kept, and for how long.", look_conf},
	{"auditd.format", 2, "Format of the log", "ENRICHED keeps the names that IDs had when it was written.", look_format},
	{"auditd.rotation", 2, "How long the log lasts", "A rotating log that is small is wiped by whoever makes enough records.", look_rotation},
	{"auditd.full", 2, "When the disk is full", "SUSPEND and IGNORE let containers go on with nothing recorded.", look_full},
	{"auditd.queue", 2, "auditd's queue to its plugins", "What does not fit in is dropped before ranby-trail sees it.", look_queue},
	{"rules.loaded", 2, "Rules for execs and forks", "An exec is told by the chain of forks above it: both must be recorded.", look_calls},
	{"rules.never", 2, "Rules that hide execs and forks", "A chain with a hole ends in \"unknown\".", look_never},
	{"rules.file", 2, "The rules pack", "Rules that are in no file are gone after the next boot.", look_rules_file},
	{"rules.locked", 2, "Rules locked until the next boot", "With -e 2 not even root can switch audit off in between.", look_locked},
	{"login.immutable", 2, "loginuid immutable", "Without it root, and whoever has cap_audit_control, can become another login.", look_immutable},
	{"audit.boot", 2, "Audit from the first process on", "Processes older than audit have no loginuid that could be trusted.", look_boot},
	{"trail.plugin", 2, "ranby-trail as auditd's plugin", "It turns the audit stream into the system ledger.", look_plugin},
	{"trail.running", 2, "ranby-trail runs", "What is not in the ledger when the log rotates is gone.", look_running},
	{"trail.group", 2, "Group ranby-audit", "Its members may read the ledger and see everybody's containers.", look_audit_group},
	{"trail.ledger", 2, "The system ledger", "A user must not be able to write or remove what is recorded.", look_ledger},
	{"trail.append-only", 2, "Append-only files", "Then what is in the ledger cannot be taken back, not even by its writer.", look_append_only},
	{"audit.label", 2, "Security labels in records", "With SELinux or AppArmor each record names the label of its process.", look_label},

	{"policy.file", 3, "Site policy", "It says what must not start, and users cannot weaken it.", look_policy},
	{"policy.gate", 3, "A gate on user namespaces", "Without one a user can start containers with anything else than ranby.", look_gate},
	{NULL, 0, NULL, NULL, NULL},
};

const char *doctor_state_word(enum doctor_state s)
{
	static const char *const words[] = {"ok", "warning", "fault", "unknown"};

	return words[s];
}

const char *doctor_level_word(int level)
{
	static const char *const words[DOCTOR_LEVELS] = {"self", "witnessed", "ledgered", "enforced"};

	return level >= 0 && level < DOCTOR_LEVELS ? words[level] : "none";
}

/* ---- findings ---- */

enum doctor_state doctor_ok(struct doctor_finding *f, const char *found, ...)
{
	va_list ap;

	va_start(ap, found);
	vsnprintf(f->found, sizeof(f->found), found, ap);
	va_end(ap);
	return DOCTOR_OK;
}

enum doctor_state doctor_bad(struct doctor_finding *f, enum doctor_state s, const char *mend, const char *found, ...)
{
	va_list ap;

	va_start(ap, found);
	vsnprintf(f->found, sizeof(f->found), found, ap);
	va_end(ap);
	snprintf(f->mend, sizeof(f->mend), "%s", mend);
	return s;
}

enum doctor_state doctor_error(struct doctor_finding *f, int error, const char *mend, const char *what)
{
	char why[64] = "";

	if (error == -EACCES || error == -EPERM)
		return doctor_bad(f, DOCTOR_UNKNOWN, "sudo ranby audit doctor", "%s: only root may look", what);
	return doctor_bad(f, DOCTOR_FAULT, mend, "%s: %s", what, strerror_r(-error, why, sizeof(why)));
}

/* ---- files ---- */

int doctor_open(const struct doctor_look *l, const char *path, int flags, int *ret_fd)
{
	return path_in_root_open(l->h->root_fd, path, flags, ret_fd);
}

int doctor_read(const struct doctor_look *l, const char *path, size_t max, struct buf *out)
{
	return path_in_root_read(l->h->root_fd, path, max, out);
}

int doctor_read_word(const struct doctor_look *l, const char *path, char *out, size_t size)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = doctor_read(l, path, 65536, &b);

	snprintf(out, size, "%s", r < 0 ? "" : buf_str(&b));
	out[strcspn(out, "\n")] = '\0';
	return r;
}

int doctor_stat(const struct doctor_look *l, const char *path, struct stat *ret)
{
	int fd, r = doctor_open(l, path, O_PATH, &fd);

	if (r < 0)
		return r;
	r = fstat(fd, ret) < 0 ? -errno : 0;
	close(fd);
	return r;
}

int doctor_group(const struct doctor_look *l, const char *name, gid_t *ret)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	size_t len = strlen(name);
	int r = doctor_read(l, "/etc/group", 16U << 20, &b);

	if (r < 0)
		return r;
	for (const char *s = buf_str(&b); *s; s += strcspn(s, "\n"), s += *s == '\n') {
		unsigned gid;

		if (strncmp(s, name, len) == 0 && s[len] == ':' && sscanf(s + len, ":%*[^:\n]:%9u:", &gid) == 1) {
			*ret = gid;
			return 0;
		}
	}
	return -ENOENT;
}

/* ---- together ---- */

static void read_rules(struct doctor_look *l)
{
	const struct kaudit_state *k = l->h->kernel;
	size_t at = 0;
	uint32_t len;

	l->rules = k ? mem_array(k->n_rules, sizeof(*l->rules)) : NULL;
	while (l->rules && at + sizeof(len) <= k->rules.len) {
		memcpy(&len, k->rules.data + at, sizeof(len));
		at += sizeof(len);
		if (len > k->rules.len - at)
			break;
		if (rule_parse(k->rules.data + at, len, &l->rules[l->n_rules]) == 0)
			l->n_rules++;
		at += len;
	}
}

static void read_conf(struct doctor_look *l)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	l->conf_error = doctor_read(l, "/etc/audit/auditd.conf", AUDITD_CONF_MAX, &b);
	if (l->conf_error == 0)
		auditd_conf_parse(buf_str(&b), b.len, &l->conf);
}

/* What cannot be known of level 0 takes nothing away from it: it promises nothing that others would have to keep. */
static bool is_in_the_way(const struct doctor_finding *f, bool unknown_too)
{
	return f->state == DOCTOR_FAULT || (unknown_too && f->state == DOCTOR_UNKNOWN && f->check->level > 0);
}

/* The highest level with none of those in it and below it. */
static int level_without(const struct doctor_report *rep, bool unknown_too)
{
	int level = DOCTOR_LEVELS - 1;

	for (size_t i = 0; i < rep->n; i++) {
		const struct doctor_finding *f = &rep->findings[i];

		if (is_in_the_way(f, unknown_too) && f->check->level <= level)
			level = f->check->level - 1;
	}
	return level;
}

const struct doctor_finding *doctor_next(const struct doctor_report *rep)
{
	for (size_t i = 0; i < rep->n; i++)
		if (rep->findings[i].check->level == rep->level + 1 && is_in_the_way(&rep->findings[i], true))
			return &rep->findings[i];
	return NULL;
}

void doctor_examine(const struct doctor_host *h, struct doctor_report *ret)
{
	struct doctor_look l = {.h = h};

	memset(ret, 0, sizeof(*ret));
	read_rules(&l);
	read_conf(&l);
	for (const struct doctor_check *c = doctor_checks; c->id && ret->n < DOCTOR_CHECKS_MAX; c++) {
		struct doctor_finding *f = &ret->findings[ret->n++];

		f->check = c;
		f->state = c->look(&l, f);
	}
	free(l.rules);
	ret->level = level_without(ret, true);
	ret->possible = level_without(ret, false);
}
