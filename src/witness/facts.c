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
 * What must hold: a fact that cannot be read is an outcome, never a zero.
 */
#include "witness/facts.h"

#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

/* linux/proc_ns.h: the namespaces of the host have fixed numbers */
#define HOST_USER_NS 0xEFFFFFFDU
#define HOST_PID_NS 0xEFFFFFFCU

#define STAT_STATE 3
#define STAT_TTY 7
#define STAT_START 22
#define STAT_EXIT 52

/* ---- texts ---- */

/* A number at `*p`, moving behind it. False when there is none or it is too large. */
static bool take_number(const char **p, unsigned base, uint64_t *ret)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t value = 0;
	const char *at, *begin = *p;

	for (; **p != '\0' && (at = memchr(digits, **p, base)); (*p)++)
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(at - digits), &value))
			return false;
	*ret = value;
	return *p != begin;
}

int facts_stat_field(const char *stat, int field, uint64_t *ret)
{
	const char *p = strrchr(stat, ')');

	for (int i = 2; p && i < field; i++) {
		p = strchr(p, ' ');
		if (p)
			p++;
	}
	if (!p)
		return -1;
	if (field == STAT_STATE)
		*ret = (unsigned char)*p;
	else if (!take_number(&p, 10, ret))
		return -1;
	return 0;
}

int facts_status_number(const char *status, const char *key, int n, unsigned base, uint64_t *ret)
{
	char needle[32];
	const char *p;

	snprintf(needle, sizeof(needle), "\n%s:\t", key);
	p = strstr(status, needle);
	if (!p)
		return -1;
	p += strlen(needle);
	for (int i = 0; i != n; i++) {
		const char *next = p + strcspn(p, " \t\n");

		if (*next == '\0' || *next == '\n')
			break;
		p = next + 1;
	}
	return take_number(&p, base, ret) ? 0 : -1;
}

void facts_map_text(const char *map, char *out, size_t size)
{
	size_t len = 0;
	uint64_t v[3];

	out[0] = '\0';
	for (const char *p = map;; p += strspn(p, "\n")) {
		for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
			p += strspn(p, " ");
			if (!take_number(&p, 10, &v[i]))
				return;
		}
		if (len + 40 > size) {
			snprintf(out + len, size - len, "...");
			return;
		}
		len += (size_t)snprintf(out + len, size - len, "%s%llu:%llu:%llu", len ? "," : "", (unsigned long long)v[0],
					(unsigned long long)v[1], (unsigned long long)v[2]);
	}
}

void facts_cgroup_path(const char *cgroup, char *out, size_t size)
{
	const char *p = strncmp(cgroup, "0::", 3) == 0 ? cgroup : strstr(cgroup, "\n0::");

	p = p ? strstr(p, "::") + 2 : "";
	snprintf(out, size, "%.*s", (int)strcspn(p, "\n"), p);
}

/* ---- files ---- */

/* All of a file as text. -1 when it cannot be read or is larger than the scratch. */
static int slurp(int dirfd, const char *name, char *scratch)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return -1;
	do {
		n = read(fd, scratch + len, FACTS_SCRATCH - 1 - len);
		if (n > 0)
			len += (size_t)n;
	} while (n > 0);
	if (n < 0 || len == FACTS_SCRATCH - 1)
		return -1;
	scratch[len] = '\0';
	return 0;
}

static int slurp_u32(int dirfd, const char *name, char *scratch, uint32_t *ret)
{
	const char *p = scratch;
	uint64_t v;

	if (slurp(dirfd, name, scratch) < 0 || !take_number(&p, 10, &v))
		return -1;
	*ret = (uint32_t)v;
	return 0;
}

static int read_link(int dirfd, const char *name, char out[static FACTS_TEXT])
{
	ssize_t n = readlinkat(dirfd, name, out, FACTS_TEXT - 1);

	out[n < 0 ? 0 : n] = '\0';
	return n < 0 ? -1 : 0;
}

static int ns_inode(int dirfd, const char *name, uint64_t *ret)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, 0) < 0)
		return -1;
	*ret = st.st_ino;
	return 0;
}

/* ---- ourselves ---- */

static int read_boot(int proc, char *scratch, struct facts_self *s)
{
	if (slurp(proc, "sys/kernel/random/boot_id", scratch) < 0)
		return -1;
	snprintf(s->boot_id, sizeof(s->boot_id), "%.*s", (int)strcspn(scratch, "\n"), scratch);
	return audit_boot_bits(s->boot_id, &s->run.boot);
}

enum witness_outcome facts_read_self(char *scratch, struct facts_self *s)
{
	_cleanup_close_ int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;
	uint64_t pid_ns, tty;

	if (proc < 0 || fstatfs(proc, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return WITNESS_BROKEN;
	if (ns_inode(proc, "self/ns/user", &s->user_ns) < 0 || ns_inode(proc, "self/ns/pid", &pid_ns) < 0)
		return WITNESS_BROKEN;
	if (s->user_ns != HOST_USER_NS || pid_ns != HOST_PID_NS)
		return WITNESS_NOT_HOST;
	s->pid = getpid();
	if (slurp_u32(proc, "self/loginuid", scratch, &s->auid) < 0 || slurp_u32(proc, "self/sessionid", scratch, &s->ses) < 0)
		return WITNESS_NO_AUDIT;
	if (slurp(proc, "self/stat", scratch) < 0 || facts_stat_field(scratch, STAT_TTY, &tty) < 0)
		return WITNESS_BROKEN;
	s->tty = (uint32_t)tty;
	if (read_link(proc, "self/exe", s->exe) < 0 || read_boot(proc, scratch, s) < 0)
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
static enum witness_outcome pid_of(int pidfd, char *scratch, pid_t *ret)
{
	char name[48];
	const char *p;
	uint64_t pid;

	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", pidfd);
	if (slurp(AT_FDCWD, name, scratch) < 0)
		return WITNESS_BROKEN;
	p = strstr(scratch, "\nPid:\t");
	if (!p)
		return WITNESS_BAD_REQUEST; /* no pidfd */
	p += strlen("\nPid:\t");
	if (!take_number(&p, 10, &pid) || pid == 0) /* -1: reaped; 0: of another pid namespace */
		return WITNESS_GONE;
	*ret = (pid_t)pid;
	return WITNESS_RECORDED;
}

static enum witness_outcome read_owner(int dir, const struct facts_self *self, uid_t owner, struct facts *f)
{
	_cleanup_close_ int ns = openat(dir, "ns/user", O_RDONLY | O_CLOEXEC);
	struct stat st;
	uid_t owned_by;

	if (ns < 0 || fstat(ns, &st) < 0)
		return errno == EACCES || errno == EPERM ? WITNESS_FOREIGN : WITNESS_GONE;
	f->ns[FACTS_NS_USER] = st.st_ino;
	if (st.st_ino == self->user_ns)
		return WITNESS_NOT_CONTAINED;
	if (ioctl(ns, NS_GET_OWNER_UID, &owned_by) < 0)
		return WITNESS_BROKEN;
	return owned_by == owner ? WITNESS_RECORDED : WITNESS_FOREIGN;
}

static int read_stat(int dir, char *scratch, struct facts *f, bool *ret_stopped)
{
	uint64_t state, status;

	if (slurp(dir, "stat", scratch) < 0 || facts_stat_field(scratch, STAT_STATE, &state) < 0 ||
	    facts_stat_field(scratch, STAT_START, &f->start_ticks) < 0 || facts_stat_field(scratch, STAT_EXIT, &status) < 0)
		return -1;
	f->exit_status = (int)status;
	*ret_stopped = state == 't';
	return f->start_ticks > AUDIT_UUID_TICKS_MAX ? -1 : 0;
}

static int read_status(int dir, char *scratch, struct facts *f, bool stopped)
{
	uint64_t tracer, ns_pid, uid, seccomp, filters, nnp;

	if (slurp(dir, "status", scratch) < 0 || facts_status_number(scratch, "TracerPid", 0, 10, &tracer) < 0 ||
	    facts_status_number(scratch, "Uid", 0, 10, &uid) < 0 ||
	    facts_status_number(scratch, "NSpid", -1, 10, &ns_pid) < 0 ||
	    facts_status_number(scratch, "CapEff", 0, 16, &f->cap_eff) < 0 ||
	    facts_status_number(scratch, "CapBnd", 0, 16, &f->cap_bnd) < 0 ||
	    facts_status_number(scratch, "NoNewPrivs", 0, 10, &nnp) < 0 ||
	    facts_status_number(scratch, "Seccomp", 0, 10, &seccomp) < 0)
		return -1;
	/* Linux 5.9 */
	if (facts_status_number(scratch, "Seccomp_filters", 0, 10, &filters) < 0)
		return -1;
	f->uid = (uint32_t)uid;
	f->ns_pid = (pid_t)ns_pid;
	f->nnp = (uint32_t)nnp;
	f->seccomp = (uint32_t)seccomp;
	f->filters = (uint32_t)filters;
	f->exec_stop = stopped && tracer == (uint64_t)getppid();
	return 0;
}

/* What only a process that runs has. */
static int read_running(int dir, char *scratch, struct facts *f)
{
	if (ns_inode(dir, "ns/mnt", &f->ns[FACTS_NS_MNT]) < 0 || ns_inode(dir, "ns/net", &f->ns[FACTS_NS_NET]) < 0 ||
	    read_link(dir, "exe", f->exe) < 0 || slurp(dir, "cgroup", scratch) < 0)
		return -1;
	facts_cgroup_path(scratch, f->cgroup, sizeof(f->cgroup));
	/* without a security module there is no such file, or reading it is EINVAL */
	f->apparmor = slurp(dir, "attr/apparmor/current", scratch) == 0;
	if (f->apparmor || slurp(dir, "attr/current", scratch) == 0)
		snprintf(f->label, sizeof(f->label), "%.*s", (int)strcspn(scratch, "\n"), scratch);
	return 0;
}

static int read_all(int dir, char *scratch, bool runs, struct facts *f)
{
	bool stopped;

	if (read_stat(dir, scratch, f, &stopped) < 0 || read_status(dir, scratch, f, stopped) < 0 ||
	    slurp_u32(dir, "loginuid", scratch, &f->auid) < 0 || slurp_u32(dir, "sessionid", scratch, &f->ses) < 0 ||
	    ns_inode(dir, "ns/pid", &f->ns[FACTS_NS_PID]) < 0 || slurp(dir, "uid_map", scratch) < 0)
		return -1;
	facts_map_text(scratch, f->uid_map, sizeof(f->uid_map));
	return runs ? read_running(dir, scratch, f) : 0;
}

enum witness_outcome facts_read(int pidfd, enum facts_wanted wanted, const struct facts_self *self, uid_t owner,
				char *scratch, struct facts *f)
{
	_cleanup_close_ int dir = -EBADF;
	enum witness_outcome o = pid_of(pidfd, scratch, &f->pid);
	bool ended;
	char name[32];
	pid_t again;

	if (o != WITNESS_RECORDED)
		return o;
	ended = has_ended(pidfd);
	if (wanted == FACTS_LIVE && ended)
		return WITNESS_ENDED;
	if (wanted == FACTS_ZOMBIE && !ended)
		return WITNESS_RUNS;
	snprintf(name, sizeof(name), "/proc/%d", f->pid);
	dir = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return WITNESS_GONE;
	o = read_owner(dir, self, owner, f);
	if (o == WITNESS_RECORDED && read_all(dir, scratch, !ended, f) < 0)
		o = WITNESS_BROKEN;
	/* the same process, in the same state, at the end of the reading: so it was all the while */
	if (pid_of(pidfd, scratch, &again) != WITNESS_RECORDED)
		return WITNESS_GONE;
	return o == WITNESS_RECORDED && has_ended(pidfd) != ended ? WITNESS_ENDED : o;
}
