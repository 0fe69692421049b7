/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Files of a container belong to subordinate IDs, which only root of the
 * keeper may read, chown and remove. Going in for good is no choice for the
 * engine (it must stay the user's for audit and for helpers), so a child goes
 * and its answer comes back through a pipe: r, then the struct err.
 */
#include "engine/in_keeper.h"

#include "sys/fd.h"
#include "sys/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

struct answer {
	int r;
	struct err e;
};

static int enter(int userns_fd, struct err *e)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return err_errno(e, errno, "prctl");
	if (userns_fd >= 0 && setns(userns_fd, CLONE_NEWUSER) < 0)
		return err_errno(e, errno, "enter the user namespace");
	if (unshare(CLONE_NEWNS) < 0)
		return err_errno(e, errno, "make a mount namespace");
	/* changing credentials clears it (prctl(2)) */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return err_errno(e, errno, "prctl");
	return 0;
}

static _Noreturn void child(int userns_fd, int pipe_fd, in_keeper_fn work, void *ctx)
{
	struct answer a = {0};

	a.r = enter(userns_fd, &a.e);
	if (a.r == 0)
		a.r = work(ctx, &a.e);
	_exit(fd_write_all(pipe_fd, &a, sizeof(a)) < 0);
}

int in_keeper(struct keeper *k, in_keeper_fn work, void *ctx, struct err *e)
{
	_cleanup_close_ int reader = -EBADF, writer = -EBADF;
	struct answer a;
	int fds[2], r, status;
	pid_t pid;

	r = keeper_ready(k, e);
	if (r < 0)
		return r;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(e, errno, "pipe");
	reader = fds[0];
	writer = fds[1];
	pid = fork();
	if (pid < 0)
		return err_errno(e, errno, "fork");
	if (pid == 0)
		child(k->userns_fd, writer, work, ctx);
	fd_closep(&writer);
	r = fd_read_exact(reader, &a, sizeof(a));
	if (spawn_wait(pid, &status) < 0 || r < 0)
		return err_set(e, EIO, "a child that worked in the user namespace died");
	if (a.r < 0 && e)
		*e = a.e;
	return a.r;
}
