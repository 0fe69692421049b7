/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A child unshares its user namespace and waits; its maps are written from
 * here: by newuidmap and newgidmap when the user has subordinate IDs, else a
 * single line of the user's own ID, which the kernel takes from the owner
 * without help (user_namespaces(7)). Then the namespace is held by an fd and
 * the child ends. unshare(2) and not a clone flag, so that it is made before
 * anything else happens in the child and audit rules see it.
 *
 * The helpers are checked before they are run (self.h) and run by the fd that
 * was checked. What they complain about is passed on: they know better than
 * we do why a line of /etc/subuid does not do.
 */
#include "engine/keeper_make.h"
#include "engine/subid.h"

#include "base/parse.h"
#include "base/strv.h"
#include "sys/fd.h"
#include "sys/self.h"
#include "sys/spawn.h"
#include "sys/user_name.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#define COMPLAINT_MAX 300

bool keeper_is_needless(const struct engine *eng)
{
	return eng->uid == 0;
}

int keeper_as_we_are(const struct engine *eng, struct keeper *ret, struct err *e)
{
	_cleanup_close_ int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct keeper k = KEEPER_INIT;
	int r;

	(void)eng;
	if (self < 0)
		return err_errno(e, errno, "open /proc/self");
	r = id_map_read(self, &k.map);
	if (r < 0)
		return err_errno(e, -r, "read /proc/self/uid_map");
	*ret = k;
	return 0;
}

/* ---- why user namespaces do not work here ---- */

static bool sysctl_is(const char *path, uint64_t value)
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

static int cannot_unshare(int error, struct err *e)
{
	if (sysctl_is("/proc/sys/user/max_user_namespaces", 0)) {
		err_set(e, error, "user namespaces are disabled on this host (user.max_user_namespaces is 0)");
		err_hint(e, "as root: sysctl user.max_user_namespaces=28633");
	} else if (sysctl_is("/proc/sys/kernel/unprivileged_userns_clone", 0)) {
		err_set(e, error, "user namespaces are disabled for users (kernel.unprivileged_userns_clone is 0)");
		err_hint(e, "as root: sysctl kernel.unprivileged_userns_clone=1");
	} else if (error == ENOSPC || error == EUSERS) {
		err_set(e, error, "too many user namespaces, or nested too deep (user.max_user_namespaces)");
	} else {
		err_errno(e, error, "make a user namespace");
		err_hint(e, "a seccomp filter or a security module may forbid it");
	}
	return -error;
}

static void hint_apparmor(struct err *e)
{
	if (sysctl_is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1))
		err_hint(e, "AppArmor restricts user namespaces here: load a profile that allows `userns` for ranby, or "
			    "as root: sysctl kernel.apparmor_restrict_unprivileged_userns=0");
}

/* ---- the child whose namespace it is ---- */

struct holder {
	pid_t pid;
	int release_fd; /* closing it ends the child */
};

static void holder_done(struct holder *h)
{
	fd_closep(&h->release_fd);
	if (h->pid > 0)
		(void)!spawn_wait(h->pid, NULL);
	h->pid = 0;
}

static _Noreturn void hold(int report_fd, int wait_fd)
{
	int error = unshare(CLONE_NEWUSER) < 0 ? errno : 0;
	char byte;

	if (write(report_fd, &error, sizeof(error)) == (ssize_t)sizeof(error) && error == 0)
		while (read(wait_fd, &byte, 1) < 0 && errno == EINTR)
			;
	_exit(0);
}

static int holder_start(struct holder *ret, struct err *e)
{
	_cleanup_close_ int report_rd = -EBADF, report_wr = -EBADF, wait_rd = -EBADF, wait_wr = -EBADF;
	int report[2], release[2], r, error;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC) < 0)
		return err_errno(e, errno, "pipe");
	report_rd = report[0];
	report_wr = report[1];
	if (pipe2(release, O_CLOEXEC) < 0)
		return err_errno(e, errno, "pipe");
	wait_rd = release[0];
	wait_wr = release[1];
	pid = fork();
	if (pid < 0)
		return err_errno(e, errno, "fork");
	if (pid == 0) {
		close(wait_wr);
		hold(report_wr, wait_rd);
	}
	fd_closep(&report_wr);
	ret->pid = pid;
	ret->release_fd = TAKE_FD(wait_wr);
	r = fd_read_exact(report_rd, &error, sizeof(error));
	if (r < 0)
		return err_errno(e, -r, "make a user namespace");
	return error ? cannot_unshare(error, e) : 0;
}

/* ---- the maps ---- */

static int write_proc(pid_t pid, const char *name, const char *text, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	/* one write(2): the kernel takes a map once and whole */
	if (fd < 0 || write(fd, text, strlen(text)) < 0) {
		err_errno(e, errno, "write %s of a new user namespace", name);
		hint_apparmor(e);
		return -e->code;
	}
	return 0;
}

static int map_single(const struct engine *eng, pid_t pid, struct keeper *k, struct err *e)
{
	char line[64];
	int r;

	if (id_list_add(&k->map.uid, 0, eng->uid, 1) < 0 || id_list_add(&k->map.gid, 0, eng->gid, 1) < 0)
		return err_set(e, EINVAL, "map of uid %u", eng->uid);
	k->single = true;
	r = write_proc(pid, "setgroups", "deny", e);
	snprintf(line, sizeof(line), "0 %u 1\n", eng->uid);
	if (r == 0)
		r = write_proc(pid, "uid_map", line, e);
	snprintf(line, sizeof(line), "0 %u 1\n", eng->gid);
	return r == 0 ? write_proc(pid, "gid_map", line, e) : r;
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

/* Runs it; what it says on stderr is the error's text. */
static int run_helper(const char *name, int exe_fd, char *const *argv, struct err *e)
{
	_cleanup_close_ int rd = -EBADF, wr = -EBADF;
	_cleanup_(buf_done) struct buf said = BUF_INIT;
	struct spawn s = SPAWN_INIT;
	int p[2], r, status;
	char *no_env[] = {NULL};
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_errno(e, errno, "pipe");
	rd = p[0];
	wr = p[1];
	s.exe_fd = exe_fd;
	s.argv = argv;
	s.envp = no_env;
	s.stdio[0] = s.stdio[1] = -EBADF;
	s.stdio[2] = wr;
	r = spawn_start(&s, &pid, NULL, e);
	if (r < 0)
		return r;
	fd_closep(&wr);
	(void)!fd_read_all(rd, COMPLAINT_MAX, &said);
	r = spawn_wait(pid, &status);
	if (r < 0)
		return err_errno(e, -r, "wait for %s", name);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (said.len && said.data[said.len - 1] == '\n')
		said.data[said.len - 1] = '\0';
	err_set(e, EPERM, "%s%s", said.len ? "" : name, said.len ? buf_str(&said) : ": failed without a word");
	hint_apparmor(e);
	return -EPERM;
}

static int map_with(const char *name, pid_t pid, const struct id_list *l, struct err *e)
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
	r = helper_argv(name, pid, l, &argv);
	return r < 0 ? err_errno(e, -r, "%s", name) : run_helper(name, fd, argv.items, e);
}

/* The user first, then the subordinate ranges. */
static int full_list(uint32_t own, const struct id_list *ranges, struct id_list *ret)
{
	int r = id_list_add(ret, 0, own, 1);

	for (size_t i = 0; r == 0 && i < ranges->n; i++)
		r = id_list_add(ret, ranges->extents[i].inside, ranges->extents[i].outside, ranges->extents[i].count);
	return r;
}

static int write_maps(const struct engine *eng, pid_t pid, struct keeper *k, struct err *e)
{
	_cleanup_free_ struct id_list *ranges = calloc(2, sizeof(*ranges));
	char name[USER_NAME_SIZE];
	int r;

	if (!ranges)
		return err_errno(e, ENOMEM, "ID maps");
	r = user_name_of(eng->uid, name);
	if (r < 0)
		name[0] = '\0';
	r = subid_ranges(SUBID_USER, eng->uid, *name ? name : NULL, &ranges[0], e);
	if (r == 0)
		r = subid_ranges(SUBID_GROUP, eng->uid, *name ? name : NULL, &ranges[1], e);
	if (r < 0)
		return r;
	if (ranges[0].n == 0 || ranges[1].n == 0)
		return map_single(eng, pid, k, e);
	r = full_list(eng->uid, &ranges[0], &k->map.uid);
	if (r == 0)
		r = full_list(eng->gid, &ranges[1], &k->map.gid);
	if (r < 0)
		return err_errno(e, -r, "subordinate IDs of uid %u", eng->uid);
	r = map_with("newuidmap", pid, &k->map.uid, e);
	return r == 0 ? map_with("newgidmap", pid, &k->map.gid, e) : r;
}

int keeper_make(const struct engine *eng, struct keeper *ret, struct err *e)
{
	_cleanup_(holder_done) struct holder h = {.release_fd = -EBADF};
	_cleanup_(keeper_done) struct keeper k = KEEPER_INIT;
	struct err own = {0};
	char path[64];
	int r;

	if (!e)
		e = &own;
	r = holder_start(&h, e);
	if (r == 0)
		r = write_maps(eng, h.pid, &k, e);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/%d/ns/user", h.pid);
	k.userns_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (k.userns_fd < 0)
		return err_errno(e, errno, "hold the new user namespace");
	*ret = k;
	k.userns_fd = -EBADF;
	return 0;
}
