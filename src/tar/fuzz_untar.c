/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A layer applied into a directory beside a canary: whatever the tar says, the
 * canary and its directory are afterwards what they were. Runs as root of a
 * user namespace of its own, so that every owner and mode can be set.
 */
#include "base/err.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "tar/untar.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char top[] = "/tmp/ranby-fuzz-untar.XXXXXX";
static int top_fd = -EBADF;

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_CREAT, 0644);

	must(fd >= 0 && fd_write_all(fd, text, strlen(text)) == 0, path);
	close(fd);
}

static void clean_up(void)
{
	(void)!path_own_remove_tree(top_fd, "dest");
	(void)!path_own_remove_tree(top_fd, "canary");
	(void)rmdir(top);
}

/* The namespace, the directory and the canary. Before libFuzzer starts its threads: with them there is no unshare(2). */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char map[64], path[128];
	uid_t uid = geteuid();
	gid_t gid = getegid();

	(void)argc;
	(void)argv;
	umask(0);
	must(mkdtemp(top) != NULL, "mkdtemp");
	must(unshare(CLONE_NEWUSER) == 0, "unshare");
	put("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	put("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1", gid);
	put("/proc/self/gid_map", map);
	top_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(top_fd >= 0 && mkdirat(top_fd, "canary", 0750) == 0, "canary");
	snprintf(path, sizeof(path), "%s/canary/file", top);
	put(path, "canary");
	atexit(clean_up);
	return 0;
}

struct state {
	struct stat top, dir, file;
	char text[16];
};

static void look(struct state *s)
{
	_cleanup_close_ int fd = -EBADF;

	memset(s, 0, sizeof(*s));
	must(fstat(top_fd, &s->top) == 0, "top");
	must(fstatat(top_fd, "canary", &s->dir, AT_SYMLINK_NOFOLLOW) == 0, "canary");
	must(fstatat(top_fd, "canary/file", &s->file, AT_SYMLINK_NOFOLLOW) == 0, "canary/file");
	fd = openat(top_fd, "canary/file", O_RDONLY | O_CLOEXEC);
	must(fd >= 0 && read(fd, s->text, sizeof(s->text) - 1) >= 0, "canary/file");
	s->dir.st_atim = s->file.st_atim = (struct timespec){0};
}

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_mode == b->st_mode && a->st_uid == b->st_uid && a->st_nlink == b->st_nlink &&
	       a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct inflate_limits limits = {.out_bytes = 1 << 20};
	_cleanup_(inflate_closep) struct inflate *in = NULL;
	_cleanup_close_ int fd = memfd_create("fuzz", MFD_CLOEXEC), dest = -EBADF;
	/* for `cp` too: in half of the cases, and half of these below a name that the tar itself may make a link */
	const struct untar_copy copy = {.below = size & 2 ? "a/b" : NULL, .overwrite = size & 4, .no_set_id = true};
	struct untar_options o = {.squash = true, .copy = size & 1 ? &copy : NULL};
	struct untar_counts counts = {0};
	struct state before, after;

	must(path_own_remove_tree(top_fd, "dest") == 0 && mkdirat(top_fd, "dest", 0700) == 0, "dest");
	dest = openat(top_fd, "dest", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(fd >= 0 && dest >= 0, "open");
	look(&before);
	if (fd_write_all(fd, data, size) < 0 || lseek(fd, 0, SEEK_SET) < 0 || inflate_open(fd, &limits, &in, NULL) < 0)
		return 0;
	o.dest_fd = dest;
	(void)!untar_layer(in, &o, &counts, NULL);
	look(&after);
	if (!same(&before.dir, &after.dir) || !same(&before.file, &after.file) || strcmp(before.text, after.text) != 0 ||
	    before.top.st_nlink != after.top.st_nlink || before.top.st_mtim.tv_nsec != after.top.st_mtim.tv_nsec)
		__builtin_trap();
	return 0;
}
