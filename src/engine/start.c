/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Fills a launch plan (launch.h) from what container.json holds, and writes
 * state.json at the exec stop.
 *
 * state.json is rewritten only by a start, under the container's lock, and
 * before the payload's first instruction: so whoever reads it sees the
 * newest run, with the facts of who started it.
 */
#include "engine/mounted.h"
#include "engine/start.h"
#include "engine/sdnotify.h"
#include "engine/attest.h"
#include "engine/bundle.h"
#include "engine/etc.h"
#include "engine/exec_trail.h"
#include "engine/health.h"
#include "engine/ident.h"
#include "engine/inforce.h"
#include "engine/log_config.h"
#include "engine/peer.h"
#include "engine/pod.h"
#include "engine/port_try.h"
#include "engine/prepared.h"
#include "engine/recorded_store.h"
#include "engine/recording.h"
#include "engine/remove.h"
#include "engine/requires.h"
#include "engine/restart.h"
#include "engine/secret_spec.h"
#include "engine/slirp_ports.h"
#include "engine/systemd_mode.h"

#include "audit/witness.h"
#include "base/clock.h"
#include "monitor/exit.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/pidfd.h"
#include "sys/self.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define HELPER_PID_FILE "helper.pid"
#define KEEP_TIMEOUT_MS 10000

/* ---- what the plan is made of ---- */

/* A formatted text that lives as long as `s`. NULL without memory. */
static const char *keep(struct start *s, const char *dir, const char *id, const char *name)
{
	return strv_addf(&s->texts, "%s/%s/%s", dir, id, name) < 0 ? NULL : s->texts.items[s->texts.n - 1];
}

/* What a pod's members have at /dev/shm, and it itself with --ipc shareable. */
static int make_shm(int run_dirfd)
{
	_cleanup_close_ int fd = -EBADF;
	int r = path_own_mkdirs(run_dirfd, PEER_SHM, &fd);

	return r == 0 && fchmod(fd, 01777) < 0 ? -errno : r;
}

static int make_dirs(struct start *s, struct err *e)
{
	struct engine *eng = s->q.eng;
	int r = s->q.fresh ? 0 : remove_run_dirs(eng, s->q.c, e);

	if (r < 0)
		return r;
	if (!s->q.fresh)
		container_tidy(s->q.c);
	r = path_own_mkdirs(eng->run_fd, s->q.c->id, &s->run_dirfd);
	if (r == 0 && peer_has_shm(s->q.c))
		r = make_shm(s->run_dirfd);
	if (r == 0)
		r = path_own_mkdirs(eng->run_fd, ENGINE_RUNTIME, &s->rroot_fd);
	return r < 0 ? err_errno(e, -r, "run directory of container %.12s", s->q.c->id) : 0;
}

/* What was resolved when it was made (cmd/make.c). */
static unsigned ident_of(const struct start *s)
{
	unsigned ident = 0;

	(void)!ident_parse(json_str(s->q.c->spec, "options.ident"), &ident, NULL);
	return ident;
}

/*
 * The monitor must have the terminal, which comes out of what init builds, and
 * see the root that its helper shall end with; one that is kept must be whole; and whose namespaces init has is
 * looked at when it has joined them, which it may do by itself (peer_check()).
 */
static bool may_be_early(const struct start *s)
{
	return !s->q.for_keep && !s->plan.monitor.tty && s->plan.monitor.helper_fd < 0 && !s->peer.keeper;
}

/* What not every container has. */
static int add_choices(const struct start *s, struct strv *v)
{
	static char *const fuse[] = {"--fuse-overlayfs-fd", "{RUNTIME_FD}", NULL};
	static char *const secrets[] = {"--secrets-fd", "{SECRETS_FD}", NULL};
	static char *const console[] = {"--console-socket", "{CONSOLE}", NULL};
	static char *const early[] = {"--early", NULL}, *const canary[] = {"--canary", NULL};
	static char *const keep_stdio[] = {"--keep-stdio", NULL};
	const struct {
		bool wanted;
		char *const *words;
	} choices[] = {
		{s->fuse.exe_fd >= 0, fuse},
		{s->secrets_fd >= 0, secrets},
		{s->plan.monitor.tty, console},
		{may_be_early(s), early},
		{ident_of(s) & IDENT_LANDLOCK, canary},
		{log_config_place(s->q.c) == LOG_PLACE_PASSED, keep_stdio},
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(choices); i++)
		if (choices[i].wanted)
			r = strv_add_all(v, choices[i].words);
	return r == 0 ? exec_trail_runtime_argv(exec_trail_of(s->q.c), v) : r;
}

static int runtime_argv(struct start *s, struct err *e)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -EBADF;
	static char *const fds[] = {"--error-fd", "{ERROR_FD}", "--lifeline-fd", "{ERROR_FD}", "--init-fd", "{INIT_FD}", NULL};
	struct engine *eng = s->q.eng;
	struct strv *v = &s->runtime_argv;
	int r = self_open_program("ranby-runtime", &fd, &path, e);

	if (r < 0)
		return r;
	if (strv_consume(v, TAKE_PTR(path)) < 0 || strv_add(v, "--root") < 0 ||
	    strv_addf(v, "%s/%s", eng->run_path, ENGINE_RUNTIME) < 0 || strv_add(v, "create") < 0 ||
	    strv_add(v, "--bundle") < 0 ||
	    strv_addf(v, "%s/%s/%s", eng->data_path, ENGINE_CONTAINERS, s->q.c->id) < 0 ||
	    strv_add(v, "--pid-file") < 0 || strv_add(v, s->plan.monitor.pid_file) < 0 || strv_add_all(v, fds) < 0 ||
	    add_choices(s, v) < 0 || passed_fds_plan(s->q.passed, &s->plan.monitor, v, e) < 0 || strv_add(v, s->q.c->id) < 0)
		return err_errno(e, ENOMEM, "runtime");
	return 0;
}

/* Who clears up when no front is there any more. */
static int exit_argv(struct start *s, struct err *e)
{
	const char *const words[] = {"container", "cleanup", s->q.c->id, NULL};

	return engine_argv(s->q.eng, words, &s->exit_argv, e);
}

/* One argument of the network helper, with {PIDFILE} filled in; {PID}, {READY_FD} and {RUN_FD} are the monitor's. */
static int add_helper_arg(struct start *s, const char *arg)
{
	const char *at = strstr(arg, "{PIDFILE}");

	if (!at)
		return strv_add(&s->helper_argv, arg);
	if (!s->plan.monitor.helper_pid_file)
		s->plan.monitor.helper_pid_file = keep(s, s->q.eng->run_path, s->q.c->id, HELPER_PID_FILE);
	if (!s->plan.monitor.helper_pid_file)
		return -ENOMEM;
	return strv_addf(&s->helper_argv, "%.*s%s%s", (int)(at - arg), arg, s->plan.monitor.helper_pid_file,
			 at + strlen("{PIDFILE}"));
}

/* Of the network helper, which may be none. */
static int helper_words(const struct start *s, struct strv *argv, struct err *e)
{
	int r = json_get_strv(s->q.c->spec, "config.network.helper", argv, e);

	return r == 0 && strv_add_all(argv, s->bridge.helper.items) < 0 ? err_errno(e, ENOMEM, "network helper") : r;
}

static int helper_argv(struct start *s, struct err *e)
{
	_cleanup_(strv_done) struct strv argv = {0};
	int r = helper_words(s, &argv, e);

	if (r < 0 || argv.n == 0)
		return r;
	r = self_open_helper(argv.items[0], &s->helper_fd, NULL, e);
	if (r == -ENOENT)
		err_hint(e, "install it (Debian: apt install %s), or use --network none or host",
			 strcmp(argv.items[0], "pasta") == 0 ? "passt" : argv.items[0]);
	for (size_t i = 0; r == 0 && i < argv.n; i++)
		r = add_helper_arg(s, argv.items[i]);
	if (r < 0)
		return e->code ? r : err_errno(e, -r, "network helper");
	s->plan.monitor.helper_fd = s->helper_fd;
	s->plan.monitor.helper_argv = s->helper_argv.items;
	return 0;
}

static int plan_recording(struct start *s, struct err *e)
{
	struct json_object *asked = json_at(s->q.c->spec, "options.record");
	int r;

	if (!asked)
		return 0;
	r = recording_make(s->q.eng, s->q.c, json_object_get_string(asked), json_str(s->q.c->spec, "createdBy.cwd"), &s->texts, e);
	if (r < 0)
		return r;
	s->plan.monitor.record_file = s->texts.items[s->texts.n - 1];
	s->plan.monitor.record_input = json_true(s->q.c->spec, "options.record-input");
	return 0;
}

/* To where its cgroup can be made. */
static int place_start(void *ctx, pid_t monitor, struct err *e)
{
	const struct start *s = ctx;
	const char *slice = json_str(s->q.c->spec, "options.cgroup-parent");

	return place_monitor(s->q.eng, &s->place, s->q.c, *slice ? slice : NULL, monitor, e);
}

/* The limits of its pod. */
static int plan_pod(const struct start *s, struct err *e)
{
	struct json_object *limits = json_at(s->q.c->spec, "podLimits");
	const char *option = json_str(s->q.c->spec, "podLimitedBy");

	if (!limits)
		return 0;
	/* a scope is of one start: what a new one holds and what the old one holds would have the limit twice */
	if (s->place.manager == PLACE_SYSTEMD && pod_is_infra(s->q.c) && pod_has_running(s->q.eng, s->q.c)) {
		err_set(e, EBUSY, "%s: members of the pod run in the cgroup of its last start, which has the limits", option);
		err_hint(e, "ranby pod restart %s", json_str(s->q.c->spec, "podName"));
		return -EBUSY;
	}
	return place_check(&s->place, option, limits, e);
}

/* Nothing of cgroups is looked at for a container that wants none. */
static int plan_place(struct start *s, struct err *e)
{
	const char *option = json_str(s->q.c->spec, "config.limitedBy");
	bool limited = json_at(s->q.c->spec, "podLimits");
	int r;

	if (!*option)
		return 0;
	place_find(s->q.eng, &s->place);
	/* one of its own is podman's default, and limits nothing: where there can be none, nothing is lost */
	if (s->place.manager == PLACE_NONE && strcmp(option, "--cgroups") == 0 && !limited && !systemd_mode_needs_group(s->q.c->spec))
		return 0;
	if (s->place.manager == PLACE_CGROUPFS && json_at(s->q.c->spec, "options.cgroup-parent"))
		return err_set(e, ENOTSUP, "--cgroup-parent: this runs in a delegated cgroup, and its containers stay in it");
	s->plan.place = place_start;
	r = plan_pod(s, e);
	return r < 0 ? r : place_check(&s->place, option, json_at(s->q.c->spec, "config.resources"), e);
}

/* For `profile record`: each start is a run of its own. */
static int plan_record_calls(struct start *s, struct err *e)
{
	const char *name = json_str(s->q.c->spec, "options.record-profile");
	char *path = NULL;
	int r;

	if (!*name)
		return 0;
	r = recorded_run_path(s->q.eng, name, &path, e);
	if (r == 0 && strv_consume(&s->texts, path) < 0)
		return err_errno(e, ENOMEM, "profile %s", name);
	s->plan.monitor.record_calls = r == 0 ? s->texts.items[s->texts.n - 1] : NULL;
	return r;
}

static int record_start(void *ctx, const struct monitor_created *created, struct json_object *in_force, struct err *e);

/* While init is built: what the record will say that is known by now. */
static int meanwhile(void *ctx, struct err *e)
{
	struct start *s = ctx;
	int r = s->q.meanwhile ? s->q.meanwhile(s->q.meanwhile_ctx, e) : 0;

	if (r == 0)
		s->at_start = attest_at_start(s->q.c);
	if (s->at_start && s->q.as_restart)
		witness_text(s->at_start->reason, sizeof(s->at_start->reason), "restart");
	return r;
}

static int fill_plan(struct start *s, struct err *e)
{
	struct monitor_launch *m = &s->plan.monitor;
	const struct container *c = s->q.c;
	struct engine *eng = s->q.eng;
	int r;

	*m = (struct monitor_launch)MONITOR_LAUNCH_INIT;
	m->id = c->id;
	m->transient = json_true(c->spec, "options.rm");
	m->tty = json_true(c->spec, "config.tty");
	m->stdin_open = json_true(c->spec, "config.openStdin");
	m->userns_fd = s->q.keeper->userns_fd;
	m->pid_file = keep(s, eng->run_path, c->id, "pid");
	m->own_session = ident_of(s) & IDENT_SESSION;
	r = log_config_place(c) == LOG_PLACE_PASSED ? passed_fds_stdio(m, e) : 0;
	if (r == 0)
		r = log_config_plan(eng, c, s->q.origin->json, &s->texts, &s->log_fields, m, e);
	if (r == 0)
		r = plan_place(s, e);
	if (r == 0)
		r = plan_recording(s, e);
	if (r < 0)
		return r;
	if (exec_trail_of(c) == EXEC_TRAIL_NOTIFY &&
	    (strv_addf(&s->texts, "%s/%s/%s/" EXEC_TRAIL_FILE, eng->data_path, ENGINE_CONTAINERS, c->id) < 0 ||
	     !(m->trail_file = s->texts.items[s->texts.n - 1])))
		return err_errno(e, ENOMEM, "start");
	r = plan_record_calls(s, e);
	if (r < 0)
		return r;
	if (strv_addf(&s->texts, "%s/%s", eng->run_path, c->id) < 0 || !m->pid_file)
		return err_errno(e, ENOMEM, "start");
	m->run_dir = s->texts.items[s->texts.n - 1];
	if (strv_addf(&s->texts, "%s/%s/%s/exit.json", eng->data_path, ENGINE_CONTAINERS, c->id) < 0)
		return err_errno(e, ENOMEM, "start");
	m->exit_file = s->texts.items[s->texts.n - 1];
	r = fuse_program_open(NULL, &s->fuse, e);
	m->runtime_fd = s->fuse.exe_fd;
	if (r == 0)
		r = secret_specs_seal(eng, json_at(c->spec, "config.secrets"), false, s->q.secret_env, &s->secrets_fd, e);
	m->secrets_fd = s->secrets_fd;
	if (r == 0)
		r = helper_argv(s, e);
	if (r == 0)
		r = runtime_argv(s, e);
	if (r == 0)
		r = exit_argv(s, e);
	if (r == 0)
		r = restart_plan(eng, c, s->q.as_restart, m, &s->restart_argv, e);
	if (r == 0)
		r = health_plan(eng, c, m, &s->check_argv, e);
	if (r < 0)
		return r;
	m->time_limit_ms = (uint64_t)json_int(c->spec, "options.timeout") * 1000;
	m->claim_fd = s->label.claim_fd;
	start_label_streams(c, &m->labels);
	m->runtime_argv = s->runtime_argv.items;
	m->on_exit_argv = s->exit_argv.items;
	s->plan.run_dirfd = s->run_dirfd;
	s->plan.start_dirfd = s->rroot_fd;
	s->plan.runtime_id = c->id;
	s->plan.meanwhile = meanwhile;
	s->plan.record = record_start;
	s->plan.ctx = s;
	return 0;
}

/* The keeper's ID of the container's root, out of a map of container.json; 0 where none is mapped. */
static uint32_t root_of(struct json_object *map)
{
	for (size_t i = 0; map && json_object_is_type(map, json_type_array) && i < json_object_array_length(map); i++) {
		struct json_object *line = json_object_array_get_idx(map, i);

		if (json_int(line, "containerID") == 0)
			return (uint32_t)json_int(line, "hostID");
	}
	return 0;
}

static int refresh_etc(struct start *s, struct err *e)
{
	_cleanup_(container_options_done) struct container_options o = {0};
	int r;

	if (s->q.fresh && !s->bridge.eng)
		return 0;
	r = container_options_from_json(json_at(s->q.c->spec, "options"), &o, e);
	if (r == 0)
		r = bundle_refresh_etc(container_dir(s->q.c), &o, s->q.c->id, s->bridge.eng ? &s->bridge.hosts : NULL, e);
	if (r < 0)
		return r;
	return etc_give(container_dir(s->q.c), s->q.keeper, root_of(json_at(s->q.c->spec, "config.userns.uidMap")),
			root_of(json_at(s->q.c->spec, "config.userns.gidMap")), e);
}

/*
 * The upper layer of a --rm container is mounted volatile: nothing of it is
 * synced, and the kernel leaves a mark with which it refuses a second mount.
 * Within one boot no crash lies between the two, and the mark can go.
 */
static int renew_volatile(const struct start *s, struct err *e)
{
	const struct container *c = s->q.c;
	_cleanup_close_ int work = -EBADF;
	int r;

	if (s->q.fresh || !c->state || !json_true(c->spec, "options.rm"))
		return 0;
	if (strcmp(json_str(c->state, json_at(c->state, "prepared") ? "prepared.bootId" : "bootId"), s->q.eng->boot_id) != 0) {
		err_set(e, ESTALE, "container %.12s: made with --rm, so its files were not kept over the end of a boot", c->id);
		err_hint(e, "remove it (ranby rm %.12s) and run a new one", c->id);
		return -ESTALE;
	}
	r = path_own_open(container_dir(c), "work", O_RDONLY | O_DIRECTORY, 0, &work);
	if (r < 0)
		return r == -ENOENT ? 0 : err_errno(e, -r, "work directory of container %.12s", c->id);
	return remove_tree(s->q.eng, work, "work", e);
}

int start_failed(const struct start *s, int r, struct err *e)
{
	struct attest a = ATTEST_INIT(s->q.for_keep ? AUDIT_VERB_INIT : AUDIT_VERB_START);

	a.c = s->q.c;
	a.reason = s->q.as_restart ? "restart" : NULL;
	return attest_failed(s->q.eng, &a, r, e);
}

/* What it shares with others must be there, and says in which keeper it is started. */
static int join(const struct start_request *q, struct start *s, struct err *e)
{
	_cleanup_(strv_done) struct strv helper = {0};
	int r = pod_start_infra(q, e);

	if (r == 0)
		r = peer_begin(q->eng, q->c, &s->peer, e);
	if (s->peer.keeper)
		s->q.keeper = s->peer.keeper;
	if (r == 0)
		r = make_dirs(s, e);
	if (r == 0)
		r = bridge_begin(q->eng, q->c, s->q.keeper, &s->bridge, e);
	if (r == 0 && s->bridge.eng && !s->peer.keeper)
		s->q.keeper = &s->bridge.keeper;
	if (r == 0)
		r = helper_words(s, &helper, e);
	return r == 0 ? port_try_all(json_at(q->c->spec, "config.network.ports"), &helper, e) : r;
}

/* There is an init, which is blocked. */
static int attach(struct start *s, struct err *e)
{
	const struct monitor_created *c = &s->launch.created;
	int r = place_pod(s->q.eng, s->q.c, e);

	if (r == 0)
		r = peer_check(&s->peer, c->pid, c->start_ticks, e);
	if (r == 0)
		r = bridge_attach(&s->bridge, c->pid, c->start_ticks, e);
	return r == 0 ? slirp_ports_open(s->run_dirfd, s->q.c->spec, e) : r;
}

/* It stands already, for this login: what is left is to let it run. */
static int adopt(struct start *s, struct err *e)
{
	struct engine *eng = s->q.eng;
	int r = path_own_open(eng->run_fd, s->q.c->id, O_RDONLY | O_DIRECTORY, 0, &s->run_dirfd);

	if (r == 0)
		r = path_own_open(eng->run_fd, ENGINE_RUNTIME, O_RDONLY | O_DIRECTORY, 0, &s->rroot_fd);
	if (r < 0)
		return err_errno(e, -r, "run directory of container %.12s", s->q.c->id);
	r = prepared_join(s->q.c, s->run_dirfd, &s->launch.monitor, &s->launch.created, e);
	if (r < 0)
		return r;
	s->adopted = true;
	s->launch.watching = true;
	s->plan.run_dirfd = s->run_dirfd;
	s->plan.start_dirfd = s->rroot_fd;
	s->plan.runtime_id = s->q.c->id;
	s->plan.record = record_start;
	s->plan.ctx = s;
	return meanwhile(s, e);
}

/* 1: it goes on from what was prepared; 0: there is nothing that it could go on from. */
static int go_on(struct start *s, struct err *e)
{
	struct container *c = s->q.c;
	int r;

	if (c->status != CONTAINER_INITIALIZED)
		return 0;
	if (s->q.for_keep)
		return err_set(e, EALREADY, "container %.12s is initialized already", c->id);
	if (prepared_is_of(c, s->q.origin)) {
		r = adopt(s, e);
		if (r == 0)
			return 1;
		/* its monitor was killed, or is about to go */
		monitor_handle_done(&s->launch.monitor);
		fd_closep(&s->run_dirfd);
		fd_closep(&s->rroot_fd);
		err_clear(e);
	}
	return prepared_end(s->q.eng, c, e);
}

/* What it needs before anything of it runs. Where that cannot be had nothing of it stays. */
static int equip(const struct start_request *q, struct start *s, struct err *e)
{
	int r = join(q, s, e);

	if (r == 0)
		r = refresh_etc(s, e);
	if (r == 0 && !q->fresh)
		r = sdnotify_refresh(q->eng, q->c, e);
	if (r == 0)
		r = start_label(q->eng, q->c, s->q.keeper, &s->label, e);
	if (r == 0)
		r = fill_plan(s, e);
	if (r < 0 && s->run_dirfd >= 0)
		(void)!remove_run_dirs(q->eng, q->c, NULL);
	return r;
}

static int prepare(const struct start_request *q, struct start *s, struct err *e)
{
	int r;

	r = q->have_lock ? 0 : container_lock(q->c, CONTAINER_LOCK_MS, &s->lock_fd, e);
	if (r == 0 && !q->fresh)
		r = container_refresh(q->eng, q->c, e);
	if (r < 0)
		return r;
	if (q->c->status == CONTAINER_RUNNING || q->c->status == CONTAINER_PAUSED) {
		fd_closep(&s->lock_fd); /* whoever attaches to it instead is not changing it */
		return err_set(e, EALREADY, "container %.12s is running already", q->c->id);
	}
	r = go_on(s, e);
	if (r != 0)
		return r < 0 ? r : 0;
	/* two overlays on one upper directory would disagree */
	if (!q->fresh && mounted_end(q->eng, q->c, e) < 0)
		return -EBUSY;
	/* an end that nobody has written down yet */
	if (!q->fresh)
		attest_end(q->eng, q->c);
	r = renew_volatile(s, e);
	if (r == 0)
		r = equip(q, s, e);
	if (r == 0)
		r = launch_watch(&s->plan, &s->launch, e);
	if (r == 0)
		r = attach(s, e);
	fd_closep(&s->secrets_fd);
	keeper_tidy(q->keeper);
	return r;
}

int start_prepare(const struct start_request *q, struct start *s, struct err *e)
{
	int r;

	s->q = *q;
	if (q->monitor) {
		s->launch.monitor = *q->monitor;
		*q->monitor = (struct monitor_handle)MONITOR_HANDLE_INIT;
	}
	r = requires_start(q, e);
	if (r == 0)
		r = prepare(q, s, e);
	/* it did not come so far */
	if (r < 0 && q->meanwhile && !s->launch.was_meanwhile)
		(void)!q->meanwhile(q->meanwhile_ctx, NULL);
	/* one that runs already was not tried to be started */
	return r == -EALREADY ? r : start_failed(s, r, e);
}

/* ---- the record ---- */

/* "keeper": of one that was prepared, that of then. */
static int add_keeper(const struct start *s, struct json_object *o)
{
	_cleanup_json_ struct json_object *keeper = NULL;

	if (s->adopted)
		keeper = json_object_get(json_at(s->q.c->state, "prepared.keeper"));
	else if (s->q.keeper->userns_fd >= 0 && keeper_to_json(s->q.keeper, json_true(s->q.c->spec, "nested"), &keeper) < 0)
		return -ENOMEM;
	return keeper ? json_add(o, "keeper", TAKE_PTR(keeper)) : 0;
}

static int state_json(const struct start *s, const struct monitor_created *created, struct json_object *in_force,
		      struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object(), *identity = NULL;
	struct timespec now = clock_now();
	char time[CLOCK_TEXT_SIZE];
	int r = o ? json_add(o, "inForce", in_force) : (json_object_put(in_force), -ENOMEM);

	if (r < 0 || json_add_str(o, "bootId", s->q.eng->boot_id) < 0 || json_add_int(o, "pid", created->pid) < 0 ||
	    json_add_u64(o, "startTicks", created->start_ticks) < 0 ||
	    json_add_int(o, "monitorPid", created->monitor_pid) < 0 ||
	    json_add_u64(o, "monitorStartTicks", created->monitor_start_ticks) < 0 ||
	    json_add_str(o, "startedAt", clock_rfc3339_fixed(&now, CLOCK_UTC, time)) < 0 ||
	    json_add_int(o, "startedNs", clock_ns(&now)) < 0 ||
	    json_add(o, "startedBy", json_object_get(s->adopted ? prepared_by(s->q.c, s->q.origin) : s->q.origin->json)) < 0)
		return -ENOMEM;
	if (inforce_add_landlock(in_force, json_at(s->q.c->spec, "config")) < 0 ||
	    ident_json(ident_of(s), in_force, &s->q.origin->login, &identity) < 0 ||
	    (identity && json_add(o, "identity", TAKE_PTR(identity)) < 0))
		return -ENOMEM;
	if (restart_to_json(s->q.c, s->q.as_restart, o) < 0 || add_keeper(s, o) < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(o);
	return 0;
}

/* The witness sees it stand at its exec. Its receipt is in the state before the payload's first instruction. */
static int attest_start(struct start *s, const struct monitor_created *created, struct json_object *state, struct err *e)
{
	_cleanup_close_ int pidfd = -EBADF;
	struct audit_receipt receipt;
	int r = pidfd_open_identity(created->pid, created->start_ticks, &pidfd);

	if (r < 0)
		return err_errno(e, -r, "init of the container");
	r = attest_container_start(s->q.eng, s->q.c, s->at_start, pidfd, s->q.require_audit, &receipt, e);
	if (r < 0)
		return r;
	attest_begun(s->run_dirfd);
	if (r == ATTEST_WITNESSED) {
		s->at_exit = attest_at_exit(s->q.c);
		s->plan.at_exit = s->at_exit;
	}
	r = attest_to_json(&receipt, state);
	return r < 0 ? err_errno(e, -r, "state.json") : 0;
}

static int record_start(void *ctx, const struct monitor_created *created, struct json_object *in_force, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct start *s = ctx;
	int r = state_json(s, created, in_force, &o);

	if (r < 0)
		return err_errno(e, -r, "state.json");
	r = attest_start(s, created, o, e);
	if (r < 0)
		return r;
	return container_write_state(s->q.c, o, !json_true(s->q.c->spec, "options.rm"), e);
}

int start_release(struct start *s, struct err *e)
{
	int r = launch_release(&s->plan, &s->launch, e);

	if (r == 0 && s->q.keeper->userns_fd >= 0)
		keeper_remember(s->q.eng, s->q.c->id);
	if (r == 0) {
		fd_closep(&s->lock_fd);
		sdnotify_started(s->q.eng, s->q.c, s->launch.created.monitor_pid);
	}
	return start_failed(s, r, e);
}

int start_keep(struct start *s, struct err *e)
{
	struct attest a = ATTEST_INIT(AUDIT_VERB_INIT);
	int r = prepared_note(s->q.eng, s->q.c, &s->launch.created, s->q.origin, s->q.keeper, e);

	if (r == 0)
		r = monitor_say_keep(&s->launch.monitor, KEEP_TIMEOUT_MS, e);
	if (r == 0)
		s->launch.released = true;
	a.c = s->q.c;
	return attest_result(s->q.eng, &a, r, e);
}

/* ---- the end ---- */

int start_ended(struct start *s, struct err *e)
{
	int r, told;

	if (restart_policy_of(s->q.c).kind != RESTART_NO || restart_was_updated(s->run_dirfd))
		return 0;
	told = monitor_say_cleaned(&s->launch.monitor, NULL);
	/* told first: the monitor has nothing left to do then, and its end is waited for */
	r = remove_after_end(s->q.eng, s->q.c, e);
	(void)told; /* a monitor that has been killed needs no telling */
	return r == -ENOENT ? 0 : r;
}

void start_done(struct start *s)
{
	bool failed = s->launch.watching && !s->launch.released;

	launch_done(&s->launch);
	if (failed) {
		/* recorded already, where there is no exec stop: then its end is, too */
		if (container_refresh(s->q.eng, s->q.c, NULL) == 0)
			attest_end(s->q.eng, s->q.c);
		(void)!remove_run_dirs(s->q.eng, s->q.c, NULL);
	}
	if (s->bridge.eng && !s->launch.released)
		(void)!bridge_detach(s->q.eng, s->q.c, NULL);
	bridge_done(&s->bridge);
	peer_done(&s->peer);
	fd_closep(&s->lock_fd);
	fd_closep(&s->run_dirfd);
	fd_closep(&s->rroot_fd);
	fd_closep(&s->helper_fd);
	fd_closep(&s->fuse.exe_fd);
	fd_closep(&s->secrets_fd);
	start_label_done(&s->label);
	strv_done(&s->runtime_argv);
	strv_done(&s->helper_argv);
	strv_done(&s->exit_argv);
	strv_done(&s->restart_argv);
	strv_done(&s->check_argv);
	strv_done(&s->log_fields);
	strv_done(&s->texts);
	mem_freep(&s->at_start);
	mem_freep(&s->at_exit);
}
