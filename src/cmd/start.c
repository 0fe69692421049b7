/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby start: again, with what it was made with. -a attaches, and gives its exit code. */
#include "cmd/attach.h"
#include "cmd/commands.h"
#include "cmd/each.h"
#include "cmd/front.h"
#include "cmd/make.h"
#include "cmd/option_rows.h"
#include "engine/start.h"
#include "engine/stop.h"
#include "sys/fd.h"
#include "sys/pidfd.h"

#include <stdio.h>
#include <string.h>

struct start_args {
	bool all, attach, interactive, latest, require_audit, sig_proxy;
	const char *detach_keys;
	struct strv filter;
};

static const struct option_row start_rows[] = {
	{0, "all", OPT_FLAG, offsetof(struct start_args, all), .help = "Start all containers that do not run"},
	{'a', "attach", OPT_FLAG, offsetof(struct start_args, attach), .help = "Attach to its output, and pass signals on"},
	{0, "detach-keys", OPT_STRING, offsetof(struct start_args, detach_keys), .arg = "KEYS",
	 .help = "Keys that detach (default ctrl-p,ctrl-q)"},
	{'f', "filter", OPT_LIST, offsetof(struct start_args, filter), .arg = "KEY=VALUE", .choices = CONTAINER_FILTER_CHOICES,
	 .help = "Those of all that match, as in ranby ps"},
	{'i', "interactive", OPT_FLAG, offsetof(struct start_args, interactive), .help = "Attach its standard input too"},
	{'l', "latest", OPT_FLAG, offsetof(struct start_args, latest), .help = "The newest container"},
	{0, "require-audit", OPT_FLAG, offsetof(struct start_args, require_audit),
	 .help = "Start it only when kernel audit has a record of it, read back"},
	{0, "sig-proxy", OPT_FLAG, offsetof(struct start_args, sig_proxy), .help = "Pass signals on while attached (true)"},
	OPTION_END,
};

struct start_all {
	const struct start_args *a;
	struct origin origin;
	struct keeper keeper;
};

static int relay(const struct command_call *call, struct container *c, struct start *s, struct front *f, struct err *e)
{
	struct monitor_exit x;
	int code = 0, r;

	r = front_relay(f, &code, e);
	if (r < 0 || r == FRONT_DETACHED)
		return r < 0 ? r : 0;
	if (r == FRONT_BROKEN) /* the container is not ours alone: it goes on */
		return FRONT_PIPE_CODE;
	if (monitor_wait_exited(&s->launch.monitor, 30000, &x, NULL) == 0) {
		code = x.exit_code; /* also when it let go of us because we lagged */
	} else if (r == FRONT_LOST) {
		r = stop_wait(call->engine, c, -1, e);
		return r < 0 ? r : c->exit_code < 0 ? EXIT_ENGINE : c->exit_code;
	}
	r = start_ended(s, e);
	return r < 0 ? r : code;
}

static int connect_front(const struct container *c, const struct start_args *a, const struct start *s, struct front *f,
			 int *ret_pidfd, struct err *e)
{
	bool want_stdin = a->interactive && json_true(c->spec, "config.openStdin");
	int r = front_flags(want_stdin, NULL, &f->flags, e);

	if (r == 0)
		r = front_check_tty(json_true(c->spec, "config.tty"), want_stdin, e);
	if (r < 0)
		return r;
	f->engine = s->q.eng;
	f->detach_keys = a->detach_keys;
	f->sig_proxy = a->sig_proxy && !json_true(c->spec, "config.tty");
	return front_join(f, s, ret_pidfd, e);
}

static int start_attached(const struct command_call *call, struct container *c, const struct start_args *a, struct start *s,
			  struct err *e)
{
	_cleanup_(front_done) struct front f = FRONT_INIT;
	_cleanup_close_ int pidfd = -EBADF;
	int r = start_failed(s, connect_front(c, a, s, &f, &pidfd, e), e);

	if (r == 0)
		r = start_release(s, e);
	return r < 0 ? r : relay(call, c, s, &f, e);
}

static int start_one(const struct command_call *call, struct container *c, void *ctx, struct err *e)
{
	_cleanup_(start_done) struct start s = START_INIT;
	struct start_all *all = ctx;
	const struct attach_how how = {
		.want_stdin = all->a->interactive, .sig_proxy = all->a->sig_proxy, .detach_keys = all->a->detach_keys};
	const struct start_request q = {.eng = call->engine, .c = c, .keeper = &all->keeper, .origin = &all->origin,
					.require_audit = all->a->require_audit};
	int r;

	if (container_runs(c) && (all->a->all || all->a->filter.n > 0))
		return EACH_SILENT;
	r = start_prepare(&q, &s, e);
	/* docker's and podman's: no error */
	if (r == -EALREADY)
		return all->a->attach || all->a->interactive ? attach_container(call, c, &how, e) : 0;
	if (r < 0)
		return r;
	return all->a->attach || all->a->interactive ? start_attached(call, c, all->a, &s, e) : start_release(&s, e);
}

static int start_run(const struct command_call *call, struct err *e)
{
	struct start_args *a = call->args;
	const struct each w = {.prints = !a->attach && !a->interactive, .all = a->all, .latest = a->latest, .filter = &a->filter};
	struct start_all all = {.a = a, .origin = ORIGIN_INIT, .keeper = KEEPER_INIT};
	int r;

	if (!option_given(start_rows, call->full_argc, call->full_argv, "sig-proxy"))
		a->sig_proxy = true;
	if ((a->attach || a->interactive) && (a->all || call->argc > 1))
		return err_set(e, EINVAL, "ranby start: you cannot attach to several containers at once");
	r = origin_read(call->engine, &all.origin, e);
	if (r == 0)
		r = keeper_open(call->engine, &all.keeper, e);
	if (r == 0)
		r = each_container(call, &w, start_one, &all, e);
	keeper_done(&all.keeper);
	origin_done(&all.origin);
	return r;
}

static void start_args_done(void *args)
{
	struct start_args *a = args;

	strv_done(&a->filter);
}

const struct command command_start = {
	.name = "start",
	.aliases = "container start",
	.operands = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Start containers that do not run",
	.needs = NEED_ENGINE,
	.max_operands = -1,
	.rows = start_rows,
	.args_size = sizeof(struct start_args),
	.args_done = start_args_done,
	.run = start_run,
};
