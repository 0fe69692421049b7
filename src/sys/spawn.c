/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The child works in our memory, on a stack of its own, while we stand still
 * until it has executed or ended (CLONE_VM, CLONE_VFORK): no page table is
 * copied and no page is faulted in again, which is most of what a fork costs,
 * and its failure is written into a struct of ours. So it may touch nothing
 * else: descriptors, signal dispositions and credentials are its own, the
 * heap is not. Signals are blocked around all of it, because a handler of
 * ours must not run in it.
 *
 * A program that is to outlive us is our child all the same, in a session of
 * its own: a second fork, which would make it init's, is one more process
 * that everybody waits for, and gains nothing that setsid(2) does not.
 *
 * In the child, descriptors are moved above all targets first, so that no
 * dup2() can overwrite one that is still wanted.
 */
#include "sys/spawn.h"

#include "sys/fd.h"
#include "sys/signals.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define STACK_SIZE 32768

enum stage { STAGE_PROCESS, STAGE_FDS, STAGE_USERNS, STAGE_TIE, STAGE_EXEC };
static const char *const stage_words[] = {
	[STAGE_PROCESS] = "signals and session of",
	[STAGE_FDS] = "pass descriptors",
	[STAGE_USERNS] = "enter the user namespace",
	[STAGE_TIE] = "tie to its starter",
	[STAGE_EXEC] = "execute",
};

/* What the child reads, and where it writes how far it came. */
struct job {
	const struct spawn *s;
	pid_t parent;
	enum stage stage; /* with error != 0 */
	int error;
};

/* Above all that the child is to have: no higher, because the limit of descriptors may be low. */
static int move_up(const struct spawn *s, int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, (int)(3 + s->n_fds));
}

/* 0..2 and 3.. as asked, all else closes at the exec. `*exe_fd` and `*userns_fd` are moved out of the way. */
static int place_fds(const struct spawn *s, int *exe_fd, int *userns_fd)
{
	int up[SPAWN_FDS_MAX + 3];
	int *keep[] = {exe_fd, userns_fd};

	for (size_t i = 0; i < ARRAY_SIZE(keep); i++) {
		int fd = *keep[i] < 0 ? *keep[i] : move_up(s, *keep[i]);

		if (*keep[i] >= 0 && fd < 0)
			return -errno;
		*keep[i] = fd;
	}
	for (size_t i = 0; i < 3 + s->n_fds; i++) {
		int from = i < 3 ? s->stdio[i] : s->fds[i - 3];
		_cleanup_close_ int null = -EBADF;

		if (i < 3 && from == SPAWN_KEEP)
			from = (int)i;
		if (i < 3 && from == -EBADF)
			from = null = open("/dev/null", O_RDWR | O_CLOEXEC);
		up[i] = from < 0 ? -1 : move_up(s, from);
		if (up[i] < 0)
			return -errno;
	}
	for (size_t i = 0; i < 3 + s->n_fds; i++)
		if (dup2(up[i], (int)i) < 0)
			return -errno;
	return fd_cloexec_from((unsigned)(3 + s->n_fds));
}

/* The child's last word; also its exit code, which nobody reads. */
static int failed(struct job *j, enum stage stage, int error)
{
	j->stage = stage;
	j->error = error;
	return 127;
}

/* After the user namespace is entered: a change of credentials may undo it (prctl(2)). */
static int tie_to(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	/* 0: a parent outside of this pid namespace, as after unshare(CLONE_NEWPID); when that has died it is the namespace's init */
	return getppid() == parent || getppid() == 0 ? 0 : -ESRCH;
}

/* Becomes the program. */
static int child_run(void *arg)
{
	struct job *j = arg;
	const struct spawn *s = j->s;
	int exe_fd = s->exe_fd, userns_fd = s->userns_fd;
	char *const *envp = s->envp ? s->envp : environ;
	int r;

	r = signals_reset();
	if (r == 0 && s->new_session && setsid() < 0)
		r = -errno;
	if (r < 0)
		return failed(j, STAGE_PROCESS, -r);
	r = place_fds(s, &exe_fd, &userns_fd);
	if (r < 0)
		return failed(j, STAGE_FDS, -r);
	if (userns_fd >= 0 && setns(userns_fd, CLONE_NEWUSER) < 0)
		return failed(j, STAGE_USERNS, errno);
	r = s->die_with_us ? tie_to(j->parent) : 0;
	if (r < 0)
		return failed(j, STAGE_TIE, -r);
	if (exe_fd >= 0)
		execveat(exe_fd, "", s->argv, envp, AT_EMPTY_PATH);
	else
		execve(s->path, s->argv, envp);
	return failed(j, STAGE_EXEC, errno);
}

/* Returns when the child has executed or ended. */
static pid_t start(struct job *j, char *stack, int *ret_pidfd)
{
	sigset_t all, old;
	pid_t pid;
	int error;

	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, &old) < 0)
		return -1;
	pid = clone(child_run, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, j, ret_pidfd);
	error = errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	errno = error;
	return pid;
}

int spawn_start(const struct spawn *s, pid_t *ret_pid, int *ret_pidfd, struct err *e)
{
	_cleanup_free_ char *stack = malloc(STACK_SIZE);
	struct job j = {.s = s, .parent = getpid()};
	_cleanup_close_ int pidfd = -EBADF;
	pid_t child;

	if (s->n_fds > SPAWN_FDS_MAX)
		return err_set(e, E2BIG, "start %s: too many descriptors", s->argv[0]);
	if (!stack)
		return err_errno(e, ENOMEM, "start %s", s->argv[0]);
	child = start(&j, stack, &pidfd);
	if (child < 0)
		return err_errno(e, errno, "fork");
	if (j.error != 0) {
		(void)!spawn_wait(child, NULL);
		return err_errno(e, j.error, "%s %s", stage_words[j.stage], s->path ? s->path : s->argv[0]);
	}
	if (ret_pidfd)
		*ret_pidfd = TAKE_FD(pidfd);
	if (ret_pid)
		*ret_pid = child;
	return 0;
}

int spawn_wait(pid_t pid, int *ret_status)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (ret_status)
		*ret_status = status;
	return 0;
}
