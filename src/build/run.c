/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The command sees the stage's environment, the ARGs, and no terminal and no
 * input. Without layers the container works in the stage's upper directory,
 * which is moved into the container for as long as it runs.
 */
#include "build/run.h"

#include "build/layer.h"
#include "build/run_mount.h"
#include "engine/create.h"
#include "engine/remove.h"
#include "engine/start.h"
#include "monitor/attach.h"
#include "oci/index.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/pidfd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define EXIT_MESSAGE_MS 30000

struct running {
	struct session *s;
	struct stage *sg;
	struct container_options o;
	struct run_mounts mounts;
	struct container *c;
};

static void running_done(struct running *u)
{
	static const struct remove_options all = {.force = true, .volumes = true, .reason = REMOVE_AUTO};

	if (u->c)
		(void)!remove_container(u->s->q->eng, u->c, &all, NULL);
	u->c = container_free(u->c);
	run_mounts_done(&u->mounts);
	strv_done(&u->o.env);
	strv_done(&u->o.mount);
	if (u->o.network.items != u->s->q->run->network.items)
		strv_done(&u->o.network);
}

/* A file, or what a base image's ONBUILD says, may take away of what the caller gave, and not add to it. */
static int check_flags(const struct session *s, const struct instruction *in, struct err *e)
{
	const char *network = in->flags.network, *security = in->flags.security;
	const struct strv *given = &s->q->run->network;
	bool has_host = given->n == 1 && strcmp(given->items[0], "host") == 0;

	if (security && strcmp(security, "sandbox") != 0)
		return err_set(e, ENOTSUP, "RUN --security=%s: each RUN is confined as a container is; ranby has sandbox alone", security);
	if (!network || strcmp(network, "default") == 0 || strcmp(network, "none") == 0)
		return 0;
	if (strcmp(network, "host") != 0)
		return err_set(e, EINVAL, "RUN --network=%s: must be default, none or host", network);
	if (has_host || s->q->allow_host_network)
		return 0;
	err_set(e, EPERM, "RUN --network=host: a file does not have the host's network by itself");
	err_hint(e, "ranby build --allow network.host, when the file is to be trusted with it");
	return -EPERM;
}

int run_command(const struct session *s, const struct stage *sg, const struct instruction *in, struct strv *ret, struct err *e)
{
	_cleanup_free_ char *script = NULL;
	bool program = false;
	int r;

	r = check_flags(s, in, e);
	if (r < 0)
		return r;
	if (in->is_exec)
		return strv_add_all(ret, in->args.items) < 0 ? err_errno(e, ENOMEM, "RUN") : 0;
	r = instruction_script(in, &script, &program);
	if (r == 0 && program)
		return strv_add(ret, RUN_SCRIPT) < 0 ? err_errno(e, ENOMEM, "RUN") : 0;
	if (r == 0)
		r = image_state_shell(&sg->state, ret);
	if (r == 0)
		r = strv_add(ret, script);
	return r < 0 ? err_errno(e, -r, "RUN") : 0;
}

/* ---- what the container is given ---- */

static int copy_list(struct strv *to, const struct strv *from)
{
	struct strv list = {0};
	int r = strv_add_all(&list, from->items);

	*to = list;
	return r;
}

static int set_network(struct running *u, const struct instruction *in, struct err *e)
{
	const char *word = in->flags.network; /* checked */
	struct strv list = {0};

	if (!word || strcmp(word, "default") == 0)
		return 0;
	if (strv_add(&list, word) < 0)
		return err_errno(e, ENOMEM, "RUN");
	u->o.network = list;
	return 0;
}

static int set_env(struct running *u)
{
	const struct strv *more = &u->mounts.env;
	int r = strv_add(&u->o.env, "container=oci");

	r = r < 0 ? r : vars_run_args(&u->s->vars, &u->o.env);
	r = r < 0 ? r : vars_run_proxies(&u->s->vars, &u->o.env);
	for (size_t i = 0; r == 0 && i < more->n; i++)
		r = strv_env_set(&u->o.env, more->items[i]);
	return r;
}

static int set_options(struct running *u, const struct instruction *in, struct err *e)
{
	const char *user = json_str(u->sg->state.config, "User");
	int r;

	u->o = *u->s->q->run;
	u->o.source = NULL;
	if (copy_list(&u->o.env, &u->s->q->run->env) < 0 || copy_list(&u->o.mount, &u->s->q->run->mount) < 0)
		return err_errno(e, ENOMEM, "RUN");
	r = set_network(u, in, e);
	if (r == 0)
		r = run_mounts_make(u->s, u->sg, in, &u->mounts, e);
	if (r < 0)
		return r;
	if (set_env(u) < 0 || strv_add_all(&u->o.mount, u->mounts.mounts.items) < 0)
		return err_errno(e, ENOMEM, "RUN");
	u->o.name = u->s->q->guard->name;
	u->o.entrypoint = "";
	u->o.user = *user ? user : "0";
	u->o.workdir = image_state_workdir(&u->sg->state);
	u->o.log_driver = "none";
	u->o.image_volume = "ignore";
	u->o.no_healthcheck = true;
	u->o.passwd = false;
	return container_options_check(&u->o, e);
}

/* The image's own configuration is that of its last layer: what ENV has said since goes along. */
static int add_stage_env(struct running *u)
{
	_cleanup_(strv_done) struct strv env = {0};
	int r = json_get_strv(u->sg->state.config, "Env", &env, NULL);

	for (size_t i = 0; r == 0 && i < env.n; i++)
		r = strv_env_set(&u->o.env, env.items[i]);
	return r;
}

/* ---- its upper directory, without layers ---- */

static int swap_upper(struct running *u, bool in, struct err *e)
{
	struct session *s = u->s;
	int dir = container_dir(u->c), r;
	char name[32];

	if (s->q->layers)
		return 0;
	r = layer_upper(s, u->sg, name, e);
	if (r < 0)
		return r;
	if (in && unlinkat(dir, "upper", AT_REMOVEDIR) < 0)
		return err_errno(e, errno, "RUN: upper directory");
	if (!in && unlinkat(s->dir->dirfd, name, AT_REMOVEDIR) < 0)
		return err_errno(e, errno, "RUN: upper directory");
	if (renameat(in ? s->dir->dirfd : dir, in ? name : "upper", in ? dir : s->dir->dirfd, in ? "upper" : name) < 0)
		return err_errno(e, errno, "RUN: upper directory");
	return 0;
}

/* ---- running ---- */

static int make(struct running *u, char *const *command, struct err *e)
{
	struct session *s = u->s;
	bool sought = false;
	const struct pull_options here = {.policy = PULL_NEVER, .ret_sought = &sought};
	const struct create_request q = {.options = &u->o, .image = u->sg->img->id, .command = command, .pull = &here,
					 .origin = s->q->origin, .keeper = s->q->keeper, .env = s->q->env, .cwd = s->q->cwd, .is_build = true};

	return create_container(s->q->eng, &q, &u->c, e);
}

static int relay(struct running *u, struct start *st, int *ret_code, struct err *e)
{
	_cleanup_(attach_done) struct attach a = ATTACH_INIT;
	struct attach_options o = ATTACH_OPTIONS_INIT;
	struct monitor_exit x = {0};
	int r;

	o.flags = MONITOR_WANT_STDOUT | MONITOR_WANT_STDERR;
	o.stdout_fd = u->s->q->out_fd;
	o.stderr_fd = u->s->q->err_fd;
	r = start_failed(st, attach_connect(st->run_dirfd, &o, &a, e), e);
	if (r == 0)
		r = start_release(st, e);
	if (r == 0)
		r = attach_relay(&a, &o, &x, e);
	if (r < 0)
		return r;
	if (r == ATTACH_BROKEN_PIPE)
		return err_set(e, EPIPE, "nobody reads the build's output");
	if (r != ATTACH_EXITED)
		return err_set(e, ECHILD, "the monitor of this RUN was killed");
	*ret_code = x.exit_code;
	/* its exit file, after the log */
	(void)!monitor_wait_exited(&st->launch.monitor, EXIT_MESSAGE_MS, &x, NULL);
	return 0;
}

static __attribute__((noinline)) int start_and_wait(struct running *u, int *ret_code, struct err *e)
{
	_cleanup_(start_done) struct start st = START_INIT;
	const struct start_request q = {.eng = u->s->q->eng, .c = u->c, .keeper = u->s->q->keeper, .origin = u->s->q->origin, .fresh = true,
					.secret_env = &u->mounts.secret_env};
	int r = start_prepare(&q, &st, e);

	if (r == 0)
		r = relay(u, &st, ret_code, e);
	return r == 0 ? start_ended(&st, e) : r;
}

static int take_layer(struct running *u, const char *created_by, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r = path_own_open(container_dir(u->c), "upper", O_PATH | O_DIRECTORY, 0, &fd);

	if (r < 0)
		return err_errno(e, -r, "RUN: its layer");
	r = run_mounts_after(u->s, &u->mounts, fd, e);
	if (r == 0)
		r = swap_upper(u, false, e);
	return r < 0 ? r : layer_commit(u->s, u->sg, fd, created_by, e);
}

/* What has failed to be executed may be another machine's. */
static void hint_machine(const struct stage *sg, int r, int code, struct err *e)
{
	const char *arch = json_str(sg->img->json, "architecture");
	struct platform host;

	platform_host(&host);
	if (!e || !arch || strcmp(arch, host.arch) == 0 || (r != -ENOEXEC && code != 126))
		return;
	err_hint(e, "the image is for %s, this host is %s: RUN needs an interpreter for it in binfmt_misc, such as qemu-user-static", arch, host.arch);
}

int run_step(struct session *s, struct stage *sg, const struct instruction *in, const char *created_by, struct strv *ret_digests,
	     struct err *e)
{
	_cleanup_(running_done) struct running u = {.s = s, .sg = sg, .mounts = RUN_MOUNTS_INIT};
	_cleanup_(strv_done) struct strv command = {0};
	int code = 0, r;

	if (!sg->img)
		return err_set(e, EINVAL, "RUN: there is no file in this stage yet, and so nothing to execute");
	r = run_command(s, sg, in, &command, e);
	if (r == 0)
		r = set_options(&u, in, e);
	if (r == 0 && add_stage_env(&u) < 0)
		r = err_errno(e, ENOMEM, "RUN");
	if (r == 0)
		r = run_mounts_before(s, sg, &u.mounts, e);
	if (r == 0)
		r = make(&u, command.items, e);
	if (r == 0)
		r = swap_upper(&u, true, e);
	if (r == 0)
		r = start_and_wait(&u, &code, e);
	if (r == 0 && code != 0) {
		r = err_set(e, ECHILD, "while running runtime: exit status %d", code);
		if (e)
			e->exit_code = code;
	}
	if (r < 0)
		hint_machine(sg, r, code, e);
	if (r == 0 && strv_add_all(ret_digests, u.mounts.digests.items) < 0)
		r = err_errno(e, ENOMEM, "RUN");
	return r == 0 ? take_layer(&u, created_by, e) : r;
}
