/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* What the host's kernel allows and what the caller's session is: doctor's checks of level 0, and the gate of level 3. */
#include "audit/doctor_look.h"

#include "base/parse.h"
#include "sys/fd.h"
#include "sys/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

/* A number in a file of /proc/sys; -ENOENT where the kernel has no such switch. */
static int read_number(const struct doctor_look *l, const char *path, uint64_t *ret)
{
	char text[32];
	int r = doctor_read_word(l, path, text, sizeof(text));

	return r < 0 ? r : parse_u64(text, 0, UINT64_MAX, ret);
}

static bool is_number(const struct doctor_look *l, const char *path, uint64_t wanted)
{
	uint64_t v;

	return read_number(l, path, &v) == 0 && v == wanted;
}

enum doctor_state look_userns(const struct doctor_look *l, struct doctor_finding *f)
{
	uint64_t max = 0;
	int r = read_number(l, "/proc/sys/user/max_user_namespaces", &max);

	if (r < 0)
		return doctor_error(f, r, "# a kernel with CONFIG_USER_NS", "/proc/sys/user/max_user_namespaces");
	if (max == 0)
		return doctor_bad(f, DOCTOR_FAULT, "sudo sysctl -w user.max_user_namespaces=15000", "user.max_user_namespaces is 0");
	if (is_number(l, "/proc/sys/kernel/unprivileged_userns_clone", 0))
		return doctor_bad(f, DOCTOR_FAULT, "sudo sysctl -w kernel.unprivileged_userns_clone=1",
				  "kernel.unprivileged_userns_clone is 0: users may make none");
	if (is_number(l, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1))
		return doctor_bad(f, DOCTOR_WARNING, "# load an AppArmor profile with `userns,` for ranby's programs",
				  "AppArmor lets only programs with a profile that says so make them");
	return doctor_ok(f, "%llu at most", (unsigned long long)max);
}

enum doctor_state look_yama(const struct doctor_look *l, struct doctor_finding *f)
{
	uint64_t scope;
	int r = read_number(l, "/proc/sys/kernel/yama/ptrace_scope", &scope);

	if (r == -ENOENT)
		return doctor_ok(f, "no Yama");
	if (r < 0)
		return doctor_error(f, r, "# reboot: it cannot be lowered", "/proc/sys/kernel/yama/ptrace_scope");
	if (scope >= 3)
		return doctor_bad(f, DOCTOR_WARNING, "# set kernel.yama.ptrace_scope = 2 in /etc/sysctl.d and reboot: it cannot be lowered",
				  "kernel.yama.ptrace_scope is 3: start records say stage=pre-exec, what is planned and not what is");
	return doctor_ok(f, "kernel.yama.ptrace_scope is %llu", (unsigned long long)scope);
}

enum doctor_state look_pidfd(const struct doctor_look *l, struct doctor_finding *f)
{
	if (!l->h->pidfd)
		return doctor_bad(f, DOCTOR_FAULT, "# a kernel of 5.14 or newer", "pidfd_open(2) fails");
	return doctor_ok(f, "pidfds");
}

enum doctor_state look_notify(const struct doctor_look *l, struct doctor_finding *f)
{
	char actions[256];
	int r = doctor_read_word(l, "/proc/sys/kernel/seccomp/actions_avail", actions, sizeof(actions));

	if (r < 0)
		return doctor_error(f, r, "# a kernel with CONFIG_SECCOMP_FILTER", "/proc/sys/kernel/seccomp/actions_avail");
	if (!strstr(actions, "user_notif"))
		return doctor_bad(f, DOCTOR_WARNING, "# a kernel of 5.0 or newer", "no user_notif among: %s", actions);
	return doctor_ok(f, "user_notif");
}

enum doctor_state look_landlock(const struct doctor_look *l, struct doctor_finding *f)
{
	if (l->h->landlock_abi <= 0)
		return doctor_bad(f, DOCTOR_WARNING, "# add landlock to lsm= on the kernel's command line", "off, or not in this kernel");
	return doctor_ok(f, "ABI %d", l->h->landlock_abi);
}

enum doctor_state look_landlock_log(const struct doctor_look *l, struct doctor_finding *f)
{
	if (l->h->landlock_abi < LANDLOCK_ABI_LOGS)
		return doctor_bad(f, DOCTOR_WARNING, "# a kernel of 6.15 or newer", "ABI %d does not log, %d does", l->h->landlock_abi,
				  LANDLOCK_ABI_LOGS);
	return doctor_ok(f, "logged");
}

/* Set-user-id root, or with the file capability that does the same. */
static enum doctor_state look_map_helper(const struct doctor_look *l, struct doctor_finding *f, const char *path)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	char caps[64];
	int r = doctor_open(l, path, O_RDONLY, &fd);

	if (r == 0 && fstat(fd, &st) < 0)
		r = -errno;
	if (r < 0)
		return doctor_bad(f, DOCTOR_WARNING, "sudo apt-get install uidmap", "%s cannot be opened: one ID for each container", path);
	if (st.st_uid != l->h->root_uid && !l->h->host_userns)
		return doctor_bad(f, DOCTOR_UNKNOWN, "# ask from outside of the container", "whether %s is root's cannot be seen in a user namespace", path);
	if (st.st_uid != l->h->root_uid || (st.st_mode & 022))
		return doctor_bad(f, DOCTOR_FAULT, "sudo apt-get install --reinstall uidmap",
				  "%s can be changed by others than root: ranby will not use it", path);
	if (!(st.st_mode & S_ISUID) && fgetxattr(fd, "security.capability", caps, sizeof(caps)) < 0)
		return doctor_bad(f, DOCTOR_FAULT, "sudo apt-get install --reinstall uidmap",
				  "%s has neither the set-user-id bit nor file capabilities", path);
	return doctor_ok(f, "%s", path);
}

enum doctor_state look_newuidmap(const struct doctor_look *l, struct doctor_finding *f)
{
	return look_map_helper(l, f, "/usr/bin/newuidmap");
}

enum doctor_state look_newgidmap(const struct doctor_look *l, struct doctor_finding *f)
{
	return look_map_helper(l, f, "/usr/bin/newgidmap");
}

static enum doctor_state look_subids(const struct doctor_look *l, struct doctor_finding *f, uint64_t n, const char *kind)
{
	char mend[DOCTOR_TEXT_MAX];

	if (l->h->uid == 0)
		return doctor_ok(f, "root needs none");
	if (n >= 65535)
		return doctor_ok(f, "%llu", (unsigned long long)n);
	snprintf(mend, sizeof(mend), "sudo usermod --add-sub%ss FIRST-LAST USER   # 65536 that are nobody's", kind);
	if (n == 0)
		return doctor_bad(f, DOCTOR_WARNING, mend, "none for user %u: one ID for each container", (unsigned)l->h->uid);
	return doctor_bad(f, DOCTOR_WARNING, mend, "only %llu: images may use IDs up to 65535", (unsigned long long)n);
}

enum doctor_state look_subuid(const struct doctor_look *l, struct doctor_finding *f)
{
	return look_subids(l, f, l->h->subuids, "uid");
}

enum doctor_state look_subgid(const struct doctor_look *l, struct doctor_finding *f)
{
	return look_subids(l, f, l->h->subgids, "gid");
}

enum doctor_state look_login(const struct doctor_look *l, struct doctor_finding *f)
{
	char text[16];
	int r = doctor_read_word(l, "/proc/self/loginuid", text, sizeof(text));

	if (r == -ENOENT)
		return doctor_bad(f, DOCTOR_WARNING, "# a kernel with CONFIG_AUDIT", "this kernel knows no loginuid");
	if (r < 0)
		return doctor_error(f, r, "", "/proc/self/loginuid");
	if (!l->h->host_userns)
		return doctor_bad(f, DOCTOR_UNKNOWN, "# ask from outside of the container", "it cannot be read in a user namespace");
	if (strcmp(text, "4294967295") == 0)
		return doctor_bad(f, DOCTOR_WARNING, "# have pam_loginuid.so in the PAM stack of what logs you in (sshd, login, cron)",
				  "unset: no login stands behind this session");
	return doctor_ok(f, "loginuid %s", text);
}

/* ---- what the witness meets in this session ---- */

static uint64_t hex_after(const char *text, const char *key)
{
	const char *at = strstr(text, key);
	unsigned long long v = 0;

	return at && sscanf(at + strlen(key), "%16llx", &v) == 1 ? v : 0;
}

enum doctor_state look_session_caps(const struct doctor_look *l, struct doctor_finding *f)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = doctor_read(l, "/proc/self/status", 1U << 20, &b);
	uint64_t needed = UINT64_C(1) << CAP_AUDIT_WRITE | UINT64_C(1) << CAP_AUDIT_READ;

	if (r < 0)
		return doctor_error(f, r, "", "/proc/self/status");
	if (hex_after(buf_str(&b), "NoNewPrivs:\t"))
		return doctor_bad(f, DOCTOR_FAULT, "# a session without no_new_privs", "no_new_privs is set: file capabilities are ignored");
	if ((hex_after(buf_str(&b), "CapBnd:\t") & needed) != needed)
		return doctor_bad(f, DOCTOR_FAULT, "# a session whose bounding set holds cap_audit_write and cap_audit_read",
				  "the bounding set lacks cap_audit_write or cap_audit_read");
	if (!l->h->host_userns)
		return doctor_bad(f, DOCTOR_FAULT, "# from outside of the container", "the kernel takes records from the host's user namespace only");
	return doctor_ok(f, "none");
}

/* ---- labels and the gate ---- */

static bool has_selinux(const struct doctor_look *l)
{
	struct stat st;

	return doctor_stat(l, "/sys/fs/selinux/enforce", &st) == 0;
}

static bool has_apparmor(const struct doctor_look *l)
{
	char text[8];

	return doctor_read_word(l, "/sys/module/apparmor/parameters/enabled", text, sizeof(text)) == 0 && text[0] == 'Y';
}

enum doctor_state look_label(const struct doctor_look *l, struct doctor_finding *f)
{
	if (has_selinux(l))
		return doctor_ok(f, "SELinux: subj= in each record");
	if (has_apparmor(l))
		return doctor_ok(f, "AppArmor: subj= in each record");
	return doctor_bad(f, DOCTOR_WARNING, "# add apparmor or selinux to lsm= on the kernel's command line",
			  "neither SELinux nor AppArmor: records have no subj=");
}

/* Read by who obeys it, so that a file that is refused there is refused here. */
enum doctor_state look_policy(const struct doctor_look *l, struct doctor_finding *f)
{
	if (l->h->policy_error == -EACCES)
		return doctor_error(f, -EACCES, "", DOCTOR_POLICY);
	if (l->h->policy_error < 0)
		return doctor_bad(f, DOCTOR_FAULT, "sudo chown root:root " DOCTOR_POLICY " && sudo chmod 644 " DOCTOR_POLICY "   # and look at what it says",
				  "it is not root's alone, or holds what is not known: nothing starts");
	if (!l->h->require_audit)
		return doctor_bad(f, DOCTOR_FAULT, "echo 'require-audit = yes' | sudo tee -a " DOCTOR_POLICY,
				  "a container may start with no record of it: no require-audit in " DOCTOR_POLICY);
	return doctor_ok(f, "require-audit");
}

enum doctor_state look_gate(const struct doctor_look *l, struct doctor_finding *f)
{
	struct stat st;
	char text[8] = "";

	if (doctor_stat(l, "/sys/fs/selinux/class/user_namespace", &st) == 0) {
		(void)doctor_read_word(l, "/sys/fs/selinux/enforce", text, sizeof(text));
		if (text[0] == '1')
			return doctor_ok(f, "SELinux, enforcing, with class user_namespace");
		return doctor_bad(f, DOCTOR_FAULT, "sudo setenforce 1", "SELinux has class user_namespace, but does not enforce");
	}
	if (has_apparmor(l) && is_number(l, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1))
		return doctor_ok(f, "AppArmor: only programs with a profile that says so");
	return doctor_bad(f, DOCTOR_FAULT,
			  has_apparmor(l) ? "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=1"
					  : "# SELinux with class user_namespace (6.1), or AppArmor that mediates userns (6.7)",
			  "whoever is not root makes them with any program");
}
