/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A container that is being made looks for the volume, then writes down that
 * it mounts it; a removal looks for containers, then takes the volume away.
 * Neither waits for the other. So the volume is renamed first and the
 * containers are looked at again: one that was written down in between gets
 * its volume back, and one that comes later finds none and makes its own. One
 * that saw the volume before and is written down after both looks does not
 * start: what it mounts is not there.
 *
 * The volume's lock is held meanwhile. It belongs to the file and goes with
 * the directory under its other name, so that a sweep knows what nobody is
 * working on; and nobody is filling the volume (engine/volumes.c).
 */
#include "engine/volume_remove.h"

#include "engine/attest.h"
#include "engine/container.h"
#include "engine/remove.h"
#include "engine/volume_list.h"
#include "engine/volumes.h"
#include "sys/dir.h"
#include "sys/fd.h"
#include "sys/lock.h"
#include "sys/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define GONE ".gone."
#define LOCK_WAIT_MS 600000 /* for a container that fills it */

/* By one that is not `but` (may be NULL). */
static int is_used(const struct container_list *l, const char *name, const char *but, struct err *e)
{
	_cleanup_(buf_done) struct buf ids = BUF_INIT;

	for (size_t i = volume_user(l, 0, name); i < l->n; i = volume_user(l, i + 1, name))
		if (!but || strcmp(l->items[i]->id, but) != 0)
			buf_addf(&ids, "%s%s", ids.len ? ", " : "", l->items[i]->id);
	if (ids.len == 0)
		return 0;
	err_set(e, EBUSY, "volume %s is being used by the following container(s): %s: volume is being used", name, buf_str(&ids));
	err_exit(e, 2); /* podman-volume-rm(1), "Exit Status" */
	return -EBUSY;
}

static int check_users(struct engine *eng, const char *name, const char *but, struct err *e)
{
	_cleanup_(container_list_done) struct container_list l = {0};
	int r = container_list(eng, &l, e);

	return r < 0 ? r : is_used(&l, name, but, e);
}

static int remove_users(struct engine *eng, const char *name, const struct volume_remove_options *o, struct err *e)
{
	const struct remove_options how = {.force = true, .grace_ms = o->grace_ms, .reason = "volume-rm"};
	_cleanup_(container_list_done) struct container_list l = {0};
	int r = container_list(eng, &l, e);

	for (size_t i = volume_user(&l, 0, name); r == 0 && i < l.n; i = volume_user(&l, i + 1, name)) {
		r = remove_container(eng, l.items[i], &how, e);
		if (r == -ENOENT)
			r = 0;
	}
	return r;
}

/* Under its other name, which no container can have asked for; back when one mounts it. */
static int take_away(struct engine *eng, int volumes, const char *name, const char *gone, const char *but, struct err *e)
{
	int r;

	if (renameat(volumes, name, volumes, gone) < 0)
		return err_errno(e, errno, "volume %s", name);
	r = check_users(eng, name, but, e);
	/* a new one that was made meanwhile stays; this one goes then */
	if (r < 0 && renameat2(volumes, gone, volumes, name, RENAME_NOREPLACE) < 0 && errno == EEXIST)
		r = 0;
	return r;
}

static int remove_locked(struct engine *eng, int volumes, const char *name, const char *but, struct err *e)
{
	char gone[sizeof(GONE) + VOLUME_NAME_SIZE];
	char random_name[VOLUME_NAME_SIZE];
	int r = volume_random_name(random_name);

	if (r < 0)
		return err_errno(e, -r, "random name");
	snprintf(gone, sizeof(gone), GONE "%s", random_name);
	r = check_users(eng, name, but, e);
	if (r == 0)
		r = take_away(eng, volumes, name, gone, but, e);
	return r < 0 ? r : remove_tree(eng, volumes, gone, e);
}

static int open_and_lock(struct engine *eng, const char *name, int *ret_volumes, int *ret_lock, struct err *e)
{
	_cleanup_(volume_note_done) struct volume_note n = VOLUME_NOTE_INIT;
	_cleanup_close_ int dir = -EBADF;
	int r = volume_load(eng, name, &n, e);

	if (r < 0)
		return r;
	r = path_own_open(eng->data_fd, ENGINE_VOLUMES, O_RDONLY | O_DIRECTORY, 0, ret_volumes);
	if (r == 0)
		r = path_own_open(*ret_volumes, name, O_RDONLY | O_DIRECTORY, 0, &dir);
	if (r == 0)
		r = lock_take(dir, "lock", LOCK_WAIT_MS, ret_lock);
	return r < 0 ? err_errno(e, -r, "volume %s", name) : 0;
}

static int remove_volume(struct engine *eng, const char *name, const struct volume_remove_options *o, struct err *e)
{
	_cleanup_close_ int volumes = -EBADF, lock = -EBADF;
	int r = open_and_lock(eng, name, &volumes, &lock, e);

	if (r == 0 && o->force)
		r = remove_users(eng, name, o, e);
	return r < 0 ? r : remove_locked(eng, volumes, name, NULL, e);
}

int volume_remove(struct engine *eng, const char *name, const struct volume_remove_options *o, struct err *e)
{
	int r = remove_volume(eng, name, o, e);

	return attest_volume(eng, AUDIT_VERB_VOLUME_RM, name, NULL, o->reason, false, r, e);
}

int volume_release(struct engine *eng, const char *name, const char *id, const char *reason, struct err *e)
{
	_cleanup_close_ int volumes = -EBADF, lock = -EBADF;
	struct err own = {0};
	int r = open_and_lock(eng, name, &volumes, &lock, &own);

	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = remove_locked(eng, volumes, name, id, &own);
	if (r == -EBUSY)
		return VOLUME_KEPT;
	/* where a receipt is required and there is none, the container's own record says so */
	(void)!attest_volume(eng, AUDIT_VERB_VOLUME_RM, name, id, reason, false, r, &own);
	if (r < 0 && e)
		*e = own;
	return r;
}

static void sweep_one(struct engine *eng, int volumes, const char *name)
{
	_cleanup_close_ int dir = -EBADF, lock = -EBADF;
	struct err e = {0};

	if (path_own_open(volumes, name, O_RDONLY | O_DIRECTORY, 0, &dir) == 0 && lock_take(dir, "lock", 0, &lock) == 0)
		(void)!remove_tree(eng, volumes, name, &e);
}

void volume_sweep(struct engine *eng)
{
	struct dirent *entry;
	int fd = -EBADF, r = 0;
	DIR *d;

	if (path_own_open(eng->data_fd, ENGINE_VOLUMES, O_RDONLY | O_DIRECTORY, 0, &fd) < 0)
		return;
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return;
	}
	while ((entry = dir_next(d, &r)))
		if (strncmp(entry->d_name, GONE, strlen(GONE)) == 0)
			sweep_one(eng, dirfd(d), entry->d_name);
	closedir(d);
}
