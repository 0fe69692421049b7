/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* What is installed and how it is configured: the witness, auditd, its plugin, the system ledger. */
#include "audit/doctor_look.h"

#include "base/parse.h"
#include "sys/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#define LOG_MB_MIN 200U /* some 5 million records */
#define PROCESSES_MAX (1U << 22)

/* ---- the witness ---- */

enum doctor_state look_witness_file(const struct doctor_look *l, struct doctor_finding *f)
{
	struct stat st;
	gid_t gid;
	int r = doctor_stat(l, l->h->witness, &st);

	if (r < 0)
		return doctor_error(f, r, DOCTOR_SETUP, l->h->witness);
	if (doctor_group(l, DOCTOR_GROUP, &gid) < 0)
		return doctor_bad(f, DOCTOR_FAULT, DOCTOR_SETUP, "there is no group %s", DOCTOR_GROUP);
	if (st.st_uid != l->h->root_uid || (st.st_mode & 022))
		return doctor_bad(f, DOCTOR_FAULT, DOCTOR_SETUP, "%s can be changed by others than root", l->h->witness);
	if (st.st_gid != gid || (st.st_mode & 07777) != 02755)
		return doctor_bad(f, DOCTOR_FAULT, DOCTOR_SETUP, "%s has mode %o and group %u, not 2755 and %s", l->h->witness,
				  st.st_mode & 07777, (unsigned)st.st_gid, DOCTOR_GROUP);
	return doctor_ok(f, "%s", l->h->witness);
}

/* struct vfs_cap_data of linux/capability.h, little endian. */
static uint32_t word_at(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

enum doctor_state look_witness_caps(const struct doctor_look *l, struct doctor_finding *f)
{
	_cleanup_close_ int fd = -EBADF;
	unsigned char data[64] = {0};
	uint64_t wanted = UINT64_C(1) << CAP_AUDIT_WRITE | UINT64_C(1) << CAP_AUDIT_READ, got;
	ssize_t n = -1;
	int r = doctor_open(l, l->h->witness, O_RDONLY, &fd);

	if (r < 0)
		return doctor_error(f, r, DOCTOR_SETUP, l->h->witness);
	n = fgetxattr(fd, "security.capability", data, sizeof(data));
	if (n < 20)
		return doctor_bad(f, DOCTOR_FAULT, DOCTOR_SETUP, "none");
	got = word_at(data + 4) | (uint64_t)word_at(data + 12) << 32;
	if ((got & wanted) != wanted || !(word_at(data) & VFS_CAP_FLAGS_EFFECTIVE))
		return doctor_bad(f, DOCTOR_FAULT, DOCTOR_SETUP, "not cap_audit_write,cap_audit_read=ep");
	if (got != wanted)
		return doctor_bad(f, DOCTOR_FAULT, DOCTOR_SETUP, "more than cap_audit_write,cap_audit_read=ep");
	return doctor_ok(f, "cap_audit_write,cap_audit_read=ep");
}

enum doctor_state look_witness_mount(const struct doctor_look *l, struct doctor_finding *f)
{
	_cleanup_close_ int fd = -EBADF;
	struct statvfs fs;
	int r = doctor_open(l, l->h->witness, O_PATH, &fd);

	if (r < 0)
		return doctor_error(f, r, DOCTOR_SETUP, l->h->witness);
	if (fstatvfs(fd, &fs) < 0)
		return doctor_error(f, -errno, "", l->h->witness);
	if (fs.f_flag & ST_NOSUID)
		return doctor_bad(f, DOCTOR_FAULT, "# mount it without nosuid, or install ranby elsewhere", "%s is on a file system mounted nosuid",
				  l->h->witness);
	return doctor_ok(f, "not nosuid");
}

enum doctor_state look_witness_state(const struct doctor_look *l, struct doctor_finding *f)
{
	struct stat st;
	gid_t gid;
	int r = doctor_stat(l, DOCTOR_WITNESS_STATE, &st);

	if (r < 0)
		return doctor_error(f, r, DOCTOR_SETUP, DOCTOR_WITNESS_STATE);
	if (doctor_group(l, DOCTOR_GROUP, &gid) < 0)
		gid = (gid_t)-1;
	if (st.st_uid != l->h->root_uid || st.st_gid != gid || (st.st_mode & 07777) != 02770)
		return doctor_bad(f, DOCTOR_FAULT, DOCTOR_SETUP, "%s has mode %o, user %u, group %u, not 2770 root:%s", DOCTOR_WITNESS_STATE,
				  st.st_mode & 07777, (unsigned)st.st_uid, (unsigned)st.st_gid, DOCTOR_GROUP);
	return doctor_ok(f, DOCTOR_WITNESS_STATE);
}

/* ---- auditd.conf ---- */

static bool has_conf(const struct doctor_look *l, struct doctor_finding *f, enum doctor_state *ret)
{
	if (l->conf_error == 0)
		return true;
	*ret = doctor_error(f, l->conf_error, "sudo apt-get install auditd", "/etc/audit/auditd.conf");
	return false;
}

/* "num_logs = 5" with the command that sets another value. */
static enum doctor_state wrong(struct doctor_finding *f, enum doctor_state s, const char *key, const char *value, const char *better)
{
	char mend[DOCTOR_TEXT_MAX];

	snprintf(mend, sizeof(mend), "sudo sed -i 's/^%s *=.*/%s = %s/' /etc/audit/auditd.conf && sudo auditctl --signal HUP", key, key,
		 better);
	return doctor_bad(f, s, mend, "%s = %s", key, value);
}

static bool is(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0;
}

enum doctor_state look_conf(const struct doctor_look *l, struct doctor_finding *f)
{
	enum doctor_state s;

	if (!has_conf(l, f, &s))
		return s;
	if (l->conf.bad)
		return doctor_bad(f, DOCTOR_FAULT, "sudoedit /etc/audit/auditd.conf", "%zu lines are not `key = value`: auditd does not start so",
				  l->conf.bad);
	if (!is(auditd_conf_get(&l->conf, "write_logs", "yes"), "yes"))
		return wrong(f, DOCTOR_FAULT, "write_logs", auditd_conf_get(&l->conf, "write_logs", ""), "yes");
	if (!is(auditd_conf_get(&l->conf, "local_events", "yes"), "yes"))
		return wrong(f, DOCTOR_FAULT, "local_events", auditd_conf_get(&l->conf, "local_events", ""), "yes");
	if (is(auditd_conf_get(&l->conf, "flush", "INCREMENTAL_ASYNC"), "NONE"))
		return wrong(f, DOCTOR_WARNING, "flush", "NONE", "INCREMENTAL_ASYNC");
	return doctor_ok(f, "writes the host's own events to %s", auditd_conf_get(&l->conf, "log_file", "/var/log/audit/audit.log"));
}

enum doctor_state look_format(const struct doctor_look *l, struct doctor_finding *f)
{
	enum doctor_state s;

	if (!has_conf(l, f, &s))
		return s;
	if (!is(auditd_conf_get(&l->conf, "log_format", "RAW"), "ENRICHED"))
		return wrong(f, DOCTOR_WARNING, "log_format", auditd_conf_get(&l->conf, "log_format", "RAW"), "ENRICHED");
	return doctor_ok(f, "ENRICHED");
}

enum doctor_state look_rotation(const struct doctor_look *l, struct doctor_finding *f)
{
	const char *action, *size, *logs;
	uint64_t mb = 0, n = 0, mb_all;
	enum doctor_state s;

	if (!has_conf(l, f, &s))
		return s;
	action = auditd_conf_get(&l->conf, "max_log_file_action", "IGNORE");
	size = auditd_conf_get(&l->conf, "max_log_file", "0");
	logs = auditd_conf_get(&l->conf, "num_logs", "0");
	if (is(action, "KEEP_LOGS"))
		return doctor_ok(f, "KEEP_LOGS: nothing is removed");
	if (is(action, "IGNORE"))
		return wrong(f, DOCTOR_WARNING, "max_log_file_action", action, "KEEP_LOGS");
	if (is(action, "SUSPEND"))
		return wrong(f, DOCTOR_FAULT, "max_log_file_action", action, "KEEP_LOGS");
	if (!is(action, "ROTATE"))
		return doctor_ok(f, "max_log_file_action = %s", action);
	if (parse_u64(size, 0, 1U << 20, &mb) < 0 || parse_u64(logs, 0, 999, &n) < 0)
		return wrong(f, DOCTOR_FAULT, "num_logs", logs, "99");
	if (n < 2)
		return wrong(f, DOCTOR_FAULT, "num_logs", logs, "99");
	mb_all = mb * n;
	if (mb_all < LOG_MB_MIN) {
		s = wrong(f, DOCTOR_WARNING, "num_logs", logs, "99");
		snprintf(f->found, sizeof(f->found), "ROTATE with %llu files of %llu MB: some %llu records", (unsigned long long)n,
			 (unsigned long long)mb, (unsigned long long)mb_all * 4700);
		return s;
	}
	return doctor_ok(f, "%llu files of %llu MB", (unsigned long long)n, (unsigned long long)mb);
}

enum doctor_state look_full(const struct doctor_look *l, struct doctor_finding *f)
{
	static const char *const keys[] = {"disk_full_action", "disk_error_action", "admin_space_left_action", "space_left_action"};
	enum doctor_state s;

	if (!has_conf(l, f, &s))
		return s;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (is(auditd_conf_get(&l->conf, keys[i], "IGNORE"), "IGNORE"))
			return wrong(f, DOCTOR_FAULT, keys[i], auditd_conf_get(&l->conf, keys[i], "IGNORE"), i < 3 ? "SINGLE" : "EMAIL");
	for (size_t i = 0; i < 3; i++)
		if (is(auditd_conf_get(&l->conf, keys[i], ""), "SUSPEND"))
			return wrong(f, DOCTOR_WARNING, keys[i], "SUSPEND", "SINGLE");
	return doctor_ok(f, "%s", auditd_conf_get(&l->conf, "disk_full_action", ""));
}

enum doctor_state look_queue(const struct doctor_look *l, struct doctor_finding *f)
{
	const char *depth, *action;
	uint64_t n = 0;
	enum doctor_state s;

	if (!has_conf(l, f, &s))
		return s;
	depth = auditd_conf_get(&l->conf, "q_depth", "2000");
	action = auditd_conf_get(&l->conf, "overflow_action", "SYSLOG");
	if (is(action, "IGNORE") || is(action, "SUSPEND"))
		return wrong(f, DOCTOR_FAULT, "overflow_action", action, "SYSLOG");
	if (parse_u64(depth, 0, 1U << 20, &n) < 0 || n < 1000)
		return wrong(f, DOCTOR_WARNING, "q_depth", depth, "8000");
	return doctor_ok(f, "q_depth = %s, overflow_action = %s", depth, action);
}

/* ---- rules, plugin, ledger ---- */

enum doctor_state look_rules_file(const struct doctor_look *l, struct doctor_finding *f)
{
	struct stat st;
	int r = doctor_stat(l, DOCTOR_RULES_FILE, &st);

	if (r < 0)
		return doctor_error(f, r, "ranby audit rules | sudo tee " DOCTOR_RULES_FILE " && sudo augenrules --load", DOCTOR_RULES_FILE);
	if (st.st_uid != l->h->root_uid || (st.st_mode & 022))
		return doctor_bad(f, DOCTOR_FAULT, "sudo chown root:root " DOCTOR_RULES_FILE " && sudo chmod 640 " DOCTOR_RULES_FILE,
				  "others than root may write it");
	return doctor_ok(f, DOCTOR_RULES_FILE);
}

enum doctor_state look_plugin(const struct doctor_look *l, struct doctor_finding *f)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	const char *directory = auditd_conf_get(&l->conf, "plugin_dir", "/etc/audit/plugins.d"), *path;
	struct auditd_conf c;
	struct stat st;
	char file[256];
	int r;

	snprintf(file, sizeof(file), "%s/ranby-trail.conf", directory);
	r = l->conf_error ? l->conf_error : doctor_read(l, file, AUDITD_CONF_MAX, &b);
	if (r < 0)
		return doctor_error(f, r, DOCTOR_SETUP, l->conf_error ? "/etc/audit/auditd.conf" : file);
	auditd_conf_parse(buf_str(&b), b.len, &c);
	if (!is(auditd_conf_get(&c, "active", "no"), "yes"))
		return doctor_bad(f, DOCTOR_FAULT, DOCTOR_SETUP, "%s is not active", file);
	path = auditd_conf_get(&c, "path", l->h->trail);
	r = doctor_stat(l, path, &st);
	if (r < 0)
		return doctor_error(f, r, DOCTOR_SETUP, path);
	if (st.st_uid != l->h->root_uid || (st.st_mode & 022))
		return doctor_bad(f, DOCTOR_FAULT, DOCTOR_SETUP, "%s can be changed by others than root", path);
	return doctor_ok(f, "%s", path);
}

/* A process of root's that calls itself so; a user's does not count. */
enum doctor_state look_running(const struct doctor_look *l, struct doctor_finding *f)
{
	_cleanup_close_ int fd = -EBADF;
	const struct dirent *entry;
	char path[300], comm[32];
	struct stat st;
	DIR *d;
	int r = doctor_open(l, "/proc", O_RDONLY | O_DIRECTORY, &fd);
	bool found = false;

	if (r < 0)
		return doctor_error(f, r, "", "/proc");
	d = fdopendir(fd);
	if (!d)
		return doctor_error(f, -errno, "", "/proc");
	(void)TAKE_FD(fd);
	while (!found && (entry = readdir(d)) != NULL) { /* NOLINT(concurrency-mt-unsafe): a stream of our own */
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		found = doctor_read_word(l, path, comm, sizeof(comm)) == 0 && strcmp(comm, "ranby-trail") == 0 &&
			doctor_stat(l, path, &st) == 0 && st.st_uid == l->h->root_uid;
	}
	if (found)
		snprintf(path, sizeof(path), "pid %.20s", entry->d_name);
	closedir(d);
	if (!found)
		return doctor_bad(f, DOCTOR_FAULT, "sudo auditctl --signal HUP",
				  "no process ranby-trail of root's");
	return doctor_ok(f, "%s", path);
}

enum doctor_state look_audit_group(const struct doctor_look *l, struct doctor_finding *f)
{
	gid_t gid;
	int r = doctor_group(l, DOCTOR_AUDIT_GROUP, &gid);

	if (r < 0)
		return doctor_bad(f, DOCTOR_FAULT, DOCTOR_SETUP, "there is no group %s", DOCTOR_AUDIT_GROUP);
	return doctor_ok(f, "%u", (unsigned)gid);
}

enum doctor_state look_ledger(const struct doctor_look *l, struct doctor_finding *f)
{
	struct stat st;
	int r = doctor_stat(l, DOCTOR_LEDGER, &st);

	if (r < 0)
		return doctor_error(f, r, DOCTOR_SETUP, DOCTOR_LEDGER);
	if (!S_ISDIR(st.st_mode) || st.st_uid != l->h->root_uid || (st.st_mode & 027))
		return doctor_bad(f, DOCTOR_FAULT, "sudo chown root:" DOCTOR_AUDIT_GROUP " " DOCTOR_LEDGER " && sudo chmod 750 " DOCTOR_LEDGER,
				  "%s has mode %o and user %u, not 750 and root", DOCTOR_LEDGER, st.st_mode & 07777, (unsigned)st.st_uid);
	return doctor_ok(f, DOCTOR_LEDGER);
}

/* The last segment of a shard: 1 with the attribute, 0 without, -ENOENT when it has none. */
static int shard_is_append_only(int dirfd, const char *shard)
{
	_cleanup_close_ int fd = openat(dirfd, shard, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char last[64] = "";
	const struct dirent *entry;
	int flags = 0, file;
	DIR *d = fd < 0 ? NULL : fdopendir(dup(fd));

	if (!d)
		return -errno;
	while ((entry = readdir(d)) != NULL) { /* NOLINT(concurrency-mt-unsafe): a stream of our own */
		size_t len = strlen(entry->d_name);

		if (len < sizeof(last) && len > 6 && strcmp(entry->d_name + len - 6, ".jsonl") == 0 && strcmp(entry->d_name, last) > 0)
			memcpy(last, entry->d_name, len + 1);
	}
	closedir(d);
	if (!last[0])
		return -ENOENT;
	file = openat(fd, last, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file < 0)
		return -errno;
	if (ioctl(file, FS_IOC_GETFLAGS, &flags) < 0)
		flags = 0;
	close(file);
	return (flags & FS_APPEND_FL) != 0;
}

enum doctor_state look_append_only(const struct doctor_look *l, struct doctor_finding *f)
{
	_cleanup_close_ int fd = -EBADF;
	const struct dirent *entry;
	unsigned with = 0, without = 0;
	DIR *d;
	int r = doctor_open(l, DOCTOR_LEDGER, O_RDONLY | O_DIRECTORY, &fd);

	if (r < 0)
		return doctor_error(f, r, DOCTOR_SETUP, DOCTOR_LEDGER);
	d = fdopendir(dup(fd));
	if (!d)
		return doctor_error(f, -errno, "", DOCTOR_LEDGER);
	while ((entry = readdir(d)) != NULL) { /* NOLINT(concurrency-mt-unsafe): a stream of our own */
		r = entry->d_name[0] == '.' ? -ENOENT : shard_is_append_only(fd, entry->d_name);
		with += r == 1;
		without += r == 0;
	}
	closedir(d);
	if (without)
		return doctor_bad(f, DOCTOR_WARNING, "# a file system with the attribute (ext4, xfs, btrfs), then: sudo chattr +a " DOCTOR_LEDGER "/*/*.jsonl",
				  "%u of %u ledgers are not append-only", without, with + without);
	if (!with)
		return doctor_bad(f, DOCTOR_WARNING, "# start a container, and look again", "nothing has been written yet");
	return doctor_ok(f, "all %u", with);
}
