/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The payload's program: looked for once before READY, so that a command that
 * is not there fails the create (as engines expect), and executed at the end.
 * Only the exec itself decides; the first look merely spares a useless start.
 */
#include "runtime/init.h"

#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Which failure of execve(2) means that the next directory of PATH may do. */
static bool try_next(int error)
{
	return error == ENOENT || error == ENOTDIR || error == EACCES || error == ESTALE || error == ENODEV;
}

static int exec_failed(struct err *e, const char *file, int error)
{
	int r;

	if (error == ENOENT || error == ENOTDIR)
		r = err_errno(e, error, "executable file `%s` not found%s", file, strchr(file, '/') ? "" : " in $PATH");
	else
		r = err_errno(e, error, "execute `%s`", file);
	err_exit(e, error == ENOENT || error == ENOTDIR ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN);
	return r;
}

static const char *env_path(char *const *env)
{
	for (; *env; env++)
		if (strncmp(*env, "PATH=", 5) == 0)
			return *env + 5;
	return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

/* PATH's next directory and NAME into `path`; false at the end. An empty part would be the working directory: never meant, left out. */
static bool next_path(const char **dir, const char *file, char path[static PATH_MAX])
{
	while (*dir) {
		int len = (int)strcspn(*dir, ":"), n;
		const char *this = *dir;

		*dir = this[len] ? this + len + 1 : NULL;
		n = len == 0 ? -1 : snprintf(path, PATH_MAX, "%.*s/%s", len, this, file);
		if (n > 0 && n < PATH_MAX)
			return true;
	}
	return false;
}

/* Each directory of the payload's own PATH, in the container. An executable that may not be run is remembered over a missing one. */
static int search(const char *file, char *const *argv, char *const *env)
{
	const char *dir = env_path(env);
	char path[PATH_MAX];
	int best = ENOENT;

	while (next_path(&dir, file, path)) {
		execve(path, argv, env);
		if (!try_next(errno))
			return errno;
		if (errno == EACCES)
			best = EACCES;
	}
	return best;
}

/* Lists of strings as execve(2) wants them, in memory that the exec frees. */
static char **pointers(const struct plan *p, struct plan_list l)
{
	char **v = mem_array(l.n + 1U, sizeof(*v));

	for (size_t k = 0; v && k < l.n; k++)
		v[k] = (char *)(uintptr_t)plan_str_at(p, l, k);
	return v;
}

int init_execute(struct init *i, struct err *e)
{
	char **argv = pointers(i->p, i->p->args), **env = pointers(i->p, i->p->env);

	if (!argv || !env)
		return err_errno(e, ENOMEM, "arguments");
	if (argv[0][0] == '\0')
		return exec_failed(e, "", ENOENT);
	if (!strchr(argv[0], '/'))
		return exec_failed(e, argv[0], search(argv[0], argv, env));
	execve(argv[0], argv, env);
	return exec_failed(e, argv[0], errno);
}

/* True when the name leads nowhere in the container's root; any other trouble is the exec's to report. */
static bool is_missing(struct init *i, const char *path)
{
	_cleanup_close_ int fd = -EBADF;
	int r = path_in_root_open(i->root, path, O_PATH, &fd);

	return r == -ENOENT || r == -ENOTDIR;
}

int init_check_command(struct init *i, struct err *e)
{
	const char *file = plan_str_at(i->p, i->p->args, 0), *cwd = plan_str(i->p, i->p->cwd), *dir;
	char **env = pointers(i->p, i->p->env);
	char path[PATH_MAX];

	if (!env)
		return err_errno(e, ENOMEM, "arguments");
	if (file[0] == '\0')
		return exec_failed(e, file, ENOENT);
	if (file[0] == '/')
		return is_missing(i, file) ? exec_failed(e, file, ENOENT) : 0;
	if (strchr(file, '/')) {
		if (snprintf(path, sizeof(path), "%s/%s", cwd, file) >= (int)sizeof(path))
			return exec_failed(e, file, ENAMETOOLONG);
		return is_missing(i, path) ? exec_failed(e, file, ENOENT) : 0;
	}
	for (dir = env_path(env); next_path(&dir, file, path);)
		if (!is_missing(i, path))
			return 0;
	return exec_failed(e, file, ENOENT);
}
