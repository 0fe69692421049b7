/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby-fetch - the worker that talks to registries.
 *
 * It knows no store: it is asked for manifests and blobs over one socket
 * (fetch_protocol.h) and writes each into the descriptor that came with the
 * request, or sends what is in that. Before the first byte of the network it locks itself in: files can
 * be read below /etc and the like (certificates, resolv.conf), none written;
 * no program can be executed and no memory made executable.
 *
 * Name services are read by libc itself ("files dns"): nothing is dlopened
 * once it is locked in.
 */
#include "base/clock.h"
#include "registry/fetch_list.h"
#include "registry/fetch_protocol.h"
#include "registry/fetch_session.h"
#include "registry/fetch_transfer.h"
#include "registry/fetch_upload.h"
#include "sys/confine.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <netdb.h>
#include <nss.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define ACTIVE_MAX 4

static const int allowed_calls[] = {
	SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(close), SCMP_SYS(lseek),
	SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(fstatat64), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(statx),
	SCMP_SYS(openat), SCMP_SYS(open), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2),
	SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getdents64), SCMP_SYS(ftruncate), SCMP_SYS(fcntl),
	SCMP_SYS(ioctl), SCMP_SYS(dup), SCMP_SYS(pipe2), SCMP_SYS(eventfd2), SCMP_SYS(poll), SCMP_SYS(ppoll),
	SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(socket), SCMP_SYS(socketpair), SCMP_SYS(connect), SCMP_SYS(bind),
	SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(sendto),
	SCMP_SYS(recvfrom), SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg), SCMP_SYS(recvmsg), SCMP_SYS(shutdown), SCMP_SYS(brk),
	SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise), SCMP_SYS(futex),
	SCMP_SYS(clone), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall), SCMP_SYS(getrandom), SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep),
	SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(getpid), SCMP_SYS(gettid),
	SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(tgkill), SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

struct fetch {
	struct session session;
	CURLM *multi;
	struct transfer *queue[FETCH_REQUESTS_MAX]; /* waiting or active */
	size_t n;
	bool closing;
};

static int confine(struct err *e)
{
	static const struct confine_rule rules[] = {
		{-EBADF, "/etc", false},         {-EBADF, "/usr", false},
		{-EBADF, "/lib", false},         {-EBADF, "/lib64", false},
		{-EBADF, "/var/lib/ca-certificates", false}, {-EBADF, "/run/systemd/resolve", false},
		{-EBADF, "/run/resolvconf", false}, {-EBADF, "/run/NetworkManager", false},
		{-EBADF, "/dev/urandom", false}, {-EBADF, "/dev/null", false},
	};
	int r;

	r = confine_process(e);
	if (r == 0)
		r = confine_files(rules, ARRAY_SIZE(rules), false, e);
	return r < 0 ? r : confine_calls(allowed_calls, ARRAY_SIZE(allowed_calls), e);
}

/* One that is lost would be waited for for ever; our end is noticed. */
static void answer(const struct fetch_answer *a)
{
	ssize_t n;

	do
		n = send(FETCH_FD, a, sizeof(*a), MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		_exit(EXIT_ENGINE);
}

static void say_progress(struct transfer *t)
{
	const struct fetch_answer a = {.type = FETCH_PROGRESS, .id = t->request.id, .bytes = t->bytes};

	(void)!send(FETCH_FD, &a, sizeof(a), MSG_NOSIGNAL);
}

static void say_failed(uint32_t id, const struct err *e)
{
	const struct fetch_answer a = {.type = FETCH_FAILED, .id = id, .err = *e};

	answer(&a);
}

static void say_done(const struct transfer *t)
{
	struct fetch_answer a = {.type = FETCH_DONE, .id = t->request.id, .bytes = t->bytes, .digest = t->digest, .mtime_sec = t->mtime_sec};

	snprintf(a.content_type, sizeof(a.content_type), "%s", t->content_type);
	answer(&a);
}

static void drop(struct fetch *f, size_t i)
{
	transfer_done(f->queue[i], f->multi);
	free(f->queue[i]);
	f->queue[i] = f->queue[--f->n];
}

#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-"

static bool is_text_of(const char *text, size_t size, const char *bytes)
{
	return memchr(text, '\0', size) && strspn(text, bytes) == strlen(text);
}

static bool needs_what(uint32_t kind)
{
	return kind != FETCH_LOGIN && kind != FETCH_TAGS && kind != FETCH_CATALOG && kind != FETCH_URL;
}

static bool is_request_good(const struct session *s, const struct fetch_request *r, size_t n_fds)
{
	if (r->kind < FETCH_MANIFEST || r->kind > FETCH_URL || (s->url != NULL) != (r->kind == FETCH_URL) ||
	    n_fds != (r->kind != FETCH_LOGIN && r->kind != FETCH_HAVE_BLOB))
		return false;
	/* a term is escaped where it is used */
	if (!is_text_of(r->what, sizeof(r->what), r->kind == FETCH_SEARCH ? NAME_BYTES "/ +@" : NAME_BYTES) ||
	    (!r->what[0] && needs_what(r->kind)))
		return false;
	return is_text_of(r->mount_from, sizeof(r->mount_from), NAME_BYTES "/") &&
	       is_text_of(r->content_type, sizeof(r->content_type), NAME_BYTES "/+");
}

static void say_bytes(void *ctx, uint64_t bytes)
{
	const struct fetch_request *request = ctx;
	const struct fetch_answer a = {.type = FETCH_PROGRESS, .id = request->id, .bytes = bytes};

	(void)!send(FETCH_FD, &a, sizeof(a), MSG_NOSIGNAL);
}

/* What is sent, a list, and a login keep us until they are over. */
static void serve_at_once(struct fetch *f, struct fetch_request *request, int fd)
{
	struct upload u = {.request = request, .fd = fd, .on_bytes = say_bytes, .ctx = request};
	struct fetch_answer a = {.type = FETCH_DONE, .id = request->id};
	struct err e = {0};
	int r;

	if (request->kind == FETCH_LOGIN)
		r = session_check(&f->session, &e);
	else if (request->kind == FETCH_PUT_BLOB)
		r = upload_blob(&f->session, &u, &a.how, &e);
	else if (request->kind == FETCH_HAVE_BLOB)
		r = upload_have(&f->session, &u, &a.how, &e);
	else if (request->kind >= FETCH_TAGS)
		r = list_get(&f->session, request, fd, &e);
	else
		r = upload_manifest(&f->session, &u, &e);
	if (r < 0)
		say_failed(request->id, &e);
	else
		answer(&a);
}

/* Takes one request off the socket. 0: the caller is gone. */
static int take_request(struct fetch *f, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct fetch_request request;
	struct transfer *t;
	size_t n_fds = 1;
	ssize_t n = fd_recv(FETCH_FD, &request, sizeof(request), &fd, &n_fds);
	int r;

	if (n == 0)
		return 0;
	if (n < 0)
		return err_errno(e, (int)-n, "read a request");
	if ((size_t)n != sizeof(request) || f->n == FETCH_REQUESTS_MAX || !is_request_good(&f->session, &request, n_fds))
		return err_set(e, EPROTO, "a bad request");
	if (request.kind >= FETCH_LOGIN && request.kind != FETCH_URL) {
		serve_at_once(f, &request, fd);
		return 1;
	}
	t = malloc(sizeof(*t));
	if (!t)
		return err_errno(e, ENOMEM, "request");
	r = transfer_init(t, &request, TAKE_FD(fd), &f->session, e);
	t->on_bytes = say_progress;
	f->queue[f->n++] = t;
	return r < 0 ? r : 1;
}

/* Starts what may run now; returns how long at most to wait for the next: 0 when something was started, which must be performed first. */
static int start_due(struct fetch *f)
{
	int64_t now = clock_monotonic_ms(), wait = 1000;
	size_t active = 0;
	struct err e = {0};

	for (size_t i = 0; i < f->n; i++)
		active += f->queue[i]->easy != NULL;
	for (size_t i = 0; i < f->n && active < ACTIVE_MAX; i++) {
		struct transfer *t = f->queue[i];

		if (t->easy)
			continue;
		if (t->not_before_ms > now) {
			wait = t->not_before_ms - now < wait ? t->not_before_ms - now : wait;
		} else if (transfer_start(t, &f->session, f->multi, &e) < 0) {
			say_failed(t->request.id, &e);
			drop(f, i--);
		} else {
			active++;
			wait = 0;
		}
	}
	return (int)wait;
}

static void end_one(struct fetch *f, CURL *easy, CURLcode code)
{
	struct err e = {0};

	for (size_t i = 0; i < f->n; i++) {
		struct transfer *t = f->queue[i];
		int r;

		if (t->easy != easy)
			continue;
		r = transfer_ended(t, &f->session, f->multi, code, &e);
		if (r == TRANSFER_AGAIN)
			return;
		if (r == TRANSFER_DONE)
			say_done(t);
		else
			say_failed(t->request.id, &e);
		drop(f, i);
		return;
	}
}

static void end_ended(struct fetch *f)
{
	struct CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(f->multi, &left)))
		if (m->msg == CURLMSG_DONE)
			end_one(f, m->easy_handle, m->data.result);
}

static int loop(struct fetch *f, struct err *e)
{
	for (;;) {
		struct curl_waitfd control = {.fd = FETCH_FD, .events = CURL_WAIT_POLLIN};
		int running, wait, r;

		if (curl_multi_perform(f->multi, &running) != CURLM_OK)
			return err_set(e, EIO, "curl_multi_perform");
		end_ended(f);
		wait = start_due(f);
		if (curl_multi_poll(f->multi, &control, 1, f->n ? wait : 60000, NULL) != CURLM_OK)
			return err_set(e, EIO, "curl_multi_poll");
		if (!control.revents)
			continue;
		r = take_request(f, e);
		if (r <= 0)
			return r;
	}
}

static int read_session(struct session *ret, struct err *e)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	_cleanup_close_ int fd = -EBADF;
	size_t n_fds = 1;
	char mark;
	int r;

	if (fd_recv(FETCH_FD, &mark, sizeof(mark), &fd, &n_fds) != sizeof(mark) || n_fds != 1)
		return err_set(e, EPROTO, "no session");
	r = fd_read_all(fd, FETCH_SESSION_MAX, &text);
	if (r < 0)
		return err_errno(e, -r, "session");
	r = session_read(buf_str(&text), text.len, ret, e);
	if (text.data)
		explicit_bzero(text.data, text.len);
	return r;
}

static int run(struct fetch *f, struct err *e)
{
	int r;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(e, ENOMEM, "curl_global_init");
	/* other name services are plugins, which would be loaded from where a confined process must not read */
	(void)__nss_configure_lookup("hosts", "files dns");
	f->multi = curl_multi_init();
	if (!f->multi)
		return err_errno(e, ENOMEM, "curl_multi_init");
	r = confine(e);
	if (r == 0)
		r = read_session(&f->session, e);
	if (r == 0)
		r = session_open(&f->session, e);
	return r < 0 ? r : loop(f, e);
}

int main(void)
{
	static struct fetch f;
	struct err e = {0};
	int r;

	if (fcntl(FETCH_FD, F_GETFD) < 0 && errno == EBADF) {
		fprintf(stderr, "Error: ranby-fetch is started by ranby only\n");
		return EXIT_ENGINE;
	}
	r = run(&f, &e);
	if (r < 0)
		say_failed(UINT32_MAX, &e); /* of the session: whatever was asked for fails */
	while (f.n)
		drop(&f, 0);
	session_done(&f.session);
	return r < 0 ? 1 : 0;
}
