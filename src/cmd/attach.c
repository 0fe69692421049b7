/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby attach: the terminal, or the pipes, of a container that runs. */
#include "cmd/attach.h"
#include "cmd/commands.h"
#include "cmd/each.h"
#include "cmd/front.h"
#include "engine/attest.h"
#include "engine/stop.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>

struct attach_args {
	bool latest, no_stdin, sig_proxy;
	const char *detach_keys;
};

static const struct option_row attach_rows[] = {
	{0, "detach-keys", OPT_STRING, offsetof(struct attach_args, detach_keys), .arg = "KEYS",
	 .help = "Keys that detach (default ctrl-p,ctrl-q)"},
	{'l', "latest", OPT_FLAG, offsetof(struct attach_args, latest), .help = "The newest container"},
	{0, "no-stdin", OPT_FLAG, offsetof(struct attach_args, no_stdin), .help = "Do not attach standard input"},
	{0, "sig-proxy", OPT_FLAG, offsetof(struct attach_args, sig_proxy), .help = "Pass signals on (default true)"},
	OPTION_END,
};

static int relay(const struct command_call *call, struct container *c, struct front *f, struct err *e)
{
	int code = 0, r = front_relay(f, &code, e);

	if (r < 0 || r == FRONT_DETACHED)
		return r < 0 ? r : 0;
	if (r == FRONT_BROKEN) /* the container is not ours alone: it goes on */
		return FRONT_PIPE_CODE;
	if (r == FRONT_EXITED)
		return code;
	r = stop_wait(call->engine, c, -1, e);
	return r < 0 ? r : c->exit_code < 0 ? EXIT_ENGINE : c->exit_code;
}

int attach_container(const struct command_call *call, struct container *c, const struct attach_how *how, struct err *e)
{
	_cleanup_(front_done) struct front f = FRONT_INIT;
	_cleanup_close_ int pidfd = -EBADF, run = -EBADF;
	struct attest who = ATTEST_INIT(AUDIT_VERB_ATTACH);
	int r = 0;

	who.c = c;
	if (container_pidfd(c, &pidfd) < 0)
		r = err_set(e, ESRCH, "you can only attach to running containers: %s is %s", c->name,
			    container_status_word(c->status));
	if (r == 0)
		r = front_flags(how->want_stdin && json_true(c->spec, "config.openStdin"), NULL, &f.flags, e);
	if (r < 0)
		return r;
	f.engine = call->engine;
	f.detach_keys = how->detach_keys;
	f.sig_proxy = how->sig_proxy && !json_true(c->spec, "config.tty");
	f.pid_fd = pidfd;
	r = path_own_open(call->engine->run_fd, c->id, O_RDONLY | O_DIRECTORY, 0, &run);
	if (r < 0)
		return err_errno(e, -r, "run directory of container %.12s", c->id);
	r = front_connect(&f, run, e);
	if (r == 0)
		r = attest_running(call->engine, &who, e);
	r = attest_failed(call->engine, &who, r, e);
	return r < 0 ? r : relay(call, c, &f, e);
}

static int attach_run(const struct command_call *call, struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	const struct attach_args *a = call->args;
	const struct attach_how how = {
		.want_stdin = !a->no_stdin,
		.sig_proxy = a->sig_proxy || !option_given(attach_rows, call->full_argc, call->full_argv, "sig-proxy"),
		.detach_keys = a->detach_keys,
	};
	int r = one_container(call, a->latest, &c, e);

	return r < 0 ? r : attach_container(call, c, &how, e);
}

const struct command command_attach = {
	.name = "attach",
	.aliases = "container attach",
	.operands = "[OPTIONS] CONTAINER",
	.summary = "Attach to a running container",
	.needs = NEED_ENGINE,
	.max_operands = 1,
	.rows = attach_rows,
	.args_size = sizeof(struct attach_args),
	.run = attach_run,
};
