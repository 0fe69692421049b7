/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "runtime/create.h"
#include "runtime/hooks.h"
#include "runtime/record.h"
#include "runtime/remove.h"
#include "runtime/start.h"
#include "runtime/state.h"
#include "runtime/verb.h"
#include "runtime/wait.h"
#include "sys/fd.h"

#include <stddef.h>

struct args {
	struct create_args create;
	bool detach, keep, no_pivot, no_subreaper;
};

#define CREATE_ROWS                                                                                                     \
	{'b', "bundle", OPT_STRING, offsetof(struct args, create.bundle), .arg = "DIR", .help = "Directory of config.json"}, \
	{0, "pid-file", OPT_STRING, offsetof(struct args, create.pid_file), .arg = "FILE", .help = "Write the pid of init there"}, \
	{0, "console-socket", OPT_STRING, offsetof(struct args, create.console_socket), .arg = "SOCKET",                 \
	 .help = "Unix socket that gets the terminal's master"},                                                        \
	{0, "pidfd-socket", OPT_STRING, offsetof(struct args, create.pidfd_socket), .arg = "SOCKET",                     \
	 .help = "Unix socket that gets a pidfd of init"},                                                              \
	{0, "preserve-fds", OPT_U32, offsetof(struct args, create.preserve_fds), .arg = "N", .min = 0, .max = 1024,      \
	 .help = "Pass descriptors 3 to 3+N-1 on"},                                                                     \
	{0, "preserve-holes", OPT_U64, offsetof(struct args, create.preserve_holes), .arg = "BITS", .max = INT64_MAX,  \
	 .help = "But not 3 where bit 0 is set, and so on"},                                                            \
	{0, "error-fd", OPT_U32, offsetof(struct args, create.error_fd), .arg = "N", .min = 3, .max = 65535,            \
	 .help = "Descriptor that gets the outcome as a struct"},                                                         \
	{0, "lifeline-fd", OPT_U32, offsetof(struct args, create.lifeline_fd), .arg = "N", .min = 3, .max = 65535,      \
	 .help = "Pipe: init ends when nobody reads from it before the start"},                                         \
	{0, "early", OPT_FLAG, offsetof(struct args, create.early),                                                    \
	 .help = "Do not wait for what init builds: who starts it hears of a failure"},                               \
	{0, "keep-stdio", OPT_FLAG, offsetof(struct args, create.keep_stdio),                                          \
	 .help = "Pipes and sockets at 0 to 2 keep their owner"},                                                       \
	{0, "init-fd", OPT_U32, offsetof(struct args, create.init_fd), .arg = "N", .min = 3, .max = 65535,              \
	 .help = "Socket that brings a sealed copy of ranby-init"},                                                     \
	{0, "trail-fd", OPT_U32, offsetof(struct args, create.watch.trail_fd), .arg = "N", .min = 3, .max = 65535,      \
	 .help = "Socket that gets a seccomp listener of its execs"},                                                   \
	{0, "record-calls", OPT_FLAG, offsetof(struct args, create.watch.record),                                       \
	 .help = "With --trail-fd: a listener of nearly all its calls"},                                                \
	{0, "trail-log", OPT_FLAG, offsetof(struct args, create.watch.trail_log),                                       \
	 .help = "Its execs go to the audit log"},                                                                      \
	{0, "canary", OPT_FLAG, offsetof(struct args, create.watch.canary),                                             \
	 .help = "A Landlock domain that the audit log names"},                                                         \
	{0, "secrets-fd", OPT_U32, offsetof(struct args, create.secrets_fd), .arg = "N", .min = 3, .max = 65535,    \
	 .help = "Variables and files that the configuration does not hold"},                                           \
	{0, "fuse-overlayfs-fd", OPT_U32, offsetof(struct args, create.fuse_fd), .arg = "N", .min = 3, .max = 65535,    \
	 .help = "The program fuse-overlayfs, for an overlay that the kernel refuses"},                                 \
	{0, "no-pivot", OPT_FLAG, offsetof(struct args, no_pivot), .help = "Refused: pivot_root is always used"},        \
	{0, "no-new-keyring", OPT_FLAG, offsetof(struct args, create.no_new_keyring), .help = "Keep the caller's session keyring"}

static const struct option_row create_rows[] = {CREATE_ROWS, OPTION_END};

static const struct option_row run_rows[] = {
	CREATE_ROWS,
	{'d', "detach", OPT_FLAG, offsetof(struct args, detach), .help = "Do not wait for its end"},
	{0, "keep", OPT_FLAG, offsetof(struct args, keep), .help = "Do not delete the container after its end"},
	{0, "no-subreaper", OPT_FLAG, offsetof(struct args, no_subreaper), .help = "Accepted: we are no subreaper"},
	OPTION_END,
};

static int parse(const struct verb *v, int argc, char **argv, struct args *a, struct verb_result *ret, struct err *e)
{
	int first, r = verb_parse(v, argc, argv, a, &first, e);

	if (a->create.error_fd)
		ret->error_fd = (int)a->create.error_fd;
	if (r < 0)
		return r;
	a->create.id = argv[first];
	a->create.warning = &ret->warning;
	if (a->no_pivot)
		return err_set(e, ENOTSUP, "--no-pivot: not supported");
	return 0;
}

static int create(const struct runtime_context *x, int argc, char **argv, struct verb_result *ret, struct err *e)
{
	struct args a = {.detach = false};
	int r = parse(&verb_create, argc, argv, &a, ret, e);

	return r == 0 ? runtime_create(x, &a.create, NULL, e) : r;
}

const struct verb verb_create = {"create", "[OPTIONS] ID", "Make a container that waits to be started", create_rows, 1, 1, true, create};

/* It runs already, so what goes wrong is a warning (config.md, "Lifecycle"). */
static void run_poststart(const struct runtime_context *x, const char *id, struct err *warning)
{
	_cleanup_(runtime_state_done) struct runtime_state s = {.pid = 0};
	_cleanup_free_ char *text = NULL;
	int r = runtime_state_load(x->rroot, id, &s, warning);

	if (r == 0 && s.hooks)
		r = runtime_state_text(&s, RUNTIME_RUNNING, &text, warning);
	if (r == 0 && s.hooks)
		(void)!hooks_run_text(s.hooks, HOOK_POSTSTART, text, warning);
}

/* `hooks`: it may have poststart hooks. */
static int release(const struct recorder *c, const struct runtime_context *x, const char *id, bool hooks, struct err *warning, struct err *e)
{
	_cleanup_close_ int sock = -EBADF;
	int r = runtime_start_connect(x->rroot, id, &sock, e);

	/* while nothing of the container's has run */
	if (r == 0)
		recorder_ask(c, AUDIT_VERB_START);
	if (r == 0)
		r = runtime_start_send(sock, e);
	if (r == 0)
		r = runtime_start_ready(sock, e);
	if (r == 0)
		r = runtime_start_result(sock, e);
	if (r == 0 && hooks)
		run_poststart(x, id, warning);
	return r;
}

static const struct option_row start_rows[] = {OPTION_END};

static int start(const struct runtime_context *x, int argc, char **argv, struct verb_result *ret, struct err *e)
{
	int first, r = verb_parse(&verb_start, argc, argv, NULL, &first, e);
	struct recorder here = RECORDER_INIT;

	if (r < 0)
		return r;
	recorder_here(x, argv[first], &here);
	return release(&here, x, argv[first], true, &ret->warning, e);
}

const struct verb verb_start = {"start", "ID", "Start a container that waits", start_rows, 1, 1, true, start};

static int run(const struct runtime_context *x, int argc, char **argv, struct verb_result *ret, struct err *e)
{
	_cleanup_(recorder_end) struct recorder c = RECORDER_INIT;
	struct args a = {.detach = false};
	struct created made;
	int r = parse(&verb_run, argc, argv, &a, ret, e);

	if (r < 0)
		return r;
	a.create.tied = !a.detach;
	if (!a.detach)
		wait_prepare();
	r = recorder_begin(x, a.create.id, &c);
	if (r < 0)
		return err_errno(e, -r, "run");
	r = runtime_create(x, &a.create, &made, e);
	if (r < 0)
		return r;
	r = release(&c, x, a.create.id, made.has_poststart, &ret->warning, e);
	if (r < 0) {
		(void)!runtime_remove(x, a.create.id, true, NULL, NULL);
		return r;
	}
	if (a.detach)
		return 0;
	if (c.able)
		r = wait_end(made.pid, e);
	if (r == 0)
		recorder_ask(&c, AUDIT_VERB_EXIT);
	if (r == 0)
		r = wait_child(made.pid, &ret->exit_code, e);
	/* by who stayed behind: we are in other mounts since, and of whom that is known no word is believed (audit/chain_word.h) */
	if (r == 0 && !a.keep)
		recorder_ask(&c, AUDIT_VERB_RM);
	if (r == 0 && !a.keep)
		r = runtime_remove(x, a.create.id, true, &ret->warning, e);
	return r;
}

const struct verb verb_run = {"run", "[OPTIONS] ID", "Make a container, start it, wait for its end", run_rows, 1, 1, true, run};
