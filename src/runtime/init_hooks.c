/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The two kinds of hooks that run inside.
 *
 * createContainer is a program of the host in the container's namespaces,
 * before the pivot, while the host's names can still be reached: init forks,
 * for an exec of its own would be the payload's.
 *
 * startContainer is a program of the container's, so of whoever made the
 * image: it runs as the payload will, with its user, capabilities, label and
 * filter, and never with init's rights.
 */
#include "runtime/init.h"

#include "runtime/message.h"
#include "sys/fd.h"
#include "sys/pidfd.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/* Lists of strings as execve(2) wants them; never freed. */
static char **pointers(const struct plan *p, struct plan_list l)
{
	char **v = mem_array(l.n + 1U, sizeof(*v));

	for (size_t k = 0; v && k < l.n; k++)
		v[k] = (char *)(uintptr_t)plan_str_at(p, l, k);
	return v;
}

/* In the child. Our descriptors close at the exec. */
static _Noreturn void become(struct init *i, const struct plan_hook *h, int text_fd, bool confined)
{
	char **argv = pointers(i->p, h->args), **env = pointers(i->p, h->env);

	if (!argv || !env || lseek(text_fd, 0, SEEK_SET) < 0 || dup2(text_fd, 0) < 0)
		_exit(EXIT_ENGINE);
	if (confined && init_confine_hook(i, NULL) < 0)
		_exit(EXIT_ENGINE);
	execve(plan_str(i->p, h->path), argv, env);
	_exit(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN);
}

/* Its end, by force when its time is over. */
static int await(pid_t pid, uint32_t timeout_s, int *ret_status)
{
	_cleanup_close_ int pidfd = -EBADF;
	int r = pidfd_open_pid(pid, &pidfd);
	bool late;

	if (r == 0)
		r = pidfd_wait(pidfd, timeout_s ? (int)timeout_s * 1000 : -1);
	late = r == -ETIMEDOUT;
	if (late)
		r = pidfd_signal(pidfd, SIGKILL);
	if (r == 0 && waitpid(pid, ret_status, 0) < 0)
		r = -errno;
	return r == 0 && late ? -ETIMEDOUT : r;
}

static int run_hook(struct init *i, const struct plan_hook *h, int text_fd, bool confined, struct err *e)
{
	const char *path = plan_str(i->p, h->path);
	int status = 0, r;
	pid_t pid = fork();

	if (pid < 0)
		return err_errno(e, errno, "%s", path);
	if (pid == 0)
		become(i, h, text_fd, confined);
	r = await(pid, h->timeout_s, &status);
	if (r == -ETIMEDOUT)
		return err_set(e, ETIMEDOUT, "%s: not done after %u seconds", path, h->timeout_s);
	if (r < 0)
		return err_errno(e, -r, "%s", path);
	if (WIFSIGNALED(status))
		return err_set(e, ECANCELED, "%s: ended by signal %d", path, WTERMSIG(status));
	return WEXITSTATUS(status) == 0 ? 0 : err_set(e, ECANCELED, "%s: exit code %d", path, WEXITSTATUS(status));
}

static int run_hooks(struct init *i, struct plan_list l, const char *kind, int text_fd, bool confined, struct err *e)
{
	const struct plan_hook *h = plan_at(i->p, l);

	for (size_t k = 0; k < l.n; k++) {
		int r = run_hook(i, &h[k], text_fd, confined, e);

		if (r < 0)
			return err_wrap(e, r, "hooks.%s[%zu]", kind, k);
	}
	return 0;
}

/* The namespaces and the root stand, and nothing is hidden yet: the runtime's own hooks, then those that run in here. */
int init_create_hooks(struct init *i, struct err *e)
{
	enum message_type m;
	int r;

	if (!(i->p->flags & PLAN_HOOKS))
		return 0;
	r = message_send(i->p->sync_fd, MESSAGE_BUILT, NULL);
	if (r < 0)
		return err_errno(e, -r, "report to create");
	r = message_receive(i->p->sync_fd, INIT_WAITS_HOOKED, &m, e);
	return r == 0 ? run_hooks(i, i->p->create_hooks, "createContainer", i->p->text_fd[PLAN_TEXT_CREATING], false, e) : r;
}

int init_start_hooks(struct init *i, struct err *e)
{
	return run_hooks(i, i->p->start_hooks, "startContainer", i->p->text_fd[PLAN_TEXT_CREATED], true, e);
}
