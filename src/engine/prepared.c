/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A login's processes are its own from the first one on: that is what every
 * record here rests on. So what one login has prepared is never let run by
 * another, it is ended and made afresh; and the note of it is a hint only:
 * the kernel says whether that process is there, and the monitor, which is
 * its parent, says again who it is.
 *
 * Where a login is pinned (origin.h), each command has an audit session of
 * its own. Two commands of the same user then are the same login, and the
 * record names the session that the processes have.
 */
#include "engine/prepared.h"

#include "engine/launch.h"

#include "base/clock.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/pidfd.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>

#define ANSWER_TIMEOUT_MS 10000
#define GONE_TIMEOUT_MS 10000

static int note(const struct engine *eng, const struct container *c, const struct monitor_created *created, const struct origin *o,
		const struct keeper *k, struct json_object *p)
{
	_cleanup_json_ struct json_object *keeper = NULL;
	struct timespec now = clock_now();
	char time[CLOCK_TEXT_SIZE];

	if (json_add_str(p, "bootId", eng->boot_id) < 0 || json_add_int(p, "pid", created->pid) < 0 ||
	    json_add_u64(p, "startTicks", created->start_ticks) < 0 || json_add_int(p, "monitorPid", created->monitor_pid) < 0 ||
	    json_add_u64(p, "monitorStartTicks", created->monitor_start_ticks) < 0 ||
	    json_add_str(p, "preparedAt", clock_rfc3339_fixed(&now, CLOCK_UTC, time)) < 0 ||
	    json_add(p, "preparedBy", json_object_get(o->json)) < 0)
		return -ENOMEM;
	if (k->userns_fd < 0)
		return 0;
	if (keeper_to_json(k, json_true(c->spec, "nested"), &keeper) < 0)
		return -ENOMEM;
	return json_add(p, "keeper", TAKE_PTR(keeper));
}

int prepared_note(struct engine *eng, const struct container *c, const struct monitor_created *created, const struct origin *o,
		  const struct keeper *k, struct err *e)
{
	_cleanup_json_ struct json_object *p = json_object_new_object(), *fresh = NULL;
	struct json_object *state = c->state;

	if (!state)
		state = fresh = json_object_new_object();
	if (!p || !state || note(eng, c, created, o, k, p) < 0 || json_add(state, "prepared", TAKE_PTR(p)) < 0)
		return err_errno(e, ENOMEM, "state.json");
	/* gone with the boot */
	return container_write_state(c, state, false, e);
}

static bool same_session(struct json_object *noted, const struct origin *o)
{
	return json_int(noted, "session") == (int64_t)o->login.session;
}

bool prepared_is_of(const struct container *c, const struct origin *o)
{
	struct json_object *by = c->state ? json_at(c->state, "prepared.preparedBy") : NULL;

	if (!by || !json_at(by, "auid") || json_int(by, "auid") != (int64_t)o->login.auid)
		return false;
	return same_session(by, o) ||
	       (o->login.how == LOGINUID_PINNED && strcmp(json_str(by, "loginUid"), loginuid_word(LOGINUID_PINNED)) == 0);
}

struct json_object *prepared_by(const struct container *c, const struct origin *o)
{
	struct json_object *by = json_at(c->state, "prepared.preparedBy");

	return by && !same_session(by, o) ? by : o->json;
}

int prepared_join(const struct container *c, int run_dirfd, struct monitor_handle *ret, struct monitor_created *ret_created,
		  struct err *e)
{
	_cleanup_(monitor_handle_done) struct monitor_handle m = MONITOR_HANDLE_INIT;
	struct monitor_created created;
	int pidfd, r = launch_monitor_of(run_dirfd, &pidfd);

	if (r < 0)
		return err_errno(e, -r, "monitor of container %.12s", c->id);
	r = monitor_rejoin(run_dirfd, pidfd, &m, e);
	if (r == 0)
		r = monitor_wait_created(&m, ANSWER_TIMEOUT_MS, &created, e);
	if (r < 0)
		return r;
	if (created.pid != c->pid || created.start_ticks != c->start_ticks)
		return err_set(e, ESTALE, "container %.12s: another init waits than the one that was noted", c->id);
	*ret_created = created;
	*ret = m;
	m = (struct monitor_handle)MONITOR_HANDLE_INIT;
	return 0;
}

/* Its monitor takes down what it has put up, and has gone then. */
static int await_monitor(struct engine *eng, const struct container *c)
{
	_cleanup_close_ int dir = -EBADF, pidfd = -EBADF;
	int r = path_own_open(eng->run_fd, c->id, O_RDONLY | O_DIRECTORY, 0, &dir);

	if (r == 0)
		r = launch_monitor_of(dir, &pidfd);
	if (r == 0)
		r = pidfd_wait(pidfd, GONE_TIMEOUT_MS);
	return r == -ENOENT || r == -ESRCH ? 0 : r;
}

int prepared_end(struct engine *eng, struct container *c, struct err *e)
{
	_cleanup_close_ int pidfd = -EBADF;
	int r;

	if (c->status != CONTAINER_INITIALIZED)
		return 0;
	r = pidfd_open_identity(c->pid, c->start_ticks, &pidfd);
	if (r == 0)
		r = pidfd_signal(pidfd, SIGKILL);
	if (r == 0)
		r = pidfd_wait(pidfd, GONE_TIMEOUT_MS);
	if (r == 0 || r == -ESRCH)
		r = await_monitor(eng, c);
	return r < 0 ? err_errno(e, -r, "end the init of container %.12s", c->id) : container_refresh(eng, c, e);
}
