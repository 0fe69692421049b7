/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A pidfd cannot be read, /proc/PID can, by a number. So: the number is the
 * kernel's own word of what the pidfd is (fdinfo), /proc/PID is opened, and
 * then the pidfd is asked again whether its process still has the number. While it
 * has, nobody else could get it, so the directory is that process's; and a
 * descriptor of /proc/PID never becomes another process's.
 *
 * Whose container it is, the kernel says: the owner of its user namespace. The
 * links in ns/ can be opened by who may trace the process, which the owner may.
 *
 * A fact is a row: its field in the record, and where /proc/PID has it. What
 * must hold: a fact that cannot be read is an outcome, never a zero.
 */
#include "witness/facts.h"

#include "sys/fd.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

/* linux/proc_ns.h: the namespaces of the host have fixed numbers */
#define HOST_USER_NS "4026531837"
#define HOST_PID_NS "4026531836"

#define WORD_END " \t\n]"

static const struct {
	const char *field, *file, *key;
	size_t text; /* an untrusted text of so many bytes; 0: one word */
	bool live;   /* what has ended has it no more */
} rows[] = {
	{"vm-uid", "status", "\nUid:\t", 0, false},
	{"mnt-ns", "ns/mnt", "[", 0, true},
	{"net-ns", "ns/net", "[", 0, true},
	{"seccomp", "status", "\nSeccomp:\t", 0, true},
	{"seccomp-filters", "status", "\nSeccomp_filters:\t", 0, true}, /* Linux 5.9 */
	{"cap-eff", "status", "\nCapEff:\t", 0, true},
	{"cap-bnd", "status", "\nCapBnd:\t", 0, true},
	{"nnp", "status", "\nNoNewPrivs:\t", 0, true},
	{"cgroup", "cgroup", "\n0::", 180, true},
	{"vm-exe", "exe", "\n", 180, true},
};

/* ---- files ---- */

bool facts_slurp(int dir, const char *name, char *text)
{
	ssize_t n = readlinkat(dir, name, text + 1, FACTS_SCRATCH - 2);
	_cleanup_close_ int fd = n < 0 && errno == EINVAL ? openat(dir, name, O_RDONLY | O_CLOEXEC) : -EBADF;
	size_t len = n < 0 ? 1 : (size_t)n + 1;

	text[0] = '\n';
	while (fd >= 0 && (n = read(fd, text + len, FACTS_SCRATCH - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	if (fd >= 0 && len > 1 && text[len - 1] == '\n')
		text[len - 1] = '\0';
	return n >= 0 && len < FACTS_SCRATCH - 1;
}

/* The same, behind `key`. NULL when it is not there. */
static const char *find(int dir, const char *name, const char *key, char *text)
{
	const char *p = facts_slurp(dir, name, text) ? strstr(text, key) : NULL;

	return p ? p + strlen(key) : NULL;
}

static bool find_word(int dir, const char *name, const char *key, char *text, char out[static FACTS_WORD])
{
	const char *p = find(dir, name, key, text);

	if (p)
		snprintf(out, FACTS_WORD, "%.*s", (int)strcspn(p, WORD_END), p);
	return p;
}

static bool find_text(int dir, const char *name, char *text, char out[static FACTS_TEXT])
{
	bool found = facts_slurp(dir, name, text);

	if (found)
		snprintf(out, FACTS_TEXT, "%s", text + 1);
	return found;
}

/* ---- of any process ---- */

static bool read_stat(int dir, char *text, struct facts *f)
{
	const char *p = facts_slurp(dir, "stat", text) ? strrchr(text, ')') : NULL;

	/* state (3), terminal (7), start (22), exit status (52) of proc(5) */
	return p && sscanf(p,
			   ") %c %*s %*s %*s %u %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %*s %*s %*s %*s %*s %*s"
			   " %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %d",
			   &f->state, &f->tty, &f->start_ticks, &f->exit_status) == 4;
}

static bool read_login(int dir, char *text, struct facts *f)
{
	return find_word(dir, "loginuid", "\n", text, f->auid) && find_word(dir, "sessionid", "\n", text, f->ses);
}

/* "         0       1000          1\n..." becomes "0:1000:1,...". */
static void map_text(const char *p, char *out, size_t size)
{
	unsigned inside, outside, count;
	size_t len = 0;
	int used;

	for (; sscanf(p, "%u %u %u%n", &inside, &outside, &count, &used) == 3 && len < size - 40; p += used)
		len += (size_t)snprintf(out + len, size - len, "%s%u:%u:%u", len ? "," : "", inside, outside, count);
	if (p[strspn(p, " \n")] != '\0')
		snprintf(out + len, size - len, ",...");
}

static bool read_row(int dir, size_t i, char *text, struct record *r)
{
	const char *p;

	if (!facts_slurp(dir, rows[i].file, text))
		return false;
	p = strstr(text, rows[i].key);
	if (p)
		p += strlen(rows[i].key);
	if (rows[i].text > 0) /* a process need not be in any cgroup */
		record_nv(r, rows[i].field, p ? p : "", rows[i].text);
	else if (p)
		record_add(r, " %s=%.*s", rows[i].field, (int)strcspn(p, WORD_END), p);
	return p || rows[i].text > 0;
}

/* What a container's process has. */
static bool read_all(int dir, bool runs, char *text, struct facts *f)
{
	if (!read_stat(dir, text, f) || !read_login(dir, text, f) || !find_word(dir, "ns/pid", "[", text, f->pid_ns) ||
	    !facts_slurp(dir, "uid_map", text))
		return false;
	map_text(text, f->uid_map, sizeof(f->uid_map));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if ((runs || !rows[i].live) && !read_row(dir, i, text, &f->fields))
			return false;
	/* without a security module there is no such file, or reading it is EINVAL */
	f->apparmor = find_text(dir, "attr/apparmor/current", text, f->label);
	if (!f->apparmor)
		(void)find_text(dir, "attr/current", text, f->label);
	return true;
}

/* ---- ourselves ---- */

enum witness_outcome facts_read_self(char *text, struct facts *f, char boot_id[static FACTS_TEXT])
{
	_cleanup_close_ int dir = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (dir < 0 || fstatfs(dir, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC ||
	    !find_word(dir, "ns/user", "[", text, f->user_ns) || !find_word(dir, "ns/pid", "[", text, f->pid_ns))
		return WITNESS_BROKEN;
	if (strcmp(f->user_ns, HOST_USER_NS) != 0 || strcmp(f->pid_ns, HOST_PID_NS) != 0)
		return WITNESS_NOT_HOST;
	if (!read_login(dir, text, f))
		return WITNESS_NO_AUDIT;
	if (!read_stat(dir, text, f) || !find_text(dir, "exe", text, f->exe) ||
	    !find_text(dir, "/proc/sys/kernel/random/boot_id", text, boot_id))
		return WITNESS_BROKEN;
	return WITNESS_RECORDED;
}

/* ---- another ---- */

static bool has_ended(int pidfd)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	return poll(&p, 1, 0) != 0;
}

/* The number of a pidfd's process on the host, while it is not reaped. */
static enum witness_outcome pid_of(int pidfd, char *text, int *ret)
{
	const char *p;
	char name[48];

	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", pidfd);
	p = find(AT_FDCWD, name, "\nPid:\t", text);
	if (!p)
		return WITNESS_BAD_REQUEST; /* no pidfd */
	if (sscanf(p, "%d", ret) != 1 || *ret <= 0) /* -1: reaped; 0: of another pid namespace */
		return WITNESS_GONE;
	return WITNESS_RECORDED;
}

static enum witness_outcome check_owner(int dir, char *text, struct facts *f)
{
	_cleanup_close_ int ns = openat(dir, "ns/user", O_RDONLY | O_CLOEXEC);
	uid_t owner;

	if (ns < 0 || !find_word(dir, "ns/user", "[", text, f->user_ns))
		return errno == EACCES ? WITNESS_FOREIGN : WITNESS_GONE;
	if (strcmp(f->user_ns, HOST_USER_NS) == 0)
		return WITNESS_NOT_CONTAINED;
	if (ioctl(ns, NS_GET_OWNER_UID, &owner) < 0)
		return WITNESS_BROKEN;
	return owner == getuid() ? WITNESS_RECORDED : WITNESS_FOREIGN;
}

enum witness_outcome facts_read(int pidfd, enum audit_trust trust, char *text, struct facts *f)
{
	_cleanup_close_ int dir = -EBADF;
	enum witness_outcome o = pid_of(pidfd, text, &f->pid);
	bool ended = has_ended(pidfd);
	char name[32];
	int again;

	if (o != WITNESS_RECORDED)
		return o;
	if (trust == AUDIT_TRUST_LIVE && ended)
		return WITNESS_ENDED;
	if (trust == AUDIT_TRUST_ZOMBIE && !ended)
		return WITNESS_RUNS;
	snprintf(name, sizeof(name), "/proc/%d", f->pid);
	dir = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return WITNESS_GONE;
	o = check_owner(dir, text, f);
	if (o == WITNESS_RECORDED && !read_all(dir, !ended, text, f))
		o = WITNESS_BROKEN;
	/* the same process, in the same state, at the end of the reading: so it was all the while */
	if (pid_of(pidfd, text, &again) != WITNESS_RECORDED)
		return WITNESS_GONE;
	return o == WITNESS_RECORDED && has_ended(pidfd) != ended ? WITNESS_ENDED : o;
}
