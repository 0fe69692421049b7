/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The one who joins is the endangered one: the container's processes run
 * already, some as root there. So init is executed from its sealed copy
 * *before* it joins (its memory then belongs to the user namespace around the
 * container's, and no one inside can trace it, whatever capabilities they
 * have), and it carries no descriptor of the host but the ones it needs to
 * join (CVE-2016-9962, -2019-5736, -2024-21626).
 *
 * Only the pid namespace must be joined before the clone: it counts for
 * children.
 */
#include "runtime/exec.h"

#include "base/parse.h"
#include "runtime/cgroup.h"
#include "runtime/create.h"
#include "runtime/launch.h"
#include "runtime/message.h"
#include "runtime/process.h"
#include "runtime/record.h"
#include "runtime/scope.h"
#include "runtime/secrets.h"
#include "runtime/start.h"
#include "runtime/state.h"
#include "sys/capname.h"
#include "sys/cgroup.h"
#include "sys/fd.h"
#include "sys/idmap.h"
#include "sys/path.h"
#include "sys/pidfd.h"
#include "sys/pty.h"
#include "sys/userns.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#define OVERFLOW_UID 65534U

struct exec {
	const struct runtime_context *x;
	const struct exec_args *a;
	struct runtime_state state;
	struct runtime_config c;
	struct json_object *process_json;
	struct config_process own;         /* from the file */
	const struct config_process *process;
	struct plan_writer w;
	struct kept_fds kept;
	struct launch l;
	struct child child;
	struct cgroup cgroup;              /* the container's */
	struct scope scope;                /* who asks the service manager for a place in it, where we may not take one */
	char *notify;                      /* linux.seccomp.listenerMetadata, when there is a listener */
	int target;                        /* pidfd of the container's init; in `kept` later */
	int socket_dir;                    /* of the start socket, once it is bound */
	const char *socket_name;
	bool done;
};

typedef int (*exec_step)(struct exec *x, struct err *e);

/* From a login's session no user may move a process to the groups of his service manager, but the manager can. */
static bool may_enter(const struct cgroup *g)
{
	_cleanup_close_ int mount = -EBADF;
	char own[PATH_MAX];

	return cgroup_mount_open(&mount) < 0 || cgroup_of(0, own) < 0 || cgroup_may_move(mount, own, g->path);
}

static int enter_cgroup(struct exec *x, struct err *e)
{
	if (x->l.in_cgroup)
		return 0;
	return x->scope.pid > 0 ? scope_attach(&x->scope, x->child.pid, e) : cgroup_enter_beside(&x->cgroup, x->state.pid, x->child.pid, e);
}

static int find_container(struct exec *x, struct err *e)
{
	enum runtime_status status;
	int r;

	r = runtime_state_load(x->x->rroot, x->a->id, &x->state, e);
	if (r == 0)
		r = runtime_state_status(x->x->rroot, &x->state, &status, &x->target, e);
	if (r == 0 && status != RUNTIME_RUNNING)
		return err_set(e, EINVAL, "container %s is %s, not running", x->a->id, runtime_status_name(status));
	if (r == 0)
		r = cgroup_find(x->state.cgroup, &x->cgroup, e);
	return r == 0 && x->cgroup.path && !may_enter(&x->cgroup) && scope_is_noted(x->x->rroot, x->a->id)
		       ? scope_attach_begin(x->x->rroot, x->a->id, &x->scope, e) : r;
}

static int read_config(struct exec *x, struct err *e)
{
	_cleanup_close_ int bundle = open(x->state.bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (bundle < 0)
		return err_errno(e, errno, "bundle %s", x->state.bundle);
	r = runtime_read_config(bundle, &x->c, e);
	return r < 0 ? err_wrap(e, r, "bundle %s", x->state.bundle) : 0;
}

static int read_process_file(struct exec *x, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_close_ int fd = open(x->a->process, O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return err_errno(e, errno, "%s", x->a->process);
	r = fd_read_all(fd, RUNTIME_CONFIG_MAX, &b);
	if (r < 0)
		return err_errno(e, -r, "%s", x->a->process);
	r = json_parse(buf_str(&b), b.len, "process", &x->process_json, e);
	if (r == 0)
		r = config_process_read(x->process_json, &x->own, e);
	x->process = &x->own;
	return r < 0 ? err_wrap(e, r, "%s", x->a->process) : 0;
}

/* "UID" or "UID:GID"; names are the engine's business. */
static int change_user(struct config_process *p, const char *user, struct err *e)
{
	const char *colon = strchr(user, ':');
	char uid[16] = "";
	int r = -EINVAL;

	if (colon ? (size_t)(colon - user) < sizeof(uid) : strlen(user) < sizeof(uid)) {
		snprintf(uid, sizeof(uid), "%.*s", colon ? (int)(colon - user) : (int)strlen(user), user);
		r = parse_u32(uid, 0, UINT32_MAX - 1, &p->uid);
		if (r == 0 && colon)
			r = parse_u32(colon + 1, 0, UINT32_MAX - 1, &p->gid);
	}
	return r < 0 ? err_set(e, EINVAL, "user %.64s: not UID or UID:GID", user) : 0;
}

/* In addition to the config's, for a moment in a container that has fewer. */
static int add_caps(struct config_process *p, const struct strv *names, struct err *e)
{
	uint64_t more = 0;

	for (size_t i = 0; i < names->n; i++)
		if (capname_add(names->items[i], &more) < 0)
			return err_set(e, EINVAL, "capability %.40s: unknown", names->items[i]);
	p->caps.bounding |= more;
	p->caps.permitted |= more;
	p->caps.effective |= more;
	return 0;
}

static int add_groups(struct config_process *p, const struct strv *ids, struct err *e)
{
	uint32_t *all = ids->n > 0 ? mem_array(p->n_groups + ids->n, sizeof(*all)) : NULL;

	if (ids->n == 0)
		return 0;
	if (!all)
		return err_errno(e, ENOMEM, "groups");
	for (size_t i = 0; i < p->n_groups; i++)
		all[i] = p->groups[i];
	free(p->groups);
	p->groups = all;
	for (size_t i = 0; i < ids->n; i++)
		if (parse_u32(ids->items[i], 0, UINT32_MAX - 1, &all[p->n_groups++]) < 0)
			return err_set(e, EINVAL, "group %.40s: not a group ID", ids->items[i]);
	return 0;
}

static int change_confinement(struct exec *x, struct config_process *p, struct err *e)
{
	int r = add_caps(p, &x->a->caps, e);

	if (r == 0)
		r = add_groups(p, &x->a->groups, e);
	if (x->a->apparmor)
		p->apparmor = x->a->apparmor;
	if (x->a->selinux)
		p->selinux = x->a->selinux;
	p->no_new_privs = p->no_new_privs || x->a->no_new_privs;
	return r;
}

static int change_process(struct exec *x, struct err *e)
{
	struct config_process *p = &x->c.process;
	int r = 0;

	x->process = p;
	strv_done(&p->args);
	p->terminal = x->a->tty;
	if (x->a->cwd)
		p->cwd = x->a->cwd;
	if (x->a->user)
		r = change_user(p, x->a->user, e);
	if (r == 0)
		r = change_confinement(x, p, e);
	if (r == 0 && strv_add_all(&p->args, x->a->argv) < 0)
		return err_errno(e, ENOMEM, "arguments");
	for (size_t i = 0; r == 0 && i < x->a->env.n; i++) {
		if (!strchr(x->a->env.items[i], '='))
			return err_set(e, EINVAL, "environment %.64s: not NAME=VALUE", x->a->env.items[i]);
		if (strv_env_set(&p->env, x->a->env.items[i]) < 0)
			return err_errno(e, ENOMEM, "environment");
	}
	if (r == 0 && (p->args.n == 0 || p->cwd[0] != '/'))
		return err_set(e, EINVAL, "no command, or a working directory that is not absolute");
	return r;
}

static int add_secrets(struct exec *x, struct err *e)
{
	_cleanup_(secrets_done) struct secrets s = {0};
	int r;

	if (x->a->secrets_fd == 0)
		return 0;
	r = secrets_read((int)x->a->secrets_fd, &s, e);
	return r == 0 ? secrets_to_env(&s, x->a->process ? &x->own.env : &x->c.process.env, e) : r;
}

static int read_process(struct exec *x, struct err *e)
{
	int r = x->a->process ? read_process_file(x, e) : change_process(x, e);

	if (r == 0)
		r = add_secrets(x, e);

	if (r == 0 && x->process->terminal != (x->a->console_socket != NULL))
		return err_set(e, EINVAL, "a terminal and --console-socket go together");
	return r;
}

static int keep(struct exec *x, int fd, int32_t *slot, struct err *e)
{
	int r = kept_fds_consume_fd(&x->kept, fd);

	*slot = fd;
	return r < 0 ? err_errno(e, -r, "descriptors") : 0;
}

static int open_sockets(struct exec *x, struct err *e)
{
	int fd, r = process_keep_watch(&x->a->watch, &x->w, &x->kept, e);

	if (r == 0 && x->a->console_socket) {
		r = pty_console_connect(x->a->console_socket, &fd, e);
		if (r == 0)
			r = keep(x, fd, &x->w.head.console_fd, e);
	}
	if (r < 0 || !x->a->start_socket)
		return r;
	r = process_open_parent(x->a->start_socket, &x->socket_dir, &x->socket_name, e);
	if (r == 0)
		r = process_listen(x->socket_dir, x->socket_name, &fd, e);
	if (r < 0) {
		x->socket_name = NULL;
		return r;
	}
	r = keep(x, fd, &x->w.head.listen_fd, e);
	return r == 0 ? process_keep_lifeline(x->a->lifeline_fd, &x->w, &x->kept, e) : r;
}

/* As create's plan_peer(), by the map as it is. */
static int plan_peer(struct exec *x, struct err *e)
{
	_cleanup_free_ struct id_map *map = mem_array(1, sizeof(*map));
	_cleanup_close_ int dir = -EBADF;
	uint32_t inside = geteuid();
	char path[32];
	int r;

	x->w.head.peer_uid = inside;
	if (!runtime_config_namespace(&x->c, CLONE_NEWUSER))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d", (int)x->state.pid);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (!map || dir < 0)
		return err_errno(e, map ? errno : ENOMEM, "%s", path);
	r = id_map_read(dir, map);
	if (r < 0)
		return err_errno(e, -r, "%s/uid_map", path);
	if (id_list_to_inside(&map->uid, geteuid(), &inside) < 0)
		inside = OVERFLOW_UID;
	x->w.head.peer_uid = inside;
	return 0;
}

/* The rights around the container, when we do not have them yet: a plain user outside of any namespace. */
static int gain_rights(struct exec *x, struct err *e)
{
	if (userns_is_privileged() || !runtime_config_namespace(&x->c, CLONE_NEWUSER))
		return 0;
	return userns_enter_parent_of(x->state.pid, e);
}

static int plan_join(struct exec *x, struct err *e)
{
	bool denied = false;
	int proc, r;

	for (size_t i = 0; i < x->c.n_namespaces; i++)
		if (x->c.namespaces[i].flag != CLONE_NEWPID)
			x->w.head.join_flags |= x->c.namespaces[i].flag;
	x->w.head.flags |= PLAN_JOIN | PLAN_KEYRING | (x->c.has_personality ? PLAN_PERSONALITY : 0U);
	x->w.head.personality = x->c.personality;
	x->w.head.preserve = x->a->preserve_fds;
	x->w.head.preserve_holes = x->a->preserve_holes;
	process_warn(x->process, x->a->warning);
	proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		return err_errno(e, errno, "/proc");
	r = keep(x, proc, &x->w.head.proc_fd, e);
	if (r == 0)
		r = keep(x, fcntl(x->target, F_DUPFD_CLOEXEC, 3), &x->w.head.target_fd, e);
	if (r == 0)
		r = plan_peer(x, e);
	if (r == 0) {
		r = userns_setgroups_denied(x->state.pid, &denied);
		if (r < 0)
			return err_errno(e, -r, "setgroups");
	}
	if (r == 0)
		r = process_plan_notify(x->c.seccomp, &x->w, &x->kept, &x->notify, e);
	if (r == 0 && x->notify)
		r = process_keep_text(PLAN_TEXT_SECCOMP, &x->w, &x->kept, e);
	if (r == 0)
		r = process_plan_landlock(x->c.annotations, &x->w, e);
	return r == 0 ? process_plan(x->x, x->process, x->c.seccomp, denied, &x->w, e) : r;
}

static int enter_pid_namespace(struct exec *x, struct err *e)
{
	if (!runtime_config_namespace(&x->c, CLONE_NEWPID))
		return 0;
	return setns(x->target, CLONE_NEWPID) < 0 ? err_errno(e, errno, "join the container's pid namespace") : 0;
}

static int write_notify(struct exec *x, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	int r = x->notify ? runtime_state_text(&x->state, RUNTIME_RUNNING, &text, e) : 0;

	return r == 0 && x->notify ? process_write_notify(x->w.head.text_fd[PLAN_TEXT_SECCOMP], x->child.pid, x->notify, text, e) : r;
}

/* execCPUAffinity: where it runs until it is in the container's cgroup, and from then on. */
static int set_cpus(pid_t pid, const struct config_cpus *c, const char *which, struct err *e)
{
	if (!c->given)
		return 0;
	if (syscall(SYS_sched_setaffinity, pid, sizeof(c->bits), c->bits) < 0)
		return err_errno(e, errno, "process.execCPUAffinity.%s", which);
	return 0;
}

static int start_init(struct exec *x, struct err *e)
{
	int r;

	x->l.kept = &x->kept;
	r = launch_seal_init(0, &x->l.exe_fd, e);
	if (r == 0)
		r = launch_sync(x->l.sync, e);
	if (r < 0)
		return r;
	x->w.head.sync_fd = x->l.sync[1];
	r = plan_seal(&x->w, &x->l.plan_fd, e);
	/* with CPUs of its own before it is in the group it comes in later */
	x->l.cgroup_fd = x->process->cpus_initial.given || x->scope.pid > 0 ? -EBADF : x->cgroup.dir;
	if (r == 0)
		r = launch_init(&x->l, &x->child, e);
	if (r == 0)
		r = set_cpus(x->child.pid, &x->process->cpus_initial, "initial", e);
	if (r == 0)
		r = enter_cgroup(x, e);
	if (r == 0)
		r = set_cpus(x->child.pid, &x->process->cpus_final, "final", e);
	if (r == 0)
		r = write_notify(x, e);
	/* it waits for us, and then for nobody; with a start socket whoever starts it has it recorded */
	if (r == 0 && !x->a->start_socket)
		record_exec(&x->state, x->child.pid);
	if (r == 0)
		r = launch_go(&x->l, &x->child, e);
	return r == 0 ? launch_wait_ready(&x->l, e) : r;
}

static int write_pid(struct exec *x, struct err *e)
{
	return process_write_pid_file(x->a->pid_file, x->child.pid, e);
}

static int send_pidfd(struct exec *x, struct err *e)
{
	return process_send_pidfd(x->a->pidfd_socket, x->child.pidfd, e);
}

static int say_done(struct exec *x, struct err *e)
{
	return process_say_done(x->a->error_fd, e);
}

/* Without a start socket init goes on by itself and says on `sync` what it would say there. */
static int wait_exec(struct exec *x, struct err *e)
{
	return x->a->start_socket ? 0 : runtime_start_result(x->l.sync[0], e);
}

static int build(struct exec *x, struct err *e)
{
	static const exec_step steps[] = {
		find_container, read_config, read_process, open_sockets,
		gain_rights,
		plan_join,
		enter_pid_namespace,
		start_init,  /* it joins the rest by itself */
		send_pidfd,
		write_pid,
		wait_exec,
		say_done,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(steps); i++)
		r = steps[i](x, e);
	return r;
}

static void exec_done(struct exec *x)
{
	if (!x->done) {
		launch_abort(&x->child);
		if (x->socket_name)
			(void)!unlinkat(x->socket_dir, x->socket_name, 0);
	}
	free(x->notify);
	fd_closep(&x->child.pidfd);
	fd_closep(&x->socket_dir);
	fd_closep(&x->target);
	cgroup_done(&x->cgroup);
	scope_done(&x->scope);
	fd_closep(&x->l.exe_fd);
	fd_closep(&x->l.plan_fd);
	fd_closep(&x->l.sync[0]);
	fd_closep(&x->l.sync[1]);
	kept_fds_done(&x->kept);
	plan_writer_done(&x->w);
	config_process_done(&x->own);
	json_object_put(x->process_json);
	runtime_config_done(&x->c);
	runtime_state_done(&x->state);
}

int runtime_exec(const struct runtime_context *x, const struct exec_args *a, pid_t *ret_pid, struct err *e)
{
	_cleanup_free_ struct exec *s = mem_array(1, sizeof(*s));
	int r;

	if (!s)
		return err_errno(e, ENOMEM, "exec");
	*s = (struct exec){
		.x = x, .a = a, .target = -EBADF, .socket_dir = -EBADF, .child = {.pidfd = -EBADF}, .cgroup = CGROUP_INIT, .scope = SCOPE_INIT,
		.l = {.exe_fd = -EBADF, .plan_fd = -EBADF, .sync = {-EBADF, -EBADF}},
	};
	plan_writer_init(&s->w);
	r = build(s, e);
	s->done = r == 0;
	if (r == 0 && ret_pid)
		*ret_pid = s->child.pid;
	exec_done(s);
	return r;
}
