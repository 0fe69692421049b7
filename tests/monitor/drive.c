/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * drive - the monitor without an engine, and without containers.
 *
 *	drive run DIR [OPTION...] -- CMD...	starts CMD below a monitor, and attaches
 *	drive attach DIR [OPTION...]		attaches to it again
 *	drive logs DIR [OPTION...]		reads DIR/ctr.log
 *	drive find DIR				what is known of the exit
 *	drive fake DIR PIDFILE CONSOLE ERRFD HOW -- CMD...	is what `run` gives the
 *		monitor as its runtime: leaves a child behind that blocks on the
 *		FIFO DIR/go, as a container's init on its start socket, then is CMD
 *
 * Prints what a test asks about on standard error: "monitor PID", "init PID".
 * The exit code is the payload's.
 */
#include "base/parse.h"
#include "monitor/attach.h"
#include "monitor/exit.h"
#include "monitor/launch.h"
#include "monitor/log.h"
#include "sys/fd.h"
#include "sys/pidfd.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

struct arguments {
	const char *dir, *monitor, *how, *helper, *helper_pid_file, *on_exit, *keys, *hold;
	uint64_t log_max;
	int64_t tail;
	bool tty, stdin_open, no_log, detach, follow, timestamps, always, cleaned, no_start, proxy;
	char **cmd;
};

static void die(const struct err *e, int code)
{
	fprintf(stderr, "Error: %s\n", e->text);
	if (e->hint[0])
		fprintf(stderr, "hint: %s\n", e->hint);
	exit(code);
}

static void parse(char **argv, struct arguments *a)
{
	struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{"--tty", &a->tty}, {"--stdin", &a->stdin_open}, {"--no-log", &a->no_log}, {"--detach", &a->detach},
		{"--follow", &a->follow}, {"--timestamps", &a->timestamps}, {"--always", &a->always}, {"--cleaned", &a->cleaned},
		{"--no-start", &a->no_start}, {"--proxy", &a->proxy},
	};
	struct {
		const char *name;
		const char **value;
	} words[] = {
		{"--monitor", &a->monitor}, {"--how", &a->how}, {"--helper", &a->helper},
		{"--helper-pid-file", &a->helper_pid_file}, {"--on-exit", &a->on_exit}, {"--keys", &a->keys}, {"--hold", &a->hold},
	};

	for (; *argv && strcmp(*argv, "--") != 0; argv++) {
		bool known = false;

		for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
			if (strcmp(*argv, flags[i].name) == 0)
				known = *flags[i].flag = true;
		for (size_t i = 0; !known && i < ARRAY_SIZE(words); i++)
			if (strcmp(*argv, words[i].name) == 0 && argv[1]) {
				*words[i].value = *++argv;
				known = true;
			}
		if (!known && strcmp(*argv, "--log-max") == 0 && argv[1])
			known = parse_u64(*++argv, 1, UINT64_MAX, &a->log_max) == 0;
		if (!known && strcmp(*argv, "--tail") == 0 && argv[1])
			known = parse_i64(*++argv, 0, INT64_MAX, &a->tail) == 0;
		if (!known) {
			fprintf(stderr, "drive: %s?\n", *argv);
			exit(2);
		}
	}
	a->cmd = *argv ? argv + 1 : argv;
}

static char *in_dir(const char *dir, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		exit(125);
	return path;
}

/* ---- the fake runtime ---- */

static int open_terminal(const char *socket_path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", socket_path);
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		exit(1);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0 || connect(sock, (struct sockaddr *)&a, sizeof(a)) < 0 || fd_send(sock, "pty", 3, &master, 1) < 0) {
		perror("fake: console");
		exit(1);
	}
	close(sock);
	close(master);
	return slave;
}

static void init(const char *dir, int slave, char **cmd)
{
	char byte;
	int go;

	setsid();
	if (slave >= 0) {
		ioctl(slave, TIOCSCTTY, 0);
		dup2(slave, 0);
		dup2(slave, 1);
		dup2(slave, 2);
	}
	go = open(in_dir(dir, "go"), O_RDONLY | O_CLOEXEC);
	if (read(go, &byte, 1) != 1)
		_exit(1);
	execvp(cmd[0], cmd);
	fprintf(stderr, "fake: %s: %m\n", cmd[0]);
	_exit(127);
}

static void list_fds(void)
{
	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0) {
			char link[64], to[256] = "";

			snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
			(void)!readlink(link, to, sizeof(to) - 1);
			dprintf(1, "fd %d %s\n", fd, to);
		}
}

static int fake(char **argv)
{
	const char *dir = argv[0], *pid_file = argv[1], *console = argv[2], *how = argv[4];
	uint32_t error_fd;
	int slave = -1;
	FILE *f;
	pid_t pid;

	if (strcmp(how, "words") == 0) {
		fprintf(stderr, "fake: these are my words\n");
		return 3;
	}
	if (strcmp(how, "err") == 0) {
		struct err e = {0};

		err_set(&e, ENOENT, "executable not found");
		err_exit(&e, EXIT_NOT_FOUND);
		if (parse_u32(argv[3], 3, 100, &error_fd) < 0 || fd_write_all((int)error_fd, &e, sizeof(e)) < 0)
			return 4;
		return 1;
	}
	if (strcmp(how, "fds") == 0)
		list_fds();
	if (strcmp(console, "-") != 0 && strcmp(how, "no-terminal") != 0)
		slave = open_terminal(console);
	pid = fork();
	if (pid == 0) {
		/* as an init does: nothing of the runtime's stays open */
		for (int fd = 3; fd < 64; fd++)
			if (fd != slave)
				close(fd);
		init(dir, slave, argv + 6);
	}
	if (strcmp(how, "hang") == 0)
		pause();
	if (strcmp(how, "no-pid") != 0) {
		f = fopen(pid_file, "w");
		fprintf(f, "%d", (int)pid);
		fclose(f);
	}
	return 0;
}

/* ---- the engine's side ---- */

static int payload = -1;

static void proxy(int sig, void *data)
{
	(void)data;
	(void)!pidfd_signal(payload, sig);
}

static int relay(const struct arguments *a, struct attach *at, struct attach_options *o)
{
	struct monitor_exit x;
	struct err e = {0};
	int r;

	if (a->proxy)
		o->on_signal = proxy;
	r = attach_relay(at, o, &x, &e);
	if (r < 0)
		die(&e, 125);
	switch (r) {
	case ATTACH_EXITED:
		return x.exit_code;
	case ATTACH_DETACHED:
		fprintf(stderr, "detached\n");
		return 0;
	case ATTACH_BROKEN_PIPE:
		fprintf(stderr, "broken pipe\n");
		return 141;
	default:
		fprintf(stderr, "lost\n");
		return 124;
	}
}

static void options(const struct arguments *a, struct attach_options *o)
{
	struct err e = {0};

	o->flags = MONITOR_WANT_STDOUT | MONITOR_WANT_STDERR;
	if (a->stdin_open)
		o->flags |= MONITOR_WANT_STDIN | MONITOR_STDIN_ONCE;
	if (detach_keys_parse(a->keys ? a->keys : DETACH_KEYS_DEFAULT, &o->keys, &e) < 0)
		die(&e, 125);
}

static void fill(const struct arguments *a, struct monitor_launch *l, char **runtime, char **helper, char **on_exit)
{
	size_t n = 0;

	l->id = "test";
	l->run_dir = a->dir;
	l->exit_file = in_dir(a->dir, "exit.json");
	l->pid_file = in_dir(a->dir, "pid");
	l->log_file = a->no_log ? NULL : in_dir(a->dir, "ctr.log");
	l->log_max_bytes = a->log_max;
	l->tty = a->tty;
	l->stdin_open = a->stdin_open && !a->tty;
	l->program = a->monitor;
	runtime[n++] = realpath("/proc/self/exe", NULL);
	runtime[n++] = (char *)"fake";
	runtime[n++] = (char *)(uintptr_t)a->dir;
	runtime[n++] = (char *)(uintptr_t)l->pid_file;
	runtime[n++] = (char *)(a->tty ? "{CONSOLE}" : "-");
	runtime[n++] = (char *)"{ERROR_FD}";
	runtime[n++] = (char *)(uintptr_t)(a->how ? a->how : "well");
	runtime[n++] = (char *)"--";
	for (char **c = a->cmd; *c && n < 60; c++)
		runtime[n++] = *c;
	l->runtime_argv = runtime;
	if (a->helper) {
		helper[0] = (char *)"sh";
		helper[1] = (char *)"-c";
		helper[2] = (char *)(uintptr_t)a->helper;
		helper[3] = (char *)"helper";
		helper[4] = (char *)"/proc/{PID}/x{PID}";
		helper[5] = (char *)"{READY_FD}";
		l->helper_fd = open("/bin/sh", O_PATH | O_CLOEXEC);
		l->helper_argv = helper;
		l->helper_pid_file = a->helper_pid_file;
	}
	if (a->on_exit) {
		on_exit[0] = (char *)"/bin/sh";
		on_exit[1] = (char *)"-c";
		on_exit[2] = (char *)(uintptr_t)a->on_exit;
		l->on_exit_argv = on_exit;
		l->on_exit_always = a->always;
	}
}

static void go(const char *dir)
{
	int fd;

	/* not before init has it open, and not for ever if it has died */
	do
		fd = open(in_dir(dir, "go"), O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	while (fd < 0 && errno == ENXIO && pidfd_wait(payload, 5) == -ETIMEDOUT);
	if (fd >= 0)
		(void)!write(fd, "g", 1);
	close(fd);
}

/* For tests that kill the starter: tells where it is and waits. */
static void hold(const struct arguments *a, const char *where)
{
	if (a->hold && strcmp(a->hold, where) == 0) {
		fprintf(stderr, "holding\n");
		for (;;)
			pause();
	}
}

static int run(const struct arguments *a)
{
	char *runtime[64] = {NULL}, *helper[8] = {NULL}, *on_exit[4] = {NULL};
	struct monitor_launch l = MONITOR_LAUNCH_INIT;
	struct monitor_handle m = MONITOR_HANDLE_INIT;
	struct attach_options o = ATTACH_OPTIONS_INIT;
	struct attach at = ATTACH_INIT;
	struct monitor_created created;
	struct monitor_exit x;
	struct err e = {0};
	int dirfd, code = 0;

	mkfifo(in_dir(a->dir, "go"), 0600);
	fill(a, &l, runtime, helper, on_exit);
	options(a, &o);
	if (monitor_launch(&l, &m, &e) < 0)
		die(&e, 125);
	hold(a, "launched");
	if (monitor_wait_created(&m, 20000, &created, &e) < 0)
		die(&e, e.exit_code ? e.exit_code : 125);
	fprintf(stderr, "monitor %d\ninit %d\n", created.monitor_pid, created.pid);
	hold(a, "created");
	if (pidfd_open_identity(created.pid, created.start_ticks, &payload) < 0)
		return 125;
	dirfd = open(a->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!a->detach && attach_connect(dirfd, &o, &at, &e) < 0)
		die(&e, 125);
	if (a->no_start)
		return 0;
	/* as the engine: a payload may end before we come to say anything */
	if (monitor_say_started(&m, NULL, &e) < 0)
		die(&e, 125);
	go(a->dir);
	hold(a, "started");
	if (a->detach)
		return 0;
	code = relay(a, &at, &o);
	attach_done(&at);
	if (code == 124 || monitor_wait_exited(&m, 100, &x, &e) < 0)
		return code;
	if (a->cleaned && monitor_say_cleaned(&m, &e) < 0)
		die(&e, 125);
	return code;
}

static int attach(const struct arguments *a)
{
	struct attach_options o = ATTACH_OPTIONS_INIT;
	struct attach at = ATTACH_INIT;
	struct err e = {0};
	int dirfd = open(a->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	options(a, &o);
	o.flags &= ~(uint32_t)MONITOR_STDIN_ONCE;
	if (attach_connect(dirfd, &o, &at, &e) < 0)
		die(&e, 125);
	fprintf(stderr, "attached\n");
	return relay(a, &at, &o);
}

static int print(enum log_stream stream, const char *data, size_t len, void *sink_data)
{
	(void)sink_data;
	return fd_write_all(stream == LOG_STDERR ? 2 : 1, data, len);
}

static int read_pid(const char *dir, pid_t *pid)
{
	char text[32] = "";
	uint32_t n;
	int fd = open(in_dir(dir, "pid"), O_RDONLY | O_CLOEXEC);

	if (read(fd, text, sizeof(text) - 1) <= 0 || parse_u32(text, 1, INT32_MAX, &n) < 0)
		return -1;
	*pid = (pid_t)n;
	return 0;
}

static bool is_over(void *data)
{
	struct stat st;

	return fstatat(*(int *)data, "exit.json", &st, 0) == 0;
}

static int logs(const struct arguments *a)
{
	struct log_query q = LOG_QUERY_INIT;
	struct err e = {0};
	struct log_loss loss = {0};
	pid_t pid;
	int dirfd = open(a->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	q.tail = a->tail;
	q.follow = a->follow;
	q.timestamps = a->timestamps;
	if (a->follow && read_pid(a->dir, &pid) == 0)
		(void)!pidfd_open_pid(pid, &q.ended_pidfd);
	q.is_over = is_over;
	q.data = &dirfd;
	if (log_read(dirfd, "ctr.log", &q, print, NULL, &loss, &e) < 0)
		die(&e, 125);
	return loss.skipped > 0 ? 3 : 0;
}

static int find(const char *dir, const char *pid, const char *ticks)
{
	static const char *const words[] = {
		[EXIT_STILL_RUNNING] = "running", [EXIT_FROM_FILE] = "file", [EXIT_FROM_ZOMBIE] = "zombie",
		[EXIT_FROM_PIDFD] = "pidfd", [EXIT_LOST] = "lost",
	};
	struct monitor_exit x = {0};
	uint64_t p, t;
	int r;

	if (parse_u64(pid, 1, INT32_MAX, &p) < 0 || parse_u64(ticks, 0, UINT64_MAX, &t) < 0)
		return 2;
	r = exit_find(open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "exit.json", (pid_t)p, t, -EBADF, &x);
	if (r < 0)
		return 125;
	printf("%s %d %d %s\n", words[r], x.exit_code, x.signal, exit_reason_name((enum monitor_exit_reason)x.reason));
	return 0;
}

int main(int argc, char **argv)
{
	struct arguments a = {.tail = -1};

	if (argc < 3)
		return 2;
	if (strcmp(argv[1], "fake") == 0)
		return fake(argv + 2);
	if (strcmp(argv[1], "find") == 0 && argc == 5)
		return find(argv[2], argv[3], argv[4]);
	a.dir = argv[2];
	parse(argv + 3, &a);
	if (strcmp(argv[1], "run") == 0)
		return run(&a);
	if (strcmp(argv[1], "attach") == 0)
		return attach(&a);
	if (strcmp(argv[1], "logs") == 0)
		return logs(&a);
	return 2;
}
