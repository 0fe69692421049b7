/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * By the time there is a container, create has entered namespaces that cannot
 * be left again (its own mount namespace, for a plain user a user namespace,
 * those that the config names by path). So whoever runs the hooks that belong
 * outside is made before, and waits.
 */
#include "runtime/hooks.h"

#include "sys/fd.h"
#include "sys/memfd.h"
#include "sys/pidfd.h"
#include "sys/spawn.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define SAID_MAX 256

/* What a hook said, as part of an error's words. */
static void read_said(int fd, char said[static SAID_MAX])
{
	ssize_t n = pread(fd, said, SAID_MAX - 1, 0);

	said[n < 0 ? 0 : n] = '\0';
	said[strcspn(said, "\n")] = '\0';
}

static int wait_hook(const struct config_hook *h, pid_t pid, int pidfd, int said_fd, struct err *e)
{
	char said[SAID_MAX];
	int status, r = pidfd_wait(pidfd, h->timeout_s ? (int)h->timeout_s * 1000 : -1);
	bool late = r == -ETIMEDOUT;

	if (r < 0)
		(void)!pidfd_signal(pidfd, SIGKILL);
	r = spawn_wait(pid, &status);
	if (r < 0)
		return err_errno(e, -r, "%s", h->path);
	if (late)
		return err_set(e, ETIMEDOUT, "%s: not done after %u seconds", h->path, h->timeout_s);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	read_said(said_fd, said);
	if (WIFEXITED(status))
		return err_set(e, ECANCELED, "%s: exit code %d%s%s", h->path, WEXITSTATUS(status), said[0] ? ": " : "", said);
	return err_set(e, ECANCELED, "%s: ended by signal %d", h->path, WTERMSIG(status));
}

static int run_one(const struct config_hook *h, int state_fd, struct err *e)
{
	static char *const no_env[] = {NULL};
	_cleanup_close_ int said = -EBADF, pidfd = -EBADF;
	struct spawn s = SPAWN_INIT;
	pid_t pid;
	int r = memfd_empty("ranby-hook", &said);

	if (r < 0 || lseek(state_fd, 0, SEEK_SET) < 0)
		return err_errno(e, r < 0 ? -r : errno, "%s", h->path);
	s.path = h->path;
	s.argv = h->args.items;
	s.envp = h->env.items ? h->env.items : no_env;
	s.stdio[0] = state_fd;
	s.stdio[1] = s.stdio[2] = said;
	r = spawn_start(&s, &pid, &pidfd, e);
	return r == 0 ? wait_hook(h, pid, pidfd, said, e) : r;
}

static int run_kind(const struct config_hooks *h, enum config_hook_kind kind, int state_fd, struct err *e)
{
	for (size_t i = 0; i < h->n[kind]; i++) {
		int r = run_one(&h->items[kind][i], state_fd, e);

		if (r < 0)
			return err_wrap(e, r, "hooks.%s[%zu]", config_hook_name(kind), i);
	}
	return 0;
}

int hooks_run(const struct config_hooks *h, enum config_hook_kind kind, const char *state, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r = h->n[kind] > 0 ? memfd_seal_bytes("ranby-state", state, strlen(state), &fd) : 0;

	if (r < 0)
		return err_errno(e, -r, "state for hooks");
	return run_kind(h, kind, fd, e);
}

int hooks_run_text(const char *hooks, enum config_hook_kind kind, const char *state, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	_cleanup_(config_hooks_done) struct config_hooks h = {.n = {0}};
	int r = hooks ? json_parse(hooks, strlen(hooks), "hooks", &o, e) : 0;

	if (r == 0 && o)
		r = config_hooks_read(o, &h, e);
	return r == 0 ? hooks_run(&h, kind, state, e) : r;
}

/* In the runner. Nothing of what create does later is here; it ends with its parent. */
static _Noreturn void runner(const struct config_hooks *h, int sock, int text_fd)
{
	struct err e = {0};
	char go;
	int r;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		_exit(EXIT_ENGINE);
	if (read(sock, &go, 1) != 1)
		_exit(0);
	r = run_kind(h, HOOK_PRESTART, text_fd, &e);
	if (r == 0)
		r = run_kind(h, HOOK_CREATE_RUNTIME, text_fd, &e);
	_exit(fd_write_all(sock, &e, sizeof(e)) < 0 || r < 0 ? EXIT_ENGINE : 0);
}

int hook_runner_start(const struct config_hooks *h, struct hook_runner *ret, struct err *e)
{
	struct hook_runner n = HOOK_RUNNER_INIT;
	int pair[2], r;

	if (h->n[HOOK_PRESTART] + h->n[HOOK_CREATE_RUNTIME] == 0)
		return 0;
	r = memfd_empty("ranby-state", &n.text_fd);
	if (r < 0)
		return err_errno(e, -r, "hooks");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		r = err_errno(e, errno, "hooks");
		fd_closep(&n.text_fd);
		return r;
	}
	n.pid = fork();
	if (n.pid == 0) {
		close(pair[0]);
		runner(h, pair[1], n.text_fd);
	}
	close(pair[1]);
	n.sock = pair[0];
	if (n.pid < 0) {
		r = err_errno(e, errno, "hooks");
		n.pid = 0;
		hook_runner_done(&n);
		return r;
	}
	*ret = n;
	return 0;
}

int hook_runner_run(struct hook_runner *r, const char *state, struct err *e)
{
	struct err said = {0};
	ssize_t n;
	int k;

	if (r->pid == 0)
		return 0;
	k = fd_write_all(r->text_fd, state, strlen(state));
	if (k == 0)
		k = fd_write_all(r->sock, "", 1);
	if (k < 0)
		return err_errno(e, -k, "hooks");
	do
		n = read(r->sock, &said, sizeof(said));
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(said))
		return err_set(e, ECANCELED, "hooks: whoever runs them ended without a word");
	if (said.code == 0)
		return 0;
	if (e)
		*e = said;
	return -said.code;
}

void hook_runner_done(struct hook_runner *r)
{
	fd_closep(&r->sock);
	fd_closep(&r->text_fd);
	if (r->pid > 0)
		(void)!spawn_wait(r->pid, NULL);
	r->pid = 0;
}
