/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "runtime/remove.h"

#include "runtime/cgroup.h"
#include "runtime/hooks.h"
#include "runtime/record.h"
#include "runtime/scope.h"
#include "runtime/state.h"
#include "sys/fd.h"
#include "sys/lock.h"
#include "sys/path.h"
#include "sys/pidfd.h"

#include <fcntl.h>
#include <signal.h>

#define END_TIMEOUT_MS 10000
#define CLAIM_TIMEOUT_MS (2 * END_TIMEOUT_MS)

/* With its pid namespace's first process all others in it die too (pid_namespaces(7)). */
static int end(const char *id, int pidfd, struct err *e)
{
	int r = pidfd_signal(pidfd, SIGKILL);

	if (r == 0)
		r = pidfd_wait(pidfd, END_TIMEOUT_MS);
	return r < 0 && r != -ESRCH ? err_errno(e, -r, "end container %s", id) : 0;
}

int runtime_end_servers(const struct runtime_state *s, struct err *e)
{
	int r = s->servers.n > 0 ? runtime_state_is_of_this_boot(s) : -ESRCH;

	for (size_t i = 0; r == 0 && i < s->servers.n; i++)
		r = fuse_server_end(&s->servers.items[i]);
	return r < 0 && r != -ESRCH ? err_errno(e, -r, "end %s of container %.12s", FUSE_OVERLAY_PROGRAM, s->id) : 0;
}

static void run_poststop(const struct runtime_state *s, struct err *warning)
{
	_cleanup_free_ char *text = NULL;
	int r = s->hooks ? runtime_state_text(s, RUNTIME_STOPPED, &text, warning) : 0;

	if (r == 0 && s->hooks)
		(void)!hooks_run_text(s->hooks, HOOK_POSTSTOP, text, warning);
}

/* One at a time. Whoever waited finds it gone, and the name may be another container's by then: not ours to remove. */
static int claim(int rroot, const char *id, int *ret_lock, struct err *e)
{
	_cleanup_close_ int dir = -EBADF;
	int r = path_own_open(rroot, id, O_RDONLY | O_DIRECTORY, 0, &dir);

	if (r == 0)
		r = lock_take_dir(dir, CLAIM_TIMEOUT_MS, ret_lock);
	if (r == -ENOENT)
		return err_set(e, ENOENT, "container %s does not exist", id);
	if (r == -EAGAIN)
		return err_set(e, EBUSY, "container %s: somebody else is removing it", id);
	return r < 0 ? err_errno(e, -r, "container %s", id) : 0;
}

/* Its scope, where it has one, and what stays of the group. */
static int remove_group(const struct runtime_context *x, const char *id, struct err *e)
{
	scope_end(x->rroot, id);
	return cgroup_remove(x->rroot, id, e);
}

int runtime_remove(const struct runtime_context *x, const char *id, bool force, struct err *warning, struct err *e)
{
	_cleanup_(runtime_state_done) struct runtime_state s = {.pid = 0};
	_cleanup_close_ int pidfd = -EBADF, lock = -EBADF;
	enum runtime_status status;
	int r;

	if (!runtime_id_is_valid(id))
		return err_set(e, EINVAL, "container %.64s: not an ID", id);
	r = claim(x->rroot, id, &lock, e);
	if (r < 0)
		return r == -ENOENT && force ? 0 : r;
	r = runtime_state_load(x->rroot, id, &s, e);
	/* a creation that was killed leaves a directory without a state: nobody's, unless someone is at it now */
	if (r == -ENOENT && !force)
		return r;
	if (r == 0)
		r = runtime_state_status(x->rroot, &s, &status, &pidfd, e);
	else if (force)
		status = RUNTIME_STOPPED, r = 0;
	if (r == 0 && (status == RUNTIME_RUNNING || status == RUNTIME_PAUSED) && !force)
		return err_set(e, EBUSY, "container %s is running: stop it or use --force", id);
	if (r == 0 && pidfd >= 0)
		r = end(id, pidfd, e);
	if (r == 0 && s.pid > 0)
		r = runtime_end_servers(&s, e);
	if (r == 0)
		r = remove_group(x, id, e);
	if (r < 0)
		return r;
	record_gone(x, &s);
	r = path_own_remove_tree(x->rroot, id);
	if (r < 0)
		return err_errno(e, -r, "remove container %s", id);
	run_poststop(&s, warning);
	return 0;
}
