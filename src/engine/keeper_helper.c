/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The helpers are checked before they are run (self.h) and run by the fd that
 * was checked. What they complain about is passed on: they know better than
 * we do why a line of /etc/subuid does not do.
 */
#include "engine/keeper_helper.h"

#include "base/parse.h"
#include "base/strv.h"
#include "sys/fd.h"
#include "sys/self.h"
#include "sys/spawn.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#define COMPLAINT_MAX 300

bool keeper_sysctl_is(const char *path, uint64_t value)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[32];
	uint64_t got;
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return false;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return parse_u64(text, 0, UINT64_MAX, &got) == 0 && got == value;
}

void keeper_hint_apparmor(struct err *e)
{
	if (keeper_sysctl_is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1))
		err_hint(e, "AppArmor restricts user namespaces here: load a profile that allows `userns` for ranby, or "
			    "as root: sysctl kernel.apparmor_restrict_unprivileged_userns=0");
}

/* Set-user-id, or with file capabilities: else it can do no more than we can. */
static int check_privileged(const char *name, const char *path, int fd, struct err *e)
{
	char proc[32];
	struct stat st;

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	if (fstat(fd, &st) < 0)
		return err_errno(e, errno, "%s", path);
	if (!(st.st_mode & S_ISUID) && getxattr(proc, "security.capability", NULL, 0) <= 0) {
		err_set(e, EPERM, "%s: not set-user-id root and without file capabilities", path);
		err_hint(e, "as root: chmod u+s %s, or install the package that brings %s again", path, name);
		return -EPERM;
	}
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return err_set(e, EPERM, "%s: this session has no_new_privs set, so it cannot map subordinate IDs", path);
	return 0;
}

static int helper_argv(const char *name, pid_t pid, const struct id_list *l, struct strv *argv)
{
	int r = strv_add(argv, name);

	if (r == 0)
		r = strv_addf(argv, "%d", pid);
	for (size_t i = 0; r == 0 && i < l->n; i++) {
		const struct id_extent *x = &l->extents[i];

		r = strv_addf(argv, "%u", x->inside);
		if (r == 0)
			r = strv_addf(argv, "%u", x->outside);
		if (r == 0)
			r = strv_addf(argv, "%u", x->count);
	}
	return r;
}

static int run(int exe_fd, char *const *argv, struct keeper_helper *ret, struct err *e)
{
	_cleanup_close_ int rd = -EBADF, wr = -EBADF;
	struct spawn s = SPAWN_INIT;
	char *no_env[] = {NULL};
	int p[2], r;

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_errno(e, errno, "pipe");
	rd = p[0];
	wr = p[1];
	s.exe_fd = exe_fd;
	s.argv = argv;
	s.envp = no_env;
	s.stdio[0] = s.stdio[1] = -EBADF;
	s.stdio[2] = wr;
	r = spawn_start(&s, &ret->pid, NULL, e);
	if (r == 0)
		ret->complaint_fd = TAKE_FD(rd);
	return r;
}

int keeper_helper_start(const char *name, pid_t pid, const struct id_list *l, struct keeper_helper *ret, struct err *e)
{
	_cleanup_(strv_done) struct strv argv = {0};
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -EBADF;
	int r;

	r = self_open_helper(name, &fd, &path, e);
	if (r == -ENOENT)
		err_hint(e, "install it, on Debian: apt install uidmap");
	if (r == 0)
		r = check_privileged(name, path, fd, e);
	if (r < 0)
		return r;
	ret->name = name;
	r = helper_argv(name, pid, l, &argv);
	return r < 0 ? err_errno(e, -r, "%s", name) : run(fd, argv.items, ret, e);
}

int keeper_helper_finish(struct keeper_helper *h, struct err *e)
{
	_cleanup_(buf_done) struct buf said = BUF_INIT;
	pid_t pid = h->pid;
	int r, status;

	(void)!fd_read_all(h->complaint_fd, COMPLAINT_MAX, &said);
	h->pid = 0;
	r = spawn_wait(pid, &status);
	if (r < 0)
		return err_errno(e, -r, "wait for %s", h->name);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (said.len && said.data[said.len - 1] == '\n')
		said.data[said.len - 1] = '\0';
	err_set(e, EPERM, "%s%s", said.len ? "" : h->name, said.len ? buf_str(&said) : ": failed without a word");
	keeper_hint_apparmor(e);
	return -EPERM;
}

void keeper_helper_done(struct keeper_helper *h)
{
	fd_closep(&h->complaint_fd);
	if (h->pid > 0)
		(void)!spawn_wait(h->pid, NULL);
	h->pid = 0;
}
