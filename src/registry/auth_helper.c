/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A helper is the user's own choice and runs with the user's rights; what
 * protects from it is little: it is looked for in the absolute directories of
 * PATH alone, its name holds no slash, its answer is bounded and strictly
 * parsed, and it has a time limit. Its words are not shown when they could
 * hold a secret.
 */
#include "registry/auth_helper.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "sys/fd.h"
#include "sys/pidfd.h"
#include "sys/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PROGRAM_PREFIX "docker-credential-"
#define NOT_FOUND "credentials not found"

int auth_helper_check(const char *helper, struct err *e)
{
	size_t len = strlen(helper);

	if (len > 0 && len < AUTH_HELPER_SIZE && helper[0] != '-' && helper[0] != '.' &&
	    strspn(helper, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == len)
		return 0;
	return err_set(e, EINVAL, "credential helper \"%.64s\": no name of a program", helper);
}

static int find_program(const char *helper, const char *path, char ret[static 4096], struct err *e)
{
	struct stat st;

	for (const char *p = path ? path : ""; *p;) {
		size_t len = strcspn(p, ":");

		if (*p == '/' && (size_t)snprintf(ret, 4096, "%.*s/" PROGRAM_PREFIX "%s", (int)len, p, helper) < 4096 &&
		    stat(ret, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111))
			return 0;
		p += len;
		p += *p == ':';
	}
	/* not ENOENT, which is said of credentials */
	return err_set(e, ENOPKG, "credential helper " PROGRAM_PREFIX "%s: not in PATH", helper);
}

static int time_left(int64_t end)
{
	int64_t left = end - clock_monotonic_ms();

	return left > 0 ? (int)left : 0;
}

/* Until it closes its output, within the time. */
static int read_answer(int fd, int64_t end, struct buf *answer, struct err *e)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	for (;;) {
		int left = time_left(end);
		char piece[4096];
		ssize_t n;

		if (left == 0)
			return err_set(e, ETIMEDOUT, "the credential helper did not answer in time");
		if (poll(&p, 1, left) < 0 && errno != EINTR)
			return err_errno(e, errno, "poll");
		if (!p.revents)
			continue;
		n = read(fd, piece, sizeof(piece));
		if (n < 0 && errno != EINTR)
			return err_errno(e, errno, "credential helper");
		if (n == 0)
			return 0;
		if (n > 0)
			buf_add(answer, piece, (size_t)n);
		explicit_bzero(piece, sizeof(piece));
		if (buf_bad(answer))
			return err_set(e, EFBIG, "the credential helper says more than %d bytes", AUTH_HELPER_ANSWER_MAX);
	}
}

static int input_fd(const struct buf *input, int *ret_fd, struct err *e)
{
	_cleanup_close_ int fd = memfd_create("credentials", MFD_CLOEXEC);
	int r = fd < 0 ? -errno : fd_write_all(fd, buf_str(input), input->len);

	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r < 0)
		return err_errno(e, -r, "credential helper");
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* Runs it to its end. *ret_status: as waitpid(2) has it. */
static int run(const char *helper, const char *verb, const struct buf *input, const struct registry_access *o, struct buf *answer,
	       int *ret_status, struct err *e)
{
	_cleanup_close_ int in = -EBADF, rd = -EBADF, wr = -EBADF, pidfd = -EBADF;
	char path[4096], word[16];
	char *argv[] = {path, word, NULL};
	struct spawn s = SPAWN_INIT;
	int64_t end = clock_monotonic_ms() + AUTH_HELPER_TIMEOUT_MS;
	int p[2], r;
	pid_t pid;

	r = auth_helper_check(helper, e);
	if (r == 0)
		r = find_program(helper, o->path, path, e);
	if (r == 0)
		r = input_fd(input, &in, e);
	if (r < 0)
		return r;
	if (pipe2(p, O_CLOEXEC) < 0)
		return err_errno(e, errno, "pipe");
	rd = p[0];
	wr = p[1];
	snprintf(word, sizeof(word), "%s", verb);
	s.path = path;
	s.argv = argv;
	s.stdio[0] = in;
	s.stdio[1] = wr;
	s.die_with_us = true;
	r = spawn_start(&s, &pid, &pidfd, e);
	if (r < 0)
		return r == -ENOENT ? err_set(e, ENOPKG, "credential helper %s: its interpreter is not there", path) : r;
	fd_closep(&wr);
	r = read_answer(rd, end, answer, e);
	if (r == 0 && pidfd_wait(pidfd, time_left(end)) < 0)
		r = err_set(e, ETIMEDOUT, "the credential helper did not end in time");
	if (r < 0)
		(void)!pidfd_signal(pidfd, SIGKILL);
	if (spawn_wait(pid, ret_status) < 0 && r == 0)
		r = err_set(e, ECHILD, "the credential helper is gone");
	return r;
}

static bool is_good(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* What it said stays unsaid, but for the words that mean "none". */
static int failed(const char *helper, const char *verb, const struct buf *answer, struct err *e)
{
	if (strncmp(buf_str(answer), NOT_FOUND, strlen(NOT_FOUND)) == 0)
		return -ENOENT;
	return err_set(e, EIO, "credential helper " PROGRAM_PREFIX "%s %s failed", helper, verb);
}

static int take_answer(const struct buf *answer, struct auth *ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	const char *user = NULL, *secret = NULL;
	struct auth a = {0};
	int r = json_parse(buf_str(answer), answer->len, "the credential helper's answer", &o, e);

	if (r == 0)
		r = json_get_str(o, "Username", &user, e);
	if (r == 0)
		r = json_get_str(o, "Secret", &secret, e);
	if (r < 0)
		return r;
	if (!secret || !*secret)
		return AUTH_NONE;
	/* docker's mark of a secret that is a token */
	if (user && strcmp(user, "<token>") == 0) {
		a.identity_token = strdup(secret);
	} else {
		a.username = strdup(user ? user : "");
		a.password = strdup(secret);
	}
	if (!a.identity_token && (!a.username || !a.password)) {
		auth_done(&a);
		return err_errno(e, ENOMEM, "credentials");
	}
	*ret = a;
	return AUTH_FOUND;
}

static void wipe(struct buf *b)
{
	if (b->data)
		explicit_bzero(b->data, b->cap);
	buf_done(b);
}

int auth_helper_get(const char *helper, const char *server, const struct registry_access *o, struct auth *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf input = BUF_INIT;
	_cleanup_(wipe) struct buf answer = BUF_INIT_MAX(AUTH_HELPER_ANSWER_MAX);
	int status = 0, r;

	buf_adds(&input, server);
	r = run(helper, "get", &input, o, &answer, &status, e);
	if (r == 0 && !is_good(status))
		r = failed(helper, "get", &answer, e);
	if (r < 0)
		return r == -ENOENT ? AUTH_NONE : r;
	r = take_answer(&answer, ret, e);
	return r < 0 ? err_wrap(e, r, PROGRAM_PREFIX "%s", helper) : r;
}

int auth_helper_store(const char *helper, const char *server, const struct auth *a, const struct registry_access *o, struct err *e)
{
	_cleanup_json_ struct json_object *entry = json_object_new_object();
	_cleanup_(wipe) struct buf input = BUF_INIT, answer = BUF_INIT_MAX(AUTH_HELPER_ANSWER_MAX);
	int status = 0, r;

	if (!entry || json_add_str(entry, "ServerURL", server) < 0 || json_add_str(entry, "Username", a->username) < 0 ||
	    json_add_str(entry, "Secret", a->password) < 0)
		return err_errno(e, ENOMEM, "credentials");
	buf_adds(&input, json_text(entry, NULL));
	r = run(helper, "store", &input, o, &answer, &status, e);
	if (r == 0 && !is_good(status))
		r = err_set(e, EIO, "credential helper " PROGRAM_PREFIX "%s store failed", helper);
	return r;
}

int auth_helper_erase(const char *helper, const char *server, const struct registry_access *o, struct err *e)
{
	_cleanup_(buf_done) struct buf input = BUF_INIT, answer = BUF_INIT_MAX(AUTH_HELPER_ANSWER_MAX);
	int status = 0, r;

	buf_adds(&input, server);
	r = run(helper, "erase", &input, o, &answer, &status, e);
	return r == 0 && !is_good(status) ? failed(helper, "erase", &answer, e) : r;
}
