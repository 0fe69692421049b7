/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A pidfd is opened for {pid, start time} and held over signal and wait:
 * a number that was given to another process meanwhile is never signalled
 * (attack class A53).
 */
#include "engine/stop.h"
#include "engine/freeze.h"
#include "engine/launch.h"
#include "engine/prepared.h"

#include "base/clock.h"
#include "monitor/exit.h"
#include "monitor/exit_file.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/pidfd.h"

#include <fcntl.h>
#include <signal.h>

#define KILL_TIMEOUT_MS 10000 /* an init in uninterruptible sleep is the host's trouble, and is reported */

static int not_running(const struct container *c, struct err *e)
{
	return err_set(e, ESRCH, "container %.12s is not running (it is %s)", c->id, container_status_word(c->status));
}

int stop_signal(const struct container *c, int sig, struct err *e)
{
	_cleanup_close_ int pidfd = -EBADF;
	int r = container_pidfd(c, &pidfd);

	if (r == 0)
		r = pidfd_signal(pidfd, sig);
	if (r == -ESRCH)
		return not_running(c, e);
	return r < 0 ? err_errno(e, -r, "signal container %.12s", c->id) : 0;
}

static int kill_and_wait(int pidfd, const struct container *c, struct err *e)
{
	int r = pidfd_signal(pidfd, SIGKILL);

	if (r == 0)
		r = pidfd_wait(pidfd, KILL_TIMEOUT_MS);
	return r < 0 && r != -ESRCH ? err_errno(e, -r, "kill container %.12s", c->id) : 0;
}

int stop_kill(const struct container *c, struct err *e)
{
	_cleanup_close_ int pidfd = -EBADF;
	int r = container_pidfd(c, &pidfd);

	if (r == -ESRCH)
		return 0;
	return r < 0 ? err_errno(e, -r, "container %.12s", c->id) : kill_and_wait(pidfd, c, e);
}

/* A monitor ends the network helper; one that was killed does not. */
static void end_orphaned_helper(struct engine *eng, const struct container *c)
{
	_cleanup_close_ int dir = -EBADF, monitor = -EBADF;

	if (path_own_open(eng->run_fd, c->id, O_RDONLY | O_DIRECTORY, 0, &dir) == 0 &&
	    launch_monitor_of(dir, &monitor) == -ESRCH)
		(void)!launch_end_helper(dir);
}

void stopping_done(struct stopping *s)
{
	fd_closep(&s->pidfd);
}

int stop_begin(struct engine *eng, struct container *c, int timeout_ms, struct stopping *ret, struct err *e)
{
	_cleanup_close_ int pidfd = -EBADF;
	int sig = (int)json_int(c->spec, "stopSignal"), r;

	/* nothing of it was let run that a signal could be meant for */
	if (c->status == CONTAINER_INITIALIZED)
		return prepared_end(eng, c, e);
	r = container_pidfd(c, &pidfd);

	if (r == -ESRCH)
		return 0;
	if (timeout_ms == STOP_TIMEOUT_OWN)
		timeout_ms = (int)json_int(c->spec, "stopTimeout") * 1000;
	if (r == 0)
		r = pidfd_signal(pidfd, timeout_ms == 0 ? SIGKILL : sig > 0 ? sig : SIGTERM);
	/* the signal is there when it goes on; SIGKILL needs no going on */
	if (r == 0 && timeout_ms != 0 && c->status == CONTAINER_PAUSED)
		freeze_thaw(eng, c);
	if (r < 0 && r != -ESRCH)
		return err_errno(e, -r, "stop container %.12s", c->id);
	*ret = (struct stopping){.pidfd = TAKE_FD(pidfd), .deadline_ms = timeout_ms < 0 ? -1 : clock_monotonic_ms() + timeout_ms};
	return 0;
}

/* What is left of its time; -1: no end. */
static int time_left(const struct stopping *s)
{
	int64_t left = s->deadline_ms < 0 ? -1 : s->deadline_ms - clock_monotonic_ms();

	return s->deadline_ms >= 0 && left < 0 ? 0 : (int)left;
}

int stop_end(struct engine *eng, struct container *c, const struct stopping *s, struct err *e)
{
	int r;

	if (s->pidfd < 0)
		return 0;
	r = pidfd_wait(s->pidfd, time_left(s));
	if (r == -ETIMEDOUT)
		r = kill_and_wait(s->pidfd, c, e);
	else if (r < 0)
		r = err_errno(e, -r, "stop container %.12s", c->id);
	if (r < 0)
		return r;
	end_orphaned_helper(eng, c);
	return container_refresh(eng, c, e);
}

int stop_container(struct engine *eng, struct container *c, int timeout_ms, struct err *e)
{
	_cleanup_(stopping_done) struct stopping s = STOPPING_INIT;
	int r = stop_begin(eng, c, timeout_ms, &s, e);

	return r == 0 ? stop_end(eng, c, &s, e) : r;
}

/* The end of that run, where the file was opened before its name went with --rm. */
static int read_end(int fd, pid_t pid, uint64_t start_ticks, struct container *c)
{
	char text[EXIT_TEXT_MAX];
	struct monitor_exit x;
	ssize_t n = pread(fd, text, sizeof(text), 0);

	if (n <= 0 || exit_parse(text, (size_t)n, &x) < 0 || x.pid != pid || x.start_ticks != start_ticks)
		return -ENOENT;
	c->status = CONTAINER_EXITED;
	c->pid = 0;
	c->start_ticks = start_ticks;
	c->end = x;
	c->exit_code = x.exit_code;
	return 0;
}

void stop_waiting_done(struct stop_waiting *s)
{
	fd_closep(&s->pidfd);
	fd_closep(&s->end_fd);
}

int stop_wait_begin(const struct container *c, struct stop_waiting *ret, struct err *e)
{
	int r = container_pidfd(c, &ret->pidfd);

	if (r < 0 && r != -ESRCH)
		return err_errno(e, -r, "wait for container %.12s", c->id);
	if (r == 0)
		(void)!path_own_open(container_dir(c), CONTAINER_EXIT_FILE EXIT_FILE_UNFINISHED, O_RDONLY, 0, &ret->end_fd);
	ret->pid = c->pid;
	ret->start_ticks = c->start_ticks;
	return 0;
}

int stop_wait_end(struct engine *eng, struct container *c, const struct stop_waiting *s, int timeout_ms, struct err *e)
{
	int r = s->pidfd < 0 ? 0 : pidfd_wait(s->pidfd, timeout_ms);

	if (r < 0)
		return err_errno(e, -r, "wait for container %.12s", c->id);
	r = container_refresh(eng, c, e);
	if (r == -ENOENT && s->end_fd >= 0) {
		r = read_end(s->end_fd, s->pid, s->start_ticks, c);
		if (r == 0)
			err_clear(e);
	}
	return r;
}

int stop_wait(struct engine *eng, struct container *c, int timeout_ms, struct err *e)
{
	_cleanup_(stop_waiting_done) struct stop_waiting s = STOP_WAITING_INIT;
	int r = stop_wait_begin(c, &s, e);

	return r == 0 ? stop_wait_end(eng, c, &s, timeout_ms, e) : r;
}
