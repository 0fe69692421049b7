/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * witness-ask WITNESS VERB [KEY=VALUE]...
 *
 * Asks the witness as any user may, and prints its answer:
 *	OUTCOME error=N auid=N ses=N records=N receipt=SEC.MILLI:SERIAL uuid=U
 *
 *	pid=N, init=N      a pidfd of that process goes along
 *	fd0=PATH           another descriptor instead of a pidfd
 *	vm=, ctr=, reason=, claim.N=, resource.KIND=   texts; \xHH is a byte
 *	flags=N, version=N, magic=N, count=N           numbers as they are
 *	cut=N, pad=N       the message is that much shorter or longer
 *	times=N            N requests, each to a witness of its own; the last answer is printed
 *	direct             this process becomes the witness, its socket's other end with a child
 * The exit status is the outcome's number.
 */
#include "audit/request.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
	struct witness_request q;
	char pad[4096];
} m;
static long cut, pad, times = 1;
static int fds[8];
static size_t n_fds;

static void text(char *to, size_t size, const char *from)
{
	size_t n = 0;

	while (*from && n < size) {
		if (from[0] == '\\' && from[1] == 'x') {
			char hex[3] = {from[2], from[3], '\0'};

			to[n++] = (char)strtol(hex, NULL, 16);
			from += 4;
		} else {
			to[n++] = *from++;
		}
	}
}

static void add_fd(int fd)
{
	if (fd < 0) {
		perror("witness-ask");
		exit(126);
	}
	fds[n_fds++] = fd;
}

static void set(const char *arg)
{
	const char *v = strchr(arg, '=') + 1;
	size_t key = (size_t)(v - arg);

#define IS(name) (key == sizeof(name) && strncmp(arg, name "=", key) == 0)
	if (IS("pid") || IS("init"))
		add_fd((int)syscall(SYS_pidfd_open, atoi(v), 0));
	else if (IS("fd0"))
		add_fd(open(v, O_RDONLY | O_CLOEXEC));
	else if (IS("vm"))
		text(m.q.vm, sizeof(m.q.vm), v);
	else if (IS("ctr"))
		text(m.q.ctr, sizeof(m.q.ctr), v);
	else if (IS("reason"))
		text(m.q.reason, sizeof(m.q.reason), v);
	else if (IS("flags"))
		m.q.flags = (uint32_t)strtoul(v, NULL, 0);
	else if (IS("version"))
		m.q.version = (uint32_t)strtoul(v, NULL, 0);
	else if (IS("magic"))
		m.q.magic = (uint32_t)strtoul(v, NULL, 0);
	else if (IS("count"))
		m.q.n_resources = (uint32_t)strtoul(v, NULL, 0);
	else if (IS("cut"))
		cut = atol(v);
	else if (IS("pad"))
		pad = atol(v);
	else if (IS("times"))
		times = atol(v);
	else if (strncmp(arg, "claim.", 6) == 0)
		text(m.q.claim[atoi(arg + 6)], sizeof(m.q.claim[0]), v);
	else if (strncmp(arg, "resource.", 9) == 0) {
		struct witness_item *item = &m.q.resource[m.q.n_resources++];

		item->kind = (uint32_t)atoi(arg + 9);
		text(item->text, sizeof(item->text), v);
	} else {
		fprintf(stderr, "witness-ask: %s?\n", arg);
		exit(126);
	}
}

static int say(int sock)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(fds))];
	} control;
	struct iovec part = {&m, sizeof(m.q) + (size_t)pad - (size_t)cut};
	struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1};

	if (n_fds > 0) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(&control.head), fds, n_fds * sizeof(int));
	}
	return sendmsg(sock, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int ask(const char *witness, struct witness_reply *reply)
{
	int pair[2], status;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		dup2(pair[1], 0);
		execle(witness, "ranby-witness", (char *)NULL, (char *[]){NULL});
		_exit(127);
	}
	close(pair[1]);
	(void)say(pair[0]);
	if (recv(pair[0], reply, sizeof(*reply), 0) != (ssize_t)sizeof(*reply))
		reply->outcome = WITNESS_OUTCOME_N;
	close(pair[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	static const char *const words[] = {
		"recorded", "bad-request", "no-privilege", "not-host", "gone", "ended", "runs", "not-contained",
		"foreign", "not-same", "limited", "no-daemon", "no-audit", "excluded", "silent", "broken", "mute",
	};
	struct witness_reply reply = {0};
	int status = 0;

	if (argc < 3)
		return 126;
	(void)signal(SIGPIPE, SIG_IGN);
	m.q.magic = WITNESS_MAGIC;
	m.q.version = WITNESS_VERSION;
	m.q.verb = (uint32_t)atoi(argv[2]);
	for (int i = 3; i < argc; i++)
		set(argv[i]);
	for (long i = 0; i < times; i++)
		status = ask(argv[1], &reply);
	printf("%s status=%d error=%d auid=%u ses=%u records=%u receipt=%llu.%03u:%llu uuid=%s\n", words[reply.outcome], status,
	       reply.error, reply.auid, reply.ses, reply.records, (unsigned long long)reply.receipt.sec, reply.receipt.milli,
	       (unsigned long long)reply.receipt.serial, reply.receipt.uuid);
	return (int)reply.outcome;
}
