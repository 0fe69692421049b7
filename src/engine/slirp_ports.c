/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * slirp4netns has no option for ports: it is asked over a socket, a port at a
 * time and each on a connection of its own (slirp4netns(1), API SOCKET). The
 * socket is in the run directory, where nobody but the user may enter, and
 * its name goes as soon as the last answer is here: what comes later than
 * the start, a container that was given the directory by mistake too, finds
 * none.
 *
 * It says that it is ready before it makes the socket, so that is waited for,
 * as long as it lives.
 */
#include "engine/slirp_ports.h"

#include "engine/launch.h"
#include "sys/fd.h"
#include "sys/pidfd.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#define REPLY_MAX 4096
#define REPLY_S 30      /* it does one thing at a time */
#define SOCKET_TRIES 5000
#define TRY_MS 2

static int connect_once(int run_dirfd, int *ret_sock)
{
	_cleanup_close_ int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct timeval patience = {.tv_sec = REPLY_S};
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/" SLIRP_PORTS_SOCKET, run_dirfd);
	if (s < 0 || setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    connect(s, (const struct sockaddr *)&a, sizeof(a)) < 0)
		return -errno;
	*ret_sock = TAKE_FD(s);
	return 0;
}

/* The first connection: when it has the socket. */
static int wait_for_socket(int run_dirfd, struct err *e)
{
	_cleanup_close_ int pidfd = -EBADF;
	int r = launch_helper_of(run_dirfd, &pidfd);

	if (r < 0)
		return err_errno(e, -r, "slirp4netns");
	for (int i = 0; i < SOCKET_TRIES; i++) {
		_cleanup_close_ int s = -EBADF;

		r = connect_once(run_dirfd, &s);
		if (r != -ENOENT && r != -ECONNREFUSED)
			return r < 0 ? err_errno(e, -r, "API socket of slirp4netns") : 0;
		if (pidfd_wait(pidfd, TRY_MS) == 0)
			return err_set(e, EIO, "slirp4netns: ended before it took ports");
	}
	return err_errno(e, ETIMEDOUT, "API socket of slirp4netns");
}

static int send_all(int sock, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		ssize_t n = send(sock, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return shutdown(sock, SHUT_WR) < 0 ? -errno : 0;
}

int slirp_ports_ask(int run_dirfd, const char *what, const char *question, struct err *e)
{
	_cleanup_json_ struct json_object *reply = NULL;
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_close_ int s = -EBADF;
	int r = connect_once(run_dirfd, &s);

	if (r == 0)
		r = send_all(s, question);
	if (r == 0)
		r = fd_read_all(s, REPLY_MAX, &b);
	if (r < 0)
		return err_errno(e, -r, "%s: slirp4netns", what);
	r = json_parse(buf_str(&b), b.len, "reply of slirp4netns", &reply, e);
	if (r < 0)
		return err_wrap(e, r, "%s", what);
	if (!json_object_is_type(reply, json_type_object) || !json_at(reply, "return"))
		return err_set(e, EADDRINUSE, "%s: slirp4netns: %s", what,
			       *json_str(reply, "error.desc") ? json_str(reply, "error.desc") : "no answer that is one");
	return 0;
}

/* One of config.network.ports, which may be a range. */
static int open_range(int run_dirfd, struct json_object *port, struct err *e)
{
	const char *ip = *json_str(port, "hostIp") ? json_str(port, "hostIp") : "0.0.0.0", *protocol = json_str(port, "protocol");
	int64_t host = json_int(port, "hostPort"), ctr = json_int(port, "containerPort"), count = json_int(port, "count");
	int r = 0;

	for (int64_t i = 0; r == 0 && i < count; i++) {
		_cleanup_json_ struct json_object *o = json_object_new_object(), *arguments = json_object_new_object();
		char what[128];

		if (!o || !arguments || json_add_str(arguments, "proto", protocol) < 0 || json_add_str(arguments, "host_addr", ip) < 0 ||
		    json_add_int(arguments, "host_port", host + i) < 0 || json_add_int(arguments, "guest_port", ctr + i) < 0 ||
		    json_add_str(o, "execute", "add_hostfwd") < 0 || json_add(o, "arguments", TAKE_PTR(arguments)) < 0)
			return err_errno(e, ENOMEM, "--publish");
		snprintf(what, sizeof(what), "--publish %.45s:%d:%d/%.3s", ip, (int)(host + i), (int)(ctr + i), protocol);
		r = slirp_ports_ask(run_dirfd, what, json_text(o, NULL), e);
	}
	return r;
}

int slirp_ports_open(int run_dirfd, struct json_object *spec, struct err *e)
{
	struct json_object *ports = json_at(spec, "config.network.ports");
	size_t n = ports && json_object_is_type(ports, json_type_array) ? json_object_array_length(ports) : 0;
	int r;

	if (n == 0 || strcmp(json_str(spec, "config.network.mode"), "slirp4netns") != 0)
		return 0;
	r = wait_for_socket(run_dirfd, e);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = open_range(run_dirfd, json_object_array_get_idx(ports, i), e);
	/* however it went: those that are open are open, and nobody asks for more */
	if (unlinkat(run_dirfd, SLIRP_PORTS_SOCKET, 0) < 0 && errno != ENOENT && r == 0)
		r = err_errno(e, errno, "API socket of slirp4netns");
	return r;
}
