/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "base/parse.h"
#include "runtime/cgroup.h"
#include "runtime/members.h"
#include "runtime/state.h"
#include "runtime/verb.h"
#include "sys/fd.h"
#include "sys/pidfd.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

/* "TERM", "SIGTERM", "15", "RTMIN+3" */
static int signal_number(const char *name, int *ret)
{
	uint32_t n;

	if (parse_u32(name, 1, 64, &n) == 0) {
		*ret = (int)n;
		return 0;
	}
	if (strncmp(name, "SIG", 3) == 0)
		name += 3;
	for (int sig = 1; sig < NSIG; sig++)
		if (sigabbrev_np(sig) && strcmp(sigabbrev_np(sig), name) == 0) {
			*ret = sig;
			return 0;
		}
	if (strncmp(name, "RTMIN+", 6) == 0 && parse_u32(name + 6, 0, 30, &n) == 0) {
		*ret = SIGRTMIN + (int)n;
		return 0;
	}
	return -EINVAL;
}

struct kill_args {
	bool all;
};

static const struct option_row kill_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct kill_args, all), .help = "To all its processes, not init alone"},
	OPTION_END,
};

static int kill_verb(const struct runtime_context *x, int argc, char **argv, struct verb_result *ret, struct err *e)
{
	_cleanup_(runtime_state_done) struct runtime_state s = {.pid = 0};
	_cleanup_close_ int pidfd = -EBADF;
	struct kill_args a = {.all = false};
	enum runtime_status status;
	_cleanup_close_ int group = -EBADF;
	int first, sig = SIGTERM, r = verb_parse(&verb_kill, argc, argv, &a, &first, e);

	(void)ret;
	if (r == 0 && argv[first + 1] && signal_number(argv[first + 1], &sig) < 0)
		return err_set(e, EINVAL, "signal %.20s: unknown", argv[first + 1]);
	if (r == 0)
		r = runtime_state_load(x->rroot, argv[first], &s, e);
	if (r == 0)
		r = runtime_state_status(x->rroot, &s, &status, &pidfd, e);
	if (r < 0)
		return r;
	if (a.all) {
		r = s.cgroup ? cgroup_own(x->rroot, s.id, &group) : 0;
		if (r < 0 && r != -ENOENT)
			return err_errno(e, -r, "cgroup of container %s", s.id);
		return members_signal(status == RUNTIME_STOPPED ? 0 : s.pid, pidfd, group, sig, e);
	}
	/* the last words are those by which containerd and CRI-O know that there is nothing left to do */
	r = status == RUNTIME_STOPPED ? -ESRCH : pidfd_signal(pidfd, sig);
	if (r == -ESRCH)
		return err_set(e, ESRCH, "container %s is not running: no such process", s.id);
	return r < 0 ? err_errno(e, -r, "signal container %s", s.id) : 0;
}

const struct verb verb_kill = {"kill", "[OPTIONS] ID [SIGNAL]", "Send a signal to a container's init", kill_rows, 1, 2, true, kill_verb};
