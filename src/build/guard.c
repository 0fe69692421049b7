/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A container's monitor is no child of the build and would go on without it.
 * The guard holds one end of a pipe; when the other one closes without a word,
 * the build has been killed, whatever by, and the guard becomes `ranby rm
 * --force` of the one name that the build's containers have in turn. It has a
 * session of its own, so that a signal for the terminal's processes is not its.
 */
#include "build/guard.h"

#include "base/strv.h"
#include "sys/fd.h"
#include "sys/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

void guard_remove_files(int run_fd, const char *name)
{
	char path[80];

	for (int i = 0; i < GUARD_FILES_MAX; i++) {
		snprintf(path, sizeof(path), "%s/%d", name, i);
		(void)unlinkat(run_fd, path, 0);
	}
	(void)unlinkat(run_fd, name, AT_REMOVEDIR);
}

static _Noreturn void watch(int pipe_fd, int run_fd, int null_fd, const char *name, char *const *argv)
{
	char word;
	ssize_t n;

	setsid();
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(null_fd, fd) < 0)
			_exit(1);
	/* what the build had open shall not stay open with it */
	if (pipe_fd != 3 && dup2(pipe_fd, 3) < 0)
		_exit(1);
	if (run_fd != 4 && dup2(run_fd, 4) < 0)
		_exit(1);
	close_range(5, ~0U, 0);
	do
		n = read(3, &word, 1);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		guard_remove_files(4, name);
	close(4);
	/* a monitor whose starter died before the start is done clears up by itself first */
	if (n == 0)
		(void)poll(NULL, 0, 1000);
	if (n == 0)
		execv(argv[0], argv);
	_exit(n == 1 ? 0 : 1);
}

int guard_start(struct engine *eng, struct guard *g, struct err *e)
{
	_cleanup_(strv_done) struct strv argv = {0};
	_cleanup_close_ int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	const char *const words[] = {"rm", "--force", "--ignore", "--time", "0", g->name, NULL};
	unsigned long token;
	int fds[2], r;

	if (g->pid > 0)
		return 0;
	if (getrandom(&token, sizeof(token), 0) != (ssize_t)sizeof(token))
		return err_errno(e, EIO, "build");
	snprintf(g->name, sizeof(g->name), "build-%016lx", token);
	r = engine_argv(eng, words, &argv, e);
	if (r < 0)
		return r;
	if (null_fd < 0 || pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(e, errno, "build");
	g->pid = fork();
	if (g->pid == 0) {
		close(fds[1]);
		watch(fds[0], eng->run_fd, null_fd, g->name, argv.items);
	}
	close(fds[0]);
	g->pipe_fd = fds[1];
	return g->pid < 0 ? err_errno(e, errno, "fork") : 0;
}

void guard_done(struct guard *g)
{
	int status;

	if (g->pid <= 0)
		return;
	if (write(g->pipe_fd, "q", 1) != 1)
		return;
	fd_closep(&g->pipe_fd);
	(void)!spawn_wait(g->pid, &status);
	g->pid = 0;
}
