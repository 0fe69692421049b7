/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* doctor_look - what the doctor's checks share: files below the root, the rules, and how a finding is written. */
#ifndef RANBY_AUDIT_DOCTOR_LOOK_H
#define RANBY_AUDIT_DOCTOR_LOOK_H

#include "audit/system_ledger.h"
#include "audit/auditd_conf.h"
#include "audit/doctor.h"
#include "audit/rule.h"
#include "base/buf.h"

#include <sys/stat.h>

#define DOCTOR_SETUP "sudo ranby audit setup --apply"
#define DOCTOR_RULES_FILE "/etc/audit/rules.d/40-ranby.rules"
#define DOCTOR_LEDGER SYSTEM_LEDGER_DIR
#define DOCTOR_WITNESS_STATE "/run/ranby-witness"
#define DOCTOR_GROUP "ranby"
#define DOCTOR_AUDIT_GROUP "ranby-audit"
#define DOCTOR_POLICY "/etc/ranby/policy.conf"

struct doctor_look {
	const struct doctor_host *h;
	struct audit_rule *rules; /* in the kernel's order; of those that could be read */
	size_t n_rules;
	int conf_error;           /* of auditd.conf: 0 or -errno */
	struct auditd_conf conf;
};

/* Findings: what is there, and what mends it. Each returns its state. */
enum doctor_state doctor_ok(struct doctor_finding *f, const char *found, ...) _printf_(2, 3);
enum doctor_state doctor_bad(struct doctor_finding *f, enum doctor_state s, const char *mend, const char *found, ...) _printf_(4, 5);
/* A file or answer that is not to be had: unknown for want of rights, else a fault with `mend`. */
enum doctor_state doctor_error(struct doctor_finding *f, int error, const char *mend, const char *what);

/* A file below the root, `path` from it ("/etc/..."). 0 or -errno. */
int doctor_read(const struct doctor_look *l, const char *path, size_t max, struct buf *out) _must_check_;
/* Without its last newline; "" and -errno when it cannot be read. */
int doctor_read_word(const struct doctor_look *l, const char *path, char *out, size_t size);
int doctor_stat(const struct doctor_look *l, const char *path, struct stat *ret) _must_check_;
/* `flags` as open(2); the last link is followed inside of the root. */
int doctor_open(const struct doctor_look *l, const char *path, int flags, int *ret_fd) _must_check_;

/* Its number in /etc/group. -ENOENT. */
int doctor_group(const struct doctor_look *l, const char *name, gid_t *ret) _must_check_;

/* The checks of each part, for the table. */
#define DOCTOR_LOOK(name) enum doctor_state name(const struct doctor_look *l, struct doctor_finding *f)
DOCTOR_LOOK(look_userns);
DOCTOR_LOOK(look_yama);
DOCTOR_LOOK(look_pidfd);
DOCTOR_LOOK(look_notify);
DOCTOR_LOOK(look_landlock);
DOCTOR_LOOK(look_landlock_log);
DOCTOR_LOOK(look_newuidmap);
DOCTOR_LOOK(look_newgidmap);
DOCTOR_LOOK(look_subuid);
DOCTOR_LOOK(look_subgid);
DOCTOR_LOOK(look_login);

DOCTOR_LOOK(look_enabled);
DOCTOR_LOOK(look_daemon);
DOCTOR_LOOK(look_lost);
DOCTOR_LOOK(look_backlog);
DOCTOR_LOOK(look_rate);
DOCTOR_LOOK(look_failure);
DOCTOR_LOOK(look_swallowed);
DOCTOR_LOOK(look_immutable);
DOCTOR_LOOK(look_locked);
DOCTOR_LOOK(look_boot);
DOCTOR_LOOK(look_calls);
DOCTOR_LOOK(look_never);
DOCTOR_LOOK(look_rules_file);

DOCTOR_LOOK(look_witness_file);
DOCTOR_LOOK(look_witness_caps);
DOCTOR_LOOK(look_witness_mount);
DOCTOR_LOOK(look_witness_state);
DOCTOR_LOOK(look_session_caps);

DOCTOR_LOOK(look_conf);
DOCTOR_LOOK(look_format);
DOCTOR_LOOK(look_rotation);
DOCTOR_LOOK(look_full);
DOCTOR_LOOK(look_queue);
DOCTOR_LOOK(look_plugin);
DOCTOR_LOOK(look_running);
DOCTOR_LOOK(look_audit_group);
DOCTOR_LOOK(look_ledger);
DOCTOR_LOOK(look_append_only);
DOCTOR_LOOK(look_label);
DOCTOR_LOOK(look_policy);
DOCTOR_LOOK(look_gate);

#endif
