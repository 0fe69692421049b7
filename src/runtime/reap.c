/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * pid 1 for a command that is no init: the kernel gives it every orphan of
 * the container, and delivers it only the signals that it handles
 * (pid_namespaces(7)). So: all signals are taken with sigwaitinfo(2) and
 * passed on, all children reaped, and the command's end is ours.
 */
#include "runtime/init.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void run_command(char **argv, const sigset_t *mask)
{
	(void)setpgid(0, 0);
	if (isatty(0)) {
		/* background until we say so, and then asking would stop us */
		(void)signal(SIGTTOU, SIG_IGN);
		(void)tcsetpgrp(0, getpgrp());
		(void)signal(SIGTTOU, SIG_DFL);
	}
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(argv[0], argv);
	dprintf(2, "ranby-init: execute `%s`: %s\n", argv[0], strerrordesc_np(errno));
	_exit(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN);
}

/* Reaps all that have ended. True when the command has, with its code in *code. */
static bool reap(pid_t command, int *code)
{
	bool ended = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != command)
			continue;
		*code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		ended = true;
	}
	return ended;
}

_Noreturn void reap_run(char **argv)
{
	sigset_t all, before;
	pid_t command;
	int code = 0;

	sigfillset(&all);
	for (size_t k = 0; k < 5; k++)
		sigdelset(&all, (int[]){SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP}[k]);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	command = fork();
	if (command < 0)
		_exit(EXIT_ENGINE);
	if (command == 0)
		run_command(argv, &before);
	for (;;) {
		int sig = sigwaitinfo(&all, NULL);

		if (sig == SIGCHLD && reap(command, &code))
			_exit(code);
		/* the whole group, as a terminal would */
		if (sig > 0 && sig != SIGCHLD && sig != SIGTTIN && sig != SIGTTOU)
			(void)killpg(command, sig);
	}
}

_Noreturn void reap_pause(void)
{
	sigset_t all;

	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	for (;;) {
		int sig = sigwaitinfo(&all, NULL), code;

		if (sig == SIGCHLD)
			(void)reap(-1, &code);
		else if (sig == SIGTERM || sig == SIGINT || sig == SIGQUIT)
			_exit(0);
	}
}
