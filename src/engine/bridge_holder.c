/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * It is "ranby-init pause" as the first process of a pid namespace, with a
 * network and a mount namespace of its own, all in the keeper. netavark runs in
 * it by and by and leaves aardvark-dns there; one pasta, started in that pid
 * namespace too but with the host's network, connects it. So its end is the end of all
 * of that, by the kernel: no order, no list, and nothing that a SIGKILL of any
 * of us could leave behind.
 *
 * aardvark-dns talks with the containers. It sees no file of the user: the
 * root is an empty tmpfs with /usr and /proc in it, and the host's run
 * directories, where systemd and D-Bus would answer, are not there either.
 * Its resolver is pasta's forward of DNS, which asks the host's.
 *
 * Who makes it holds the lock. The note of it is written while it still dies
 * with its maker, and only then it is let go: there is none without a note.
 *
 * pasta runs as the keeper's root, which of root's is root: as nobody, its own
 * choice then, it could not enter. It gives up what root may do by itself.
 *
 * It is given an address of its own and not, as is its default, that of the
 * host: what comes from the host by that address would be taken for one of ours here.
 */
#include "engine/bridge_holder.h"

#include "base/json.h"
#include "engine/hosts.h"
#include "sys/caps.h"
#include "sys/fd.h"
#include "sys/mountns.h"
#include "sys/netns.h"
#include "sys/path.h"
#include "sys/pidfd.h"
#include "sys/procfs.h"
#include "sys/self.h"
#include "sys/spawn.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOTE "holder"
#define NOTE_MAX 65536
#define DEVICES_MAX ((size_t)8 << 20) /* a line each */
#define UPLINK "tap0"
#define UPLINK_SIX "fd72:616e:6279:0::2" /* BRIDGE_SIX_PREFIX, and its number */
#define UPLINK_SIX_GATEWAY "fd72:616e:6279:0::1"
#define GONE_MS 10000
#define PROGRAM_MS 60000
#define WORDS_MAX 1024

void bridge_holder_done(struct bridge_holder *h)
{
	fd_closep(&h->pidfd);
	keeper_done(&h->keeper);
}

/* ---- finding ---- */

int bridge_holder_find(struct engine *eng, int dirfd, struct bridge_holder *ret, struct err *e)
{
	_cleanup_(bridge_holder_done) struct bridge_holder h = BRIDGE_HOLDER_INIT;
	_cleanup_json_ struct json_object *o = NULL;
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int r = path_own_read(dirfd, NOTE, NOTE_MAX, &b);

	if (r < 0)
		return r == -ENOENT ? -ESRCH : err_errno(e, -r, "bridge networks: " NOTE);
	/* ours, and cut off or from before a reboot it says of nobody */
	if (json_parse(buf_str(&b), b.len, NOTE, &o, NULL) < 0 || !o || strcmp(json_str(o, "bootId"), eng->boot_id) != 0)
		return -ESRCH;
	h.pid = (pid_t)json_int(o, "pid");
	h.start_ticks = (uint64_t)json_int(o, "startTicks");
	r = h.pid > 0 ? pidfd_open_identity(h.pid, h.start_ticks, &h.pidfd) : -ESRCH;
	if (r < 0 && r != -ESRCH)
		return err_errno(e, -r, "process of the bridge networks");
	if (r == 0 && pidfd_has_ended(h.pidfd))
		r = -ESRCH;
	if (r == 0)
		r = keeper_of_process(eng, h.pid, h.start_ticks, json_at(o, "keeper"), &h.keeper, e);
	if (r < 0)
		return r;
	*ret = h;
	h = (struct bridge_holder)BRIDGE_HOLDER_INIT;
	return 0;
}

static int write_note(struct engine *eng, int dirfd, const struct keeper *k, pid_t pid, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object(), *keeper = NULL;
	uint64_t ticks = 0;
	const char *text;
	size_t len = 0;
	int r = pid_start_ticks(pid, &ticks);

	if (r == 0 && k->userns_fd >= 0)
		r = keeper_to_json(k, false, &keeper);
	if (r == 0 && (!o || json_add_int(o, "pid", pid) < 0 || json_add_u64(o, "startTicks", ticks) < 0 ||
		       json_add_str(o, "bootId", eng->boot_id) < 0 || (keeper && json_add(o, "keeper", TAKE_PTR(keeper)) < 0)))
		r = -ENOMEM;
	if (r < 0)
		return err_errno(e, -r, "bridge networks: " NOTE);
	text = json_text(o, &len);
	r = text ? path_own_write(dirfd, NOTE, text, len, 0600, PATH_SYNC_NONE) : -ENOMEM;
	return r < 0 ? err_errno(e, -r, "bridge networks: " NOTE) : 0;
}

/* ---- its root ---- */

static int write_file(int dirfd, const char *name, const char *text)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	return fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));
}

/* A directory or a file of the host, at the same place in it; one that the host has not is left out. */
static int show(int root, const char *path)
{
	_cleanup_close_ int mount = -EBADF, at = -EBADF;
	struct stat st;
	int r;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	r = mount_clone(AT_FDCWD, path, true, &mount);
	if (r == 0)
		r = path_in_root_mountpoint(root, path, S_ISDIR(st.st_mode), 0755, &at);
	return r == 0 ? mount_attach(mount, at) : r;
}

/* /bin, /lib64, ...: links into /usr on most hosts, directories on some. */
static int show_or_link(int root, const char *path)
{
	char target[256];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	if (n < 0)
		return show(root, path);
	target[n] = '\0';
	return symlinkat(target, root, path + 1) < 0 ? -errno : 0;
}

static int fill_root(int root)
{
	static const char *const dirs[] = {"run", "run/netns", "run/aardvark", "etc", "tmp", "dev"};
	static const char *const links[] = {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};
	static const char *const shown[] = {"/usr", "/proc", "/etc/alternatives", "/etc/ld.so.cache", "/dev/null", "/dev/urandom"};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (mkdirat(root, dirs[i], 0755) < 0)
			return -errno;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(links); i++)
		r = show_or_link(root, links[i]);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(shown); i++)
		r = show(root, shown[i]);
	return r == 0 ? write_file(root, "etc/resolv.conf", "nameserver " HOSTS_DNS_FORWARD "\n") : r;
}

static int take_root(struct err *e)
{
	static const struct mount_option mode[] = {{"mode", "755"}};
	_cleanup_close_ int fd = -EBADF, old = -EBADF, at = -EBADF;
	int r;

	old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	at = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (old < 0 || at < 0)
		return err_errno(e, errno, "root directory");
	r = mount_set(old, 0, 0, MS_PRIVATE, true);
	if (r < 0)
		return err_errno(e, -r, "propagation of mounts");
	r = mount_new("tmpfs", mode, ARRAY_SIZE(mode), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, &fd, e);
	if (r < 0)
		return r;
	/* before something can be attached in it; nobody else sees it there */
	r = mount_attach(fd, at);
	if (r == 0)
		r = fill_root(fd);
	if (r == 0)
		r = mount_pivot(fd);
	return r < 0 ? err_errno(e, -r, "root of the bridge networks") : 0;
}

/* ---- programs of the host ---- */

/* The last line of what a program said, without what steers a terminal. */
static int said(int fd, const char *name, const char *how, struct err *e)
{
	char words[WORDS_MAX + 1], *line;
	ssize_t n = pread(fd, words, WORDS_MAX, 0);

	if (n <= 0)
		return err_set(e, EIO, "%s %s", name, how);
	while (n > 0 && words[n - 1] == '\n')
		n--;
	words[n] = '\0';
	for (char *c = words; *c; c++)
		if ((unsigned char)*c < ' ' && *c != '\n')
			*c = ' ';
	line = strrchr(words, '\n');
	return err_set(e, EIO, "%s %s: %.300s", name, how, line ? line + 1 : words);
}

static int wait_program(pid_t pid, int pidfd, int words, const char *name, struct err *e)
{
	int status, r = pidfd_wait(pidfd, PROGRAM_MS);

	if (r < 0)
		(void)!pidfd_signal(pidfd, SIGKILL);
	if (spawn_wait(pid, &status) < 0)
		return err_errno(e, EIO, "%s", name);
	if (r < 0)
		return said(words, name, "did not end in time", e);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return said(words, name, WIFEXITED(status) ? "failed" : "was killed", e);
}

/* Words on stdout too: netavark's failures are there. */
static int failed(const struct bridge_program *p, int r, struct err *e)
{
	char text[WORDS_MAX + 1];
	_cleanup_json_ struct json_object *o = NULL;
	ssize_t n = p->out < 0 ? 0 : pread(p->out, text, WORDS_MAX, 0);

	if (n <= 0)
		return r;
	text[n] = '\0';
	if (json_parse(text, (size_t)n, p->argv[0], &o, NULL) < 0 || !o || !*json_str(o, "error"))
		return r;
	return err_set(e, EIO, "%s: %.300s", p->argv[0], json_str(o, "error"));
}

int bridge_program_run(const struct bridge_program *p, struct err *e)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	_cleanup_close_ int words = memfd_create("stderr", MFD_CLOEXEC), in = memfd_create("stdin", MFD_CLOEXEC), pidfd = -EBADF;
	_cleanup_(strv_done) struct strv argv = {0};
	struct spawn s = SPAWN_INIT;
	pid_t pid;
	int r = 0;

	if (words < 0 || in < 0)
		return err_errno(e, errno, "memory");
	for (const char *const *word = p->argv; r == 0 && *word; word++)
		r = strv_add(&argv, *word);
	if (r == 0 && p->input)
		r = fd_write_all(in, p->input, strlen(p->input));
	if (r == 0 && lseek(in, 0, SEEK_SET) < 0)
		r = -errno;
	if (r < 0)
		return err_errno(e, -r, "%s", p->argv[0]);
	s.exe_fd = p->exe_fd;
	s.argv = argv.items;
	s.envp = (char *[]){path, NULL};
	s.fds = &p->fd;
	s.n_fds = p->fd >= 0 ? 1 : 0;
	s.stdio[0] = in;
	s.stdio[1] = p->out;
	s.stdio[2] = words;
	/* not one that goes on when the lock is free already; what it has begun is undone from the note */
	s.die_with_us = true;
	r = spawn_start(&s, &pid, &pidfd, e);
	if (r < 0)
		return r;
	r = wait_program(pid, pidfd, words, p->argv[0], e);
	return r < 0 ? failed(p, r, e) : 0;
}

/* ---- making ---- */

/* What passes between the one that makes it and the first process of the new pid namespace. */
struct first {
	int ready_w, go_r;
	int init_fd;
};

struct answer {
	int r;
	struct err e;
};

/*
 * Netavark sets what else it needs. Replies to what comes in by a container's own pasta (bridge_ports.h) leave by another interface.
 * Nobody else is there who could have an IPv6 address already: it is of use at once, and not after a second or two of asking.
 */
static void set_sysctls(void)
{
	static const char *const files[] = {"/proc/sys/net/ipv4/conf/all/rp_filter", "/proc/sys/net/ipv4/conf/default/rp_filter",
					    "/proc/sys/net/ipv6/conf/all/accept_dad", "/proc/sys/net/ipv6/conf/default/accept_dad",
					    /* what a bridge sends on is not for the rules about what is routed */
					    "/proc/sys/net/bridge/bridge-nf-call-iptables", "/proc/sys/net/bridge/bridge-nf-call-ip6tables"};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_close_ int fd = open(files[i], O_WRONLY | O_CLOEXEC);

		if (fd >= 0)
			(void)!write(fd, "0", 1);
	}
}

static int settle(struct err *e)
{
	int r;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || setsid() < 0)
		return err_errno(e, errno, "process of the bridge networks");
	if (unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
		return err_errno(e, errno, "namespaces of the bridge networks");
	r = netns_loopback_up();
	if (r < 0)
		return err_errno(e, -r, "loopback interface of the bridge networks");
	set_sysctls();
	return take_root(e);
}

/* Process 1 of its pid namespace. Its own end is an answer too: the pipe closes. */
static _Noreturn void first_process(const struct first *f)
{
	static char name[] = "ranby-init", verb[] = "pause";
	static char *const argv[] = {name, verb, NULL}, *const envp[] = {NULL};
	struct answer a = {0};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;
	char go;

	a.r = settle(&a.e);
	if (fd_write_all(f->ready_w, &a, sizeof(a)) < 0 || a.r < 0 || null < 0)
		_exit(1);
	if (fd_read_exact(f->go_r, &go, 1) < 0)
		_exit(1);
	for (int i = 0; i < 3; i++)
		if (dup2(null, i) < 0)
			_exit(1);
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0 || prctl(PR_SET_PDEATHSIG, 0) < 0 ||
	    syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */) < 0)
		_exit(1);
	/* it only waits; and who has fewer capabilities could not open the namespaces of one that has any */
	if (caps_bound(0) < 0 || caps_set(0, 0, 0) < 0)
		_exit(1);
	syscall(SYS_execveat, f->init_fd, "", argv, envp, AT_EMPTY_PATH);
	_exit(1);
}

struct making {
	struct engine *eng;
	int dirfd;
	const struct keeper *keeper;
	int init_fd, pasta_fd;
};

static int open_netns(pid_t pid, int *ret_fd)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

/* Its first process ends when the interface is there; the one that stays is a child of the namespace's init. */
static int connect_host(int pasta_fd, pid_t holder, struct err *e)
{
	static const char *const argv[] = {
		"pasta", "--config-net", "--quiet", "--no-map-gw", "--dns-forward", HOSTS_DNS_FORWARD, "-a", "169.254.2.2", "-n", "30",
		"-g", "169.254.2.1", "-a", UPLINK_SIX, "-g", UPLINK_SIX_GATEWAY, "--ns-ifname", UPLINK, "-t", "none", "-u", "none", "-T", "none", "-U", "none",
		"--no-netns-quit", "--runas", "0:0", "--netns", "/proc/self/fd/3", NULL,
	};
	struct bridge_program p = {BRIDGE_PROGRAM_INIT, .exe_fd = pasta_fd, .argv = argv};
	int r = open_netns(holder, &p.fd);

	if (r < 0)
		return err_errno(e, -r, "network namespace of the bridge networks");
	r = bridge_program_run(&p, e);
	close(p.fd);
	return r;
}

static int let_go(const struct making *m, pid_t pid, int ready_r, int go_w, struct err *e)
{
	struct answer a;
	char byte = 0;
	int r;

	if (fd_read_exact(ready_r, &a, sizeof(a)) < 0)
		return err_set(e, EIO, "the process of the bridge networks died");
	if (a.r < 0) {
		if (e)
			*e = a.e;
		return a.r;
	}
	r = write_note(m->eng, m->dirfd, m->keeper, pid, e);
	if (r == 0)
		r = connect_host(m->pasta_fd, pid, e);
	if (r == 0 && fd_write_all(go_w, &byte, 1) < 0)
		r = err_set(e, EIO, "the process of the bridge networks died");
	if (r < 0)
		return r;
	/* closed by its exec, and by its end */
	if (read(ready_r, &byte, 1) != 0)
		return err_set(e, EIO, "the process of the bridge networks does not start");
	return 0;
}

/* In a child, in the keeper, which ends with its parent; the new process ends with this one until it is let go. */
static int make(void *ctx, struct err *e)
{
	_cleanup_close_ int ready_r = -EBADF, ready_w = -EBADF, go_r = -EBADF, go_w = -EBADF;
	const struct making *m = ctx;
	int p[2], r;
	pid_t pid;

	if (unshare(CLONE_NEWPID) < 0)
		return err_errno(e, errno, "pid namespace of the bridge networks");
	if (pipe2(p, O_CLOEXEC) < 0)
		return err_errno(e, errno, "pipe");
	ready_r = p[0];
	ready_w = p[1];
	if (pipe2(p, O_CLOEXEC) < 0)
		return err_errno(e, errno, "pipe");
	go_r = p[0];
	go_w = p[1];
	pid = fork();
	if (pid < 0)
		return err_errno(e, errno, "fork");
	if (pid == 0) {
		fd_closep(&ready_r);
		fd_closep(&go_w);
		first_process(&(struct first){.ready_w = ready_w, .go_r = go_r, .init_fd = m->init_fd});
	}
	fd_closep(&ready_w);
	fd_closep(&go_r);
	r = let_go(m, pid, ready_r, go_w, e);
	/* all else ends with it, and it with us */
	return r;
}

static int open_pasta(int *ret_fd, struct err *e)
{
	int r = self_open_helper("pasta", ret_fd, NULL, e);

	if (r == -ENOENT)
		err_hint(e, "bridge networks need it (Debian: apt install passt)");
	return r;
}

static int open_programs(struct making *m, struct err *e)
{
	int r = open_pasta(&m->pasta_fd, e);

	return r < 0 ? r : self_open_program("ranby-init", &m->init_fd, NULL, e);
}

int bridge_holder_make(struct engine *eng, int dirfd, struct keeper *k, struct bridge_holder *ret, struct err *e)
{
	struct making m = {.eng = eng, .dirfd = dirfd, .keeper = k, .init_fd = -EBADF, .pasta_fd = -EBADF};
	int r = open_programs(&m, e);

	if (r == 0)
		r = in_keeper(k, make, &m, e);
	fd_closep(&m.init_fd);
	fd_closep(&m.pasta_fd);
	if (r == 0)
		r = bridge_holder_find(eng, dirfd, ret, e);
	return r == -ESRCH ? err_set(e, ESRCH, "the process of the bridge networks has ended") : r;
}

/* ---- mending ---- */

struct mending {
	const struct bridge_holder *h;
	int pasta_fd;
};

/* In the keeper, on the host's network. */
static int mend(void *ctx, struct err *e)
{
	const struct mending *m = ctx;

	/* its child is one of that namespace then, and ends with it */
	if (setns(m->h->pidfd, CLONE_NEWPID) < 0)
		return err_errno(e, errno, "enter the bridge networks");
	return connect_host(m->pasta_fd, m->h->pid, e);
}

static int has_uplink(const struct bridge_holder *h, struct err *e)
{
	_cleanup_(proc_close) struct proc p = PROC_INIT;
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	_cleanup_(buf_done) struct buf devices = BUF_INIT;
	int r = procfs_open(&fs);

	if (r == 0)
		r = proc_open_identity(&fs, h->pid, h->start_ticks, &p);
	if (r == 0)
		r = proc_read(&p, "net/dev", DEVICES_MAX, &devices);
	if (r < 0)
		return err_errno(e, -r, "interfaces of the bridge networks");
	return strstr(buf_str(&devices), " " UPLINK ":") ? 1 : 0;
}

int bridge_holder_mend(struct bridge_holder *h, struct err *e)
{
	struct mending m = {.h = h, .pasta_fd = -EBADF};
	int r = has_uplink(h, e);

	if (r != 0)
		return r < 0 ? r : 0;
	r = open_pasta(&m.pasta_fd, e);
	if (r == 0)
		r = in_keeper(&h->keeper, mend, &m, e);
	fd_closep(&m.pasta_fd);
	return r;
}

int bridge_holder_end(struct bridge_holder *h, int dirfd, struct err *e)
{
	int r = pidfd_signal(h->pidfd, SIGKILL);

	if (r == 0)
		r = pidfd_wait(h->pidfd, GONE_MS);
	if (r < 0 && r != -ESRCH)
		return err_errno(e, -r, "end the process of the bridge networks");
	return unlinkat(dirfd, NOTE, 0) < 0 && errno != ENOENT ? err_errno(e, errno, "bridge networks: " NOTE) : 0;
}

/* ---- working in it ---- */

struct doing {
	const struct bridge_holder *h;
	in_keeper_fn work;
	void *ctx;
};

static int enter(void *ctx, struct err *e)
{
	const struct doing *d = ctx;

	if (setns(d->h->pidfd, CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
		return err_errno(e, errno, "enter the bridge networks");
	return d->work(d->ctx, e);
}

int bridge_holder_do(struct bridge_holder *h, in_keeper_fn work, void *ctx, struct err *e)
{
	struct doing d = {.h = h, .work = work, .ctx = ctx};

	return in_keeper(&h->keeper, enter, &d, e);
}
