/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Both ways of becoming ready are there because both helpers are: pasta
 * forks and its first process exits when the interface is configured;
 * slirp4netns stays and writes to a descriptor. A daemon is our child since
 * we are the subreaper, and stays known by a number that only we can free.
 */
#include "monitor/helper.h"

#include "base/strv.h"
#include "monitor/children.h"
#include "sys/fd.h"
#include "sys/pidfd.h"
#include "sys/root_end.h"
#include "sys/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define READY_FD 3 /* what it inherits, in this order */
#define RUN_FD 4
#define WORDS_MAX 400

/* `text` with each `mark` replaced by a number, in a new string; the caller frees. */
static char *with_number(const char *text, const char *mark, int number)
{
	char digits[12];
	size_t n, len = strlen(text) + 1;
	char *out, *p;

	snprintf(digits, sizeof(digits), "%d", number);
	n = strlen(digits);
	/* at most every 5 bytes become 11 */
	p = out = malloc(3 * len);
	if (!out)
		return NULL;
	for (const char *at; (at = strstr(text, mark)); text = at + strlen(mark)) {
		p = (char *)memcpy(p, text, (size_t)(at - text)) + (at - text);
		p = (char *)memcpy(p, digits, n) + n;
	}
	memcpy(p, text, strlen(text) + 1);
	return out;
}

static int fill_argv(char *const *argv, pid_t init, struct strv *out)
{
	const struct {
		const char *mark;
		int number;
	} marks[] = {{"{PID}", (int)init}, {"{READY_FD}", READY_FD}, {"{RUN_FD}", RUN_FD}};
	int r = 0;

	for (; r == 0 && *argv; argv++) {
		_cleanup_free_ char *word = strdup(*argv);

		for (size_t i = 0; word && i < ARRAY_SIZE(marks); i++) {
			char *next = with_number(word, marks[i].mark, marks[i].number);

			free(word);
			word = next;
		}
		r = strv_consume(out, TAKE_PTR(word));
	}
	return r;
}

static bool names(char *const *argv, const char *mark)
{
	while (*argv && !strstr(*argv, mark))
		argv++;
	return *argv;
}

static int open_pipe(int *ret_read, int *ret_write)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	*ret_read = p[0];
	*ret_write = p[1];
	return 0;
}

int helper_start(struct helper *h, const struct monitor_options *o, pid_t init, int run_dirfd, struct err *e)
{
	_cleanup_(strv_done) struct strv argv = {0};
	_cleanup_close_ int ready_w = -EBADF, words_w = -EBADF;
	struct spawn s = SPAWN_INIT;
	int pass[3];
	int r;

	r = fill_argv(o->helper, init, &argv);
	if (r == 0)
		r = open_pipe(&h->words_fd, &words_w);
	if (r == 0 && !o->helper_pid_file)
		r = open_pipe(&h->ready_fd, &ready_w);
	if (r < 0)
		return err_errno(e, -r, "network helper %s", o->helper[0]);
	if (o->helper_pid_file && unlink(o->helper_pid_file) < 0 && errno != ENOENT)
		return err_errno(e, errno, "old pid file of the network helper");
	/* the caller's environment is not its business */
	s.envp = (char *[]){NULL};
	s.exe_fd = o->helper_fd;
	s.argv = argv.items;
	/* without it the engine ends an orphan, with the next command that has to do with the container */
	(void)!root_end_watch(init, &h->end_fd);
	s.fds = pass;
	/* READY_FD, RUN_FD: of one that stays as it is. A directory leads out of a helper's sandbox: only who asks for it gets it */
	if (ready_w >= 0) {
		pass[s.n_fds++] = ready_w;
		if (names(o->helper, "{RUN_FD}"))
			pass[s.n_fds++] = run_dirfd;
	}
	if (h->end_fd >= 0)
		pass[s.n_fds++] = h->end_fd;
	s.stdio[0] = -EBADF;
	s.stdio[1] = -EBADF;
	s.stdio[2] = words_w;
	return spawn_start(&s, &h->pid, NULL, e);
}

void helper_poll(struct helper *h, struct pollset *set)
{
	h->slot = pollset_add(set, h->ready_fd, POLLIN);
	if (h->pid > 0 && h->kill_ms > 0)
		pollset_wake_at(set, h->kill_ms);
}

/* Its last line on stderr is the reason; the ones before are its greeting. */
static int failed(struct helper *h, const char *how, struct err *e)
{
	char words[WORDS_MAX + 1];
	ssize_t n = read(h->words_fd, words, WORDS_MAX);
	char *line;

	err_hint(e, "--network none and --network host need no helper; --network slirp4netns and pasta are two of them");
	if (n <= 0)
		return err_set(e, EIO, "network helper: %s", how);
	while (n > 0 && words[n - 1] == '\n')
		n--;
	words[n] = '\0';
	line = strrchr(words, '\n');
	return err_set(e, EIO, "network helper: %s: %s", how, line ? line + 1 : words);
}

static void ready(struct helper *h)
{
	h->is_ready = true;
	fd_closep(&h->ready_fd);
	if (h->end_fd >= 0)
		(void)!root_end_signal(h->end_fd, h->pid, SIGTERM);
	fd_closep(&h->end_fd);
	/* words_fd stays: closed, the next word of one that talks on would kill it; full, it loses words */
}

int helper_dispatch(struct helper *h, const struct pollset *set, struct err *e)
{
	char byte;

	if (h->pid > 0 && h->kill_ms > 0 && now_ms() >= h->kill_ms) {
		(void)!child_signal(h->pid, SIGKILL);
		h->kill_ms = INT64_MAX;
	}
	if (!pollset_got(set, h->slot))
		return 0;
	if (read(h->ready_fd, &byte, 1) != 1)
		return failed(h, "ended before it was ready", e);
	ready(h);
	return 0;
}

int helper_child_ended(struct helper *h, const struct monitor_options *o, int status, struct err *e)
{
	int r;

	h->pid = 0;
	if (h->is_ready)
		return 0;
	if (!o->helper_pid_file || status != 0)
		return failed(h, WIFSIGNALED(status) ? "was killed" : "failed", e);
	r = child_from_pid_file(o->helper_pid_file, 0, &h->pid);
	if (r < 0)
		return err_errno(e, -r, "network helper: its pid file");
	ready(h);
	return 0;
}

int helper_note(const struct helper *h, int run_dirfd, struct err *e)
{
	_cleanup_close_ int fd = openat(run_dirfd, HELPER_NOTE, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	char text[48];
	uint64_t ticks;
	int n, r = pid_start_ticks(h->pid, &ticks);

	if (r == -ESRCH)
		return 0;
	if (r == 0 && fd < 0)
		r = -errno;
	if (r == 0) {
		n = snprintf(text, sizeof(text), "%d %llu\n", (int)h->pid, (unsigned long long)ticks);
		r = fd_write_all(fd, text, (size_t)n);
	}
	return r < 0 ? err_errno(e, -r, "note the network helper") : 0;
}

void helper_stop(struct helper *h)
{
	if (h->pid <= 0 || h->kill_ms > 0)
		return;
	h->kill_ms = now_ms() + HELPER_KILL_MS;
	(void)!child_signal(h->pid, SIGTERM);
}

void helper_done(struct helper *h)
{
	fd_closep(&h->ready_fd);
	fd_closep(&h->words_fd);
	fd_closep(&h->end_fd);
}

void helper_forget(int run_dirfd)
{
	(void)unlinkat(run_dirfd, HELPER_NOTE, 0);
}
