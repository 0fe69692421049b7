/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Stages 3 and 4 of a launch as seen from outside. The list is in build().
 *
 * Who: root of the user namespace around the container's (ranby's keeper,
 * podman's own), or a plain user, who then gets a namespace with his own id
 * only. What it must not do: write anything that the container could have
 * put there, and leave anything behind when it fails.
 */
#include "runtime/create.h"

#include "base/clock.h"
#include "oci/device_rules.h"
#include "runtime/attribution.h"
#include "runtime/cgroup.h"
#include "runtime/hooks.h"
#include "runtime/launch.h"
#include "runtime/message.h"
#include "runtime/process.h"
#include "runtime/scope.h"
#include "runtime/secrets.h"
#include "runtime/state.h"
#include "sys/fd.h"
#include "sys/idmap.h"
#include "sys/mountns.h"
#include "sys/path.h"
#include "sys/pidfd.h"
#include "sys/pty.h"
#include "sys/self.h"
#include "sys/userns.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define HEAP_EXPECTED (116 * 1024) /* what the configuration of a plain container takes, read and planned */
#define OVERFLOW_UID 65534U

/* One creation. All that create_done() must undo is in here. */
struct create {
	const struct runtime_context *x;
	const struct create_args *a;
	struct runtime_config c;
	struct plan_writer w;
	struct kept_fds kept;
	struct rootfs_servers servers;
	struct rootfs_late late;
	struct launch l;
	struct child child;
	struct cgroup cgroup;
	struct scope scope;
	struct hook_runner runner;
	char *notify;    /* linux.seccomp.listenerMetadata, when there is a listener */
	struct attribution_input who;
	char offsets[96]; /* of a time namespace */
	bool in_host_userns; /* still, after gain_rights() */
	bool has_poststart;
	int bundle, dir; /* dir: RROOT/ID, ours from make_dir() on */
	bool done;
};

typedef int (*create_step)(struct create *c, struct err *e);

int runtime_read_config(int bundle_fd, struct runtime_config *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = path_own_read(bundle_fd, "config.json", RUNTIME_CONFIG_MAX, &b);

	if (r < 0)
		return err_errno(e, -r, "config.json");
	return runtime_config_parse(buf_str(&b), b.len, ret, e);
}

static const char *bundle_name(const struct create *c)
{
	return c->a->bundle ? c->a->bundle : ".";
}

static int open_bundle(struct create *c, struct err *e)
{
	fd_closep(&c->bundle);
	c->bundle = open(bundle_name(c), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return c->bundle < 0 ? err_errno(e, errno, "bundle %s", bundle_name(c)) : 0;
}

static int read_bundle(struct create *c, struct err *e)
{
	int r = open_bundle(c, e);

	if (r < 0)
		return r;
	r = runtime_read_config(c->bundle, &c->c, e);
	return r < 0 ? err_wrap(e, r, "bundle %s", bundle_name(c)) : 0;
}

/* What can be known to be wrong before anything is made. */
static int check_config(struct create *c, struct err *e)
{
	const struct runtime_config *f = &c->c;

	if (!runtime_id_is_valid(c->a->id))
		return err_set(e, EINVAL, "container %.64s: not an ID", c->a->id);
	if (!f->has_process)
		return err_set(e, EINVAL, "config.json: process: missing");
	if ((f->hostname || f->domainname) && !runtime_config_namespace(f, CLONE_NEWUTS))
		return err_set(e, EINVAL, "config.json: hostname: without a uts namespace");
	if (f->process.terminal && !c->a->console_socket)
		return err_set(e, EINVAL, "process.terminal needs --console-socket");
	if (!f->process.terminal && c->a->console_socket)
		return err_set(e, EINVAL, "--console-socket without process.terminal");
	if (f->hooks.n[HOOK_START_CONTAINER] > 0 && f->seccomp && strstr(f->seccomp, "listenerPath"))
		return err_set(e, ENOTSUP, "hooks.startContainer: not together with linux.seccomp.listenerPath");
	return 0;
}

static int make_dir(struct create *c, struct err *e)
{
	int r;

	if (mkdirat(c->x->rroot, c->a->id, 0700) < 0)
		return errno == EEXIST ? err_set(e, EEXIST, "container %s exists already", c->a->id)
				       : err_errno(e, errno, "container %s", c->a->id);
	r = path_own_open(c->x->rroot, c->a->id, O_RDONLY | O_DIRECTORY, 0, &c->dir);
	if (r < 0) {
		(void)!unlinkat(c->x->rroot, c->a->id, AT_REMOVEDIR);
		return err_errno(e, -r, "container %s", c->a->id);
	}
	return 0;
}

/* Whoever runs prestart and createRuntime stays in the caller's namespaces. */
static int start_runner(struct create *c, struct err *e)
{
	return hook_runner_start(&c->c.hooks, &c->runner, e);
}

/* Who asks the service manager for a scope, too. */
static int start_scope(struct create *c, struct err *e)
{
	return c->x->systemd ? scope_begin(c->x, c->dir, &c->c, c->a->id, &c->scope, e) : 0;
}

/* The rights to mount: those of the namespace around us, else of one with only our own id. */
static int gain_rights(struct create *c, struct err *e)
{
	bool privileged = userns_is_privileged();
	int r = userns_is_initial(&c->who.initial);

	if (r < 0)
		return err_errno(e, -r, "user namespace");
	c->who.uid = getuid();
	if (c->who.initial)
		r = loginuid_read_initial(&c->who.login, e);
	if (r < 0)
		return r;
	c->in_host_userns = c->who.initial && privileged;
	if (!privileged)
		r = userns_enter_own(e);
	if (r == 0)
		r = rootfs_unshare(e);
	/* once more, in the new mount namespace: only what was opened there can be mounted there */
	return r == 0 ? open_bundle(c, e) : r;
}

/* For an overlay that the kernel refuses. Inside a user namespace nothing is root's for sure, and then none is found. */
static int find_fuse_overlay(struct create *c, struct err *e)
{
	struct fuse_program p = FUSE_PROGRAM_INIT;
	int r;

	if (!rootfs_has_overlay(&c->c))
		return 0;
	if (c->a->fuse_fd > 0) {
		c->servers.fuse_fd = fcntl((int)c->a->fuse_fd, F_DUPFD_CLOEXEC, 3);
		return c->servers.fuse_fd < 0 ? err_errno(e, errno, "--fuse-overlayfs-fd") : 0;
	}
	r = fuse_program_open(NULL, &p, e);
	c->servers.fuse_fd = p.exe_fd;
	return r;
}

static int prepare_rootfs(struct create *c, struct err *e)
{
	_cleanup_(secrets_done) struct secrets s = {0};
	const struct rootfs_input in = {.c = &c->c, .bundle_fd = c->bundle, .secrets = &s, .late = &c->late};
	int r = c->a->secrets_fd ? secrets_read((int)c->a->secrets_fd, &s, e) : 0;

	if (r == 0)
		r = secrets_to_env(&s, &c->c.process.env, e);
	return r == 0 ? rootfs_prepare(&in, &c->w, &c->kept, &c->servers, e) : r;
}

/* It sees its own group, and may write to it (runtime-spec, "Cgroup ownership"). */
static bool is_given_its_cgroup(const struct runtime_config *f)
{
	const struct config_namespace *ns = runtime_config_namespace(f, CLONE_NEWCGROUP);

	for (size_t i = 0; ns && !ns->path && i < f->n_mounts; i++)
		if (f->mounts[i].kind == CONFIG_MOUNT_NEW && strcmp(f->mounts[i].type, "cgroup") == 0)
			return !((f->mounts[i].set | f->mounts[i].set_rec) & MOUNT_ATTR_RDONLY);
	return false;
}

static int give_cgroup(struct create *c, struct err *e)
{
	uint32_t uid, gid;

	if (!c->c.map || !is_given_its_cgroup(&c->c) || id_list_to_outside(&c->c.map->uid, 0, &uid) < 0 ||
	    id_list_to_outside(&c->c.map->gid, 0, &gid) < 0)
		return 0;
	return cgroup_give(&c->cgroup, uid, gid, e);
}

static int prepare_cgroup(struct create *c, struct err *e)
{
	int r = c->x->systemd     ? 0
		: c->x->no_cgroup ? cgroup_none(c->c.resources, e)
				  : cgroup_prepare(c->dir, c->c.cgroups_path, c->c.resources, c->a->id, &c->cgroup, e);

	return r == 0 ? give_cgroup(c, e) : r;
}

static int open_start(struct create *c, struct err *e)
{
	int fd, r = process_listen(c->dir, "start", &fd, e);

	if (r < 0)
		return r;
	c->w.head.listen_fd = fd;
	r = kept_fds_consume_fd(&c->kept, fd);
	if (r < 0)
		return err_errno(e, -r, "start socket");
	r = process_keep_lifeline(c->a->lifeline_fd, &c->w, &c->kept, e);
	return r == 0 ? process_keep_watch(&c->a->watch, &c->w, &c->kept, e) : r;
}

static int open_console(struct create *c, struct err *e)
{
	int fd, r;

	if (!c->a->console_socket)
		return 0;
	r = pty_console_connect(c->a->console_socket, &fd, e);
	if (r < 0)
		return r;
	c->w.head.console_fd = fd;
	r = kept_fds_consume_fd(&c->kept, fd);
	return r < 0 ? err_errno(e, -r, "console socket") : 0;
}

/*
 * No user namespace stands between a node and the host's device: the rules
 * for its cgroup do, or it can make none. A root of the image's own is mounted
 * nodev in any case (init_finish_root).
 */
static int bound_devices(struct create *c, struct err *e)
{
	struct device_rule rules[DEVICE_RULES_MAX];
	size_t n;
	int r = device_rules_read(c->c.resources, rules, &n, e);

	if (r == 0 && c->cgroup.dir >= 0)
		return device_filter_attach(c->cgroup.dir, rules, n, e);
	if (r == 0 && c->x->systemd && c->child.pid == 0)
		return 0; /* a scope is there with its process: enter_cgroup() */
	if (r == 0 && c->c.process.caps.bounding >> CAP_MKNOD & 1) {
		(void)err_set(e, ENOTSUP, "CAP_MKNOD without a user namespace: its device rules need a cgroup of version 2");
		err_hint(e, "drop the capability, or give the container a user namespace");
		return -ENOTSUP;
	}
	return r;
}

static int plan_devices(struct create *c, struct err *e)
{
	const struct runtime_config *f = &c->c;
	_cleanup_free_ struct plan_device *d = mem_array(f->n_devices, sizeof(*d));
	int r;

	if (!d)
		return err_errno(e, ENOMEM, "devices");
	if (c->in_host_userns && !f->map) {
		c->w.head.flags |= PLAN_MKNOD;
		r = bound_devices(c, e);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < f->n_devices; i++)
		d[i] = (struct plan_device){
			.path = plan_string(&c->w, f->devices[i].path),
			.mode = f->devices[i].type | f->devices[i].mode,
			.major = f->devices[i].major,
			.minor = f->devices[i].minor,
			.uid = f->devices[i].uid,
			.gid = f->devices[i].gid,
		};
	c->w.head.devices = plan_items(&c->w, d, f->n_devices, sizeof(*d));
	return 0;
}

static int plan_sysctls(struct create *c, struct err *e)
{
	const struct runtime_config *f = &c->c;
	_cleanup_free_ struct plan_pair *s = mem_array(f->n_sysctls, sizeof(*s));

	if (!s)
		return err_errno(e, ENOMEM, "sysctl");
	for (size_t i = 0; i < f->n_sysctls; i++)
		s[i] = (struct plan_pair){plan_string(&c->w, f->sysctls[i].name), plan_string(&c->w, f->sysctls[i].value)};
	c->w.head.sysctls = plan_items(&c->w, s, f->n_sysctls, sizeof(*s));
	return 0;
}

static struct plan_list plan_hook_list(struct create *c, enum config_hook_kind kind)
{
	const struct config_hook *h = c->c.hooks.items[kind];
	size_t n = c->c.hooks.n[kind];
	_cleanup_free_ struct plan_hook *list = mem_array(n, sizeof(*list));

	if (!list) {
		c->w.body.error = ENOMEM;
		return (struct plan_list){0, 0};
	}
	for (size_t i = 0; i < n; i++)
		list[i] = (struct plan_hook){
			.path = plan_string(&c->w, h[i].path), .timeout_s = h[i].timeout_s,
			.args = plan_strings(&c->w, h[i].args.items, h[i].args.n), .env = plan_strings(&c->w, h[i].env.items, h[i].env.n),
		};
	return plan_items(&c->w, list, n, sizeof(*list));
}

/* Hooks that init runs, or waits for; the listener of the filter. */
static int plan_hooks(struct create *c, struct err *e)
{
	const struct config_hooks *h = &c->c.hooks;
	int r = process_plan_notify(c->c.seccomp, &c->w, &c->kept, &c->notify, e);

	if (r == 0 && c->notify)
		r = process_keep_text(PLAN_TEXT_SECCOMP, &c->w, &c->kept, e);
	if (r == 0 && c->runner.pid + (pid_t)h->n[HOOK_CREATE_CONTAINER] > 0) {
		/* whoever starts it is not to find it half made */
		c->w.head.flags = (c->w.head.flags & ~(uint32_t)PLAN_EARLY) | PLAN_HOOKS;
		c->w.head.create_hooks = plan_hook_list(c, HOOK_CREATE_CONTAINER);
		r = process_keep_text(PLAN_TEXT_CREATING, &c->w, &c->kept, e);
	}
	if (r == 0 && h->n[HOOK_START_CONTAINER] > 0) {
		c->w.head.start_hooks = plan_hook_list(c, HOOK_START_CONTAINER);
		r = process_keep_text(PLAN_TEXT_CREATED, &c->w, &c->kept, e);
	}
	return r;
}

static int plan_container(struct create *c, struct err *e)
{
	const struct runtime_config *f = &c->c;
	const struct config_namespace *net = runtime_config_namespace(f, CLONE_NEWNET);
	struct plan *h = &c->w.head;
	bool denied = false;
	int r;

	process_warn(&f->process, c->a->warning);
	h->flags |= (f->root_readonly ? PLAN_ROOT_READONLY : 0U) | (net && !net->path ? PLAN_LOOPBACK : 0U);
	h->flags |= c->a->no_new_keyring ? 0U : PLAN_KEYRING;
	h->flags |= (c->a->early ? PLAN_EARLY : 0U) | (c->a->keep_stdio ? PLAN_KEEP_STDIO : 0U);
	h->flags |= c->a->tied ? PLAN_TIED : 0U;
	h->preserve = c->a->preserve_fds;
	h->preserve_holes = c->a->preserve_holes;
	h->rootfs_propagation = f->rootfs_propagation;
	h->flags |= f->has_personality ? PLAN_PERSONALITY : 0U;
	h->personality = f->personality;
	h->hostname = plan_string(&c->w, f->hostname);
	h->domainname = plan_string(&c->w, f->domainname);
	h->masked = plan_strings(&c->w, f->masked_paths.items, f->masked_paths.n);
	h->readonly = plan_strings(&c->w, f->readonly_paths.items, f->readonly_paths.n);
	r = plan_hooks(c, e);
	if (r == 0)
		r = plan_devices(c, e);
	if (r == 0)
		r = plan_sysctls(c, e);
	if (r == 0) {
		r = userns_setgroups_denied(0, &denied);
		if (r < 0)
			return err_errno(e, -r, "setgroups");
	}
	if (r == 0)
		r = process_plan_landlock(f->annotations, &c->w, e);
	return r == 0 ? process_plan(c->x, &f->process, f->seccomp, denied, &c->w, e) : r;
}

static bool is_given(const struct create *c, int flag)
{
	const struct config_namespace *ns = runtime_config_namespace(&c->c, flag);

	return ns && ns->path;
}

/*
 * True when others, who may have any capability where we go, could see init
 * between its birth and its first instruction: they are in its pid namespace
 * and in its user namespace. Then it joins by itself, as for exec, when it is
 * undumpable and runs from memory that belongs to the namespace around.
 */
static bool is_watched(const struct create *c)
{
	return is_given(c, CLONE_NEWPID) && is_given(c, CLONE_NEWUSER);
}

/* The pid namespace counts for children, so it is always ours to join; as for the others see is_watched(). */
static int join_one(struct create *c, const struct config_namespace *ns, struct plan_ns *given, size_t *n, struct err *e)
{
	int fd = open(ns->path, O_RDONLY | O_CLOEXEC), r;

	if (fd >= 0 && is_watched(c) && ns->flag != CLONE_NEWPID) {
		given[(*n)++] = (struct plan_ns){.fd = fd, .flag = ns->flag};
		r = kept_fds_consume_fd(&c->kept, fd);
		return r < 0 ? err_errno(e, -r, "namespace %s", ns->path) : 0;
	}
	r = fd < 0 || setns(fd, ns->flag) < 0 ? err_errno(e, errno, "join the namespace %s", ns->path) : 0;
	fd_closep(&fd);
	return r;
}

/*
 * Joins the namespaces that the config names by path, the user namespace
 * first: the others then are entered with the rights that it gives. The last
 * thing done with the rights around the container.
 */
static int join_namespaces(struct create *c, struct err *e)
{
	static const int order[] = {CLONE_NEWUSER, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP, CLONE_NEWTIME, CLONE_NEWPID};
	struct plan_ns given[ARRAY_SIZE(order)];
	unsigned long flags = CLONE_NEWNS;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(order); i++) {
		const struct config_namespace *ns = runtime_config_namespace(&c->c, order[i]);

		if (ns && ns->path)
			r = join_one(c, ns, given, &n, e);
		else if (ns)
			flags |= (unsigned long)ns->flag;
	}
	if (n > 0 && (flags & CLONE_NEWTIME))
		return err_set(e, ENOTSUP, "linux.namespaces: a new time namespace not together with a pid and a user namespace by path");
	if (n > 0) {
		c->w.head.given = plan_items(&c->w, given, n, sizeof(given[0]));
		c->w.head.unshare_flags = (int32_t)flags;
	} else {
		c->l.flags |= flags;
		c->l.map = c->c.map;
		c->l.in_given_user = is_given(c, CLONE_NEWUSER);
	}
	return r;
}

static int mount_late(struct create *c, struct err *e)
{
	return rootfs_mount_late(&c->late, e);
}

/* "CLOCK SECONDS NANOSECONDS", as timens_offsets has it. */
static void plan_offsets(struct create *c)
{
	const struct config_time_offset *m = &c->c.monotonic, *b = &c->c.boottime;

	if (!m->given && !b->given)
		return;
	snprintf(c->offsets, sizeof(c->offsets), "monotonic %lld %u\nboottime %lld %u\n", (long long)m->secs, m->nanosecs, (long long)b->secs,
		 b->nanosecs);
	c->l.time_offsets = c->offsets;
}

/* Our uid as init will see it on the start socket. */
static void plan_peer(struct create *c)
{
	uint32_t inside = geteuid();

	if (c->c.map && id_list_to_inside(&c->c.map->uid, inside, &inside) < 0)
		inside = OVERFLOW_UID;
	c->w.head.peer_uid = inside;
}

static int absolute(int dirfd, const char *path, char **ret)
{
	char dir[PATH_MAX], link[32];
	ssize_t n;

	if (path && path[0] == '/') {
		*ret = strdup(path);
		return *ret ? 0 : -ENOMEM;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd);
	n = readlink(link, dir, sizeof(dir) - 1);
	if (n < 0)
		return -errno;
	dir[n] = '\0';
	return asprintf(ret, "%s%s%s", dir, path ? "/" : "", path ? path : "") < 0 ? -ENOMEM : 0;
}

static int boot_id(char ret[static 40])
{
	_cleanup_close_ int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, ret, 36);

	if (n < 0)
		return -errno;
	ret[n] = '\0';
	return 0;
}

/* Those that are run when we are gone. */
static char *later_hooks(const struct create *c)
{
	static const enum config_hook_kind later[] = {HOOK_POSTSTART, HOOK_POSTSTOP};
	_cleanup_json_ struct json_object *o = json_object_new_object();

	for (size_t i = 0; o && i < ARRAY_SIZE(later); i++)
		if (c->c.hooks.n[later[i]] > 0 && json_add(o, config_hook_name(later[i]),
							   json_object_get(json_at(c->c.hooks_json, config_hook_name(later[i])))) < 0)
			return NULL;
	return o ? strdup(json_text(o, NULL)) : NULL;
}

/* What init and the hooks are told of it. */
static int write_texts(struct create *c, const struct runtime_state *s, struct err *e)
{
	static const enum runtime_status status[] = {[PLAN_TEXT_CREATING] = RUNTIME_CREATING, [PLAN_TEXT_CREATED] = RUNTIME_CREATED,
						     [PLAN_TEXT_SECCOMP] = RUNTIME_CREATING};
	int r = 0;

	for (size_t i = 0; r == 0 && i < PLAN_TEXTS; i++) {
		_cleanup_free_ char *text = NULL;
		int fd = c->w.head.text_fd[i];

		if (fd < 0)
			continue;
		r = runtime_state_text(s, status[i], &text, e);
		if (r == 0 && i == PLAN_TEXT_SECCOMP)
			r = process_write_notify(fd, c->child.pid, c->notify, text, e);
		else if (r == 0)
			r = fd_write_all(fd, text, strlen(text)) < 0 ? err_set(e, EIO, "texts for init") : 0;
	}
	return r;
}

static int save_state(struct create *c, struct runtime_state *ret, struct err *e)
{
	struct timespec now = clock_now();
	char created[CLOCK_TEXT_SIZE];
	int r;

	snprintf(ret->id, sizeof(ret->id), "%s", c->a->id);
	ret->owner = geteuid();
	ret->servers = c->servers;
	ret->created = strdup(clock_rfc3339(&now, CLOCK_UTC, created));
	ret->annotations = c->c.annotations ? strdup(json_text(c->c.annotations, NULL)) : NULL;
	ret->cgroup = c->cgroup.path ? strdup(c->cgroup.path) : NULL;
	/* a relative one is below the directory that we were called in; the descriptor knows where it is */
	r = absolute(c->bundle, c->a->bundle && c->a->bundle[0] == '/' ? c->a->bundle : NULL, &ret->bundle);
	if (r == 0)
		r = absolute(c->bundle, c->c.root_path, &ret->rootfs);
	if (r == 0)
		r = boot_id(ret->boot_id);
	if (r == 0)
		r = attribution_text(&c->who, &ret->attribution, e);
	if (r < 0 || !ret->created)
		return err_errno(e, r < 0 ? -r : ENOMEM, "container %s", ret->id);
	c->has_poststart = c->c.hooks.n[HOOK_POSTSTART] > 0;
	ret->hooks = c->has_poststart || c->c.hooks.n[HOOK_POSTSTOP] > 0 ? later_hooks(c) : NULL;
	r = runtime_state_save(c->dir, ret, e);
	return r == 0 ? write_texts(c, ret, e) : r;
}

/* The namespaces stand: what is run outside before anything is hidden. */
static int run_hooks(struct create *c, const struct runtime_state *s, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	enum message_type m;
	int r = message_receive(c->l.sync[0], CREATE_WAITS_BUILT, &m, e);

	if (r == 0)
		r = runtime_state_text(s, RUNTIME_CREATING, &text, e);
	if (r == 0)
		r = hook_runner_run(&c->runner, text, e);
	if (r == 0) {
		r = message_send(c->l.sync[0], MESSAGE_HOOKED, NULL);
		if (r < 0)
			(void)err_errno(e, -r, "init");
	}
	return r;
}

/* Before anything is in it that could have left it. */
static int enter_cgroup(struct create *c, struct err *e)
{
	int r;

	if (c->l.in_cgroup)
		return 0;
	if (!c->x->systemd)
		return cgroup_enter(&c->cgroup, c->child.pid, e);
	r = scope_start(&c->scope, c->dir, c->child.pid, &c->cgroup, e);
	if (r == 0)
		r = give_cgroup(c, e);
	return r == 0 && (c->w.head.flags & PLAN_MKNOD) ? bound_devices(c, e) : r;
}

static int start_init(struct create *c, struct err *e)
{
	_cleanup_(runtime_state_done) struct runtime_state s = {.pid = 0};
	bool hooks = (c->w.head.flags & PLAN_HOOKS) != 0;
	int r;

	plan_peer(c);
	plan_offsets(c);
	c->l.kept = &c->kept;
	r = launch_seal_init(c->a->init_fd, &c->l.exe_fd, e);
	if (r == 0)
		r = launch_sync(c->l.sync, e);
	if (r < 0)
		return r;
	c->w.head.sync_fd = c->l.sync[1];
	r = plan_seal(&c->w, &c->l.plan_fd, e);
	c->l.cgroup_fd = c->cgroup.dir;
	if (r == 0)
		r = launch_init(&c->l, &c->child, e);
	s.pid = c->child.pid;
	s.start_ticks = c->child.start_ticks;
	if (r == 0)
		r = enter_cgroup(c, e);
	if (r == 0)
		r = save_state(c, &s, e);
	/* whoever finds us killed from here on finds init by its state; before, it ends with us */
	if (r == 0)
		r = launch_go(&c->l, &c->child, e);
	if (r == 0 && hooks)
		r = run_hooks(c, &s, e);
	if (r < 0)
		return r;
	/* init works now; what was read and planned is not needed any more */
	plan_writer_done(&c->w);
	runtime_config_done(&c->c);
	return launch_wait_ready(&c->l, e);
}

static int write_pid(struct create *c, struct err *e)
{
	return process_write_pid_file(c->a->pid_file, c->child.pid, e);
}

static int send_pidfd(struct create *c, struct err *e)
{
	return process_send_pidfd(c->a->pidfd_socket, c->child.pidfd, e);
}

static int say_done(struct create *c, struct err *e)
{
	return process_say_done(c->a->error_fd, e);
}

static int build(struct create *c, struct err *e)
{
	static const create_step steps[] = {
		read_bundle,
		check_config,
		make_dir,         /* takes the name */
		start_runner,     /* of the hooks that belong where we are now */
		start_scope,
		gain_rights,      /* a mount namespace of our own from here on */
		find_fuse_overlay,
		prepare_rootfs,   /* the root, binds: detached mounts */
		prepare_cgroup,
		open_start,
		open_console,
		plan_container,   /* process, labels, filter: all in one sealed plan */
		join_namespaces,  /* by path; the rest is new */
		mount_late,       /* the sysfs of a network that is another's */
		start_init,       /* clone, state, map, exec of the sealed init; until it says READY */
		send_pidfd,
		write_pid,        /* last but the word of it: who reads it may start us */
		say_done,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(steps); i++)
		r = steps[i](c, e);
	return r;
}

/* Undoes what a failed creation did; after a good one only closes. */
static void create_done(struct create *c)
{
	if (!c->done) {
		launch_abort(&c->child);
		if (c->dir >= 0) {
			scope_end(c->x->rroot, c->a->id);
			(void)!cgroup_remove(c->x->rroot, c->a->id, NULL);
			(void)!path_own_remove_tree(c->x->rroot, c->a->id);
		}
	}
	hook_runner_done(&c->runner);
	free(c->notify);
	fd_closep(&c->child.pidfd);
	fd_closep(&c->bundle);
	fd_closep(&c->servers.fuse_fd);
	fd_closep(&c->dir);
	fd_closep(&c->l.exe_fd);
	fd_closep(&c->l.plan_fd);
	fd_closep(&c->l.sync[0]);
	fd_closep(&c->l.sync[1]);
	cgroup_done(&c->cgroup);
	scope_done(&c->scope);
	kept_fds_done(&c->kept);
	plan_writer_done(&c->w);
	runtime_config_done(&c->c);
}

int runtime_create(const struct runtime_context *x, const struct create_args *a, struct created *ret, struct err *e)
{
	_cleanup_free_ struct create *c = NULL;
	int r;

	self_expect_heap(HEAP_EXPECTED);
	c = mem_array(1, sizeof(*c));
	if (!c)
		return err_errno(e, ENOMEM, "create");
	*c = (struct create){
		.x = x, .a = a, .bundle = -EBADF, .dir = -EBADF, .child = {.pidfd = -EBADF}, .cgroup = CGROUP_INIT, .scope = SCOPE_INIT, .runner = HOOK_RUNNER_INIT, .servers = {.fuse_fd = -EBADF},
		.l = {.exe_fd = -EBADF, .plan_fd = -EBADF, .sync = {-EBADF, -EBADF}},
	};
	c->who.c = &c->c;
	c->who.env = x->env;
	plan_writer_init(&c->w);
	r = build(c, e);
	c->done = r == 0;
	if (r == 0 && ret)
		*ret = (struct created){.pid = c->child.pid, .has_poststart = c->has_poststart};
	create_done(c);
	return r;
}
