/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The mount is made here and not by fuse-overlayfs: /dev/fuse is opened, a
 * filesystem configured with it, and the server gets that descriptor under
 * the name "/dev/fd/3", which libfuse (3.3) takes for a mount that is there
 * already. So there is no place in any tree where it would have to be
 * mounted first, no fusermount, and the mount is a detached descriptor like
 * every other root. Layers are given as "/proc/self/fd/N": what was opened is
 * what is served, and a ',' in a name has no meaning; nor a ':' in that of a
 * layer, but the upper directory's is resolved before it is split.
 *
 * It stays in the foreground ("-f"): its pid is then known, and its failure
 * is an exit code. It is ready when the mount answers, which the kernel lets
 * a caller wait for. Its words go to a sealed memfd that holds the first few
 * KiB and refuses the rest: nobody has to read them, they cannot fill
 * anything, and when it fails they are the reason.
 *
 * Whoever is in another user namespace than the mount may look in only if
 * that one lies below (FUSE, allow_other): the container can, the host's
 * user cannot but by entering the namespace.
 */
#include "sys/fuse_overlay.h"

#include "base/buf.h"
#include "base/strv.h"
#include "sys/fd.h"
#include "sys/mountns.h"
#include "sys/pidfd.h"
#include "sys/self.h"
#include "sys/spawn.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define WORDS_SIZE 4096
#define END_PATIENCE_MS 2000
#define END_TIMEOUT_MS 5000
#define FUSE_FD 3 /* in the server; the layers come behind it */

/* Descriptors for the server: /dev/fuse, layers, upper, work. Borrowed. */
struct passed {
	int fds[3 + OVERLAY_LOWER_MAX];
	size_t n;
};
_Static_assert(3 + OVERLAY_LOWER_MAX <= SPAWN_FDS_MAX, "all descriptors of the largest overlay can be passed");

/* Adds `fd`; returns the number that it has in the server. */
static unsigned pass(struct passed *p, int fd)
{
	p->fds[p->n++] = fd;
	return (unsigned)(FUSE_FD + p->n - 1);
}

static int server_options(const struct overlay *o, struct passed *p, struct buf *b)
{
	buf_adds(b, "lowerdir=");
	for (size_t i = 0; i < o->n_lower; i++)
		buf_addf(b, "%s/proc/self/fd/%u", i ? ":" : "", pass(p, o->lower[i]));
	if (o->upper >= 0) {
		buf_addf(b, ",upperdir=/proc/self/fd/%u", pass(p, o->upper));
		buf_addf(b, ",workdir=/proc/self/fd/%u", pass(p, o->work));
	}
	if (o->is_volatile)
		buf_adds(b, ",volatile");
	return -buf_bad(b);
}

/* A file of WORDS_SIZE bytes that cannot grow. */
static int open_words(int *ret_fd)
{
	_cleanup_close_ int fd = memfd_create("fuse-overlayfs-words", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, WORDS_SIZE) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* No context=: SELinux takes it in a user namespace for an overlay and a tmpfs, not for this; policies let containers use fusefs_t. */
static int mount_fuse(int dev, int *ret_fd, struct err *e)
{
	_cleanup_close_ int fs = -EBADF;
	char number[12];
	const struct mount_option options[] = {
		{"subtype", FUSE_OVERLAY_PROGRAM}, {"fd", number},   {"rootmode", "40000"},
		{"user_id", "0"},                  {"group_id", "0"}, {"default_permissions", NULL},
		{"allow_other", NULL},
	};
	int r = mount_begin("fuse", &fs, e);

	snprintf(number, sizeof(number), "%d", dev);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(options); i++)
		r = mount_config(fs, &options[i], e);
	return r == 0 ? mount_finish(fs, 0, ret_fd, e) : r;
}

/* Ends a server that is of no use; its last line, when it had something to say, is the reason. */
static int failed(pid_t pid, int words, int code, struct err *e)
{
	char text[WORDS_SIZE + 1], *line;
	_cleanup_close_ int pidfd = -EBADF;
	size_t len;
	ssize_t n;

	if (pidfd_open_pid(pid, &pidfd) == 0)
		(void)!pidfd_signal(pidfd, SIGKILL);
	(void)!spawn_wait(pid, NULL);
	n = pread(words, text, WORDS_SIZE, 0);
	len = n < 0 ? 0 : strnlen(text, (size_t)n);
	while (len > 0 && text[len - 1] == '\n')
		len--;
	text[len] = '\0';
	line = strrchr(text, '\n');
	line = line ? line + 1 : text;
	return *line ? err_set(e, EIO, "%s: %.400s", FUSE_OVERLAY_PROGRAM, line) : err_errno(e, code, "%s", FUSE_OVERLAY_PROGRAM);
}

/* The first request is answered, or the server has ended and the kernel says so. */
static int wait_ready(int mount_fd)
{
	struct stat st;

	return fstat(mount_fd, &st) < 0 ? -errno : 0;
}

static int check_upper(const struct overlay *o, struct err *e)
{
	char link[32], path[PATH_MAX];
	ssize_t n;

	if (o->upper < 0)
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", o->upper);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return err_errno(e, errno, "upper directory");
	path[n] = '\0';
	return strchr(path, ':') ? err_set(e, EINVAL, "%s: cannot serve %.300s, for the ':' in its name", FUSE_OVERLAY_PROGRAM, path) : 0;
}

static int start_server(const struct overlay *o, int exe, int dev, int words, pid_t *ret_pid, struct err *e)
{
	_cleanup_(buf_done) struct buf options = BUF_INIT;
	char name[] = FUSE_OVERLAY_PROGRAM, f[] = "-f", option[] = "-o", place[] = "/dev/fd/3";
	struct spawn s = SPAWN_INIT;
	struct passed p = {.n = 0};
	int r;

	(void)pass(&p, dev);
	r = server_options(o, &p, &options);
	if (r < 0)
		return err_errno(e, -r, "%s", name);
	s.exe_fd = exe;
	s.argv = (char *[]){name, f, option, options.data, place, NULL};
	/* the caller's environment is not its business */
	s.envp = (char *[]){NULL};
	s.fds = p.fds;
	s.n_fds = p.n;
	s.stdio[0] = -EBADF;
	s.stdio[1] = s.stdio[2] = words;
	s.new_session = true;
	return spawn_start(&s, ret_pid, NULL, e);
}

int fuse_program_open(const char *wanted, struct fuse_program *ret, struct err *e)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -EBADF;
	struct err why = {0};
	int r = self_open_helper(FUSE_OVERLAY_PROGRAM, &fd, &path, &why);

	if (r < 0 && wanted)
		return err_set(e, -r, "%s", why.text);
	if (r == 0 && wanted && strcmp(wanted, path) != 0)
		return err_set(e, EINVAL, "mount_program %.200s: the one that is trusted here is %s", wanted, path);
	*ret = (struct fuse_program){.exe_fd = r == 0 ? TAKE_FD(fd) : -EBADF, .forced = wanted != NULL};
	return 0;
}

static int fuse_mount(const struct overlay *o, int exe, int *ret_fd, struct fuse_server *ret, struct err *e)
{
	_cleanup_close_ int dev = open("/dev/fuse", O_RDWR | O_CLOEXEC), words = -EBADF, fd = -EBADF;
	struct fuse_server s = {.pid = 0};
	int r = check_upper(o, e);

	if (r < 0)
		return r;
	if (dev < 0)
		return err_errno(e, errno, "%s: /dev/fuse", FUSE_OVERLAY_PROGRAM);
	r = open_words(&words);
	if (r < 0)
		return err_errno(e, -r, "%s", FUSE_OVERLAY_PROGRAM);
	r = mount_fuse(dev, &fd, e);
	if (r == 0)
		r = start_server(o, exe, dev, words, &s.pid, e);
	if (r < 0)
		return r;
	fd_closep(&dev); /* the server's alone: its end is the end of the mount */
	r = wait_ready(fd);
	if (r == 0)
		r = pid_start_ticks(s.pid, &s.start_ticks);
	if (r < 0)
		return failed(s.pid, words, -r, e);
	*ret_fd = TAKE_FD(fd);
	*ret = s;
	return 0;
}

int overlay_mount_any(const struct overlay *o, const struct fuse_program *p, int *ret_fd, struct fuse_server *ret,
		      struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r = p->forced ? OVERLAY_UNSUPPORTED : overlay_mount(o, &fd, e);

	if (r < 0)
		return r;
	if (r == OVERLAY_MOUNTED) {
		*ret_fd = TAKE_FD(fd);
		*ret = (struct fuse_server){.pid = 0};
		return 0;
	}
	if (p->exe_fd >= 0)
		return fuse_mount(o, p->exe_fd, ret_fd, ret, e);
	if (p->forced)
		return err_set(e, ENOENT, "%s: not installed", FUSE_OVERLAY_PROGRAM);
	/* what the kernel said stands */
	err_hint(e, "this kernel or filesystem cannot do it without root; " FUSE_OVERLAY_PROGRAM " can, when it is installed");
	return -ENOTSUP;
}

int fuse_server_end(const struct fuse_server *s)
{
	_cleanup_close_ int pidfd = -EBADF;
	int r = pidfd_open_identity(s->pid, s->start_ticks, &pidfd);

	if (r == -ESRCH)
		return 0;
	if (r == 0 && pidfd_wait(pidfd, END_PATIENCE_MS) == 0)
		return 0;
	if (r == 0)
		r = pidfd_signal(pidfd, SIGKILL);
	if (r == 0)
		r = pidfd_wait(pidfd, END_TIMEOUT_MS);
	return r == -ESRCH ? 0 : r;
}
