/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "runtime/exec.h"
#include "runtime/verb.h"
#include "runtime/wait.h"

#include <errno.h>
#include <stddef.h>

struct args {
	struct exec_args exec;
	bool detach;
};

static const struct option_row rows[] = {
	{'p', "process", OPT_STRING, offsetof(struct args, exec.process), .arg = "FILE", .help = "JSON file with the process"},
	{'d', "detach", OPT_FLAG, offsetof(struct args, detach), .help = "Do not wait for its end"},
	{'t', "tty", OPT_FLAG, offsetof(struct args, exec.tty), .help = "Give it a terminal"},
	{'u', "user", OPT_STRING, offsetof(struct args, exec.user), .arg = "UID[:GID]", .help = "Run as that user"},
	{0, "cwd", OPT_STRING, offsetof(struct args, exec.cwd), .arg = "DIR", .help = "Working directory"},
	{'e', "env", OPT_LIST, offsetof(struct args, exec.env), .arg = "NAME=VALUE", .help = "Add to the environment"},
	{'c', "cap", OPT_LIST, offsetof(struct args, exec.caps), .arg = "CAPABILITY", .help = "Add a capability to the config's"},
	{'g', "additional-gids", OPT_LIST, offsetof(struct args, exec.groups), .arg = "GID", .help = "Add a group to the config's"},
	{0, "apparmor", OPT_STRING, offsetof(struct args, exec.apparmor), .arg = "PROFILE", .help = "AppArmor profile, instead of the config's"},
	{0, "process-label", OPT_STRING, offsetof(struct args, exec.selinux), .arg = "LABEL", .help = "SELinux label, instead of the config's"},
	{0, "no-new-privs", OPT_FLAG, offsetof(struct args, exec.no_new_privs), .help = "Set no_new_privs, whatever the config says"},
	{0, "pidfd-socket", OPT_STRING, offsetof(struct args, exec.pidfd_socket), .arg = "SOCKET", .help = "Unix socket that gets its pidfd"},
	{0, "pid-file", OPT_STRING, offsetof(struct args, exec.pid_file), .arg = "FILE", .help = "Write its pid there"},
	{0, "console-socket", OPT_STRING, offsetof(struct args, exec.console_socket), .arg = "SOCKET",
	 .help = "Unix socket that gets the terminal's master"},
	{0, "start-socket", OPT_STRING, offsetof(struct args, exec.start_socket), .arg = "SOCKET",
	 .help = "Wait there to be started, as create does"},
	{0, "preserve-fds", OPT_U32, offsetof(struct args, exec.preserve_fds), .arg = "N", .min = 0, .max = 1024,
	 .help = "Pass descriptors 3 to 3+N-1 on"},
	{0, "preserve-holes", OPT_U64, offsetof(struct args, exec.preserve_holes), .arg = "BITS", .max = INT64_MAX,
	 .help = "But not 3 where bit 0 is set, and so on"},
	{0, "error-fd", OPT_U32, offsetof(struct args, exec.error_fd), .arg = "N", .min = 3, .max = 65535,
	 .help = "Descriptor that gets the outcome as a struct"},
	{0, "lifeline-fd", OPT_U32, offsetof(struct args, exec.lifeline_fd), .arg = "N", .min = 3, .max = 65535,
	 .help = "Pipe: it ends when nobody reads from it before the start"},
	{0, "trail-fd", OPT_U32, offsetof(struct args, exec.watch.trail_fd), .arg = "N", .min = 3, .max = 65535,
	 .help = "Socket that gets a seccomp listener of its execs"},
	{0, "secrets-fd", OPT_U32, offsetof(struct args, exec.secrets_fd), .arg = "N", .min = 3, .max = 65535,
	 .help = "Variables and files that the configuration does not hold"},
	{0, "record-calls", OPT_FLAG, offsetof(struct args, exec.watch.record), .help = "With --trail-fd: a listener of nearly all its calls"},
	{0, "trail-log", OPT_FLAG, offsetof(struct args, exec.watch.trail_log), .help = "Its execs go to the audit log"},
	OPTION_END,
};

static int run(const struct runtime_context *x, struct args *a, struct verb_result *ret, struct err *e)
{
	pid_t pid;
	int r;

	if (a->exec.start_socket && !a->detach)
		return err_set(e, EINVAL, "--start-socket needs --detach");
	if (!a->detach)
		wait_prepare();
	a->exec.warning = &ret->warning;
	r = runtime_exec(x, &a->exec, &pid, e);
	if (r == 0 && !a->detach)
		r = wait_child(pid, &ret->exit_code, e);
	return r;
}

static int exec(const struct runtime_context *x, int argc, char **argv, struct verb_result *ret, struct err *e)
{
	struct args a = {.detach = false};
	int first, r = verb_parse(&verb_exec, argc, argv, &a, &first, e);

	if (a.exec.error_fd)
		ret->error_fd = (int)a.exec.error_fd;
	if (r == 0) {
		a.exec.id = argv[first];
		a.exec.argv = argv + first + 1;
		if (!a.exec.process && !argv[first + 1])
			r = err_set(e, EINVAL, "exec: no command and no --process");
	}
	if (r == 0)
		r = run(x, &a, ret, e);
	strv_done(&a.exec.env);
	strv_done(&a.exec.caps);
	strv_done(&a.exec.groups);
	return r;
}

const struct verb verb_exec = {"exec", "[OPTIONS] ID [COMMAND [ARG...]]", "Run another process in a container", rows, 1, -1, true, exec};
