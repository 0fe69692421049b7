/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A tree of files stands for the host, and a struct for the kernel: all is
 * well in it, then each fault is seeded alone, and must be found by its check
 * and by no other. What needs a real kernel is in tests/root/doctor.bats.
 */
#include "base/testing.h"

#include "audit/auditd_conf.h"
#include "audit/doctor.h"
#include "audit/rule.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <linux/audit.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define CONF                                                                                                                     \
	"# a comment\nlocal_events = yes\nwrite_logs = yes\nlog_format = ENRICHED\nflush=INCREMENTAL_ASYNC\nmax_log_file = 100\n" \
	"num_logs = 9\nmax_log_file_action = ROTATE\nspace_left_action = SYSLOG\nadmin_space_left_action = SINGLE\n"              \
	"disk_full_action = HALT\ndisk_error_action = HALT\nq_depth = 2000\noverflow_action = SYSLOG\n"
#define WITNESS "/usr/libexec/ranby/ranby-witness"

static char dir[64];
static int root_fd;

/* A file with all directories above it; NULL text removes it, mode 0 is 0644. */
static void put(const char *path, const char *text, unsigned mode)
{
	_cleanup_close_ int parent = -EBADF;
	char folder[128];
	int fd;

	snprintf(folder, sizeof(folder), "%s", path + 1);
	if (!text) {
		if (unlinkat(root_fd, folder, 0) < 0)
			fail_msg("%s is not there", path);
		return;
	}
	*strrchr(folder, '/') = '\0';
	assert_int_equal(path_own_mkdirs(root_fd, folder, &parent), 0);
	fd = openat(root_fd, path + 1, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	assert_int_equal(fchmod(fd, mode ? mode : 0644), 0);
	close(fd);
}

static void put_dir(const char *path, unsigned mode)
{
	_cleanup_close_ int fd = -EBADF;

	assert_int_equal(path_own_mkdirs(root_fd, path + 1, &fd), 0);
	assert_int_equal(fchmodat(root_fd, path + 1, mode, 0), 0);
}

static const struct file {
	const char *path, *text;
	unsigned mode;
} files[] = {
	{"/proc/sys/user/max_user_namespaces", "96365\n", 0},
	{"/proc/sys/kernel/unprivileged_userns_clone", "1\n", 0},
	{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "0\n", 0},
	{"/proc/sys/kernel/yama/ptrace_scope", "1\n", 0},
	{"/proc/sys/kernel/seccomp/actions_avail", "kill_process trap errno user_notif allow\n", 0},
	{"/proc/self/loginuid", "1001", 0},
	{"/proc/self/status", "Name:\tx\nCapBnd:\t000001ffffffffff\nNoNewPrivs:\t0\n", 0},
	{"/proc/cmdline", "root=/dev/vda audit=1 quiet\n", 0},
	{"/proc/812/comm", "ranby-trail\n", 0},
	{"/sys/module/apparmor/parameters/enabled", "Y\n", 0},
	{"/sys/fs/selinux/enforce", "1", 0},
	{"/sys/fs/selinux/class/user_namespace", "", 0},
	{"/usr/bin/newuidmap", "", 04755},
	{"/usr/bin/newgidmap", "", 04755},
	{WITNESS, "", 02755},
	{"/usr/sbin/ranby-trail", "", 0755},
	{"/etc/audit/auditd.conf", CONF, 0640},
	{"/etc/audit/rules.d/40-ranby.rules", "", 0640},
	{"/etc/audit/plugins.d/ranby-trail.conf", "active = yes\npath = /usr/sbin/ranby-trail\n", 0640},
	{"/var/log/ranby/system/00000000000000000001.jsonl", "", 0640},
};

static void put_groups(bool audit_too)
{
	char text[256];
	unsigned gid = getegid();

	snprintf(text, sizeof(text), "root:x:0:\n%sranby:x:%u:\n", audit_too ? "ranby-audit:x:64123:alice,bob\n" : "", gid);
	put("/etc/group", text, 0);
}

/* ---- the kernel ---- */

struct field {
	uint32_t field, op, value;
	const char *text;
};

static void add_rule(struct kaudit_state *k, uint32_t list, uint32_t action, const uint32_t *nrs, size_t n_nrs, const struct field *f, size_t n)
{
	char blob[2048] = {0};
	struct audit_rule_data d = {.flags = list, .action = action, .field_count = (uint32_t)n};
	size_t at = sizeof(d);

	for (size_t i = 0; i < n_nrs; i++)
		d.mask[nrs[i] / 32] |= 1U << (nrs[i] % 32);
	for (size_t i = 0; i < n; i++) {
		d.fields[i] = f[i].field;
		d.fieldflags[i] = f[i].op;
		d.values[i] = f[i].text ? (uint32_t)strlen(f[i].text) : f[i].value;
		if (f[i].text) {
			memcpy(blob + at, f[i].text, strlen(f[i].text));
			at += strlen(f[i].text);
		}
	}
	d.buflen = (uint32_t)(at - sizeof(d));
	memcpy(blob, &d, sizeof(d));
	assert_int_equal(kaudit_state_add_rule(k, blob, at), 0);
}

#define LOGINS {AUDIT_LOGINUID, AUDIT_GREATER_THAN_OR_EQUAL, 1000, NULL}, {AUDIT_LOGINUID, AUDIT_NOT_EQUAL, UINT32_MAX, NULL}

static void add_pack(struct kaudit_state *k)
{
	static const uint32_t execs[] = {SYS_execve, SYS_execveat}, forks[] = {
#ifdef SYS_fork
		SYS_fork, SYS_vfork,
#endif
		SYS_clone, SYS_clone3};
	static const struct field exec[] = {{AUDIT_SUCCESS, AUDIT_EQUAL, 1, NULL}, LOGINS, {AUDIT_FILTERKEY, AUDIT_EQUAL, 0, "ranby-exec"}};
	static const struct field fork[] = {LOGINS, {AUDIT_FILTERKEY, AUDIT_EQUAL, 0, "ranby-fork"}};

	add_rule(k, AUDIT_FILTER_EXIT, AUDIT_ALWAYS, execs, ARRAY_SIZE(execs), exec, ARRAY_SIZE(exec));
	add_rule(k, AUDIT_FILTER_EXIT, AUDIT_ALWAYS, forks, ARRAY_SIZE(forks), fork, ARRAY_SIZE(fork));
}

static struct kaudit_state good_kernel(void)
{
	struct kaudit_state k = {.enabled = 2, .failure = 1, .pid = 700, .backlog_limit = 8192, .features = 3, .locked = 2};

	add_pack(&k);
	return k;
}

static struct doctor_host good_host(const struct kaudit_state *k)
{
	return (struct doctor_host){.root_fd = root_fd, .root_uid = geteuid(), .uid = 1001, .kernel = k, .landlock_abi = 7, .pidfd = true,
				    .host_userns = true, .subuids = 65536, .subgids = 65536, .witness = WITNESS, .trail = "/usr/sbin/ranby-trail", .require_audit = true};
}

static int setup(void **state)
{
	(void)state;
	root_fd = testing_directory(dir);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		put(files[i].path, files[i].text, files[i].mode);
	put_groups(true);
	put_dir("/run/ranby-witness", 02770);
	put_dir("/var/log/ranby", 0750);
	return 0;
}

static int teardown(void **state)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = path_own_remove_tree(fd, dir + 1);

	(void)state;
	close(fd);
	close(root_fd);
	return r;
}

/* ---- looking ---- */

static const struct doctor_finding *finding(const struct doctor_report *rep, const char *id)
{
	for (size_t i = 0; i < rep->n; i++)
		if (strcmp(rep->findings[i].check->id, id) == 0)
			return &rep->findings[i];
	fail_msg("no check %s", id);
	return NULL;
}

/* Root's privilege is needed to seed these two in a tree; where it is had they are so all the same. */
static bool is_beyond_tests(const char *id)
{
	return strcmp(id, "witness.caps") == 0 || strcmp(id, "trail.append-only") == 0 || strcmp(id, "witness.mount") == 0;
}

/* Which checks have been seen to find what was seeded for them. */
static bool seeded[DOCTOR_CHECKS_MAX];

/* All is well but `id`, which is in that state and says that word. */
static void only(const struct doctor_host *h, const char *id, enum doctor_state s, const char *word)
{
	struct doctor_report rep;

	doctor_examine(h, &rep);
	if (id && s != DOCTOR_OK)
		seeded[finding(&rep, id)->check - doctor_checks] = true;
	for (size_t i = 0; i < rep.n; i++) {
		const struct doctor_finding *f = &rep.findings[i];
		bool this = id && strcmp(f->check->id, id) == 0;

		if (is_beyond_tests(f->check->id))
			continue;
		if (this && (f->state != s || (word && !strstr(f->found, word)) || (s != DOCTOR_OK && !*f->mend)))
			fail_msg("%s is %s: %s [%s]", id, doctor_state_word(f->state), f->found, f->mend);
		if (!this && f->state != DOCTOR_OK)
			fail_msg("seeded %s, and %s is %s: %s", id ? id : "nothing", f->check->id, doctor_state_word(f->state), f->found);
	}
}

static void all_is_well(void **state)
{
	struct kaudit_state k = good_kernel();
	struct doctor_host h = good_host(&k);

	(void)state;
	only(&h, NULL, DOCTOR_OK, NULL);
	kaudit_state_done(&k);
}

/* A text of CONF in which one line is another. */
static void put_conf(const char *line, const char *instead)
{
	char text[sizeof(CONF) + 128];
	const char *at = strstr(CONF, line);

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - CONF), CONF, instead, at + strlen(line));
	put("/etc/audit/auditd.conf", text, 0640);
}

static void faults_of_auditd_conf(void **state)
{
	static const struct {
		const char *line, *instead, *id;
		enum doctor_state s;
		const char *word;
	} seeds[] = {
		{"write_logs = yes", "write_logs = no", "auditd.conf", DOCTOR_FAULT, "write_logs = no"},
		{"local_events = yes", "local_events = no", "auditd.conf", DOCTOR_FAULT, "local_events = no"},
		{"flush=INCREMENTAL_ASYNC", "flush=none", "auditd.conf", DOCTOR_WARNING, "NONE"},
		{"# a comment", "nonsense", "auditd.conf", DOCTOR_FAULT, "1 lines"},
		{"log_format = ENRICHED", "log_format = RAW", "auditd.format", DOCTOR_WARNING, "RAW"},
		{"num_logs = 9", "num_logs = 1", "auditd.rotation", DOCTOR_FAULT, "num_logs = 1"},
		{"max_log_file = 100", "max_log_file = 8", "auditd.rotation", DOCTOR_WARNING, "9 files of 8 MB"},
		{"max_log_file = 100", "max_log_file = much", "auditd.rotation", DOCTOR_FAULT, NULL},
		{"= ROTATE", "= ignore", "auditd.rotation", DOCTOR_WARNING, "ignore"},
		{"= ROTATE", "= SUSPEND", "auditd.rotation", DOCTOR_FAULT, "SUSPEND"},
		{"disk_full_action = HALT", "disk_full_action = SUSPEND", "auditd.full", DOCTOR_WARNING, "disk_full_action = SUSPEND"},
		{"disk_full_action = HALT", "disk_full_action = IGNORE", "auditd.full", DOCTOR_FAULT, "IGNORE"},
		{"disk_error_action = HALT", "", "auditd.full", DOCTOR_FAULT, "disk_error_action"},
		{"admin_space_left_action = SINGLE", "admin_space_left_action = ignore", "auditd.full", DOCTOR_FAULT, "admin_space"},
		{"overflow_action = SYSLOG", "overflow_action = IGNORE", "auditd.queue", DOCTOR_FAULT, "IGNORE"},
		{"q_depth = 2000", "q_depth = 80", "auditd.queue", DOCTOR_WARNING, "q_depth = 80"},
	};
	struct kaudit_state k = good_kernel();
	struct doctor_host h = good_host(&k);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(seeds); i++) {
		put_conf(seeds[i].line, seeds[i].instead);
		only(&h, seeds[i].id, seeds[i].s, seeds[i].word);
	}
	put_conf("= ROTATE", "= KEEP_LOGS");
	only(&h, NULL, DOCTOR_OK, NULL);
	put("/etc/audit/auditd.conf", CONF, 0640);
	kaudit_state_done(&k);
}

static void faults_of_files(void **state)
{
	static const struct {
		const char *path, *text; /* NULL: removed */
		unsigned mode;
		const char *id;
		enum doctor_state s;
		const char *word;
	} seeds[] = {
		{"/proc/sys/user/max_user_namespaces", "0\n", 0, "kernel.userns", DOCTOR_FAULT, "is 0"},
		{"/proc/sys/user/max_user_namespaces", NULL, 0, "kernel.userns", DOCTOR_FAULT, "No such file"},
		{"/proc/sys/kernel/unprivileged_userns_clone", "0\n", 0, "kernel.userns", DOCTOR_FAULT, "clone is 0"},
		{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n", 0, "kernel.userns", DOCTOR_WARNING, "AppArmor"},
		{"/proc/sys/kernel/yama/ptrace_scope", "3\n", 0, "kernel.ptrace", DOCTOR_WARNING, "is 3"},
		{"/proc/sys/kernel/yama/ptrace_scope", "2\n", 0, NULL, DOCTOR_OK, NULL},
		{"/proc/sys/kernel/seccomp/actions_avail", "kill allow\n", 0, "kernel.notify", DOCTOR_WARNING, "no user_notif"},
		{"/proc/self/loginuid", "4294967295", 0, "login.uid", DOCTOR_WARNING, "unset"},
		{"/proc/self/loginuid", NULL, 0, "login.uid", DOCTOR_WARNING, "knows no loginuid"},
		{"/proc/self/status", "CapBnd:\t000001ffffffffff\nNoNewPrivs:\t1\n", 0, "login.caps", DOCTOR_FAULT, "no_new_privs"},
		{"/proc/self/status", "CapBnd:\t000001ffdfffffff\nNoNewPrivs:\t0\n", 0, "login.caps", DOCTOR_FAULT, "bounding"},
		{"/proc/cmdline", "audit=10\n", 0, "audit.boot", DOCTOR_WARNING, "no audit=1"},
		{"/proc/cmdline", "noaudit=1\n", 0, "audit.boot", DOCTOR_WARNING, "no audit=1"},
		{"/proc/812/comm", "ranby-trai\n", 0, "trail.running", DOCTOR_FAULT, "no process"},
		{"/sys/fs/selinux/enforce", "0", 0, "policy.gate", DOCTOR_FAULT, "does not enforce"},
		{"/usr/bin/newuidmap", "", 0755, "host.newuidmap", DOCTOR_FAULT, "neither"},
		{"/usr/bin/newgidmap", "", 04775, "host.newgidmap", DOCTOR_FAULT, "by others"},
		{"/usr/bin/newgidmap", NULL, 0, "host.newgidmap", DOCTOR_WARNING, "cannot be opened"},
		{WITNESS, "", 0755, "witness.file", DOCTOR_FAULT, "mode 755"},
		{WITNESS, "", 02775, "witness.file", DOCTOR_FAULT, "by others"},
		{"/etc/audit/rules.d/40-ranby.rules", NULL, 0, "rules.file", DOCTOR_FAULT, "No such file"},
		{"/etc/audit/rules.d/40-ranby.rules", "", 0666, "rules.file", DOCTOR_FAULT, "others"},
		{"/etc/audit/plugins.d/ranby-trail.conf", NULL, 0, "trail.plugin", DOCTOR_FAULT, "No such file"},
		{"/etc/audit/plugins.d/ranby-trail.conf", "active = no\npath = /usr/sbin/ranby-trail\n", 0, "trail.plugin", DOCTOR_FAULT, "not active"},
		{"/etc/audit/plugins.d/ranby-trail.conf", "active = yes\npath = /nowhere\n", 0, "trail.plugin", DOCTOR_FAULT, "/nowhere"},
		{"/usr/sbin/ranby-trail", "", 0777, "trail.plugin", DOCTOR_FAULT, "by others"},
	};
	struct kaudit_state k = good_kernel();
	struct doctor_host h = good_host(&k);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(seeds); i++) {
		const struct file *old = files;

		put(seeds[i].path, seeds[i].text, seeds[i].mode);
		only(&h, seeds[i].id, seeds[i].s, seeds[i].word);
		while (strcmp(old->path, seeds[i].path) != 0)
			old++;
		put(old->path, old->text, old->mode);
	}
	put_dir("/run/ranby-witness", 0777);
	only(&h, "witness.state", DOCTOR_FAULT, "mode 777");
	put_dir("/run/ranby-witness", 02770);
	put_dir("/var/log/ranby", 0755);
	only(&h, "trail.ledger", DOCTOR_FAULT, "mode 755");
	put_dir("/var/log/ranby", 0750);
	put_groups(false);
	only(&h, "trail.group", DOCTOR_FAULT, "ranby-audit");
	put_groups(true);
	kaudit_state_done(&k);
}

/* A fault that two checks find: `id`, in that state, and `other` in its wake. */
static void found_twice(const struct doctor_host *h, const char *id, enum doctor_state s, const char *other)
{
	struct doctor_report rep;
	const struct doctor_finding *f;

	doctor_examine(h, &rep);
	f = finding(&rep, id);
	if (f->state != s || !*f->mend || finding(&rep, other)->state == DOCTOR_OK)
		fail_msg("%s is %s: %s [%s]", id, doctor_state_word(f->state), f->found, f->mend);
	seeded[f->check - doctor_checks] = true;
}

static void faults_of_the_kernel(void **state)
{
	static const struct {
		size_t offset;
		uint32_t value;
		const char *id;
		enum doctor_state s;
		const char *word;
	} seeds[] = {
#define AT(member) offsetof(struct kaudit_state, member)
		{AT(enabled), 1, "rules.locked", DOCTOR_WARNING, "can be changed"},
		{AT(pid), 0, "audit.daemon", DOCTOR_FAULT, "none"},
		{AT(lost), 3, "audit.lost", DOCTOR_WARNING, "3 since"},
		{AT(backlog), 8000, "audit.backlog", DOCTOR_WARNING, "8000 of 8192"},
		{AT(backlog_limit), 64, "audit.backlog", DOCTOR_WARNING, "only 64"},
		{AT(backlog_limit), 0, NULL, DOCTOR_OK, NULL},
		{AT(rate_limit), 100, "audit.rate", DOCTOR_FAULT, "100"},
		{AT(failure), 0, "audit.failure", DOCTOR_WARNING, "silence"},
		{AT(failure), 2, NULL, DOCTOR_OK, NULL},
		{AT(features), 1, "login.immutable", DOCTOR_WARNING, "off"},
	};
	struct doctor_host h;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(seeds); i++) {
		struct kaudit_state k = good_kernel();

		memcpy((char *)&k + seeds[i].offset, &seeds[i].value, sizeof(uint32_t));
		h = good_host(&k);
		only(&h, seeds[i].id, seeds[i].s, seeds[i].word);
		kaudit_state_done(&k);
	}
	{
		struct kaudit_state k = good_kernel();

		h = good_host(&k);
		h.pidfd = false;
		only(&h, "kernel.pidfd", DOCTOR_FAULT, NULL);
		h = good_host(&k);
		h.landlock_abi = 6;
		only(&h, "kernel.landlock-log", DOCTOR_WARNING, "ABI 6");
		h = good_host(&k);
		h.landlock_abi = 0;
		found_twice(&h, "kernel.landlock", DOCTOR_WARNING, "kernel.landlock-log");
		k.enabled = 0;
		h = good_host(&k);
		found_twice(&h, "audit.enabled", DOCTOR_FAULT, "rules.locked");
		k.enabled = 2;
		put("/sys/fs/selinux/enforce", NULL, 0);
		put("/sys/module/apparmor/parameters/enabled", "N\n", 0);
		found_twice(&h, "audit.label", DOCTOR_WARNING, "policy.gate");
		put("/sys/module/apparmor/parameters/enabled", "Y\n", 0);
		put("/sys/fs/selinux/enforce", "1", 0);
		h = good_host(&k);
		h.subuids = 0;
		only(&h, "host.subuid", DOCTOR_WARNING, "none for user 1001");
		h = good_host(&k);
		h.subgids = 1000;
		only(&h, "host.subgid", DOCTOR_WARNING, "only 1000");
		h.uid = 0;
		only(&h, NULL, DOCTOR_OK, NULL);
		h.require_audit = false;
		only(&h, "policy.file", DOCTOR_FAULT, "no require-audit");
		h.policy_error = -EINVAL;
		only(&h, "policy.file", DOCTOR_FAULT, "nothing starts");
		h.policy_error = -EACCES;
		only(&h, "policy.file", DOCTOR_UNKNOWN, "only root");
		kaudit_state_done(&k);
	}
}

/* ---- rules ---- */

static void rules_that_swallow(void **state)
{
	static const struct {
		const char *what;
		uint32_t list, action;
		struct field f[3];
		size_t n;
		bool found;
	} seeds[] = {
		{"exclude msgtype=2500", AUDIT_FILTER_EXCLUDE, AUDIT_ALWAYS, {{AUDIT_MSGTYPE, AUDIT_EQUAL, 2500, NULL}}, 1, true},
		{"exclude msgtype>=2500", AUDIT_FILTER_EXCLUDE, AUDIT_NEVER, {{AUDIT_MSGTYPE, AUDIT_GREATER_THAN_OR_EQUAL, 2500, NULL}}, 1, true},
		{"exclude msgtype>2505", AUDIT_FILTER_EXCLUDE, AUDIT_NEVER, {{AUDIT_MSGTYPE, AUDIT_GREATER_THAN, 2505, NULL}}, 1, false},
		{"exclude msgtype=CWD", AUDIT_FILTER_EXCLUDE, AUDIT_NEVER, {{AUDIT_MSGTYPE, AUDIT_EQUAL, 1307, NULL}}, 1, false},
		{"exclude auid=1001", AUDIT_FILTER_EXCLUDE, AUDIT_NEVER, {{AUDIT_LOGINUID, AUDIT_EQUAL, 1001, NULL}}, 1, true},
		{"exclude auid=unset", AUDIT_FILTER_EXCLUDE, AUDIT_NEVER, {{AUDIT_LOGINUID, AUDIT_EQUAL, UINT32_MAX, NULL}}, 1, false},
		{"exclude auid=0", AUDIT_FILTER_EXCLUDE, AUDIT_NEVER, {{AUDIT_LOGINUID, AUDIT_EQUAL, 0, NULL}}, 1, false},
		{"exclude auid<500", AUDIT_FILTER_EXCLUDE, AUDIT_NEVER, {{AUDIT_LOGINUID, AUDIT_LESS_THAN, 500, NULL}}, 1, false},
		{"never,user", AUDIT_FILTER_USER, AUDIT_NEVER, {{0, 0, 0, NULL}}, 0, true},
		{"never,user uid=1001", AUDIT_FILTER_USER, AUDIT_NEVER, {{AUDIT_UID, AUDIT_EQUAL, 1001, NULL}}, 1, true},
		{"always,user", AUDIT_FILTER_USER, AUDIT_ALWAYS, {{0, 0, 0, NULL}}, 0, false},
		{"exclude exe=ours", AUDIT_FILTER_EXCLUDE, AUDIT_NEVER, {{AUDIT_EXE, AUDIT_EQUAL, 0, WITNESS}}, 1, true},
		{"exclude exe=other", AUDIT_FILTER_EXCLUDE, AUDIT_NEVER, {{AUDIT_EXE, AUDIT_EQUAL, 0, "/usr/sbin/crond"}}, 1, false},
		{"exclude exe!=other", AUDIT_FILTER_EXCLUDE, AUDIT_NEVER, {{AUDIT_EXE, AUDIT_NOT_EQUAL, 0, "/usr/sbin/crond"}}, 1, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(seeds); i++) {
		struct kaudit_state k = good_kernel();
		struct doctor_host h = good_host(&k);
		struct doctor_report rep;
		const struct doctor_finding *f;

		add_rule(&k, seeds[i].list, seeds[i].action, NULL, 0, seeds[i].f, seeds[i].n);
		doctor_examine(&h, &rep);
		f = finding(&rep, "audit.swallowed");
		seeded[f->check - doctor_checks] = true;
		if ((f->state == DOCTOR_FAULT) != seeds[i].found)
			fail_msg("%s: %s: %s", seeds[i].what, doctor_state_word(f->state), f->found);
		if (seeds[i].found && (!strstr(f->mend, "auditctl -d ") || rep.level != 0 || doctor_next(&rep)->check->level != 1))
			fail_msg("%s: [%s] level %d", seeds[i].what, f->mend, rep.level);
		kaudit_state_done(&k);
	}
}

static void rules_that_hide(void **state)
{
	static const uint32_t exec[] = {SYS_execve}, other[] = {SYS_getpid};
	static const struct field arch[] = {{AUDIT_ARCH, AUDIT_EQUAL, AUDIT_ARCH_I386, NULL}},
				  some[] = {{AUDIT_EXE, AUDIT_EQUAL, 0, "/usr/sbin/crond"}};
	static const struct {
		uint32_t list;
		const uint32_t *nrs;
		size_t n_nrs;
		const struct field *f;
		size_t n;
		enum doctor_state s;
	} seeds[] = {
		{AUDIT_FILTER_TASK, NULL, 0, NULL, 0, DOCTOR_FAULT},
		{AUDIT_FILTER_EXIT, exec, 1, NULL, 0, DOCTOR_FAULT},
		{AUDIT_FILTER_EXIT, exec, 1, arch, 1, DOCTOR_OK},
		{AUDIT_FILTER_EXIT, exec, 1, some, 1, DOCTOR_WARNING},
		{AUDIT_FILTER_EXIT, other, 1, NULL, 0, DOCTOR_OK},
		{AUDIT_FILTER_USER, exec, 1, some, 1, DOCTOR_OK},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(seeds); i++) {
		struct kaudit_state k = good_kernel();
		struct doctor_host h = good_host(&k);

		add_rule(&k, seeds[i].list, AUDIT_NEVER, seeds[i].nrs, seeds[i].n_nrs, seeds[i].f, seeds[i].n);
		only(&h, seeds[i].s == DOCTOR_OK ? NULL : "rules.never", seeds[i].s, NULL);
		kaudit_state_done(&k);
	}
}

static void rules_that_lack(void **state)
{
	static const uint32_t exec[] = {SYS_execve, SYS_execveat};
	static const struct field one_user[] = {{AUDIT_LOGINUID, AUDIT_EQUAL, 1001, NULL}}, failed[] = {{AUDIT_SUCCESS, AUDIT_EQUAL, 0, NULL}};
	struct kaudit_state k = {.enabled = 2, .failure = 1, .pid = 700, .backlog_limit = 8192, .features = 3, .locked = 2};
	struct doctor_host h = good_host(&k);

	(void)state;
	only(&h, "rules.loaded", DOCTOR_FAULT, "execve, execveat");
	/* one user's, and those that failed, are not each login's */
	add_rule(&k, AUDIT_FILTER_EXIT, AUDIT_ALWAYS, exec, 2, one_user, 1);
	add_rule(&k, AUDIT_FILTER_EXIT, AUDIT_ALWAYS, exec, 2, failed, 1);
	only(&h, "rules.loaded", DOCTOR_FAULT, "execve, execveat");
	add_rule(&k, AUDIT_FILTER_EXIT, AUDIT_ALWAYS, exec, 2, NULL, 0);
	only(&h, "rules.loaded", DOCTOR_FAULT, "nothing records ");
	kaudit_state_done(&k);
}

static void bad_rules(void **state)
{
	struct audit_rule_data d = {.field_count = 65};
	struct audit_rule rule;

	(void)state;
	assert_int_equal(rule_parse(&d, sizeof(d) - 1, &rule), -EINVAL);
	assert_int_equal(rule_parse(&d, sizeof(d), &rule), -EINVAL);
	d = (struct audit_rule_data){.buflen = 1};
	assert_int_equal(rule_parse(&d, sizeof(d), &rule), -EINVAL);
	d = (struct audit_rule_data){.field_count = 1, .fields = {AUDIT_EXE}, .values = {1}, .fieldflags = {AUDIT_EQUAL}};
	assert_int_equal(rule_parse(&d, sizeof(d), &rule), -EINVAL);
	d = (struct audit_rule_data){.field_count = 1};
	assert_int_equal(rule_parse(&d, sizeof(d), &rule), -EINVAL);
}

/* ---- what one may not read ---- */

static void without_rights(void **state)
{
	static const struct {
		int error;
		enum doctor_state s;
		const char *word;
	} seeds[] = {
		{-EPERM, DOCTOR_UNKNOWN, "only root"},
		{-ECONNREFUSED, DOCTOR_UNKNOWN, "user namespace"},
		{-EPROTONOSUPPORT, DOCTOR_FAULT, "no audit"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(seeds); i++) {
		struct doctor_host h = good_host(NULL);
		struct doctor_report rep;

		h.kernel_error = seeds[i].error;
		doctor_examine(&h, &rep);
		for (size_t j = 0; j < rep.n; j++)
			if (strncmp(rep.findings[j].check->id, "audit.", 6) == 0 && strcmp(rep.findings[j].check->id, "audit.boot") != 0 &&
			    strcmp(rep.findings[j].check->id, "audit.label") != 0 && rep.findings[j].state != seeds[i].s)
				fail_msg("%s is %s", rep.findings[j].check->id, doctor_state_word(rep.findings[j].state));
		assert_non_null(strstr(finding(&rep, "audit.enabled")->found, seeds[i].word));
		assert_int_equal(rep.level, 0);
	}
	if (geteuid() != 0) {
		struct kaudit_state k = good_kernel();
		struct doctor_host h = good_host(&k);
		struct doctor_report rep;

		put_dir("/etc/audit", 0);
		doctor_examine(&h, &rep);
		assert_int_equal(fchmodat(root_fd, "etc/audit", 0750, 0), 0);
		assert_int_equal(finding(&rep, "auditd.rotation")->state, DOCTOR_UNKNOWN);
		assert_int_equal(finding(&rep, "rules.file")->state, DOCTOR_UNKNOWN);
		assert_int_equal(finding(&rep, "trail.plugin")->state, DOCTOR_UNKNOWN);
		kaudit_state_done(&k);
	}
}

static void levels(void **state)
{
	struct kaudit_state k = good_kernel();
	struct doctor_host h = good_host(&k);
	struct doctor_report rep;

	(void)state;
	h.pidfd = false;
	doctor_examine(&h, &rep);
	assert_int_equal(rep.level, -1);
	assert_string_equal(doctor_level_word(rep.level), "none");
	assert_string_equal(doctor_next(&rep)->check->id, "kernel.pidfd");
	/* each check has what it is told by, and levels do not go back */
	for (size_t i = 0; i < rep.n; i++) {
		assert_true(*doctor_checks[i].title && *doctor_checks[i].why && doctor_checks[i].look);
		assert_true(i == 0 || doctor_checks[i].level >= doctor_checks[i - 1].level);
	}
	assert_null(doctor_checks[rep.n].id);
	kaudit_state_done(&k);
}

/* The last but one: a check that comes later has its fault seeded here, or in tests/root/doctor.bats when only root can. */
static void each_was_seeded(void **state)
{
	size_t missing = 0;

	(void)state;
	for (size_t i = 0; doctor_checks[i].id; i++)
		if (!seeded[i] && !is_beyond_tests(doctor_checks[i].id)) {
			print_error("%s: no fault of it was seeded\n", doctor_checks[i].id);
			missing++;
		}
	assert_int_equal(missing, 0);
}

static void conf_lines(void **state)
{
	static const char text[] = "a=1\n  b = two words  \r\nA = 2\n#c = 3\nd\n= 4\ne =\n\nlast = x";
	struct auditd_conf c;

	(void)state;
	auditd_conf_parse(text, sizeof(text) - 1, &c);
	assert_string_equal(auditd_conf_get(&c, "a", ""), "2");
	assert_string_equal(auditd_conf_get(&c, "B", ""), "two words");
	assert_string_equal(auditd_conf_get(&c, "last", ""), "x");
	assert_string_equal(auditd_conf_get(&c, "c", "other"), "other");
	assert_int_equal(c.bad, 3);
	auditd_conf_parse("", 0, &c);
	assert_int_equal(c.n + c.bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_well),	       cmocka_unit_test(faults_of_auditd_conf), cmocka_unit_test(faults_of_files),
		cmocka_unit_test(faults_of_the_kernel), cmocka_unit_test(rules_that_swallow),	cmocka_unit_test(rules_that_hide),
		cmocka_unit_test(rules_that_lack),     cmocka_unit_test(bad_rules),		cmocka_unit_test(without_rights),
		cmocka_unit_test(levels),	       cmocka_unit_test(each_was_seeded),	cmocka_unit_test(conf_lines),
	};

	return cmocka_run_group_tests_name("audit/doctor", tests, setup, teardown);
}
