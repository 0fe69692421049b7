/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A file with several names is divided among them, which needs no list of
 * inodes seen, and is right when all of its names are in the tree.
 */
#include "engine/usage.h"

#include "engine/in_keeper.h"
#include "sys/tree.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

static int add_file(void *ctx, int dirfd, const char *name)
{
	uint64_t *sum = ctx;
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) && st.st_nlink > 0)
		*sum += (uint64_t)st.st_size / st.st_nlink;
	return 0;
}

static int measure_all(void *ctx, struct err *e)
{
	struct usage *u = ctx;

	(void)e;
	for (size_t i = 0; i < u->n; i++) {
		/* a directory of ours, by the name that we made it by */
		int fd = open(u->dirs.items[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		/* one that changes under us has as much in it as was seen */
		if (fd >= 0)
			(void)!tree_each(fd, add_file, &u->bytes[i]);
	}
	return 0;
}

int usage_add_container(struct usage *u, const struct engine *eng, const struct container *c)
{
	int r = strv_addf(&u->dirs, "%s/" ENGINE_CONTAINERS "/%s/upper", eng->data_path, c->id);

	u->n = u->dirs.n;
	return r;
}

int usage_add_dir(struct usage *u, const struct engine *eng, const char *name)
{
	int r = strv_addf(&u->dirs, "%s/%s", eng->data_path, name);

	u->n = u->dirs.n;
	return r;
}

int usage_add_volume(struct usage *u, const struct engine *eng, const char *name)
{
	int r = strv_addf(&u->dirs, "%s/" ENGINE_VOLUMES "/%s/_data", eng->data_path, name);

	u->n = u->dirs.n;
	return r;
}

int usage_measure(struct engine *eng, struct usage *u, struct err *e)
{
	_cleanup_(keeper_done) struct keeper k = KEEPER_INIT;
	void *shared;
	int r;

	if (u->n == 0)
		return 0;
	/* the child writes the answers where we read them */
	shared = mmap(NULL, u->n * sizeof(*u->bytes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return err_errno(e, errno, "sizes");
	u->bytes = shared;
	r = keeper_open(eng, &k, e);
	return r == 0 ? in_keeper(&k, measure_all, u, e) : r;
}

void usage_done(struct usage *u)
{
	if (u->bytes)
		(void)munmap(u->bytes, u->n * sizeof(*u->bytes));
	strv_done(&u->dirs);
	*u = (struct usage){0};
}
