/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The worker gets its secrets in the first packet and an environment of
 * nothing but proxies, so that /proc shows none of them to anybody.
 */
#include "registry/fetch.h"

#include "sys/fd.h"
#include "sys/pidfd.h"
#include "sys/self.h"
#include "sys/spawn.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define WORKER "ranby-fetch"

static int send_session(int sock, struct json_object *session, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	const char *text;
	size_t len;
	int r;

	text = json_text(session, &len);
	if (!text || len > FETCH_SESSION_MAX)
		return err_set(e, EMSGSIZE, "credentials or certificates are too long");
	fd = memfd_create("session", MFD_CLOEXEC);
	if (fd < 0)
		return err_errno(e, errno, "memfd");
	r = fd_write_all(fd, text, len);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r == 0)
		r = fd_send(sock, "S", 1, &fd, 1);
	return r < 0 ? err_errno(e, -r, WORKER) : 0;
}

int fetch_start(struct fetch_client *fc, struct json_object *session, char *const *env, struct err *e)
{
	static char *const no_env[] = {NULL};
	char worker[] = WORKER;
	char *argv[] = {worker, NULL};
	_cleanup_close_ int exe = -EBADF, ours = -EBADF, theirs = -EBADF;
	struct spawn s = SPAWN_INIT;
	int pair[2], r;

	r = self_open_program(WORKER, &exe, NULL, e);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(e, errno, "socketpair");
	ours = pair[0];
	theirs = pair[1];
	s.exe_fd = exe;
	s.argv = argv;
	s.envp = env ? env : no_env;
	s.fds = &theirs;
	s.n_fds = 1;
	s.stdio[0] = s.stdio[1] = -EBADF;
	r = spawn_start(&s, &fc->pid, &fc->pidfd, e);
	if (r < 0)
		return err_wrap(e, r, WORKER);
	fc->sock = TAKE_FD(ours);
	return send_session(fc->sock, session, e);
}

int fetch_request(struct fetch_client *fc, struct fetch_request *request, const char *what, int fd, struct err *e)
{
	size_t len = strlen(what);
	int r;

	if (len >= sizeof(request->what))
		return err_set(e, ENAMETOOLONG, "%s", what);
	memcpy(request->what, what, len + 1);
	r = fd_send(fc->sock, request, sizeof(*request), &fd, fd >= 0);
	/* it may have ended with an error of the session that waits to be read */
	return r < 0 && r != -EPIPE ? err_errno(e, -r, WORKER) : 0;
}

int fetch_ask(struct fetch_client *fc, enum fetch_kind kind, uint32_t id, const char *what, uint64_t size_bytes, int fd,
	      struct err *e)
{
	struct fetch_request request = {.kind = kind, .id = id, .size_bytes = size_bytes};

	return fetch_request(fc, &request, what, fd, e);
}

static int check_answer(struct fetch_answer *a, struct err *e)
{
	a->content_type[sizeof(a->content_type) - 1] = '\0';
	a->digest.text[sizeof(a->digest.text) - 1] = '\0';
	a->err.text[sizeof(a->err.text) - 1] = '\0';
	a->err.hint[sizeof(a->err.hint) - 1] = '\0';
	a->err.exit_code = 0;
	if (a->err.code <= 0 || a->err.code > 4095)
		a->err.code = EIO;
	if (a->type == FETCH_FAILED && a->id == UINT32_MAX) {
		if (e)
			*e = a->err;
		return -a->err.code;
	}
	if (a->type != FETCH_PROGRESS && a->type != FETCH_DONE && a->type != FETCH_FAILED)
		return err_set(e, EPROTO, WORKER " gave a bad answer");
	return 0;
}

int fetch_answer(struct fetch_client *fc, struct fetch_answer *ret, struct err *e)
{
	bool reset = false;
	ssize_t n;

	/* one that ended before it read our request: the reset is told first, and its last word waits behind */
	for (;;) {
		n = recv(fc->sock, ret, sizeof(*ret), 0);
		if (n >= 0 || (errno != EINTR && (errno != ECONNRESET || reset)))
			break;
		reset |= errno == ECONNRESET;
	}
	if (n == (ssize_t)sizeof(*ret))
		return check_answer(ret, e);
	return err_set(e, EIO, WORKER " ended without an answer");
}

void fetch_stop(struct fetch_client *fc)
{
	fd_closep(&fc->sock);
	if (fc->pid > 0) {
		(void)!pidfd_signal(fc->pidfd, SIGKILL);
		(void)!spawn_wait(fc->pid, NULL);
		fc->pid = 0;
	}
	fd_closep(&fc->pidfd);
}
