/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby-trail [--config FILE]: auditd's plugin that keeps the system ledger (trail/trail.h).
 *
 * auditd starts it as root, with the stream of records as standard input. It
 * ends when that ends, or by SIGTERM; 1 when it could not do its work.
 */
#include "base/option.h"
#include "sys/fd.h"
#include "sys/pidfd.h"
#include "sys/self.h"
#include "sys/signals.h"
#include "trail/trail.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

struct args {
	const char *config;
	bool help, version;
};

static const struct option_row rows[] = {
	{0, "config", OPT_STRING, offsetof(struct args, config), .arg = "FILE", .help = "Instead of " TRAIL_CONFIG_PATH},
	{'h', "help", OPT_FLAG, offsetof(struct args, help), .help = "Print this help"},
	{0, "version", OPT_FLAG, offsetof(struct args, version), .help = "Print the version"},
	OPTION_END,
};

struct links;
typedef int child_main(struct trail *t, struct links *l, struct err *e);

/* The ends of what connects the three; each process keeps its own and closes the others', so that an end is seen. */
struct links {
	int reader_sock, writer_sock, wake_in, wake_out;
};

static void keep_only(struct links *l, const int *sock, const int *wake)
{
	int *all[] = {&l->reader_sock, &l->writer_sock, &l->wake_in, &l->wake_out};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i] != sock && all[i] != wake)
			fd_closep(all[i]);
}

static void close_past(struct trail *t)
{
	for (size_t i = 0; i < t->n_past; i++)
		fd_closep(&t->past[i]);
	t->n_past = 0;
}

/* auditd must see its stream closed when the reader has gone: nobody else holds it. */
static int leave_stdin(struct err *e)
{
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0)
		return err_errno(e, errno, "cannot open /dev/null");
	return 0;
}

static int run_reader(struct trail *t, struct links *l, struct err *e)
{
	int r;

	keep_only(l, &l->reader_sock, NULL);
	t->sock = TAKE_FD(l->reader_sock);
	t->key = head_key_free(t->key);
	r = trail_drop_to(t->uid, t->gid, t->audit_gid, e);
	return r < 0 ? r : trail_reader(t, STDIN_FILENO, e);
}

static int run_indexer(struct trail *t, struct links *l, struct err *e)
{
	int r = leave_stdin(e);

	keep_only(l, NULL, &l->wake_out);
	t->wake = TAKE_FD(l->wake_out);
	t->key = head_key_free(t->key);
	close_past(t);
	r = r < 0 ? r : trail_drop_to(t->uid, t->gid, t->audit_gid, e);
	return r < 0 ? r : trail_indexer(t, e);
}

/* A process that ends with its parent. */
static int begin(struct trail *t, child_main *run, struct links *l, int *ret_pidfd, struct err *e)
{
	pid_t parent = getpid(), pid = fork();
	int r;

	if (pid < 0)
		return err_errno(e, errno, "fork");
	if (pid > 0)
		return ret_pidfd ? pidfd_open_pid(pid, ret_pidfd) : 0;
	r = run(t, l, e);
	if (r < 0)
		trail_say(LOG_ERR, "%s", e->text);
	_exit(r < 0 || getppid() != parent);
}

static int run_all(struct trail *t, struct err *e)
{
	_cleanup_close_ int reader = -EBADF;
	struct links l = {-EBADF, -EBADF, -EBADF, -EBADF};
	int socks[2], wake[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks) < 0 || pipe2(wake, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_errno(e, errno, "cannot connect the processes");
	l = (struct links){.reader_sock = socks[0], .writer_sock = socks[1], .wake_out = wake[0], .wake_in = wake[1]};
	r = begin(t, run_indexer, &l, NULL, e);
	r = r < 0 ? r : begin(t, run_reader, &l, &reader, e);
	keep_only(&l, &l.writer_sock, &l.wake_in);
	t->sock = TAKE_FD(l.writer_sock);
	t->wake = TAKE_FD(l.wake_in);
	close_past(t);
	r = r < 0 ? r : leave_stdin(e);
	r = r < 0 ? r : trail_drop_root(t->audit_gid, e);
	return r < 0 ? r : trail_writer(t, reader, e);
}

static int work(const char *config, struct err *e)
{
	_cleanup_(trail_done) struct trail t = {.dirfd = -EBADF, .sock = -EBADF, .wake = -EBADF};
	int r;

	if (geteuid() != 0)
		return err_set(e, EPERM, "ranby-trail is started by auditd, as root");
	r = trail_config_read(config ? config : TRAIL_CONFIG_PATH, &t.config, e);
	r = r < 0 ? r : trail_prepare(&t, e);
	return r < 0 ? r : run_all(&t, e);
}

int main(int argc, char **argv)
{
	_cleanup_(buf_done) struct buf help = BUF_INIT;
	struct args args = {.config = NULL};
	struct err e = {0};
	int first = 0;

	if (self_settle() < 0 || signals_reset() < 0)
		return 1;
	umask(027);
	(void)!chdir("/");
	openlog("ranby-trail", LOG_PID | LOG_NDELAY, LOG_AUTHPRIV);
	if (option_parse(rows, argc, argv, OPTION_PERMUTE, &args, &first, &e) < 0 || first < argc) {
		fprintf(stderr, "Error: %s\n", e.text[0] ? e.text : "ranby-trail takes no operands");
		return 125;
	}
	if (args.version) {
		puts("ranby-trail " RANBY_VERSION);
		return 0;
	}
	if (args.help) {
		option_help(rows, 80, &help);
		printf("Usage: ranby-trail [--config FILE]\n\nauditd's plugin that keeps the system ledger\n\n%s", buf_str(&help));
		return 0;
	}
	clearenv();
	if (work(args.config, &e) < 0) {
		syslog(LOG_ERR, "%s", e.text);
		fprintf(stderr, "Error: %s\n", e.text);
		return 1;
	}
	return 0;
}
