/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The worker is forked, so that it has all that the build has read and opened,
 * and is a process, because all that makes a stage waits for one thing at a
 * time. What it writes goes through pipes that take the place of the build's
 * descriptors, so that no line is mixed with another stage's.
 *
 * Its guard holds the pipe of the answer until it ends: who has stopped a
 * worker sees by the end of that pipe when the last of it has gone.
 */
#include "build/worker.h"

#include "engine/keeper.h"
#include "image/assemble.h"
#include "image/progress.h"
#include "oci/image_config.h"
#include "sys/fd.h"
#include "sys/pidfd.h"
#include "sys/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* of all ARGs' values: one may be a MiB, and there may be many */
#define LIST_MAX ((size_t)16 << 20)
#define ANSWER_MAX (sizeof(struct answer) + IMAGE_CONFIG_MAX + 2 * LIST_MAX)
#define ANSWER_PIECE 4096
/* its guard tries for less */
#define GUARD_PATIENCE_MS 60000

/* Followed by the configuration, and by two lists of words that end in NUL. */
struct answer {
	int r;
	struct err e;
	char id[DIGEST_HEX_SIZE]; /* of the image; "": none, nothing is in the stage yet */
	bool waits[BUILD_STAGES_MAX];
	size_t config, args, used; /* their bytes */
};

/* ---- the answer ---- */

static void add_list(struct buf *b, const struct strv *list, size_t *ret_len)
{
	size_t before = b->len;

	for (size_t i = 0; i < list->n; i++)
		buf_add(b, list->items[i], strlen(list->items[i]) + 1);
	*ret_len = b->len - before;
}

int worker_answer(const struct session *s, struct stage *sg, int r, const struct err *why, struct buf *ret)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	_cleanup_free_ struct answer *a = calloc(1, sizeof(*a));
	struct digest id;

	if (!a)
		return -ENOMEM;
	a->r = r;
	a->e = *why;
	memcpy(a->waits, sg->waits, sizeof(a->waits));
	if (r == 0)
		a->r = image_state_text(&sg->state, &text, &id, &a->e);
	if (a->r == 0) {
		if (sg->img)
			memcpy(a->id, sg->img->id, sizeof(a->id));
		a->config = text.len;
		add_list(&text, &sg->args, &a->args);
		add_list(&text, &s->vars.used, &a->used);
		if (a->args > LIST_MAX || a->used > LIST_MAX) {
			a->config = a->args = a->used = 0;
			a->r = err_set(&a->e, E2BIG, "ARG: more than %zu MiB of values; --jobs 1 takes them", LIST_MAX >> 20);
		}
	}
	buf_add(ret, a, sizeof(*a));
	if (a->r == 0)
		buf_add(ret, buf_str(&text), text.len);
	return -(buf_bad(&text) ? buf_bad(&text) : buf_bad(ret));
}

static int take_list(struct strv *list, const char *text, size_t len, bool once)
{
	int r = len == 0 || text[len - 1] == '\0' ? 0 : -EBADMSG;

	for (size_t at = 0; r == 0 && at < len; at += strlen(text + at) + 1)
		r = once && strv_find(list, text + at) >= 0 ? 0 : strv_add(list, text + at);
	return r;
}

static bool is_hex_id(const char id[static DIGEST_HEX_SIZE])
{
	return id[DIGEST_HEX_SIZE - 1] == '\0' && (!*id || strspn(id, "0123456789abcdef") == DIGEST_HEX_SIZE - 1);
}

/* The sizes add up, and nothing is in it that no worker says. */
static bool is_answer(const struct answer *a, size_t len, const struct stage *sg)
{
	bool ok = memchr(a->e.text, '\0', sizeof(a->e.text)) && memchr(a->e.hint, '\0', sizeof(a->e.hint)) && a->r <= STAGE_WAITS &&
		  is_hex_id(a->id) && a->config <= IMAGE_CONFIG_MAX && a->args <= LIST_MAX && a->used <= LIST_MAX;

	for (size_t i = sg->index; i < BUILD_STAGES_MAX; i++)
		ok = ok && !a->waits[i];
	return ok && len == sizeof(*a) + a->config + a->args + a->used;
}

static int take_stage(struct session *s, struct stage *sg, const struct answer *a, const char *text, struct err *e)
{
	_cleanup_json_ struct json_object *json = NULL;
	int r = json_parse(text, a->config, "the stage's configuration", &json, e);

	if (r == 0 && !json)
		r = err_set(e, EBADMSG, "the stage has no configuration");
	if (r == 0)
		r = image_state_begin(&sg->state, json, NULL, e);
	if (r < 0)
		return r;
	text += a->config;
	r = take_list(&sg->args, text, a->args, false);
	if (r == 0)
		r = take_list(&s->vars.used, text + a->args, a->used, true);
	if (r < 0)
		return err_errno(e, -r, "what the stage declared");
	return *a->id ? store_resolve(s->q->store, a->id, &sg->img, e) : 0;
}

int worker_answer_parse(struct session *s, struct stage *sg, const struct buf *text, struct err *e)
{
	_cleanup_free_ struct answer *a = calloc(1, sizeof(*a));
	int r;

	if (!a)
		return err_errno(e, ENOMEM, "stage");
	if (text->len >= sizeof(*a))
		memcpy(a, text->data, sizeof(*a));
	if (text->len < sizeof(*a) || !is_answer(a, text->len, sg))
		return err_set(e, EBADMSG, "the process that made stage %zu gave no answer", sg->index + 1);
	if (a->r < 0) {
		if (e)
			*e = a->e;
		return a->r;
	}
	sg->begun = true;
	for (size_t i = 0; a->r == STAGE_WAITS && i < sg->index; i++)
		if (a->waits[i])
			session_wait_for(s, sg, &s->stages[i]);
	if (a->r == STAGE_WAITS)
		return STAGE_WAITS;
	r = take_stage(s, sg, a, text->data + sizeof(*a), e);
	sg->made = r == 0;
	return r;
}

/* ---- in the worker ---- */

/* `fd` is another file from then on. */
static int replace(int fd, int with_fd)
{
	return dup3(with_fd, fd, fd > STDERR_FILENO ? O_CLOEXEC : 0) == fd ? 0 : -errno;
}

static int make_stage(struct session *s, struct stage *sg, struct build_request *q, struct err *e)
{
	_cleanup_(assemble_endp) struct assemble *dir = NULL;
	int r = assemble_begin(q->store, &dir, e);

	if (r < 0)
		return r;
	q->dir = s->dir = dir;
	s->uppers = s->binds = 0;
	r = session_make_one(s, sg, e);
	s->dir = NULL;
	return r;
}

/* It does one thing and ends; what it has opened and allocated goes with it. */
static _Noreturn void work(const struct session *build, struct stage *sg, int answer_fd)
{
	struct build_request q = *build->q;
	struct pull_options pull = *q.pull;
	struct session s = *build;
	struct guard g = GUARD_INIT;
	struct buf text = BUF_INIT_MAX(ANSWER_MAX);
	struct err e = {0};
	int r;

	/* with the build's own end of it open its guard would wait for us */
	close(q.guard->sock_fd);
	g.hold_fd = answer_fd;
	q.guard = &g;
	q.pull = &pull;
	s.q = &q;
	s.is_worker = true;
	r = guard_start(q.eng, &g, &e);
	/* bars are drawn over themselves, and other stages' lines come between */
	if (r == 0 && pull.progress)
		r = progress_open(STDERR_FILENO, PROGRESS_PLAIN, &pull.progress, &e);
	if (r == 0)
		r = make_stage(&s, sg, &q, &e);
	guard_done(&g);
	(void)fflush(NULL);
	r = worker_answer(&s, sg, r, &e, &text);
	_exit(r < 0 || fd_write_all(answer_fd, text.data, text.len) < 0);
}

static _Noreturn void become_worker(struct session *s, struct stage *sg, pid_t parent, struct worker *w, const int writers[static WORKER_STREAMS],
				    int answer_fd)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	for (size_t i = 0; i < WORKER_STREAMS; i++)
		if (writers[i] >= 0 && replace(w->lines[i].to_fd, writers[i]) < 0)
			_exit(1);
	for (size_t i = 0; i < WORKER_STREAMS; i++) {
		if (writers[i] >= 0)
			close(writers[i]);
		fd_closep(&w->lines[i].from_fd);
	}
	fd_closep(&w->answer_fd);
	work(s, sg, answer_fd);
}

/* ---- in the build ---- */

static void done(struct worker *w)
{
	fd_closep(&w->pidfd);
	fd_closep(&w->answer_fd);
	for (size_t i = 0; i < WORKER_STREAMS; i++)
		lines_done(&w->lines[i]);
	buf_done(&w->answer);
	if (w->sg)
		w->sg->busy = false;
	w->sg = NULL;
}

/* Of each descriptor that a stage's words and its RUNs' go to, once. */
static int open_lines(const struct session *s, struct worker *w, int writers[static WORKER_STREAMS])
{
	const int to[WORKER_STREAMS] = {s->q->out_fd, s->q->err_fd, STDERR_FILENO};
	int r = 0;

	for (size_t i = 0; r == 0 && i < WORKER_STREAMS; i++) {
		bool again = false;

		for (size_t k = 0; k < i; k++)
			again |= to[k] == to[i];
		if (!again)
			r = lines_open(&w->lines[i], to[i], &writers[i]);
	}
	return r;
}

int worker_start(struct session *s, struct stage *sg, struct worker *w, struct err *e)
{
	int writers[WORKER_STREAMS] = {-EBADF, -EBADF, -EBADF}, answer[2] = {-EBADF, -EBADF}, r;
	pid_t parent = getpid();

	*w = (struct worker)WORKER_INIT;
	w->answer.limit = ANSWER_MAX + ANSWER_PIECE;
	r = open_lines(s, w, writers);
	if (r == 0 && (pipe2(answer, O_CLOEXEC) < 0 || fcntl(answer[0], F_SETFL, O_NONBLOCK) < 0))
		r = -errno;
	w->answer_fd = answer[0];
	(void)fflush(NULL);
	w->pid = r == 0 ? fork() : 0;
	if (r == 0 && w->pid == 0)
		become_worker(s, sg, parent, w, writers, answer[1]);
	if (w->pid < 0)
		r = -errno;
	for (size_t i = 0; i < WORKER_STREAMS; i++)
		fd_closep(&writers[i]);
	fd_closep(&answer[1]);
	/* there is a number for it now, however few are left */
	if (r == 0)
		r = pidfd_open_pid(w->pid, &w->pidfd);
	w->sg = sg;
	sg->busy = true;
	if (r < 0)
		worker_stop(w);
	return r < 0 ? err_errno(e, -r, "a process for stage %zu", sg->index + 1) : 0;
}

static int told(int r, struct err *e)
{
	if (r == -EPIPE)
		return err_set(e, EPIPE, "nobody reads the build's output");
	return r < 0 ? err_errno(e, -r, "the build's output") : 0;
}

/* To its end, which is when the last of the worker is closed. */
static int read_answer(struct worker *w)
{
	while (!w->ended) {
		char *room = buf_reserve(&w->answer, ANSWER_PIECE);
		ssize_t n = room ? read(w->answer_fd, room, ANSWER_PIECE) : -1;

		if (!room)
			return -buf_bad(&w->answer);
		if (n < 0 && errno != EINTR)
			return errno == EAGAIN ? 0 : -errno;
		if (n > 0)
			buf_commit(&w->answer, (size_t)n);
		w->ended = n == 0;
	}
	return 0;
}

int worker_pass(struct worker *w, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < WORKER_STREAMS; i++)
		r = lines_pass(&w->lines[i]);
	if (r < 0)
		return told(r, e);
	r = read_answer(w);
	return r < 0 ? err_errno(e, -r, "stage %zu", w->sg->index + 1) : 0;
}

static int end_lines(struct worker *w, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < WORKER_STREAMS; i++) {
		int x = lines_end(&w->lines[i]);

		r = r < 0 ? r : x;
	}
	return told(r, e);
}

int worker_end(struct session *s, struct worker *w, struct err *e)
{
	struct stage *sg = w->sg;
	int status = 0, r = spawn_wait(w->pid, &status);

	w->pid = 0;
	if (r < 0)
		r = err_errno(e, -r, "the process that made stage %zu", sg->index + 1);
	else
		r = end_lines(w, e);
	if (r == 0 && WIFSIGNALED(status))
		r = err_set(e, EIO, "the process that made stage %zu was killed by signal %d", sg->index + 1, WTERMSIG(status));
	if (r == 0)
		r = worker_answer_parse(s, sg, &w->answer, e);
	done(w);
	return r;
}

void worker_kill(const struct worker *w)
{
	if (w->pidfd >= 0)
		(void)!pidfd_signal(w->pidfd, SIGKILL);
}

void worker_stop(struct worker *w)
{
	struct pollfd p = {.fd = w->answer_fd, .events = POLLIN};
	int status;

	worker_kill(w);
	if (w->pid > 0)
		(void)!spawn_wait(w->pid, &status);
	w->pid = 0;
	while (w->answer_fd >= 0 && !w->ended && poll(&p, 1, GUARD_PATIENCE_MS) > 0 && read_answer(w) == 0)
		;
	(void)!end_lines(w, NULL);
	done(w);
}
