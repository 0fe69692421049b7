/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Between clone and exec the child is a copy of us in the new namespaces: it
 * waits for its map, takes id 0, marks what it inherits, and executes. It
 * uses no heap and reports over the same socket as init will.
 *
 * Why an exec of another program at all: what a container can reach through
 * /proc/PID/exe of a process that enters it must not be a file of the host
 * (CVE-2019-5736). A sealed memfd is nobody's file.
 */
#include "runtime/launch.h"

#include "runtime/message.h"
#include "sys/caps.h"
#include "sys/fd.h"
#include "sys/memfd.h"
#include "sys/pidfd.h"
#include "sys/self.h"
#include "sys/userns.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* What came over the socket, if it is what it should be. */
static int take_init(int sock)
{
	_cleanup_close_ int fd = -EBADF;
	size_t n = 1;
	char byte;

	if (fd_recv(sock, &byte, sizeof(byte), &fd, &n) != (ssize_t)sizeof(byte) || n != 1 || !memfd_is_sealed(fd))
		return -EBADF;
	return TAKE_FD(fd);
}

int launch_seal_init(uint32_t sock, int *ret_fd, struct err *e)
{
	int fd = sock > 0 ? take_init((int)sock) : -EBADF;

	if (fd < 0)
		return self_seal_program("ranby-init", ret_fd, e);
	*ret_fd = fd;
	return 0;
}

int launch_sync(int ret[static 2], struct err *e)
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret) < 0 ? err_errno(e, errno, "socketpair") : 0;
}

/* In the child. Id 0 where it is mapped; else our own id keeps its capabilities over the exec as ambient ones. */
static int become_root(const struct launch *l, struct err *e)
{
	int r = 0;

	if (!(l->flags & CLONE_NEWUSER) && !l->in_given_user)
		return 0;
	if (setresgid(0, 0, 0) < 0 && errno != EINVAL)
		return err_errno(e, errno, "group 0 in the user namespace");
	if (setresuid(0, 0, 0) < 0) {
		r = errno == EINVAL ? caps_keep_over_exec() : -errno;
		if (r < 0)
			return err_errno(e, -r, "user 0 in the user namespace");
	}
	/* new credentials make us dumpable again where fs.suid_dumpable is 1, and in a namespace that was given are others */
	return l->in_given_user && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? err_errno(e, errno, "not dumpable") : 0;
}

static int namespaces_failed(int error, struct err *e)
{
	int r = err_errno(e, error, "make the container's namespaces");

	if (error == ENOSPC)
		err_hint(e, "a limit of /proc/sys/user/max_*_namespaces is reached");
	return r;
}

/*
 * What clone is not asked for. Half of the time that clone would take goes into
 * the network namespace: it is made here, while the parent writes the map. The
 * control group's has its root where its first process is, so it comes after
 * the parent has moved us; and what is in the IPC namespace, its mqueue, belongs
 * to who made it: to the container's root, which a map need not make of us before.
 */
#define OWN_FLAGS ((unsigned long)(CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWTIME))

static int unshare_own(const struct launch *l, unsigned long which, struct err *e)
{
	unsigned long flags = l->flags & which;

	return flags && unshare((int)flags) < 0 ? namespaces_failed(errno, e) : 0;
}

/*
 * A time namespace is for children, so who makes one enters it after; its
 * offsets can be set until somebody is in it (time_namespaces(7)). The files
 * belong to whom we were before the clone, as we still do.
 */
static int make_time(const struct launch *l, struct err *e)
{
	_cleanup_close_ int offsets = -EBADF, ns = -EBADF;

	if (!(l->flags & CLONE_NEWTIME))
		return 0;
	if (unshare(CLONE_NEWTIME) < 0)
		return namespaces_failed(errno, e);
	if (l->time_offsets) {
		offsets = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
		if (offsets < 0 || fd_write_all(offsets, l->time_offsets, strlen(l->time_offsets)) < 0)
			return err_errno(e, errno, "linux.timeOffsets");
	}
	ns = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	return ns < 0 || setns(ns, CLONE_NEWTIME) < 0 ? err_errno(e, errno, "enter the time namespace") : 0;
}

static int inherit(const struct launch *l)
{
	int r = fd_set_cloexec(l->sync[1], false);

	if (r == 0)
		r = fd_set_cloexec(l->plan_fd, false);
	for (size_t i = 0; r == 0 && i < l->kept->n; i++)
		r = fd_set_cloexec(l->kept->fds[i], false);
	return r;
}

static _Noreturn void child_run(const struct launch *l)
{
	static char *const no_env[] = {NULL};
	struct err e = {0}, early = {0};
	enum message_type m;
	char plan[16];
	int r, made;

	close(l->sync[0]);
	/* a failure waits for its turn: the parent needs a live child to give the map to */
	made = unshare_own(l, CLONE_NEWNET, &early);
	if (made == 0)
		made = make_time(l, &early);
	r = message_receive(l->sync[1], INIT_WAITS_MAP, &m, &e);
	if (r == 0 && made < 0) {
		r = made;
		e = early;
	}
	if (r == 0)
		r = become_root(l, &e);
	if (r == 0)
		r = unshare_own(l, CLONE_NEWCGROUP | CLONE_NEWIPC, &e);
	if (r == 0) {
		r = inherit(l);
		if (r < 0)
			(void)err_errno(&e, -r, "descriptors for init");
	}
	if (r == 0) {
		char *argv[] = {(char[]){"ranby-init"}, (char[]){"stage"}, plan, NULL};

		snprintf(plan, sizeof(plan), "%d", l->plan_fd);
		execveat(l->exe_fd, "", argv, no_env, AT_EMPTY_PATH);
		(void)err_errno(&e, errno, "execute init");
	}
	(void)!message_send(l->sync[1], MESSAGE_FAILED, &e);
	_exit(EXIT_ENGINE);
}

int launch_go(const struct launch *l, const struct child *c, struct err *e)
{
	int r = 0;

	if (l->flags & CLONE_NEWUSER)
		r = userns_write_map(c->pid, l->map, false, e);
	if (r == 0) {
		r = message_send(l->sync[0], MESSAGE_MAPPED, NULL);
		if (r < 0)
			(void)err_errno(e, -r, "init");
	}
	return r;
}

/* No stack of its own: a fork; the pidfd comes through the third argument (clone(2), CLONE_PIDFD). */
static long fork_into(struct launch *l, int *pidfd)
{
	unsigned long flags = (l->flags & ~OWN_FLAGS) | CLONE_PIDFD;
	struct clone_args a = {
		.flags = flags | CLONE_INTO_CGROUP, .pidfd = (uint64_t)(uintptr_t)pidfd, .exit_signal = SIGCHLD, .cgroup = (unsigned int)l->cgroup_fd,
	};
	/* an older kernel, a filter around us, a group that may not be entered: what is wrong shows when it is moved */
	long pid = l->cgroup_fd > 0 ? syscall(SYS_clone3, &a, sizeof(a)) : -1;

	l->in_cgroup = pid >= 0;
	return pid >= 0 ? pid : syscall(SYS_clone, flags | SIGCHLD, NULL, pidfd, NULL, 0);
}

int launch_init(struct launch *l, struct child *ret, struct err *e)
{
	struct child c = {.pidfd = -EBADF};
	long pid;
	int r;

	pid = fork_into(l, &c.pidfd);
	if (pid < 0)
		return namespaces_failed(errno, e);
	if (pid == 0)
		child_run(l);
	c.pid = (pid_t)pid;
	close(l->sync[1]);
	l->sync[1] = -EBADF;
	r = pid_start_ticks(c.pid, &c.start_ticks);
	if (r < 0) {
		launch_abort(&c);
		return err_errno(e, -r, "init");
	}
	*ret = c;
	return 0;
}

int launch_wait_ready(struct launch *l, struct err *e)
{
	enum message_type m;

	return message_receive(l->sync[0], CREATE_WAITS_READY, &m, e);
}

void launch_abort(struct child *c)
{
	if (c->pidfd < 0)
		return;
	(void)!pidfd_signal(c->pidfd, SIGKILL);
	while (waitpid(c->pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	fd_closep(&c->pidfd);
}
