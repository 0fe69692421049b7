/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Stage 5: the payload's credentials and filters, then its exec.
 *
 * seccomp comes as late as it can. With no_new_privs any process may load a
 * filter, so all rights are gone before. Without, the kernel wants
 * CAP_SYS_ADMIN for it (seccomp(2)): that one capability is kept until the
 * filter is in, and the filter itself must let capset(2) and the few calls
 * after it pass, which the parent has checked (runtime/filter.h).
 *
 * Runs in the container's namespaces and root. What must never happen here:
 * opening a name other than the working directory, and returning to the
 * caller with a step left out.
 */
#include "runtime/init.h"

#include "runtime/message.h"
#include "sys/canary.h"
#include "sys/fd.h"
#include "sys/ids.h"
#include "sys/lsm.h"
#include "sys/path.h"
#include "sys/seccomp.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define ADMIN (1ULL << CAP_SYS_ADMIN)

/* One of our own files in the proc that we mounted or checked. -ENOENT: there is none, or we are not in it. */
static int open_own(const struct init *i, const char *name, int flags, int *ret_fd)
{
	char path[64], self[12];
	ssize_t n = i->proc < 0 ? -1 : readlinkat(i->proc, "self", self, sizeof(self));

	if (n < 0)
		return -ENOENT;
	snprintf(path, sizeof(path), "%.*s/%s", (int)n, self, name);
	return path_own_open(i->proc, path, flags, 0, ret_fd);
}

/* As root of the namespace: raising is free, lowering needs a right that a user namespace does not give. */
static int set_oom_score(struct init *i, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char text[16];
	int r;

	if (!(i->p->flags & PLAN_OOM_SCORE))
		return 0;
	r = open_own(i, "oom_score_adj", O_WRONLY, &fd);
	if (r == -ENOENT)
		return err_set(e, ENOENT, "oom_score_adj: no proc is mounted");
	if (r == 0) {
		int len = snprintf(text, sizeof(text), "%d", i->p->oom_score_adj);

		r = fd_write_all(fd, text, (size_t)len);
	}
	return r < 0 ? err_errno(e, -r, "oom_score_adj %d", i->p->oom_score_adj) : 0;
}

static int set_rlimits(struct init *i, struct err *e)
{
	const struct plan_rlimit *l = plan_at(i->p, i->p->rlimits);

	for (size_t k = 0; k < i->p->rlimits.n; k++) {
		struct rlimit v = {.rlim_cur = l[k].soft, .rlim_max = l[k].hard};

		if (setrlimit((__rlimit_resource_t)l[k].resource, &v) < 0)
			return err_errno(e, errno, "rlimit %u to %llu:%llu", l[k].resource, (unsigned long long)l[k].soft,
					 (unsigned long long)l[k].hard);
	}
	return 0;
}

/* No function of the C library's. */
struct sched_attr_v0 {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

/* How it is scheduled, and counts as which kind of Linux. Realtime classes want a right of the host, which a user namespace does not give. */
static int set_schedule(struct init *i, struct err *e)
{
	const struct plan *p = i->p;
	const struct plan_scheduler *s = &p->scheduler;
	struct sched_attr_v0 a = {
		.size = sizeof(a), .policy = s->policy, .flags = s->flags, .nice = s->nice, .priority = s->priority,
		.runtime = s->runtime, .deadline = s->deadline, .period = s->period,
	};

	if (p->flags & PLAN_SCHEDULER && syscall(SYS_sched_setattr, 0, &a, 0) < 0)
		return err_errno(e, errno, "process.scheduler: policy %u", s->policy);
	/* 1: IOPRIO_WHO_PROCESS */
	if (p->flags & PLAN_IO_PRIORITY && syscall(SYS_ioprio_set, 1, 0, (int)p->io_priority) < 0)
		return err_errno(e, errno, "process.ioPriority: class %u, priority %u", p->io_priority >> 13, p->io_priority & 7);
	if (p->flags & PLAN_PERSONALITY && personality(p->personality) < 0)
		return err_errno(e, errno, "linux.personality");
	return 0;
}

/* The label of the next exec, through a proc that we mounted or the parent opened. */
static int set_label(struct init *i, struct err *e)
{
	const char *apparmor = plan_str(i->p, i->p->apparmor), *selinux = plan_str(i->p, i->p->selinux);
	int r = 0;

	if ((apparmor || selinux) && i->proc < 0)
		return err_set(e, ENOENT, "label: no proc is mounted");
	if (apparmor)
		r = lsm_set_exec_label(i->proc, LSM_APPARMOR, apparmor, e);
	if (r == 0 && selinux)
		r = lsm_set_exec_label(i->proc, LSM_SELINUX, selinux, e);
	return r;
}

/* 0..2 to the payload's user, so that it can open /dev/stdout again; not a device, nor what the caller keeps, which are not ours to give. */
static int give_stdio(struct init *i, struct err *e)
{
	(void)e;
	for (int fd = 0; i->p->uid != 0 && !(i->p->flags & PLAN_KEEP_STDIO) && fd < 3; fd++) {
		struct stat st;

		if (fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
			(void)!fchown(fd, i->p->uid, (gid_t)-1); /* an inode of another user stays his */
	}
	return 0;
}

/* Everything from 3 on closes at the exec (init_run did that), but what the caller hands to the payload. */
static int pass_descriptors(struct init *i, struct err *e)
{
	for (uint32_t k = 0; k < i->p->preserve; k++) {
		int r = k < 64 && (i->p->preserve_holes >> k & 1) ? 0 : fd_set_cloexec((int)(3 + k), false);

		if (r < 0)
			return err_errno(e, -r, "preserve descriptor %u", 3 + k);
	}
	return 0;
}

/* Enters the working directory inside the root: no magic link, so no /proc/self/fd/N to the outside (CVE-2024-21626). */
static int change_dir(struct init *i, struct err *e)
{
	const char *cwd = plan_str(i->p, i->p->cwd);
	_cleanup_close_ int fd = -EBADF;
	char now[PATH_MAX];
	int r;

	r = path_in_root_open(AT_FDCWD, cwd, O_PATH | O_DIRECTORY, &fd);
	if (r == 0 && fchdir(fd) < 0)
		r = -errno;
	if (r < 0) {
		r = err_errno(e, -r, "working directory %s", cwd);
		err_exit(e, r == -ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN);
		return r;
	}
	if (syscall(SYS_getcwd, now, sizeof(now)) < 0 || now[0] != '/')
		return err_set(e, EPERM, "working directory %s: outside of the container's root", cwd);
	i->cwd_entered = true;
	return 0;
}

/* What is not there now gives no right, also when it is made later. */
static int allow_path(int ruleset, const char *path, uint64_t access, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r = path_in_root_open(AT_FDCWD, path, O_PATH, &fd);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r == 0)
		r = landlock_allow_path(ruleset, fd, access);
	return r < 0 ? err_errno(e, -r, "Landlock: %s", path) : 0;
}

static int make_domain(struct init *i, const struct plan_domain *d, int *ret_fd, struct err *e)
{
	const struct plan_path_rule *path = plan_at(i->p, d->paths);
	const struct plan_port_rule *port = plan_at(i->p, d->ports);
	_cleanup_close_ int ruleset = -EBADF;
	int r = landlock_ruleset_make(&d->handled, &ruleset);

	if (r < 0)
		return err_errno(e, -r, "Landlock");
	for (size_t k = 0; r == 0 && k < d->paths.n; k++)
		r = allow_path(ruleset, plan_str(i->p, path[k].path), path[k].access, e);
	for (size_t k = 0; r == 0 && k < d->ports.n; k++) {
		r = landlock_allow_port(ruleset, (uint16_t)port[k].port, port[k].access);
		if (r < 0)
			return err_errno(e, -r, "Landlock: port %u", (unsigned)port[k].port);
	}
	if (r == 0)
		*ret_fd = TAKE_FD(ruleset);
	return r;
}

/* As root of the namespace, in "/": what a rule names may lie where the payload's user cannot look. */
static int make_domains(struct init *i, struct err *e)
{
	const struct plan_domain *d = plan_at(i->p, i->p->domains);
	int r = 0;

	if (i->p->domains.n > 0 && chdir("/") < 0)
		return err_errno(e, errno, "/");
	for (size_t k = 0; r == 0 && k < i->p->domains.n; k++)
		r = make_domain(i, &d[k], &i->domain[k], e);
	return r;
}

static int enter_domains(struct init *i, struct err *e)
{
	for (size_t k = 0; k < i->p->domains.n; k++) {
		int r = landlock_enter(i->domain[k]);

		if (r < 0)
			return err_errno(e, -r, "Landlock");
	}
	return 0;
}

/* As root of the namespace. What root may not enter (NFS, FUSE) is left to enter_cwd_as_user. */
static int enter_cwd(struct init *i, struct err *e)
{
	int r;

	if (chdir("/") < 0)
		return err_errno(e, errno, "/");
	r = change_dir(i, e);
	return r == -EACCES ? 0 : r;
}

static int enter_cwd_as_user(struct init *i, struct err *e)
{
	return i->cwd_entered ? 0 : change_dir(i, e);
}

/* What is asked, less what this namespace was never given: the rest would not survive the exec either. */
static int bound_caps(struct init *i, struct err *e)
{
	_cleanup_close_ int status = -EBADF;
	struct caps now;
	int r;

	/* without a proc of its own the kernel is asked for each */
	(void)!open_own(i, "status", O_RDONLY, &status);
	i->want = i->p->caps;
	r = caps_bound_verified(i->want.bounding, status, &now, e);
	if (r == 0) {
		i->want.bounding = now.bounding;
		i->want.permitted &= now.permitted;
		i->want.effective &= i->want.permitted;
		/* an inheritable capability that is not ambient only serves files that name it (CVE-2022-24769) */
		i->want.ambient &= i->want.permitted;
		i->want.inheritable = i->want.ambient;
	}
	return r;
}

/* Groups before ids, and a group list that is exactly what was asked, never the caller's. */
static int set_groups(struct init *i, struct err *e)
{
	const struct plan *p = i->p;
	int r;

	if (!(p->flags & PLAN_SETGROUPS))
		return p->groups.n == 0 ? 0 : err_set(e, EPERM, "additional groups: setgroups is denied in this user namespace");
	r = ids_set_groups(plan_at(p, p->groups), p->groups.n);
	return r < 0 ? err_errno(e, -r, "additional groups") : 0;
}

static int set_ids(struct init *i, struct err *e)
{
	const struct plan *p = i->p;
	int r;

	umask(p->umask);
	/* permitted capabilities outlive the change of user, until caps_set() says which stay */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_errno(e, errno, "keep capabilities");
	r = ids_set_group(p->gid);
	if (r < 0)
		return err_errno(e, -r, "group %u", p->gid);
	r = ids_set_user(p->uid);
	if (r < 0)
		return err_errno(e, -r, "user %u", p->uid);
	/* a change of user makes us dumpable again on some kernels' settings */
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? err_errno(e, errno, "not dumpable") : 0;
}

static int drop_caps(struct init *i, struct err *e)
{
	int r = caps_set(i->want.permitted, i->want.effective, i->want.inheritable);

	if (r == 0)
		r = caps_set_ambient(i->want.ambient);
	return r < 0 ? err_errno(e, -r, "capabilities") : caps_verify_bounded(&i->want, e);
}

/* All but CAP_SYS_ADMIN as they will be, and read back. */
static int drop_caps_but_admin(struct init *i, struct err *e)
{
	struct caps with = i->want;
	int r;

	with.permitted |= ADMIN;
	with.effective |= ADMIN;
	r = caps_set(with.permitted, with.effective, with.inheritable);
	if (r == 0)
		r = caps_set_ambient(with.ambient);
	return r < 0 ? err_errno(e, -r, "capabilities") : caps_verify_bounded(&with, e);
}

/* After the filter: capset and capget only. */
static int drop_admin(struct init *i, struct err *e)
{
	int r = caps_set(i->want.permitted, i->want.effective, i->want.inheritable);

	return r < 0 ? err_errno(e, -r, "capabilities, after the seccomp filter") : 0;
}

static int set_no_new_privs(struct init *i, struct err *e)
{
	(void)i;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return err_errno(e, errno, "no_new_privs");
	return 0;
}

static int say_confined(struct init *i, struct err *e)
{
	int r = i->report >= 0 ? message_send(i->report, MESSAGE_CONFINED, NULL) : 0;

	return r < 0 ? err_errno(e, -r, "report to the starter") : 0;
}

static int enter_canary(struct init *i, struct err *e)
{
	int r = i->p->flags & PLAN_CANARY ? canary_enter() : 0;

	return r < 0 ? err_errno(e, -r, "Landlock domain for the audit log") : 0;
}

/*
 * Before the profile's filter, which may refuse seccomp(2) and sendmsg(2);
 * the order of two filters means nothing to what they answer. Our own exec is
 * the first that is asked about, so whoever answers must have the listener.
 */
static int start_trail(struct init *i, struct err *e)
{
	const struct plan *p = i->p;
	_cleanup_close_ int listener = -EBADF;
	bool killable;
	char kind;
	int r;

	if (p->trail.n == 0)
		return 0;
	if (p->trail_fd < 0) {
		r = seccomp_filter_load(plan_at(p, p->trail), p->trail.n, 0);
		return r < 0 ? err_errno(e, -r, "load the filter of the exec trail") : 0;
	}
	r = seccomp_filter_listen(plan_at(p, p->trail), p->trail.n, &listener, &killable);
	if (r < 0)
		return err_errno(e, -r, "load the filter of the exec trail");
	kind = killable ? 'K' : 'k';
	r = fd_send(p->trail_fd, &kind, 1, &listener, 1);
	return r < 0 ? err_errno(e, -r, "exec trail: nobody writes it") : 0;
}

#define NOTIFY_TEXT_MAX (256 * 1024)

/* What create has written for whoever listens. */
static int read_notify_text(const struct init *i, char **ret, size_t *ret_len)
{
	int fd = i->p->text_fd[PLAN_TEXT_SECCOMP];
	_cleanup_free_ char *text = malloc(NOTIFY_TEXT_MAX);
	ssize_t n = text ? pread(fd, text, NOTIFY_TEXT_MAX, 0) : -1;

	if (n < 0)
		return text ? -errno : -ENOMEM;
	*ret_len = (size_t)n;
	*ret = TAKE_PTR(text);
	return n == 0 || n == NOTIFY_TEXT_MAX ? -EMSGSIZE : 0;
}

/* seccomp.listenerPath: the filter's questions go to another program, which is handed the listener (parent: the filter lets sendmsg(2) pass). */
static int load_notifying_filter(struct init *i, struct err *e)
{
	const struct plan *p = i->p;
	_cleanup_close_ int listener = -EBADF;
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	bool killable;
	int r = read_notify_text(i, &text, &len);

	if (r < 0)
		return err_errno(e, -r, "text for the seccomp listener");
	r = seccomp_filter_listen(plan_at(p, p->seccomp), p->seccomp.n, &listener, &killable);
	if (r < 0)
		return err_errno(e, -r, "load the seccomp filter");
	r = fd_send(p->notify_fd, text, len, &listener, 1);
	return r < 0 ? err_errno(e, -r, "linux.seccomp.listenerPath: nobody takes the listener") : 0;
}

static int load_filter(struct init *i, struct err *e)
{
	int r;

	if (!(i->p->flags & PLAN_SECCOMP))
		return 0;
	if (i->p->notify_fd >= 0)
		return load_notifying_filter(i, e);
	r = seccomp_filter_load(plan_at(i->p, i->p->seccomp), i->p->seccomp.n, i->p->seccomp_flags);
	return r < 0 ? err_errno(e, -r, "load the seccomp filter") : 0;
}

int init_confine_hook(struct init *i, struct err *e)
{
	int r = load_filter(i, e);

	return r == 0 && !(i->p->flags & PLAN_NO_NEW_PRIVS) ? drop_admin(i, e) : r;
}

const init_step init_confine_no_new_privs[] = {
	set_oom_score, set_rlimits, set_schedule, set_label, give_stdio, pass_descriptors,
	make_domains, enter_cwd,
	bound_caps,
	set_groups,
	set_ids,
	drop_caps,        /* and read back */
	enter_cwd_as_user,
	init_tie,         /* no IDs change from here on */
	set_no_new_privs,
	enter_canary,
	enter_domains,
	init_start_hooks, /* confined as the payload will be */
	start_trail,
	say_confined,
	load_filter,      /* last */
	NULL,
};

const init_step init_confine_new_privs[] = {
	set_oom_score, set_rlimits, set_schedule, set_label, give_stdio, pass_descriptors,
	make_domains, enter_cwd,
	bound_caps,
	set_groups,
	set_ids,
	enter_cwd_as_user,
	init_tie,         /* no IDs change from here on */
	drop_caps_but_admin, /* and read back */
	enter_canary,
	enter_domains,       /* likewise with CAP_SYS_ADMIN */
	init_start_hooks,    /* confined as the payload will be */
	start_trail,
	say_confined,
	load_filter,         /* CAP_SYS_ADMIN is still there, as the kernel demands */
	drop_admin,
	NULL,
};
