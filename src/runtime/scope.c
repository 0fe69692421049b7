/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby-scope is started before we enter or make any namespace, with the
 * configuration's wishes on its command line, and waits for the number of the
 * process that is to be in the scope: so it never runs where a container
 * could have put something, and its start takes no time of ours.
 *
 * A manager takes numbers as its own /proc has them. Whether it took the
 * right process is looked at after: init must be in a group of the unit's name.
 */
#include "runtime/scope.h"

#include "oci/device_rules.h"
#include "sys/cgroup.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/pidfd.h"
#include "sys/self.h"
#include "sys/spawn.h"
#include "sys/userns.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NOTE "scope"
#define PROGRAM "ranby-scope"
#define ANSWER_MS 45000 /* longer than its own patience with one that takes its calls: a name, a call, a job */

void scope_done(struct scope *s)
{
	fd_closep(&s->sock);
	if (s->pid > 0)
		(void)!spawn_wait(s->pid, NULL);
	s->pid = 0;
	scope_plan_done(&s->plan);
	cgroup_limits_done(&s->limits);
}

/* ---- the program ---- */

/* `words`: the verb's, NULL at the end; then the plan's properties. */
static int start_program(struct scope *s, const char *const *words, struct err *e)
{
	static char *const no_env[] = {NULL};
	_cleanup_free_ const char **argv = mem_array(16 + 3 * s->plan.n, sizeof(*argv));
	_cleanup_close_ int exe = -EBADF, theirs = -EBADF;
	struct spawn p = SPAWN_INIT;
	int pair[2], r;
	size_t n = 0;

	if (!argv)
		return err_errno(e, ENOMEM, PROGRAM);
	argv[n++] = PROGRAM;
	while (*words && n < 10)
		argv[n++] = *words++;
	for (size_t i = 0; i < s->plan.n; i++) {
		argv[n++] = s->plan.properties[i].name;
		argv[n++] = s->plan.properties[i].type;
		argv[n++] = s->plan.properties[i].value;
	}
	argv[n] = NULL;
	r = self_open_program(PROGRAM, &exe, NULL, e);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(e, errno, PROGRAM);
	s->sock = pair[0];
	theirs = pair[1];
	p.exe_fd = exe;
	p.argv = (char *const *)(uintptr_t)argv;
	p.envp = no_env;
	p.fds = &theirs;
	p.n_fds = 1;
	p.stdio[0] = p.stdio[1] = p.stdio[2] = -EBADF;
	return spawn_start(&p, &s->pid, NULL, e);
}

static int hear(struct scope *s, struct err *e)
{
	struct err said = {0};
	struct pollfd p = {.fd = s->sock, .events = POLLIN};
	ssize_t n;

	while ((n = poll(&p, 1, ANSWER_MS)) < 0 && errno == EINTR)
		;
	if (n == 0) {
		_cleanup_close_ int pidfd = -EBADF;

		if (pidfd_open_pid(s->pid, &pidfd) == 0)
			(void)!pidfd_signal(pidfd, SIGKILL);
		return err_set(e, ETIMEDOUT, "service manager: it does not answer");
	}
	n = read(s->sock, &said, sizeof(said));
	if (n != (ssize_t)sizeof(said))
		return err_set(e, ECANCELED, PROGRAM ": ended without a word");
	if (said.code == 0)
		return 0;
	if (e)
		*e = said;
	return -said.code;
}

static int tell_pid(struct scope *s, pid_t pid, struct err *e)
{
	ssize_t n = send(s->sock, &pid, sizeof(pid), MSG_NOSIGNAL);

	/* it may have ended, and said why */
	if (n != (ssize_t)sizeof(pid) && errno != EPIPE && errno != ECONNRESET)
		return err_errno(e, errno, PROGRAM);
	return hear(s, e);
}

/* ---- whose manager ---- */

/* Root on the host has the system's, everybody else his own; which his id is does not matter in his namespace. */
static int find_manager(const struct runtime_context *x, char ret[static PATH_MAX], bool *ret_rootful, struct err *e)
{
	const char *dir = NULL;
	bool initial = false;
	int r = userns_is_initial(&initial);

	if (r < 0)
		return err_errno(e, -r, "user namespace");
	for (char *const *env = x->env; env && *env; env++)
		if (strncmp(*env, "XDG_RUNTIME_DIR=/", 17) == 0)
			dir = *env + 16;
	*ret_rootful = initial && geteuid() == 0;
	if (*ret_rootful)
		dir = "/run";
	if (!dir)
		return err_set(e, ENOTSUP, "--systemd-cgroup: XDG_RUNTIME_DIR does not say where this user's service manager is");
	if (snprintf(ret, PATH_MAX, "%s", dir) >= PATH_MAX || strchr(dir, '\n'))
		return err_set(e, EINVAL, "--systemd-cgroup: XDG_RUNTIME_DIR is no directory");
	if (user_manager_is_there(ret))
		return 0;
	(void)err_set(e, ENOTSUP, "--systemd-cgroup: no service manager of this user's listens in %.300s/systemd", ret);
	err_hint(e, "log in so that systemd --user runs (loginctl enable-linger), or leave --systemd-cgroup out: podman: --cgroup-manager=cgroupfs; containerd: SystemdCgroup = false");
	return -ENOTSUP;
}

static int write_note(int dir, const char *manager, const char *unit, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r;

	buf_addf(&b, "%s\n%s\n", manager, unit);
	r = buf_bad(&b) ? -buf_bad(&b) : path_own_write(dir, NOTE, b.data, b.len, 0600, PATH_SYNC_NONE);
	return r < 0 ? err_errno(e, -r, "note the scope") : 0;
}

/* The note's two lines, in place. -ENOENT: it has no scope. */
static int read_note(int rroot, const char *id, struct buf *b, const char **manager, const char **unit)
{
	char note[PATH_MAX], *line;

	snprintf(note, sizeof(note), "%s/" NOTE, id);
	if (path_own_read(rroot, note, 2 * PATH_MAX, b) < 0 || b->len == 0)
		return -ENOENT;
	line = strchr(b->data, '\n');
	if (!line || b->data[0] != '/')
		return -ENOENT;
	*line++ = '\0';
	line[strcspn(line, "\n")] = '\0';
	*manager = b->data;
	*unit = line;
	return *line ? 0 : -ENOENT;
}

bool scope_is_noted(int rroot, const char *id)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	const char *manager, *unit;

	return read_note(rroot, id, &b, &manager, &unit) == 0;
}

/* ---- made ---- */

static int plan(const struct runtime_config *c, const char *id, bool rootful, struct scope *s, struct err *e)
{
	struct device_rule rules[DEVICE_RULES_MAX];
	size_t n;
	int r = scope_plan_names(c->cgroups_path, id, rootful, &s->plan, e);

	if (r == 0)
		r = scope_plan_annotations(c->annotations, &s->plan, e);
	if (r == 0)
		r = cgroup_limits_read(c->resources, &s->limits, e);
	if (r == 0)
		r = scope_plan_limits(&s->limits, &s->plan, e);
	/* a user's manager cannot load the program that they need; his user namespace has no use for them */
	if (r == 0 && rootful && !c->map)
		r = device_rules_read(c->resources, rules, &n, e);
	if (r == 0 && rootful && !c->map)
		r = scope_plan_devices(rules, n, &s->plan, e);
	return r;
}

int scope_begin(const struct runtime_context *x, int dir, const struct runtime_config *c, const char *id, struct scope *s, struct err *e)
{
	_cleanup_free_ char *description = NULL;
	char manager[PATH_MAX];
	bool rootful = false;
	int r = find_manager(x, manager, &rootful, e);

	if (r == 0)
		r = plan(c, id, rootful, s, e);
	if (r == 0 && s->limits.n > 0)
		r = cgroup_can_limit(&s->limits, e);
	if (r == 0)
		r = write_note(dir, manager, s->plan.unit, e);
	if (r < 0)
		return r;
	if (asprintf(&description, "container %s", id) < 0)
		return err_errno(e, ENOMEM, PROGRAM);
	return start_program(s, (const char *const[]){"start", manager, s->plan.unit, s->plan.slice, description, NULL}, e);
}

/* As /proc has it after. */
static int find_group(const struct scope *s, pid_t pid, struct cgroup *ret, struct err *e)
{
	_cleanup_close_ int mount = -EBADF;
	char path[PATH_MAX];
	int fd = -EBADF, r = cgroup_of(pid, path);

	/* version 1 alone: the manager's business */
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return err_errno(e, -r, "cgroup of init");
	if (strcmp(strrchr(path, '/') + 1, s->plan.unit) != 0)
		return err_set(e, EIO, "the service manager made %s, but init is in %s", s->plan.unit, path);
	r = cgroup_mount_open(&mount);
	if (r == -ENOTSUP)
		return 0;
	if (r == 0)
		r = cgroup_open(mount, path, &fd);
	if (r < 0)
		return err_errno(e, -r, "cgroup %s", path);
	ret->dir = fd;
	ret->path = strdup(path);
	return ret->path ? 0 : err_errno(e, ENOMEM, "cgroup");
}

int scope_start(struct scope *s, int dir, pid_t pid, struct cgroup *ret, struct err *e)
{
	int r = tell_pid(s, pid, e);

	/* a scope of that name is another container's: not ours to end */
	if (r == -EEXIST)
		(void)unlinkat(dir, NOTE, 0);
	if (r == 0)
		r = find_group(s, pid, ret, e);
	if (r == 0 && ret->path)
		r = cgroup_note_given(dir, ret->path, ret->dir, e);
	return r == 0 && ret->dir >= 0 ? cgroup_limit(ret, &s->limits, e) : r;
}

int scope_attach_begin(int rroot, const char *id, struct scope *s, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	const char *manager, *unit;
	int r = read_note(rroot, id, &b, &manager, &unit);

	if (r < 0)
		return err_errno(e, -r, "the scope of container %s", id);
	return start_program(s, (const char *const[]){"attach", manager, unit, "0", NULL}, e);
}

int scope_attach(struct scope *s, pid_t pid, struct err *e)
{
	return tell_pid(s, pid, e);
}

/* ---- later ---- */

int scope_update(int rroot, const char *id, struct json_object *resources, struct err *e)
{
	_cleanup_(scope_done) struct scope s = SCOPE_INIT;
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	const char *manager, *unit;
	int r;

	if (read_note(rroot, id, &b, &manager, &unit) < 0)
		return 0;
	r = cgroup_limits_read(resources, &s.limits, e);
	if (r == 0)
		r = scope_plan_limits(&s.limits, &s.plan, e);
	if (r < 0 || s.plan.n == 0)
		return r;
	r = start_program(&s, (const char *const[]){"set", manager, unit, NULL}, e);
	return r == 0 ? hear(&s, e) : r;
}

void scope_end(int rroot, const char *id)
{
	_cleanup_(scope_done) struct scope s = SCOPE_INIT;
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_close_ int mount = -EBADF, group = -EBADF;
	const char *manager, *unit;

	if (read_note(rroot, id, &b, &manager, &unit) < 0 || !user_manager_is_there(manager))
		return;
	/* gone with its last process, as it mostly is; where that cannot be seen it is asked for */
	if (cgroup_mount_open(&mount) == 0 && cgroup_own(rroot, id, &group) < 0)
		return;
	/* a stop would wait for those that do not heed SIGTERM */
	if (group >= 0)
		(void)!cgroup_write(group, "cgroup.kill", "1");
	if (start_program(&s, (const char *const[]){"stop", manager, unit, NULL}, NULL) == 0)
		(void)!hear(&s, NULL);
}
