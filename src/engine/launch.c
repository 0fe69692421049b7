/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The steps, in order. Each says in which process it happens.
 *
 *	launch_watch
 *	  2 watch     ranby       starts ranby-monitor, detached, in a session of its own, or
 *	                          tells the one that launch_ahead() has started what for;
 *	                          with limits it goes to a cgroup before that (place.h)
 *	  3 build     runtime     in the keeper: namespaces, maps, mounts (runtime/)
 *	  -           ranby       hears CREATED {pid, start time}, or the runtime's own error
 *	  4 init      init        in the container's namespaces: root, devices; blocks. With
 *	                          create --early this goes on while we do the next two steps
 *	launch_release
 *	  5 seize     ranby       PTRACE_SEIZE with EXITKILL: if we die now, init dies
 *	  6 start     ranby       START over the socket; init confines itself and executes
 *	  7 exec stop ranby       the payload stands after its exec, before its first
 *	                          instruction: read what is in force, write the record
 *	  8 go        ranby       tell the monitor that it is no longer ours; detach
 *
 * What must hold: whoever dies, no payload runs that the state does not show.
 * Up to step 5 the monitor kills init when our socket closes; from 5 to
 * the detach the kernel does (EXITKILL); and the record is written
 * in between, so a payload that runs has been recorded.
 *
 * Where ptrace is not allowed (yama's ptrace_scope 3, or a filter on us), the
 * record is written before START, and says that it was: "pre-exec".
 */
#include "engine/launch.h"

#include "engine/inforce.h"
#include "monitor/helper.h"
#include "runtime/start.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/pidfd.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#define CREATE_TIMEOUT_MS 120000 /* a cold disk and a network helper, and not for ever */
#define GONE_TIMEOUT_MS 10000

/* Who the monitor is, for whoever must wait for it when we are gone before CREATED. */
static int note_monitor(const struct launch_plan *p, const struct launch *l, struct err *e)
{
	char text[64];
	uint64_t ticks;
	pid_t pid;
	int r, n;

	r = pidfd_pid(l->monitor.pidfd, &pid);
	if (r == 0)
		r = pid_start_ticks(pid, &ticks);
	if (r == -ESRCH) /* it has ended already; why is what monitor_wait_created() tells */
		return 0;
	if (r == 0) {
		n = snprintf(text, sizeof(text), "%d %llu\n", pid, (unsigned long long)ticks);
		r = path_own_write(p->run_dirfd, "monitor", text, (size_t)n, 0600, PATH_SYNC_NONE);
	}
	return r < 0 ? err_errno(e, -r, "note the monitor") : 0;
}

/* The process of a "PID TICKS" that was noted. */
static int noted(int run_dirfd, const char *name, int *ret_pidfd)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	unsigned long long ticks;
	int pid, r = path_own_read(run_dirfd, name, 64, &b);

	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	if (sscanf(buf_str(&b), "%d %llu", &pid, &ticks) != 2)
		return -ESRCH;
	return pidfd_open_identity(pid, ticks, ret_pidfd);
}

int launch_monitor_of(int run_dirfd, int *ret_pidfd)
{
	return noted(run_dirfd, "monitor", ret_pidfd);
}

int launch_helper_of(int run_dirfd, int *ret_pidfd)
{
	return noted(run_dirfd, HELPER_NOTE, ret_pidfd);
}

int launch_end_helper(int run_dirfd)
{
	static const int signals[] = {SIGTERM, SIGKILL};
	_cleanup_close_ int pidfd = -EBADF;
	int r = launch_helper_of(run_dirfd, &pidfd);

	if (r < 0)
		return r == -ESRCH ? 0 : r;
	r = -ETIMEDOUT;
	for (size_t i = 0; r == -ETIMEDOUT && i < ARRAY_SIZE(signals); i++) {
		r = pidfd_signal(pidfd, signals[i]);
		if (r == 0)
			r = pidfd_wait(pidfd, HELPER_KILL_MS);
	}
	return r == -ESRCH ? 0 : r;
}

/*
 * What the monitor and its children need to find our directories again. The
 * rest of the caller's environment holds secrets as often as not, and a
 * monitor lives for as long as its container.
 */
static int few_variables(struct strv *env)
{
	static const char *const kept[] = {
		"HOME=", "NOTIFY_SOCKET=", "XDG_CONFIG_HOME=", "CONTAINERS_CONF=", "CONTAINERS_CONF_OVERRIDE=", "CONTAINERS_STORAGE_CONF=", "XDG_DATA_HOME=", "XDG_RUNTIME_DIR=", "XDG_CACHE_HOME=", "XDG_STATE_HOME=",
		"ASAN_OPTIONS=", "UBSAN_OPTIONS=", "LSAN_OPTIONS=",
	};
	int r = 0;

	for (char **v = environ; r == 0 && *v; v++)
		for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
			if (strncmp(*v, kept[i], strlen(kept[i])) == 0) {
				r = strv_add(env, *v);
				break;
			}
	return r;
}

int launch_ahead(bool own_session, struct monitor_handle *ret, struct err *e)
{
	_cleanup_(strv_done) struct strv env = {0};
	static char *const none[] = {NULL};
	struct monitor_launch m = MONITOR_LAUNCH_INIT;
	int r = few_variables(&env);

	if (r < 0)
		return err_errno(e, -r, "environment of the monitor");
	m.own_session = own_session;
	m.envp = env.n ? env.items : none;
	return monitor_await(&m, ret, e);
}

static int place(const struct launch_plan *p, const struct launch *l, struct err *e)
{
	pid_t pid;
	int r = pidfd_pid(l->monitor.pidfd, &pid);

	return r < 0 ? err_errno(e, -r, "monitor") : p->place(p->ctx, pid, e);
}

int launch_watch(const struct launch_plan *p, struct launch *l, struct err *e)
{
	int r = l->monitor.waits ? 0 : launch_ahead(p->monitor.own_session, &l->monitor, e);

	if (r == 0 && p->place)
		r = place(p, l, e);
	if (r == 0)
		r = monitor_launch(&p->monitor, &l->monitor, e);
	if (r < 0)
		return r;
	l->watching = true;
	r = note_monitor(p, l, e);
	if (r == 0 && p->meanwhile) {
		l->was_meanwhile = true;
		r = p->meanwhile(p->ctx, e);
	}
	return r < 0 ? r : monitor_wait_created(&l->monitor, CREATE_TIMEOUT_MS, &l->created, e);
}

enum seized { SEIZED, NOT_ALLOWED };

/* A number that had become a stranger's in between: leaves it as it was. */
static void let_go(pid_t pid)
{
	int status;

	if (ptrace(PTRACE_INTERRUPT, pid, 0, 0) == 0 && waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status))
		(void)ptrace(PTRACE_DETACH, pid, 0, 0);
}

/* Step 5. SEIZED, NOT_ALLOWED, or -errno. */
static int seize(const struct monitor_created *c, struct err *e)
{
	uint64_t ticks;

	if (ptrace(PTRACE_SEIZE, c->pid, 0, PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) < 0)
		return errno == ESRCH ? err_errno(e, ESRCH, "init of the container") : NOT_ALLOWED;
	/* a traced process keeps its number, so now the comparison stays true */
	if (pid_start_ticks(c->pid, &ticks) == 0 && ticks == c->start_ticks)
		return SEIZED;
	let_go(c->pid);
	return err_set(e, ESRCH, "init of the container has ended");
}

/*
 * Ends it, whoever watches over it: also when START was said and the monitor
 * has gone. The end of what we trace is taken from the kernel: until then the
 * monitor, its parent, does not see it.
 */
static void abandon(const struct monitor_created *c)
{
	_cleanup_close_ int pidfd = -EBADF;
	int status;

	if (pidfd_open_identity(c->pid, c->start_ticks, &pidfd) < 0 || pidfd_signal(pidfd, SIGKILL) < 0)
		return;
	while (waitpid(c->pid, &status, __WALL) == c->pid ? WIFSTOPPED(status) : errno == EINTR)
		;
}

static int connect_start(const struct launch_plan *p, int *ret_sock, struct err *e)
{
	if (p->start_name)
		return runtime_start_connect_at(p->start_dirfd, p->start_name, ret_sock, e);
	return runtime_start_connect(p->start_dirfd, p->runtime_id, ret_sock, e);
}

enum waited { AT_EXEC, ENDED };

/* Lets init run, signals and all, up to its exec or its end. Both are seen before init's own words are read, which lie in the socket. */
static int wait_for_exec(pid_t pid, struct err *e)
{
	int status;

	for (;;) {
		if (waitpid(pid, &status, __WALL) < 0) {
			if (errno == EINTR)
				continue;
			return err_errno(e, errno, "wait for the exec of the payload");
		}
		if (!WIFSTOPPED(status))
			return ENDED;
		switch (status >> 16) {
		case PTRACE_EVENT_EXEC:
			return AT_EXEC;
		case PTRACE_EVENT_STOP:
			(void)ptrace(PTRACE_CONT, pid, 0, 0);
			break;
		default:
			(void)ptrace(PTRACE_CONT, pid, 0, WSTOPSIG(status));
		}
	}
}

static int record(const struct launch_plan *p, const struct launch *l, const char *stage, struct err *e)
{
	struct json_object *in_force = NULL;
	int r = inforce_read(l->created.pid, l->created.start_ticks, stage, &in_force, e);

	return r < 0 ? r : p->record(p->ctx, &l->created, in_force, e);
}

/* Steps 6 to 8 with init seized. */
static int start_traced(const struct launch_plan *p, struct launch *l, int sock, struct err *e)
{
	int r = runtime_start_send(sock, e);
	int at;

	if (r < 0)
		return r;
	at = wait_for_exec(l->created.pid, e);
	if (at < 0)
		return at;
	r = runtime_start_ready(sock, e);
	if (r == 0)
		r = runtime_start_result(sock, e);
	if (r < 0)
		return r;
	if (at == ENDED)
		return err_set(e, ESRCH, "the payload was killed before it ran");
	r = record(p, l, INFORCE_EXEC_STOP, e);
	/* before it runs: it may end before we come to say anything */
	r = r < 0 ? r : monitor_say_started(&l->monitor, p->at_exit, e);
	if (r < 0)
		return r;
	if (ptrace(PTRACE_DETACH, l->created.pid, 0, 0) < 0 && errno != ESRCH)
		return err_errno(e, errno, "release the payload");
	return 0;
}

/* There is no stop: what must be said before the payload runs is said before START. Its failure then is an end like others, and ours to clear up. */
static int start_untraced(const struct launch_plan *p, struct launch *l, int sock, struct err *e)
{
	int r = runtime_start_ready(sock, e);

	if (r == 0)
		r = record(p, l, INFORCE_PRE_EXEC, e);
	if (r == 0)
		r = monitor_say_started(&l->monitor, p->at_exit, e);
	if (r < 0)
		return r;
	r = runtime_start_send(sock, e);
	if (r == 0)
		r = runtime_start_result(sock, e);
	if (r < 0)
		(void)!monitor_say_cleaned(&l->monitor, NULL);
	return r;
}

int launch_release(const struct launch_plan *p, struct launch *l, struct err *e)
{
	_cleanup_close_ int sock = -EBADF;
	int r, how;

	how = seize(&l->created, e);
	if (how < 0)
		return how;
	r = connect_start(p, &sock, e);
	if (r == 0)
		r = how == SEIZED ? start_traced(p, l, sock, e) : start_untraced(p, l, sock, e);
	if (r < 0) {
		abandon(&l->created);
		return r;
	}
	l->released = true;
	return 0;
}

void launch_done(struct launch *l)
{
	/* closing the socket before STARTED is what tells the monitor to kill and clean up */
	fd_closep(&l->monitor.sync_fd);
	if (l->watching && !l->released && l->monitor.pidfd >= 0)
		(void)!pidfd_wait(l->monitor.pidfd, GONE_TIMEOUT_MS);
	monitor_handle_done(&l->monitor);
}
