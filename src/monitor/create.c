/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The console socket has no name: it is bound, opened with O_PATH, unlinked,
 * and given to the runtime as /proc/self/fd/N. So its path is always short
 * (sun_path holds 108 bytes, a run directory can be longer), nobody else can
 * connect, and nothing is left behind.
 */
#include "monitor/create.h"

#include "monitor/children.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/self.h"
#include "sys/spawn.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#define ARGS_MAX 64
#define CONSOLE_NAME "console"

static int listen_console(struct create *c, int run_dirfd, int *ret_path_fd)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	_cleanup_close_ int path_fd = -EBADF;
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	mode_t old;
	int r;

	if (fd < 0)
		return -errno;
	(void)unlinkat(run_dirfd, CONSOLE_NAME, 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/" CONSOLE_NAME, run_dirfd);
	old = umask(0177);
	r = bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0 ? -errno : 0;
	umask(old);
	if (r < 0)
		return r;
	r = path_own_open(run_dirfd, CONSOLE_NAME, O_PATH, 0, &path_fd);
	(void)unlinkat(run_dirfd, CONSOLE_NAME, 0);
	if (r < 0)
		return r;
	if (listen(fd, 1) < 0)
		return -errno;
	c->listen_fd = TAKE_FD(fd);
	*ret_path_fd = TAKE_FD(path_fd);
	return 0;
}

/* Those of the runtime, behind those of the payload. */
enum place { ERROR_FD, TRAIL_FD, CONSOLE, RUNTIME_FD, INIT_FD, SECRETS_FD, N_PLACES };

static const char *const place_words[N_PLACES] = {
	[ERROR_FD] = "{ERROR_FD}", [TRAIL_FD] = "{TRAIL_FD}", [CONSOLE] = "{CONSOLE}",
	[RUNTIME_FD] = "{RUNTIME_FD}", [INIT_FD] = "{INIT_FD}", [SECRETS_FD] = "{SECRETS_FD}",
};

/* The runtime's argv with the words above filled in: they become `first` and so on. */
static int fill_argv(char *const *argv, size_t first, char *out[static ARGS_MAX + 1])
{
	static char numbers[N_PLACES][32];
	size_t n;

	for (size_t i = 0; i < N_PLACES; i++)
		snprintf(numbers[i], sizeof(numbers[i]), i == CONSOLE ? "/proc/self/fd/%zu" : "%zu", first + i);
	for (n = 0; argv[n]; n++) {
		if (n == ARGS_MAX)
			return -E2BIG;
		out[n] = argv[n];
		for (size_t i = 0; i < N_PLACES; i++)
			if (strcmp(argv[n], place_words[i]) == 0)
				out[n] = numbers[i];
	}
	out[n] = NULL;
	return 0;
}

static int open_error_pipe(struct create *c, int *ret_write)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	c->error_fd = p[0];
	*ret_write = p[1];
	return fcntl(p[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

/* Places do not shift: where there is none of a kind, a second hold on the first is in its. How many are needed. */
static size_t settle_places(int *fds, size_t n)
{
	while (fds[n - 1] < 0)
		n--;
	for (size_t i = 1; i < n; i++)
		if (fds[i] < 0)
			fds[i] = fds[0];
	return n;
}

static bool wants(char *const *argv, const char *item)
{
	while (*argv && strcmp(*argv, item) != 0)
		argv++;
	return *argv != NULL;
}

/*
 * The copy of init is made before there are orders, or here, while the runtime
 * starts and reads: half a millisecond that one would wait for the other.
 * Without it the runtime makes its own, so that a failure needs no words.
 */
static void send_init(struct create *c, int sock)
{
	if (c->init_fd >= 0 || self_seal_program("ranby-init", &c->init_fd, NULL) == 0)
		(void)!fd_send(sock, "i", 1, &c->init_fd, 1);
}

/* The payload's standard streams: pipes of ours, or what the starter gave. */
static int open_stdio(const struct monitor_options *o, struct output out[static 2], struct input *in, struct stdio_ends *ret, struct err *e)
{
	if (o->stdio_fds < 0)
		return stdio_open(o->tty, o->stdin_open, &o->labels, out, in, ret, e);
	for (int i = 0; i < 3; i++)
		ret->fds[i] = o->stdio_fds + i;
	return 0;
}

static void take_passed(const struct monitor_options *o, int *ret)
{
	for (size_t i = 0; i < o->passed_count; i++)
		ret[i] = o->passed_fds + (int)i;
}

int create_start(struct create *c, const struct monitor_options *o, int run_dirfd, int trail_fd, struct output out[static 2],
		 struct input *in, struct err *e)
{
	_cleanup_(stdio_ends_done) struct stdio_ends ends = {{-EBADF, -EBADF, -EBADF}};
	_cleanup_close_ int error_w = -EBADF, console = -EBADF, init_ours = -EBADF, init_theirs = -EBADF;
	struct spawn s = SPAWN_INIT;
	char *argv[ARGS_MAX + 1];
	int all[MONITOR_PASSED_MAX + N_PLACES], *fds = all + o->passed_count, pair[2], r;

	r = open_stdio(o, out, in, &ends, e);
	if (r < 0)
		return r;
	take_passed(o, all);
	r = fill_argv(o->runtime, 3 + o->passed_count, argv);
	if (r == 0)
		r = open_error_pipe(c, &error_w);
	if (r == 0 && o->tty)
		r = listen_console(c, run_dirfd, &console);
	if (r == 0 && wants(o->runtime, "{INIT_FD}")) {
		r = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0 ? -errno : 0;
		init_ours = r == 0 ? pair[0] : -EBADF;
		init_theirs = r == 0 ? pair[1] : -EBADF;
	}
	if (r < 0)
		return err_errno(e, -r, "prepare the runtime");
	/* an old one would be taken for this one's */
	if (unlink(o->pid_file) < 0 && errno != ENOENT)
		return err_errno(e, errno, "old pid file");
	fds[ERROR_FD] = error_w;
	fds[TRAIL_FD] = trail_fd;
	fds[CONSOLE] = console;
	fds[RUNTIME_FD] = o->runtime_fd;
	fds[INIT_FD] = init_theirs;
	fds[SECRETS_FD] = o->secrets_fd;
	s.n_fds = o->passed_count + settle_places(fds, N_PLACES);
	s.path = argv[0];
	s.argv = argv;
	s.fds = all;
	s.userns_fd = o->userns_fd;
	/* what it makes meanwhile watches the lifeline, see launch.h */
	s.die_with_us = true;
	memcpy(s.stdio, ends.fds, sizeof(s.stdio));
	r = spawn_start(&s, &c->pid, NULL, e);
	fd_closep(&init_theirs);
	/* nobody can ask us for it then */
	if (o->secrets_fd >= 0)
		close(o->secrets_fd);
	/* nor does anybody wait for the end of what we alone still hold */
	for (size_t i = 0; i < o->passed_count; i++)
		close(all[i]);
	if (r == 0 && init_ours >= 0)
		send_init(c, init_ours);
	fd_closep(&c->init_fd);
	return r;
}

void create_poll(struct create *c, struct pollset *set)
{
	c->slot = pollset_add(set, c->console_fd >= 0 ? c->console_fd : c->listen_fd, POLLIN);
	c->error_slot = pollset_add(set, c->says_no_more ? -EBADF : c->error_fd, POLLIN);
}

/* A struct err comes whole (it is shorter than PIPE_BUF) or not at all. */
static void hear_outcome(struct create *c)
{
	ssize_t n = c->says_no_more ? -1 : read(c->error_fd, &c->said, sizeof(c->said));

	/* the end of file: a runtime that closes what it does not know */
	c->says_no_more |= n >= 0;
	if (n != (ssize_t)sizeof(c->said))
		return;
	c->said.text[sizeof(c->said.text) - 1] = '\0';
	c->said.hint[sizeof(c->said.hint) - 1] = '\0';
	c->has_said = true;
}

bool create_is_done(const struct create *c)
{
	return c->has_said && c->said.code == 0;
}

/* Accepts, then receives: whatever is there. 0 also when nothing is. */
static int take_console(struct create *c, struct output out[static 2], struct input *in, struct err *e)
{
	size_t n = 1;
	int master;
	char byte[64];
	ssize_t got;
	int r;

	if (c->console_fd < 0) {
		c->console_fd = accept4(c->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (c->console_fd < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : err_errno(e, errno, "console socket");
	}
	got = fd_recv(c->console_fd, byte, sizeof(byte), &master, &n);
	if (got == -EAGAIN)
		return 0;
	if (got < 0)
		return err_errno(e, (int)-got, "console socket");
	fd_closep(&c->console_fd);
	if (n == 0)
		return got == 0 ? 0 : err_set(e, EPROTO, "console socket: a message without a terminal");
	fd_closep(&c->listen_fd);
	r = stdio_set_terminal(master, out, in);
	return r < 0 ? err_errno(e, -r, "the payload's terminal") : 0;
}

int create_dispatch(struct create *c, const struct pollset *set, struct output out[static 2], struct input *in, struct err *e)
{
	if (pollset_got(set, c->error_slot))
		hear_outcome(c);
	return pollset_got(set, c->slot) ? take_console(c, out, in, e) : 0;
}

void create_hear(struct create *c, const char *data, size_t len)
{
	if (len > sizeof(c->words) - c->words_len)
		len = sizeof(c->words) - c->words_len;
	memcpy(c->words + c->words_len, data, len);
	c->words_len += len;
}

/* Its struct err, whole; else the words on stderr; else the status. */
static int fetch_error(struct create *c, const char *runtime, int status, struct err *e)
{
	hear_outcome(c);
	if (c->has_said && c->said.code != 0) {
		*e = c->said;
		return e->code > 0 ? -e->code : -EIO;
	}
	while (c->words_len > 0 && c->words[c->words_len - 1] == '\n')
		c->words_len--;
	if (c->words_len > 0)
		return err_set(e, EIO, "%s: %.*s", runtime, (int)c->words_len, c->words);
	if (WIFSIGNALED(status))
		return err_set(e, EIO, "%s: killed by signal %d", runtime, WTERMSIG(status));
	return err_set(e, EIO, "%s: exited with %d", runtime, WEXITSTATUS(status));
}

int create_finish(struct create *c, int status, const struct monitor_options *o, struct output out[static 2], struct input *in,
		  pid_t *ret_init, struct err *e)
{
	const char *slash = strrchr(o->runtime[0], '/');
	const char *name = slash ? slash + 1 : o->runtime[0];
	int r;

	/* what it still left in the pipe: up to the room there is */
	if (status != 0 && out[LOG_STDERR].len == 0 && output_read(&out[LOG_STDERR], false) == OUTPUT_PIECE) {
		create_hear(c, out[LOG_STDERR].data, out[LOG_STDERR].len);
		out[LOG_STDERR].len = 0;
	}
	if (status != 0) {
		c->pid = 0;
		return fetch_error(c, name, status, e);
	}
	if (o->tty && out[LOG_STDOUT].fd < 0) {
		r = take_console(c, out, in, e);
		if (r == 0 && c->console_fd >= 0)
			r = take_console(c, out, in, e);
		if (r == 0 && out[LOG_STDOUT].fd < 0)
			r = err_set(e, EPROTO, "%s: sent no terminal", name);
		if (r < 0)
			return r;
	}
	r = child_from_pid_file(o->pid_file, c->pid, ret_init);
	c->pid = 0;
	return r < 0 ? err_errno(e, -r, "%s: pid of the container's init", name) : 0;
}

void create_done(struct create *c)
{
	fd_closep(&c->init_fd);
	fd_closep(&c->error_fd);
	fd_closep(&c->listen_fd);
	fd_closep(&c->console_fd);
}
