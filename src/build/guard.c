/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A container's monitor is no child of the build and would go on without it.
 * The guard holds one end of a socket; when the other one closes without the
 * last word, the build has been killed, whatever by, and the guard executes `ranby rm
 * --force` of the one name that the build's containers have in turn, until it
 * has succeeded: one can come too early, while the monitor still takes down
 * what was never started. Then `ranby rmi --ignore` removes the directory that
 * the build worked in, whose lock died with it. A directory of --output it is
 * told of before that is made, by a name that nobody else has. It has a session of its own, so
 * that a signal for the terminal's processes is not its, and is there before
 * there is anything to remove.
 *
 * Where the guard is killed too, or the machine stops, the name tells whose
 * container it was: build-PID-START with the builder's pid and start time. Who
 * sweeps reads the directory of names, which is one open and mostly nothing
 * that begins so, and takes what belongs to a builder that is no more.
 */
#include "build/guard.h"

#include "base/parse.h"
#include "base/strv.h"
#include "engine/container.h"
#include "engine/remove.h"
#include "sys/dir.h"
#include "sys/fd.h"
#include "sys/pidfd.h"
#include "sys/spawn.h"
#include "tar/unpack.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME_BEGIN "build-"
/* that an rm failed so often means that it will not succeed; the next build tries again */
#define TRIES_MAX 20
#define BETWEEN_TRIES_MS 250
#define PATIENCE_MS 10000

/* ---- the files of its RUN ---- */

void guard_remove_files(int run_fd, const char *name)
{
	char path[80];

	for (int i = 0; i < GUARD_FILES_MAX; i++) {
		snprintf(path, sizeof(path), "%s/%d", name, i);
		(void)unlinkat(run_fd, path, 0);
	}
	(void)unlinkat(run_fd, name, AT_REMOVEDIR);
}

/* ---- the process ---- */

/* 0: there is none of that name any more. */
static int execute(char *const *argv)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || spawn_wait(pid, &status) < 0)
		return -EAGAIN;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EBUSY;
}

static void end_container(char *const *argv)
{
	for (int i = 0; i < TRIES_MAX && execute(argv) < 0; i++)
		(void)poll(NULL, 0, BETWEEN_TRIES_MS);
}

/* A signal of the terminal's to all of its group is the build's alone; one that was on its way when we were not apart yet is dropped. */
static void leave_group(const sigset_t *mask)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

	setsid();
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], SIG_IGN);
	sigprocmask(SIG_SETMASK, mask, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], SIG_DFL);
}

/* What the build says, in one message each. */
struct word {
	enum { WORD_END, WORD_PLACE, WORD_NO_PLACE } word;
	struct guard_place place; /* its descriptors come along; with keeper_fd the second */
};

struct watch {
	int sock_fd, build_fd, run_fd, null_fd, hold_fd; /* build_fd: a pidfd */
	const char *name;
	char *const *rm, *const *sweep;
};

/* What the build had open shall not stay open with it: 3 is the socket, 4 the build, 5 the run directory, 6 what is held. */
static bool keep_ours(const struct watch *w)
{
	const int fds[] = {w->null_fd, w->null_fd, w->null_fd, w->sock_fd, w->build_fd, w->run_fd, w->hold_fd >= 0 ? w->hold_fd : w->null_fd};
	int high[ARRAY_SIZE(fds)];

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if ((high[i] = fcntl(fds[i], F_DUPFD, (int)ARRAY_SIZE(fds))) < 0)
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (dup2(high[i], (int)i) < 0)
			return false;
	return close_range(ARRAY_SIZE(fds), ~0U, 0) == 0 && fd_cloexec_from(ARRAY_SIZE(fds) - 1) == 0;
}

static void forget_place(struct guard_place *p)
{
	fd_closep(&p->parent_fd);
	fd_closep(&p->keeper_fd);
}

/* What the build has said last, until it says that all is well (true) or nothing any more. */
static bool listen_to(int sock_fd, struct guard_place *place)
{
	for (;;) {
		int fds[2] = {-EBADF, -EBADF};
		size_t n = ARRAY_SIZE(fds);
		struct word w;

		if (fd_recv(sock_fd, &w, sizeof(w), fds, &n) != (ssize_t)sizeof(w))
			return false;
		forget_place(place);
		if (w.word == WORD_END)
			return true;
		if (w.word != WORD_PLACE)
			continue;
		*place = w.place;
		place->parent_fd = fds[0];
		place->keeper_fd = fds[1];
	}
}

void guard_remove_parents(char *dest, size_t there)
{
	for (char *slash; (slash = strrchr(dest, '/')) && (size_t)(slash - dest) > there;) {
		*slash = '\0';
		if (rmdir(dest) < 0 && errno != ENOENT)
			return;
	}
}

/* Who wrote into it may end a moment after the build. */
static void remove_place(struct guard_place *p)
{
	for (int i = 0; p->parent_fd >= 0 && i < TRIES_MAX && faccessat(p->parent_fd, p->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0; i++) {
		if (i > 0)
			(void)poll(NULL, 0, BETWEEN_TRIES_MS);
		(void)!unpack_remove(p->parent_fd, p->name, p->keeper_fd, NULL);
	}
	guard_remove_parents(p->dest, p->there);
	forget_place(p);
}

static _Noreturn void watch(const struct watch *w, const sigset_t *mask)
{
	struct guard_place place = {.parent_fd = -EBADF, .keeper_fd = -EBADF};

	leave_group(mask);
	if (!keep_ours(w))
		_exit(1);
	if (listen_to(3, &place))
		_exit(0);
	/* the socket goes a moment before its locks do, and what is locked is not swept */
	(void)!pidfd_wait(4, PATIENCE_MS);
	guard_remove_files(5, w->name);
	remove_place(&place);
	close_range(3, 5, 0);
	end_container(w->rm);
	_exit(execute(w->sweep) < 0);
}

static int name_ourselves(char ret[static GUARD_NAME_SIZE], struct err *e)
{
	uint64_t ticks;
	int r = pid_start_ticks(getpid(), &ticks);

	if (r < 0)
		return err_errno(e, -r, "build: our own start time");
	snprintf(ret, GUARD_NAME_SIZE, NAME_BEGIN "%d-%llu", (int)getpid(), (unsigned long long)ticks);
	return 0;
}

int guard_start(struct engine *eng, struct guard *g, struct err *e)
{
	static const char *const sweep_words[] = {"rmi", "--ignore", NULL};
	_cleanup_(strv_done) struct strv rm = {0}, sweep = {0};
	_cleanup_close_ int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC), build_fd = -EBADF;
	const char *const words[] = {"rm", "--force", "--ignore", "--time", "0", g->name, NULL};
	sigset_t all, mask;
	int fds[2], r;

	if (g->pid > 0)
		return 0;
	r = name_ourselves(g->name, e);
	if (r == 0 && pidfd_open_pid(getpid(), &build_fd) < 0)
		r = err_errno(e, errno, "build");
	if (r == 0)
		r = engine_argv(eng, words, &rm, e);
	if (r == 0)
		r = engine_argv(eng, sweep_words, &sweep, e);
	if (r < 0)
		return r;
	if (null_fd < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return err_errno(e, errno, "build");
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &mask);
	g->pid = fork();
	if (g->pid == 0) {
		close(fds[1]);
		watch(&(struct watch){fds[0], build_fd, eng->run_fd, null_fd, g->hold_fd, g->name, rm.items, sweep.items}, &mask);
	}
	sigprocmask(SIG_SETMASK, &mask, NULL);
	close(fds[0]);
	g->sock_fd = fds[1];
	return g->pid < 0 ? err_errno(e, errno, "fork") : 0;
}

int guard_place(const struct guard *g, const struct guard_place *p, struct err *e)
{
	const int fds[] = {p ? p->parent_fd : -EBADF, p ? p->keeper_fd : -EBADF};
	struct word w = {.word = p ? WORD_PLACE : WORD_NO_PLACE};
	int r;

	if (p)
		w.place = *p;
	r = fd_send(g->sock_fd, &w, sizeof(w), fds, !p || p->parent_fd < 0 ? 0 : p->keeper_fd >= 0 ? 2 : 1);
	return r < 0 ? err_errno(e, -r, "the build's guard") : 0;
}

void guard_done(struct guard *g)
{
	const struct word w = {.word = WORD_END};
	int status;

	if (g->pid <= 0)
		return;
	if (fd_send(g->sock_fd, &w, sizeof(w), NULL, 0) < 0)
		return;
	fd_closep(&g->sock_fd);
	(void)!spawn_wait(g->pid, &status);
	g->pid = 0;
}

/* ---- what others left ---- */

bool guard_name_parse(const char *name, pid_t *ret_pid, uint64_t *ret_ticks)
{
	const char *ticks = strrchr(name, '-');
	uint32_t pid;
	uint64_t t;
	char number[12];

	if (strncmp(name, NAME_BEGIN, strlen(NAME_BEGIN)) != 0)
		return false;
	name += strlen(NAME_BEGIN);
	if (!ticks || ticks < name || (size_t)(ticks - name) >= sizeof(number))
		return false;
	snprintf(number, sizeof(number), "%.*s", (int)(ticks - name), name);
	if (parse_u32(number, 1, INT32_MAX, &pid) < 0 || parse_u64(ticks + 1, 0, UINT64_MAX, &t) < 0)
		return false;
	*ret_pid = (pid_t)pid;
	*ret_ticks = t;
	return true;
}

/* A builder that is a zombie makes nothing any more either. */
static bool is_of_the_dead(const char *name)
{
	_cleanup_close_ int pidfd = -EBADF;
	uint64_t ticks;
	pid_t pid;
	int r;

	if (!guard_name_parse(name, &pid, &ticks))
		return false;
	r = pidfd_open_identity(pid, ticks, &pidfd);
	return r == -ESRCH || (r == 0 && pidfd_has_ended(pidfd));
}

static void sweep_container(struct engine *eng, const char *name)
{
	static const struct remove_options all = {.force = true, .volumes = true, .reason = REMOVE_AUTO};
	_cleanup_(container_freep) struct container *c = NULL;

	/* somebody may call a container of his own so */
	if (container_find(eng, name, &c, NULL) == 0 && json_true(c->spec, "isBuild"))
		(void)!remove_container(eng, c, &all, NULL);
}

static void sweep_files(struct engine *eng, const char *name)
{
	guard_remove_files(eng->run_fd, name);
}

static void each_of_the_dead(struct engine *eng, int dir_fd, void (*sweep)(struct engine *eng, const char *name))
{
	const struct dirent *d;
	DIR *dir = dir_fd < 0 ? NULL : fdopendir(dir_fd);
	int r = 0;

	if (!dir) {
		fd_closep(&dir_fd);
		return;
	}
	while (r == 0 && (d = dir_next(dir, &r)))
		if (is_of_the_dead(d->d_name))
			sweep(eng, d->d_name);
	closedir(dir);
}

void guard_sweep(struct engine *eng)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;

	container_sweep(eng, remove_container_dir);
	each_of_the_dead(eng, openat(eng->data_fd, ENGINE_NAMES, flags), sweep_container);
	each_of_the_dead(eng, openat(eng->run_fd, ".", flags), sweep_files);
}
