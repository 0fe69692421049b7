/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The launch inside the container, to be read from top to bottom: build[],
 * then wait, then one of the two lists of init_confine.c, then the exec.
 *
 * What holds all the time: this program runs from a sealed memfd, so that
 * /proc/PID/exe leads to nothing of the host; it is not dumpable, so that
 * nobody in the container can trace it or look through its /proc; every
 * descriptor from 3 on closes at the exec but the ones the caller preserves.
 */
#include "runtime/init.h"

#include "runtime/message.h"
#include "sys/fd.h"
#include "sys/ids.h"
#include "sys/keyring.h"
#include "sys/netns.h"
#include "sys/signals.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/* Root of the user namespace that was just joined, and as hidden as before. */
static int become_joined_root(struct err *e)
{
	/* not EPERM: id 0 may not be mapped there, and then our own id has all capabilities as well */
	(void)!ids_set_groups(NULL, 0);
	(void)!ids_set_group(0);
	(void)!ids_set_user(0);
	/* new credentials make us dumpable again where fs.suid_dumpable is 1 */
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? err_errno(e, errno, "not dumpable") : 0;
}

/*
 * create, into namespaces of others who are there already (a pod): what
 * join() is for exec. Who starts us then is known by the socket of his making.
 * Before: keeper namespace, root there, in the pid namespace of the others.
 */
static int join_given(struct init *i, struct err *e)
{
	const struct plan_ns *ns = plan_at(i->p, i->p->given);
	struct ucred c;
	socklen_t len = sizeof(c);
	int r = 0;

	if (i->p->given.n == 0)
		return 0;
	for (size_t k = 0; r == 0 && k < i->p->given.n; k++) {
		if (setns(ns[k].fd, ns[k].flag) < 0)
			return err_errno(e, errno, "join a namespace that was given");
		close(ns[k].fd);
		if (ns[k].flag == CLONE_NEWUSER)
			r = become_joined_root(e);
	}
	if (r < 0)
		return r;
	if (unshare(i->p->unshare_flags) < 0)
		return err_errno(e, errno, "make the container's namespaces");
	if (getsockopt(i->p->sync_fd, SOL_SOCKET, SO_PEERCRED, &c, &len) < 0)
		return err_errno(e, errno, "who creates us");
	i->peer_uid = c.uid;
	return 0;
}

/*
 * Joins a running container (exec): one setns(2) for all of them, the user
 * namespace first, so that no step is taken with the parent's rights inside
 * the container's mounts.
 * Before: keeper namespace, root there. After: all of the container's.
 */
static int join(struct init *i, struct err *e)
{
	const struct plan *p = i->p;

	if (!(p->flags & PLAN_JOIN))
		return 0;
	if (p->join_flags != 0 && setns(p->target_fd, p->join_flags) < 0)
		return err_errno(e, errno, "join the container's namespaces");
	close(p->target_fd);
	if (become_joined_root(e) < 0)
		return -EPERM;
	i->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	i->proc = p->proc_fd;
	return i->root < 0 ? err_errno(e, errno, "the container's root") : 0;
}

/* What the parent blocked or ignored is not the payload's business. */
static int reset_signals(struct init *i, struct err *e)
{
	int r = signals_reset_ignored();

	(void)i;
	return r < 0 ? err_errno(e, -r, "signals") : 0;
}

/* A session of its own, so that no terminal of the caller is ours. Should not fail: we are no group leader. */
static int new_session(struct init *i, struct err *e)
{
	(void)i;
	return setsid() < 0 ? err_errno(e, errno, "setsid") : 0;
}

/*
 * The caller's session keyring may hold his tickets and keys. Each keyring
 * counts against the user's quota of 200 keys: past it a container whose
 * filter refuses all of keyctl(2) goes on with the inherited one, which it
 * then cannot reach.
 */
static int new_keyring(struct init *i, struct err *e)
{
	int r = i->p->flags & PLAN_KEYRING ? keyring_new_session() : 0;

	if (r == -EDQUOT && !(i->p->flags & PLAN_KEYRING_MUST))
		return 0;
	if (r < 0) {
		r = err_errno(e, -r, "session keyring");
		err_hint(e, "see /proc/sys/kernel/keys/maxkeys, or use --no-new-keyring");
	}
	return r;
}

/* Host name and domain name. Only given with a uts namespace of our own (create checks). */
static int name_host(struct init *i, struct err *e)
{
	const char *host = plan_str(i->p, i->p->hostname), *domain = plan_str(i->p, i->p->domainname);

	if (host && sethostname(host, strlen(host)) < 0)
		return err_errno(e, errno, "hostname %s", host);
	if (domain && setdomainname(domain, strlen(domain)) < 0)
		return err_errno(e, errno, "domainname %s", domain);
	return 0;
}

static int raise_loopback(struct init *i, struct err *e)
{
	int r = i->p->flags & PLAN_LOOPBACK ? netns_loopback_up() : 0;

	return r < 0 ? err_errno(e, -r, "loopback device") : 0;
}

/* Says READY; from now on failures have nobody to go to until a starter comes. */
static int tell_create(struct init *i, struct err *e)
{
	int r = i->p->sync_fd >= 0 ? message_send(i->p->sync_fd, MESSAGE_READY, NULL) : 0;

	return r < 0 ? err_errno(e, -r, "report to create") : 0;
}

int init_tie(struct init *i, struct err *e)
{
	struct pollfd p = {.fd = i->report};

	if (!(i->p->flags & PLAN_TIED))
		return 0;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return err_errno(e, errno, "end with the runtime");
	return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR)) ? err_set(e, ECANCELED, "the runtime has gone") : 0;
}

static int say_running(struct init *i, struct err *e)
{
	int r = i->p->flags & PLAN_EARLY ? tell_create(i, e) : 0;

	if (r == 0 && (i->p->flags & PLAN_EARLY))
		i->report = -EBADF;
	return r;
}

static int say_ready(struct init *i, struct err *e)
{
	return i->p->flags & PLAN_EARLY ? 0 : tell_create(i, e);
}

/* True when the other end is the user who created us. */
static bool is_ours(const struct init *i, int conn)
{
	struct ucred c;
	socklen_t len = sizeof(c);

	return getsockopt(conn, SOL_SOCKET, SO_PEERCRED, &c, &len) == 0 && c.uid == i->peer_uid;
}

/*
 * Waits until somebody connects. Whoever watches over us holds the other end
 * of the lifeline: when he is killed, nobody is left who would end us, and
 * the kernel closes it.
 */
static int wait_connection(const struct init *i, struct err *e)
{
	struct pollfd p[] = {
		{.fd = i->p->listen_fd, .events = POLLIN},
		{.fd = i->p->lifeline_fd, .events = 0}, /* POLLERR alone */
	};

	while (poll(p, 2, -1) < 0)
		if (errno != EINTR)
			return err_errno(e, errno, "start socket");
	return p[1].revents ? err_set(e, ECANCELED, "the monitor has gone") : 0;
}

/* Takes a starter into i->report; `who` says whose connections are let in. */
static int take_starter(struct init *i, bool (*who)(const struct init *i, int conn), struct err *e)
{
	int conn = -1;

	while (conn < 0) {
		int r = wait_connection(i, e);

		if (r < 0)
			return r;
		conn = accept4(i->p->listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (conn < 0 && errno != EINTR && errno != ECONNABORTED)
			return err_errno(e, errno, "start socket");
		if (conn >= 0 && !who(i, conn)) {
			close(conn);
			conn = -1;
		}
	}
	close(i->p->listen_fd);
	if (i->p->lifeline_fd >= 0)
		close(i->p->lifeline_fd);
	i->report = conn;
	return 0;
}

/* Blocks for START. Holds namespaces and all capabilities in them; reads nothing but that one packet. */
static int wait_start(struct init *i, struct err *e)
{
	enum message_type m;
	int r;

	if (i->p->listen_fd < 0)
		return 0;
	r = take_starter(i, is_ours, e);
	if (r < 0)
		return r;
	r = message_send(i->report, MESSAGE_READY, NULL);
	return r < 0 ? err_errno(e, -r, "report to the starter") : message_receive(i->report, INIT_WAITS_START, &m, e);
}

/* Stage 4. Container's namespaces, root there, not yet its root filesystem until init_pivot. */
static const init_step build[] = {
	init_tie,
	say_running,        /* with PLAN_EARLY */
	reset_signals,
	join_given,         /* those that the config names by path; the rest is new */
	new_session,        /* before a terminal can be ours */
	new_keyring,
	name_host,
	raise_loopback,
	init_attach_root,   /* the root's mount into our tree: mounts can go on top of it now */
	init_mount_all,     /* config.mounts, in their order, each on a place opened inside the root */
	init_make_devices,  /* sources are still the host's /dev, reached before the pivot only */
	init_make_links,
	init_open_terminal, /* out of the container's own devpts */
	init_check_proc,    /* what /proc shows is what we mounted */
	init_write_sysctls, /* through that proc */
	init_make_cwd,
	init_check_command, /* a command that is not there */
	init_create_hooks,  /* prestart, createRuntime (create runs them), createContainer */
	init_protect_paths, /* readonlyPaths */
	init_mask_paths,    /* maskedPaths: last of the mounts, nothing comes on top */
	init_finish_root,   /* root.readonly */
	init_pivot,         /* the host's tree is gone from here on */
	init_propagate,
	say_ready,
	wait_start,
	NULL,
};

/* The same for exec: everything is there already. */
static const init_step enter[] = {
	reset_signals,
	join,
	new_session,
	new_keyring,
	init_check_command,
	init_open_terminal,
	say_ready,
	wait_start,
	NULL,
};

static int run_steps(struct init *i, const init_step *steps, struct err *e)
{
	int r = 0;

	for (; r == 0 && *steps; steps++)
		r = (*steps)(i, e);
	return r;
}

/* What went wrong is no secret; and who creates us may not be known yet. */
static bool is_anybody(const struct init *i, int conn)
{
	(void)i;
	(void)conn;
	return true;
}

/*
 * Nobody has been told yet: the starter is. He may say START before or wait for
 * our word first; a START that is not read when the socket closes would take
 * back what we said.
 */
static void tell_starter(struct init *i, const struct err *e)
{
	enum message_type m;

	if (i->p->listen_fd >= 0 && take_starter(i, is_anybody, NULL) == 0 && message_send(i->report, MESSAGE_FAILED, e) == 0)
		(void)!message_receive(i->report, INIT_WAITS_START, &m, NULL);
}

static _Noreturn void fail(struct init *i, const struct err *e)
{
	if (i->report >= 0)
		(void)!message_send(i->report, MESSAGE_FAILED, e);
	else if (i->p->flags & PLAN_EARLY)
		tell_starter(i, e);
	_exit(e->exit_code ? e->exit_code : EXIT_ENGINE);
}

_Noreturn void init_run(int plan_fd)
{
	struct init i = {
		.report = -EBADF, .root = -EBADF, .dev = -EBADF, .devpts = -EBADF, .proc = -EBADF,
		.null = {.fd = -EBADF}, .empty = {.fd = -EBADF},
	};
	struct err e = {0};
	struct plan *p = NULL;
	int r;

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		_exit(EXIT_ENGINE);
	(void)prctl(PR_SET_NAME, "ranby-init", 0, 0, 0);
	r = plan_open(plan_fd, &p, &e);
	if (r < 0)
		_exit(EXIT_ENGINE);
	close(plan_fd);
	i.p = p;
	i.report = p->sync_fd;
	i.peer_uid = p->peer_uid;
	if (fd_cloexec_from(3) < 0)
		fail(&i, &e);
	r = run_steps(&i, p->flags & PLAN_JOIN ? enter : build, &e);
	if (r == 0)
		r = run_steps(&i, p->flags & PLAN_NO_NEW_PRIVS ? init_confine_no_new_privs : init_confine_new_privs, &e);
	if (r == 0)
		r = init_execute(&i, &e);
	fail(&i, &e);
}
