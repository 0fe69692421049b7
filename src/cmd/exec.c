/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* ranby exec: another process in a running container; the exit code is its own. */
#include "cmd/commands.h"
#include "cmd/each.h"
#include "cmd/front.h"
#include "engine/exec.h"
#include "sys/fd.h"
#include "sys/pidfd.h"

#include <signal.h>
#include <stdio.h>

#define EXIT_MESSAGE_MS 30000

struct exec_args {
	bool detach, interactive, tty, privileged, latest, require_audit;
	const char *user, *workdir, *detach_keys, *record, *cidfile;
	bool record_input;
	struct strv env, env_file, preserve_fd;
	uint32_t preserve_fds;
};

static const struct option_row exec_rows[] = {
	{0, "cidfile", OPT_STRING, offsetof(struct exec_args, cidfile), .arg = "FILE",
	 .help = "In the container whose id is in a file; all operands are the command"},
	{'d', "detach", OPT_FLAG, offsetof(struct exec_args, detach), .help = "Run it in the background"},
	{0, "detach-keys", OPT_STRING, offsetof(struct exec_args, detach_keys), .arg = "KEYS",
	 .help = "Keys that detach (default ctrl-p,ctrl-q)"},
	{'e', "env", OPT_LIST, offsetof(struct exec_args, env), .arg = "NAME[=VALUE]", .help = "Set an environment variable"},
	{0, "env-file", OPT_LIST, offsetof(struct exec_args, env_file), .arg = "FILE", .help = "Set those of a file"},
	{'i', "interactive", OPT_FLAG, offsetof(struct exec_args, interactive), .help = "Attach standard input"},
	{'l', "latest", OPT_FLAG, offsetof(struct exec_args, latest), .help = "In the newest container; all operands are the command"},
	{0, "preserve-fd", OPT_LIST_CSV, offsetof(struct exec_args, preserve_fd), .arg = "N",
	 .help = "Pass this descriptor on to the command, under its number"},
	{0, "preserve-fds", OPT_U32, offsetof(struct exec_args, preserve_fds), .arg = "N", .max = UINT16_MAX,
	 .help = "Pass descriptors 3 to 3+N-1 on to the command"},
	{0, "privileged", OPT_FLAG, offsetof(struct exec_args, privileged), .help = "Give it all capabilities of the container's user namespace"},
	{0, "record", OPT_OPTIONAL, offsetof(struct exec_args, record), .arg = "FILE", .help = "Record what it shows, for audit replay"},
	{0, "record-input", OPT_FLAG, offsetof(struct exec_args, record_input), .help = "And what is typed, passwords as well"},
	{0, "require-audit", OPT_FLAG, offsetof(struct exec_args, require_audit),
	 .help = "Run it only when kernel audit has a record of it, read back"},
	{'t', "tty", OPT_FLAG, offsetof(struct exec_args, tty), .help = "Give it a terminal"},
	{'u', "user", OPT_STRING, offsetof(struct exec_args, user), .arg = "USER[:GROUP]", .help = "Run as this user"},
	{'w', "workdir", OPT_STRING, offsetof(struct exec_args, workdir), .arg = "DIR", .help = "Start in this directory"},
	OPTION_REFUSED(0, "no-session", "leave it out: there is no database of sessions, and each is recorded by who began it"),
	OPTION_END,
};

static void exec_args_done(void *args)
{
	struct exec_args *a = args;

	strv_done(&a->env);
	strv_done(&a->env_file);
	strv_done(&a->preserve_fd);
}

static int relay(struct exec *x, struct front *f, struct err *e)
{
	struct monitor_exit m;
	int code = 0, r = front_relay(f, &code, e);

	if (r < 0 || r == FRONT_DETACHED)
		return r < 0 ? r : 0;
	if (r == FRONT_LOST)
		return err_set(e, ECHILD, "the exec session's monitor was killed, and how its command ended is lost");
	if (r == FRONT_BROKEN) {
		attach_done(&f->attach);
		(void)!pidfd_signal(f->pid_fd, SIGKILL);
		code = FRONT_PIPE_CODE;
	} else if (monitor_wait_exited(&x->launch.monitor, EXIT_MESSAGE_MS, &m, NULL) == 0) {
		code = m.exit_code;
	}
	r = exec_ended(x, e);
	return r < 0 ? r : code;
}

static int attached(struct exec *x, const struct exec_args *a, struct err *e)
{
	_cleanup_(front_done) struct front f = FRONT_INIT;
	_cleanup_close_ int pidfd = -EBADF;
	int r = front_flags(a->interactive, NULL, &f.flags, e);

	if (r < 0)
		return r;
	if (a->interactive)
		f.flags |= MONITOR_STDIN_ONCE;
	f.engine = x->q.eng;
	f.detach_keys = a->detach_keys;
	f.sig_proxy = !a->tty;
	r = pidfd_open_identity(x->launch.created.pid, x->launch.created.start_ticks, &pidfd);
	if (r < 0)
		return err_errno(e, -r, "process of the exec session");
	f.pid_fd = pidfd;
	r = front_connect(&f, x->run_dirfd, e);
	if (r == 0)
		r = exec_release(x, e);
	return r < 0 ? r : relay(x, &f, e);
}

static int exec_in(const struct command_call *call, const struct origin *origin, struct container *c, char *const *command,
		   struct err *e)
{
	_cleanup_(exec_done) struct exec x = EXEC_INIT;
	const struct exec_args *a = call->args;
	struct passed_fds passed = PASSED_FDS_INIT;
	const struct exec_request q = {
		.eng = call->engine, .c = c, .origin = origin, .command = command, .tty = a->tty,
		.stdin_open = a->interactive, .privileged = a->privileged, .user = a->user, .workdir = a->workdir,
		.env = &a->env, .env_file = &a->env_file, .caller_env = environ,
		.record = a->record, .record_input = a->record_input,
		.require_audit = a->require_audit,
		.passed = &passed,
	};
	int r = passed_fds_take(&passed, a->preserve_fds, &a->preserve_fd, e);

	if (r == 0)
		r = exec_prepare(&q, &x, e);
	if (r < 0)
		return r;
	if (!a->detach)
		return attached(&x, a, e);
	r = exec_release(&x, e);
	if (r == 0)
		puts(x.id);
	return r;
}

/* --cidfile, --latest, or the first operand. */
static int find_container(const struct command_call *call, struct container **ret, struct err *e)
{
	const struct exec_args *a = call->args;
	char id[CONTAINER_ID_LEN + 1];
	int r;

	if (a->cidfile && a->latest)
		return err_set(e, EINVAL, "ranby exec: give --cidfile or --latest, not both");
	if (!a->cidfile)
		return one_container(call, a->latest, ret, e);
	r = read_id_file(a->cidfile, "--cidfile", id, e);
	return r < 0 ? r : container_find(call->engine, id, ret, e);
}

static int exec_run(const struct command_call *call, struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	_cleanup_(origin_done) struct origin origin = ORIGIN_INIT;
	const struct exec_args *a = call->args;
	char *const *command = call->argv + (a->latest || a->cidfile ? 0 : 1);
	int r = origin_read(call->engine, &origin, e);

	if (r == 0)
		r = find_container(call, &c, e);
	if (r < 0 || !c)
		return r;
	if (a->record_input && !a->record)
		return err_set(e, EINVAL, "--record-input needs --record");
	if (!*command)
		return err_set(e, EINVAL, "ranby exec: no command given");
	r = front_check_tty(a->tty, a->interactive && !a->detach, e);
	if (r < 0)
		return r;
	if (c->status != CONTAINER_RUNNING)
		return err_set(e, ESRCH, "you can only exec in running containers: %s is %s", c->name,
			       container_status_word(c->status));
	return exec_in(call, &origin, c, command, e);
}

const struct command command_exec = {
	.name = "exec",
	.aliases = "container exec",
	.operands = "[OPTIONS] CONTAINER COMMAND [ARG...]",
	.summary = "Run a command in a running container",
	.needs = NEED_ENGINE,
	.mode = OPTION_STOP_AT_OPERAND,
	.min_operands = 1,
	.max_operands = -1,
	.rows = exec_rows,
	.args_size = sizeof(struct exec_args),
	.args_done = exec_args_done,
	.run = exec_run,
};
