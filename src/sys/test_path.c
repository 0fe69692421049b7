/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Cases shaped like the attacks: a tree that somebody else chose, with a
 * canary outside it that must be neither read nor touched.
 */
#include "sys/path.h"

#include "base/testing.h"
#include "sys/fd.h"
#include "sys/pidfd.h"

#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>

#define SECRET "the host's own"

struct scene {
	char path[64]; /* holds "canary" and "root/" */
	int top, root;
};

static void put_file(int dirfd, const char *name, const char *text)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

static int set_up(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	char target[128];

	s->top = testing_directory(s->path);
	put_file(s->top, "canary", SECRET);
	assert_int_equal(mkdirat(s->top, "root", 0755), 0);
	s->root = openat(s->top, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(s->root, "etc", 0755), 0);
	put_file(s->root, "etc/passwd", "inside");
	put_file(s->root, "etc/large", "0123456789abcdef");
	put_file(s->root, "canary", "the image's own");
	snprintf(target, sizeof(target), "%s/canary", s->path);
	assert_int_equal(symlinkat(target, s->root, "absolute"), 0);
	assert_int_equal(symlinkat("../../../canary", s->root, "etc/up"), 0);
	assert_int_equal(symlinkat("/etc/passwd", s->root, "rooted"), 0);
	assert_int_equal(symlinkat("loop2", s->root, "loop1"), 0);
	assert_int_equal(symlinkat("loop1", s->root, "loop2"), 0);
	assert_int_equal(symlinkat("/proc/self/root", s->root, "magic"), 0);
	assert_int_equal(symlinkat("/run/made/by/target", s->root, "dangling"), 0);
	assert_int_equal(symlinkat("../run/relative", s->root, "etc/dangling"), 0);
	assert_int_equal(symlinkat("dangles1", s->root, "dangles2"), 0);
	assert_int_equal(symlinkat("dangles2", s->root, "dangles1"), 0);
	assert_int_equal(mkfifoat(s->root, "fifo", 0666), 0);
	assert_int_equal(symlinkat("fifo", s->root, "to-fifo"), 0);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;
	char name[64], text[32] = "";
	int fd = openat(s->top, "canary", O_RDONLY | O_CLOEXEC), tmp;
	ssize_t n;

	/* whatever a test did, the canary sings */
	assert_true(fd >= 0);
	n = read(fd, text, sizeof(text) - 1);
	assert_int_equal(n, strlen(SECRET));
	assert_string_equal(text, SECRET);
	close(fd);
	close(s->root);
	close(s->top);
	snprintf(name, sizeof(name), "%s", strrchr(s->path, '/') + 1);
	*strrchr(s->path, '/') = '\0';
	tmp = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(path_own_remove_tree(tmp, name), 0);
	assert_int_not_equal(faccessat(tmp, name, F_OK, 0), 0);
	close(tmp);
	free(s);
	return 0;
}

/* ---- reading what an attacker named ---- */

static const struct {
	const char *path;
	int r;
	const char *want;
} read_cases[] = {
	{"etc/passwd", 0, "inside"},
	{"/etc/passwd", 0, "inside"},
	{"//etc/./passwd", 0, "inside"},
	{"rooted", 0, "inside"},
	{"../../../../canary", 0, "the image's own"},
	{"etc/../../../canary", 0, "the image's own"},
	{"etc/up", 0, "the image's own"},
	{"absolute", -ENOENT, NULL},
	{"absent", -ENOENT, NULL},
	{"loop1", -ELOOP, NULL},
	{"etc", -EINVAL, NULL},
	{"", -ENOENT, NULL},
	{"/", -EINVAL, NULL},
	{"fifo", -EINVAL, NULL},
	{"to-fifo", -EINVAL, NULL},
	{"etc/passwd/x", -ENOTDIR, NULL},
	{"etc/large", -EFBIG, NULL},
};

static void test_read(void **state)
{
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(read_cases); i++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT;
		int r = path_in_root_read(s->root, read_cases[i].path, 15, &b);

		if (r != read_cases[i].r || (r == 0 && strcmp(buf_str(&b), read_cases[i].want) != 0))
			fail_msg("%s: %d \"%s\"", read_cases[i].path, r, buf_str(&b));
	}
}

static void test_read_size(void **state)
{
	struct scene *s = *state;
	_cleanup_(buf_done) struct buf b = BUF_INIT, small = BUF_INIT_MAX(64);

	assert_int_equal(path_in_root_read(s->root, "etc/large", 16, &b), 0);
	assert_int_equal(b.len, 16);
	assert_int_equal(path_in_root_read(s->root, "etc/large", SIZE_MAX, &b), 0);
	assert_int_equal(b.len, 32);
	assert_int_equal(path_in_root_read(s->root, "etc/large", 32, &small), 0);
}

/* With the host's /proc in the tree, its magic links still lead nowhere. */
static void test_magic_links(void **state)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_close_ int host = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -EBADF;

	(void)state;
	assert_int_equal(path_in_root_open(host, "proc/self/root/etc", O_PATH, &fd), -ELOOP);
	assert_int_equal(path_in_root_open(host, "proc/self/cwd", O_PATH, &fd), -ELOOP);
	assert_int_equal(path_in_root_read(host, "proc/self/exe", 1 << 20, &b), -ELOOP);
	assert_int_equal(path_in_root_read(host, "dev/null", 10, &b), -EINVAL);
	assert_int_equal(path_in_root_read(host, "dev/zero", 10, &b), -EINVAL);
}

/* A device is not opened at all: opening some of them does something. */
static void test_device(void **state)
{
	struct scene *s = *state;
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	if (mknodat(s->root, "etc/device", S_IFCHR | 0666, makedev(1, 5)) < 0) {
		print_message("skipped: device nodes need root\n");
		skip();
	}
	assert_int_equal(path_in_root_read(s->root, "etc/device", 10, &b), -EINVAL);
}

/* The writer at the other end of a FIFO must not notice us. */
static void test_fifo_unfelt(void **state)
{
	struct scene *s = *state;
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	assert_int_equal(path_in_root_read(s->root, "fifo", 10, &b), -EINVAL);
	assert_int_equal(openat(s->root, "fifo", O_WRONLY | O_NONBLOCK | O_CLOEXEC), -1);
	assert_int_equal(errno, ENXIO);
}

static void test_open_flags(void **state)
{
	struct scene *s = *state;
	int fd = -EBADF;

	assert_int_equal(path_in_root_open(s->root, "etc/new", O_WRONLY | O_CREAT, &fd), -EINVAL);
	assert_int_equal(path_in_root_open(s->root, "etc", O_RDWR | O_TMPFILE, &fd), -EINVAL);
	assert_int_equal(path_in_root_open(s->root, "etc", O_RDONLY | O_DIRECTORY, &fd), 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	fd_closep(&fd);
	assert_int_equal(path_in_root_open(s->root, "etc/passwd", O_RDONLY | O_DIRECTORY, &fd), -ENOTDIR);
	assert_int_equal(fd, -EBADF);
}

/* ---- making mount points ---- */

static const struct {
	const char *path;
	bool is_dir;
	int r;
	const char *made; /* in the root, of that kind, afterwards */
} mountpoint_cases[] = {
	{"a/b/c", true, 0, "a/b/c"},
	{"/a/b/c", true, 0, "a/b/c"},
	{"/a//b/./d/", true, 0, "a/b/d"},
	{"/f/g", false, 0, "f/g"},
	{"h", false, 0, "h"},
	{"/", true, 0, "etc"},
	{"/", false, -EISDIR, NULL},
	{"etc", true, 0, "etc"},
	{"etc", false, -EISDIR, NULL},
	{"etc/passwd", false, 0, "etc/passwd"},
	{"etc/passwd", true, -ENOTDIR, NULL},
	{"etc/passwd/x", true, -ENOTDIR, NULL},
	{"etc/passwd/x", false, -ENOTDIR, NULL},
	{"../x", true, -EINVAL, NULL},
	{"etc/../../x", true, -EINVAL, NULL},
	{"..", false, -EINVAL, NULL},
	{"loop1/x", true, -ELOOP, NULL},
	{"fifo", false, 0, NULL}, /* may be covered, never opened */
	/* a symlink that leads nowhere gets its target made, inside */
	{"dangling/x", true, 0, "run/made/by/target/x"},
	{"etc/dangling", false, 0, "run/relative"},
	{"dangles1", true, -ELOOP, NULL},
	{"dangles1", false, -ELOOP, NULL},
};

static void test_mountpoint(void **state)
{
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(mountpoint_cases); i++) {
		const char *made = mountpoint_cases[i].made;
		_cleanup_close_ int fd = -EBADF;
		struct stat st, st2;
		int r = path_in_root_mountpoint(s->root, mountpoint_cases[i].path, mountpoint_cases[i].is_dir, 0755, &fd);

		if (r != mountpoint_cases[i].r || (r < 0 && fd != -EBADF))
			fail_msg("%s: %d, not %d", mountpoint_cases[i].path, r, mountpoint_cases[i].r);
		if (!made)
			continue;
		assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
		if (strcmp(mountpoint_cases[i].path, "/") == 0)
			continue;
		if (fstatat(s->root, made, &st, AT_SYMLINK_NOFOLLOW) < 0 || fstat(fd, &st2) < 0 || st.st_ino != st2.st_ino)
			fail_msg("%s: is not %s", mountpoint_cases[i].path, made);
	}
}

/* An absolute symlink to a directory of the host: what is made is made in the tree. */
static void test_mountpoint_outside(void **state)
{
	struct scene *s = *state;
	_cleanup_close_ int fd = -EBADF;
	char target[128], inside[160];

	assert_int_equal(mkdirat(s->top, "victim", 0755), 0);
	snprintf(target, sizeof(target), "%s/victim", s->path);
	assert_int_equal(symlinkat(target, s->root, "door"), 0);
	assert_int_equal(symlinkat("../../../../../victim", s->root, "stairs"), 0);
	assert_int_equal(path_in_root_mountpoint(s->root, "door/planted", true, 0755, &fd), 0);
	fd_closep(&fd);
	assert_int_equal(path_in_root_mountpoint(s->root, "stairs/planted", false, 0644, &fd), 0);
	assert_int_equal(unlinkat(s->top, "victim", AT_REMOVEDIR), 0); /* still empty */
	snprintf(inside, sizeof(inside), "%s/planted", target + 1);
	assert_int_equal(faccessat(s->root, inside, F_OK, 0), 0);
	assert_int_equal(faccessat(s->root, "victim/planted", F_OK, 0), 0);
}

/* Runs `turn` over and over in another process, until end_racer(). */
static int start_racer(const struct scene *s, void (*turn)(const struct scene *s), pid_t *ret_pid)
{
	pid_t pid = fork();
	int pidfd = -EBADF;

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			turn(s);
	}
	assert_int_equal(pidfd_open_pid(pid, &pidfd), 0);
	*ret_pid = pid;
	return pidfd;
}

/* A race is run for so long, however slow the machine is. */
static bool race_is_on(struct timespec *end)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (end->tv_sec == 0)
		*end = (struct timespec){.tv_sec = now.tv_sec + 1, .tv_nsec = now.tv_nsec};
	return now.tv_sec < end->tv_sec || (now.tv_sec == end->tv_sec && now.tv_nsec < end->tv_nsec);
}

static void end_racer(pid_t pid, int pidfd)
{
	assert_int_equal(pidfd_signal(pidfd, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(pidfd);
}

static void flip(const struct scene *s)
{
	(void)syscall(SYS_renameat2, s->root, "flip", s->root, "flop", 1U << 1 /* RENAME_EXCHANGE */);
}

/* A name that flips between a directory and a symlink out of the tree, as fast as it can. */
static void test_race(void **state)
{
	struct scene *s = *state;
	char target[128];
	struct timespec end = {0};
	pid_t racer;
	int pidfd;

	assert_int_equal(mkdirat(s->top, "victim", 0777), 0);
	assert_int_equal(mkdirat(s->root, "flip", 0777), 0);
	snprintf(target, sizeof(target), "%s/victim", s->path);
	assert_int_equal(symlinkat(target, s->root, "flop"), 0);
	pidfd = start_racer(s, flip, &racer);
	while (race_is_on(&end)) {
		_cleanup_close_ int fd = -EBADF;
		int r = path_in_root_mountpoint(s->root, "flip/x/y", true, 0755, &fd);

		if (r < 0 && r != -ENOENT && r != -EAGAIN && r != -EXDEV)
			fail_msg("race: %d", r);
		(void)!path_own_remove_tree(s->root, "flip");
		(void)mkdirat(s->root, "flip", 0777);
	}
	end_racer(racer, pidfd);
	assert_int_equal(unlinkat(s->top, "victim", AT_REMOVEDIR), 0);
}

/* ---- names of our own ---- */

static const struct {
	const char *path;
	int r;
} own_cases[] = {
	{"etc/passwd", 0}, {"absolute", -ELOOP}, {"rooted", -ELOOP}, {"etc/up", -ELOOP}, {"../canary", -EXDEV},
	{"etc/../../canary", -EXDEV}, {"/etc/passwd", -EXDEV}, {"fifo", -EINVAL}, {"etc", -EINVAL}, {"absent", -ENOENT},
};

static void test_own_read(void **state)
{
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(own_cases); i++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT;
		int r = path_own_read(s->root, own_cases[i].path, 100, &b);

		if (r != own_cases[i].r)
			fail_msg("%s: %d, not %d", own_cases[i].path, r, own_cases[i].r);
	}
}

static void expect_text(int dirfd, const char *name, const char *want)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	assert_int_equal(path_own_read(dirfd, name, 100, &b), 0);
	assert_string_equal(buf_str(&b), want);
}

static void test_own_write(void **state)
{
	struct scene *s = *state;
	struct stat st;

	assert_int_equal(path_own_write(s->root, "w", "one", 3, 0600, PATH_SYNC_FULL), 0);
	expect_text(s->root, "w", "one");
	assert_int_equal(path_own_write(s->root, "w", "two", 3, 0600, PATH_SYNC_NONE), 0);
	expect_text(s->root, "w", "two");
	assert_int_equal(path_own_write_new(s->root, "w", "three", 5, 0600, PATH_SYNC_NONE), -EEXIST);
	expect_text(s->root, "w", "two");
	assert_int_equal(path_own_write_new(s->root, "n", "", 0, 0600, PATH_SYNC_FULL), 0);
	expect_text(s->root, "n", "");
	assert_int_equal(fstatat(s->root, "n", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_nlink, 1);
	/* a symlink in the place of the name is replaced, not followed */
	assert_int_equal(path_own_write(s->root, "absolute", "ours", 4, 0600, PATH_SYNC_NONE), 0);
	expect_text(s->root, "absolute", "ours");
	assert_int_equal(path_own_write(s->root, "none/w", "x", 1, 0600, PATH_SYNC_NONE), -ENOENT);
}

static void test_own_mkdirs(void **state)
{
	struct scene *s = *state;
	_cleanup_close_ int fd = -EBADF, base = -EBADF;
	char path[128];
	struct stat st;

	assert_int_equal(path_own_mkdirs(s->root, "p/q/r", &fd), 0);
	assert_int_equal(path_own_mkdirs(s->root, "p/q/r", NULL), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(path_own_mkdirs(s->root, "p/../x", NULL), -EINVAL);
	assert_int_equal(path_own_mkdirs(s->root, "magic/x", NULL), -ELOOP);
	assert_int_equal(path_own_mkdirs(s->root, "etc/passwd/x", NULL), -ENOTDIR);
	snprintf(path, sizeof(path), "%s/base/of/ours/", s->path);
	assert_int_equal(path_make_base(path, &base), 0);
	assert_int_equal(path_make_base("relative", &base), -EINVAL);
}

/* ---- removal ---- */

/* Runs as somebody without capabilities, who owns the tree, so that modes count. */
static void as_owner(struct scene *s, const char *name, int want)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (getuid() == 0 && (setresgid(54321, 54321, 54321) < 0 || setresuid(54321, 54321, 54321) < 0))
			_exit(99);
		_exit(-path_own_remove_tree(s->root, name));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), -want);
	if (want == 0)
		assert_int_not_equal(faccessat(s->root, name, F_OK, AT_SYMLINK_NOFOLLOW), 0);
}

static void give_away(int fd)
{
	if (getuid() == 0)
		assert_int_equal(fchown(fd, 54321, 54321), 0);
}

static void test_remove_modes(void **state)
{
	static const mode_t modes[] = {0000, 0100, 0200, 0300, 0400, 0500, 0600, 0700};
	struct scene *s = *state;

	/* the way to it must be open for the owner */
	assert_int_equal(fchmodat(s->top, ".", 0755, 0), 0);
	give_away(s->root);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		_cleanup_close_ int outer = -EBADF, inner = -EBADF;

		assert_int_equal(mkdirat(s->root, "tree", 0755), 0);
		outer = openat(s->root, "tree", O_RDONLY | O_CLOEXEC);
		assert_int_equal(mkdirat(outer, "inner", 0755), 0);
		inner = openat(outer, "inner", O_RDONLY | O_CLOEXEC);
		put_file(inner, "file", "x");
		put_file(outer, "file", "x");
		assert_int_equal(fchmodat(inner, "file", 0, 0), 0);
		give_away(inner);
		give_away(outer);
		assert_int_equal(fchmod(inner, modes[i]), 0);
		assert_int_equal(fchmod(outer, modes[i]), 0);
		as_owner(s, "tree", 0);
	}
}

static void test_remove_foreign(void **state)
{
	struct scene *s = *state;
	_cleanup_close_ int dir = -EBADF;

	if (getuid() != 0) {
		print_message("skipped: another owner needs root\n");
		skip();
	}
	assert_int_equal(fchmodat(s->top, ".", 0755, 0), 0);
	give_away(s->root);
	assert_int_equal(mkdirat(s->root, "theirs", 0700), 0);
	dir = openat(s->root, "theirs", O_RDONLY | O_CLOEXEC);
	put_file(dir, "file", "x");
	as_owner(s, "theirs", -EACCES);
	assert_int_equal(faccessat(dir, "file", F_OK, 0), 0);
}

static void test_remove_links(void **state)
{
	struct scene *s = *state;
	char target[128];

	assert_int_equal(mkdirat(s->root, "tree", 0755), 0);
	assert_int_equal(mkdirat(s->top, "victim", 0755), 0);
	put_file(s->top, "victim/file", "x");
	snprintf(target, sizeof(target), "%s/victim", s->path);
	assert_int_equal(symlinkat(target, s->root, "tree/link"), 0);
	assert_int_equal(symlinkat("../../canary", s->root, "tree/up"), 0);
	assert_int_equal(symlinkat(target, s->root, "link"), 0);
	assert_int_equal(mkfifoat(s->root, "tree/fifo", 0), 0);
	assert_int_equal(path_own_remove_tree(s->root, "tree"), 0);
	assert_int_equal(path_own_remove_tree(s->root, "link"), 0);
	assert_int_equal(faccessat(s->top, "victim/file", F_OK, 0), 0);
	assert_int_equal(path_own_remove_tree(s->root, "never was"), 0);
	assert_int_equal(path_own_remove_tree(s->root, "etc/passwd"), 0);
}

static void make_chain(int root, const char *name, unsigned depth)
{
	int dir;

	assert_int_equal(mkdirat(root, name, 0755), 0);
	dir = openat(root, name, O_RDONLY | O_CLOEXEC);
	for (unsigned i = 1; i < depth; i++) {
		int next;

		assert_int_equal(mkdirat(dir, "d", 0755), 0);
		next = openat(dir, "d", O_RDONLY | O_CLOEXEC);
		close(dir);
		dir = next;
	}
	put_file(dir, "leaf", "x");
	close(dir);
}

static void test_remove_deep(void **state)
{
	struct scene *s = *state;

	make_chain(s->root, "deep", PATH_DEPTH_MAX + 1);
	assert_int_equal(path_own_remove_tree(s->root, "deep"), 0);
	make_chain(s->root, "deep", PATH_DEPTH_MAX + 2);
	assert_int_equal(path_own_remove_tree(s->root, "deep"), -ELOOP);
	/* its upper half moved out, it can be removed in two */
	assert_int_equal(renameat(s->root, "deep/d/d/d/d", s->root, "half"), 0);
	assert_int_equal(path_own_remove_tree(s->root, "half"), 0);
}

static void test_remove_wide(void **state)
{
	struct scene *s = *state;
	char name[32];

	assert_int_equal(mkdirat(s->root, "wide", 0755), 0);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "wide/dir%d", i);
		assert_int_equal(mkdirat(s->root, name, 0755), 0);
		snprintf(name, sizeof(name), "wide/dir%d/f", i);
		put_file(s->root, name, "");
		snprintf(name, sizeof(name), "wide/file%d", i);
		put_file(s->root, name, "");
	}
	assert_int_equal(path_own_remove_tree(s->root, "wide"), 0);
}

static void move_and_back(const struct scene *s)
{
	(void)renameat(s->root, "tree/d/d", s->top, "victim/d");
	(void)renameat(s->top, "victim/d", s->root, "tree/d/d");
}

/* While we are deep in it, the directory is moved under the victim: ".." must not take us there. */
static void test_remove_moved(void **state)
{
	struct scene *s = *state;
	struct timespec end = {0};
	pid_t mover;
	int pidfd;

	assert_int_equal(mkdirat(s->top, "victim", 0755), 0);
	put_file(s->top, "victim/precious", "x");
	pidfd = start_racer(s, move_and_back, &mover);
	while (race_is_on(&end)) {
		int r;

		(void)mkdirat(s->root, "tree", 0755);
		(void)mkdirat(s->root, "tree/d", 0755);
		(void)mkdirat(s->root, "tree/d/d", 0755);
		for (int j = 0; j < 50; j++) {
			char name[32];

			snprintf(name, sizeof(name), "tree/d/d/%d", j);
			(void)mkdirat(s->root, name, 0755);
		}
		r = path_own_remove_tree(s->root, "tree");
		if (r < 0 && r != -EXDEV && r != -ENOTEMPTY && r != -ENOENT)
			fail_msg("moved: %d", r);
		if (faccessat(s->top, "victim/precious", F_OK, 0) < 0)
			fail_msg("the victim is gone");
	}
	end_racer(mover, pidfd);
}

static void test_missing(void **state)
{
	static const struct {
		const char *name;
		bool missing;
	} cases[] = {
		{"none", true}, {"none/below", true}, {"there/none", true}, {"there", false}, {"dangling", false},
		{"dangling/below", false}, {"link/none", true}, {"loop", false},
	};
	const struct scene *s = *state;
	char base[PATH_MAX], link[32], path[PATH_MAX + 32];
	ssize_t n;

	assert_int_equal(mkdirat(s->top, "there", 0755), 0);
	assert_int_equal(symlinkat("there", s->top, "link"), 0);
	assert_int_equal(symlinkat("/nonexistent/x", s->top, "dangling"), 0);
	assert_int_equal(symlinkat("loop", s->top, "loop"), 0);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", s->top);
	n = readlink(link, base, sizeof(base) - 1);
	assert_true(n > 0);
	base[n] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(path, sizeof(path), "%s/%s", base, cases[i].name);
		if (path_is_missing(path) != cases[i].missing)
			fail_msg("%s", path);
	}
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

TESTS("sys/path", SCENE(test_read), SCENE(test_read_size), SCENE(test_magic_links), SCENE(test_device), SCENE(test_fifo_unfelt),
      SCENE(test_open_flags), SCENE(test_mountpoint), SCENE(test_mountpoint_outside), SCENE(test_race), SCENE(test_own_read),
      SCENE(test_own_write), SCENE(test_own_mkdirs), SCENE(test_remove_modes), SCENE(test_remove_foreign),
      SCENE(test_remove_links), SCENE(test_remove_deep), SCENE(test_remove_wide), SCENE(test_remove_moved), SCENE(test_missing))
