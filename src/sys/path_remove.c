/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Removal keeps the uppermost directories of the way down open, and goes up
 * from deeper ones through "..", so that depth costs no descriptors and no
 * stack. Whoever moves such a directory away while we are in it would send us
 * up into another one: the inode numbers of the way down are kept, and the
 * way up is checked against them.
 */
#include "sys/path.h"

#include "sys/fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LEVELS_OPEN 16

struct level {
	DIR *dir;
	char sub[NAME_MAX + 1]; /* where we went from it */
};

struct removal {
	DIR *dir;                         /* where we are */
	struct level above[LEVELS_OPEN];  /* above[i]: the directory at depth i, on the way down */
	ino_t *inodes;                    /* of those below; made when a way leads that deep */
	dev_t dev;                        /* of the whole tree */
	unsigned depth;
	unsigned idle;                    /* passes in a row that removed nothing */
};

/* Makes a directory readable that we own, through an fd: a name could be swapped for a symlink. */
static int make_readable(int dirfd, const char *name)
{
	_cleanup_close_ int fd = -EBADF;
	char proc[32];
	int r = path_own_open(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0, &fd);

	if (r < 0)
		return r;
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	return chmod(proc, 0700) < 0 ? -EACCES : 0;
}

/* As fdopendir(3), which takes the fd only when it succeeds. */
static int list_fd(int *fd, DIR **ret)
{
	DIR *dir = fdopendir(*fd);

	if (!dir)
		return -errno;
	*fd = -EBADF;
	*ret = dir;
	return 0;
}

static int open_dir(int dirfd, const char *name, dev_t dev, DIR **ret)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r;

	r = path_own_open(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &fd);
	if (r == -EACCES) {
		r = make_readable(dirfd, name);
		if (r == 0)
			r = path_own_open(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &fd);
	}
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_dev != dev)
		return -EXDEV;
	/* may fail where capabilities let us write all the same; if not, unlinkat() will say so */
	if ((st.st_mode & 0700) != 0700)
		(void)fchmod(fd, 0700);
	return list_fd(&fd, ret);
}

static int remove_dir(int dirfd, const char *name)
{
	if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno == ENOTEMPTY || errno == EEXIST)
		return 1;
	return errno == ENOTDIR ? -EPERM : -errno;
}

/* Removes a file or an empty directory. 1: a directory that is not empty. `type` is what readdir(3) says, and may be old. */
static int remove_entry(int dirfd, const char *name, unsigned char type)
{
	int r = type == DT_DIR ? remove_dir(dirfd, name) : -EPERM;

	if (r != -EPERM || unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return r == -EPERM ? 0 : r;
	/* EPERM is what POSIX has for a directory, and what an immutable file gives */
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	return remove_dir(dirfd, name);
}

/*
 * Empties the directory of what is not a directory. Returns 0 at its end, 1
 * with the name of a directory in it that must be emptied first.
 */
static int unlink_files(struct removal *m, char ret_subdir[static NAME_MAX + 1])
{
	struct dirent *d;
	int r = 0;

	m->idle++;
	while (r == 0 && (errno = 0, d = readdir(m->dir))) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		r = remove_entry(dirfd(m->dir), d->d_name, d->d_type);
		if (r == 0)
			m->idle = 0;
		else if (r == 1)
			snprintf(ret_subdir, NAME_MAX + 1, "%s", d->d_name);
	}
	return r == 0 && errno != 0 ? -errno : r;
}

/* Where we are becomes a directory on the way, to its `sub`. */
static int leave_behind(struct removal *m, const char *sub)
{
	struct stat st;

	if (m->depth < LEVELS_OPEN) {
		struct level *l = &m->above[m->depth++];

		l->dir = m->dir;
		snprintf(l->sub, sizeof(l->sub), "%s", sub);
		return 0;
	}
	if (!m->inodes)
		m->inodes = mem_array(PATH_DEPTH_MAX, sizeof(*m->inodes));
	if (!m->inodes)
		return -ENOMEM;
	if (fstat(dirfd(m->dir), &st) < 0)
		return -errno;
	m->inodes[m->depth++] = st.st_ino;
	closedir(m->dir);
	return 0;
}

static int step_down(struct removal *m, const char *name)
{
	DIR *next = NULL;
	int r;

	if (m->depth >= PATH_DEPTH_MAX)
		return -ELOOP;
	r = open_dir(dirfd(m->dir), name, m->dev, &next);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = leave_behind(m, name);
	if (r < 0)
		closedir(next);
	else
		m->dir = next;
	return r;
}

/* Removes what was emptied; when something came into it meanwhile, it is found again from the beginning of `dir`. */
static int remove_emptied(struct removal *m, int parent, const char *name, DIR *dir)
{
	int r = remove_dir(parent, name);

	if (r == 0)
		m->idle = 0;
	if (r == 1)
		rewinddir(dir);
	return r;
}

/* Below what is kept open. It is read from its beginning, where what we emptied comes again. */
static int step_up_deep(struct removal *m)
{
	_cleanup_close_ int up = openat(dirfd(m->dir), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = NULL;
	struct stat st;
	int r;

	if (up < 0 || fstat(up, &st) < 0)
		return -errno;
	if (st.st_dev != m->dev || st.st_ino != m->inodes[m->depth - 1])
		return -EXDEV;
	r = list_fd(&up, &dir);
	if (r < 0)
		return r;
	m->depth--;
	closedir(m->dir);
	m->dir = dir;
	return 0;
}

static int step_up(struct removal *m)
{
	const struct level *l;
	int r;

	if (m->depth > LEVELS_OPEN)
		return step_up_deep(m);
	closedir(m->dir);
	l = &m->above[--m->depth];
	m->dir = l->dir;
	r = remove_emptied(m, dirfd(m->dir), l->sub, m->dir);
	return r < 0 ? r : 0;
}

/* All that is in `name` of `parent`, where we are, and itself. */
static int remove_whole(struct removal *m, int parent, const char *name)
{
	for (;;) {
		char sub[NAME_MAX + 1];
		int r = unlink_files(m, sub);

		/* down all the way and up again without a removal: something keeps coming back */
		if (r >= 0 && m->idle > 2 * PATH_DEPTH_MAX)
			return -EBUSY;
		if (r == 1) {
			r = step_down(m, sub);
		} else if (r == 0 && m->depth > 0) {
			r = step_up(m);
		} else if (r == 0) {
			r = remove_emptied(m, parent, name, m->dir);
			if (r == 0)
				return 0;
		}
		if (r < 0)
			return r;
	}
}

static void removal_done(struct removal *m)
{
	for (unsigned i = 0; i < m->depth && i < LEVELS_OPEN; i++)
		closedir(m->above[i].dir);
	if (m->dir)
		closedir(m->dir);
	free(m->inodes);
}

int path_own_remove_tree(int parent, const char *name)
{
	struct removal m = {.dir = NULL};
	struct stat st;
	int r;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISDIR(st.st_mode))
		return unlinkat(parent, name, 0) < 0 && errno != ENOENT ? -errno : 0;
	m.dev = st.st_dev;
	r = open_dir(parent, name, st.st_dev, &m.dir);
	if (r == 0)
		r = remove_whole(&m, parent, name);
	removal_done(&m);
	return r;
}
