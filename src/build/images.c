/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The images that a build uses. The first time that a name is looked for, what
 * it meant is written into a file of the build's directory, so that the stages
 * which processes of their own make agree on it, and one of them pulls while
 * the others wait. The file is its own lock.
 */
#include "build/session.h"

#include "build/cache.h"
#include "sys/fd.h"
#include "sys/lock.h"
#include "sys/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TRIES 3

/* Told before it is looked for: what is found then is there to stay. */
int session_own_image(struct session *s, const char *id, struct image **ret, struct err *e)
{
	int r = assemble_use(s->q->uses, id, e);

	return r == 0 ? store_resolve(s->q->store, id, ret, e) : r;
}

static int open_name(const struct session *s, const char *name, const struct pull_options *o, int *ret_fd, struct err *e)
{
	char key[DIGEST_HEX_SIZE] = "", file[sizeof("name-") + DIGEST_HEX_SIZE];
	int r;

	cache_key(key, name, o->platform, key);
	snprintf(file, sizeof(file), "name-%s", key);
	r = lock_take(s->q->uses->dirfd, file, -1, ret_fd);
	return r < 0 ? err_errno(e, -r, "%s", name) : 0;
}

/* 1: it was not looked for yet. */
static int read_name(int fd, char ret[static DIGEST_HEX_SIZE], struct err *e)
{
	ssize_t n = pread(fd, ret, DIGEST_HEX_LEN, 0);

	if (n < 0)
		return err_errno(e, errno, "image");
	ret[n] = '\0';
	return n == DIGEST_HEX_LEN ? 0 : 1;
}

static int pull(struct session *s, const char *name, const struct pull_options *o, struct image **ret, struct err *e)
{
	int r = -ENOENT;

	for (int i = 0; r == -ENOENT && i < TRIES; i++) {
		_cleanup_(image_freep) struct image *img = NULL;
		_cleanup_(image_freep) struct image *own = NULL;

		r = pull_image(s->q->store, name, o, &img, e);
		if (r < 0)
			return r;
		/* somebody may remove it at this moment */
		r = session_own_image(s, img->id, &own, e);
		if (r == 0)
			*ret = TAKE_PTR(img);
	}
	return r;
}

static bool is_cut_id(const char *name, const struct image *img)
{
	const char *hex = strncmp(name, "sha256:", 7) == 0 ? name + 7 : name;

	return strlen(hex) < DIGEST_HEX_LEN && strncmp(img->id, hex, strlen(hex)) == 0 && !img->name;
}

static int find(struct session *s, const char *name, const char *platform, bool cut_ids, struct image **ret, struct err *e)
{
	_cleanup_(image_freep) struct image *img = NULL;
	_cleanup_close_ int fd = -EBADF;
	struct pull_options o = *s->q->pull;
	char id[DIGEST_HEX_SIZE];
	int r;

	if (platform)
		o.platform = platform;
	r = open_name(s, name, &o, &fd, e);
	if (r == 0)
		r = read_name(fd, id, e);
	if (r <= 0)
		return r < 0 ? r : store_resolve(s->q->store, id, ret, e);
	r = pull(s, name, &o, &img, e);
	if (r == 0 && !cut_ids && is_cut_id(name, img))
		r = err_set(e, ENOENT, "%s: no image of that name; the beginning of an id is none in a Containerfile", name);
	if (r < 0)
		return r;
	if (pwrite(fd, img->id, DIGEST_HEX_LEN, 0) != DIGEST_HEX_LEN)
		return err_errno(e, ENOSPC, "%s", name);
	*ret = TAKE_PTR(img);
	return 0;
}

int session_image(struct session *s, const char *name, const char *platform, struct image **ret, struct err *e)
{
	return find(s, name, platform, true, ret, e);
}

int session_named_image(struct session *s, const char *name, const char *platform, struct image **ret, struct err *e)
{
	return find(s, name, platform, false, ret, e);
}
