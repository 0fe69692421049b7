/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Making, changing and deleting containers so that a kill at any point
 * leaves a whole container or something that the next command sweeps.
 *
 *	make:    directory in pending/ (locked) → name → files, container.json → directory to containers/
 *	delete:  (locked) directory to pending/ → container.json off → name off → directory off
 *
 * "It is a container" turns on one rename and off on another; before the
 * first and after the second its directory lies in pending/, with the lock of
 * whoever is at it, which dies with its holder. Sweeping is the second half of
 * a deletion. A container that gets another name stays where it is, so that is
 * said by a file pending/ID.name, locked too, which holds both names.
 *
 * A rename may want a block for the other directory; when it finds no space,
 * deletion goes on in place: `rm` must work on a full disk.
 */
#include "engine/container.h"
#include "engine/name_words.h"
#include "engine/options.h"

#include "base/buf.h"
#include "oci/digest.h"
#include "sys/dir.h"
#include "sys/fd.h"
#include "sys/lock.h"
#include "sys/path.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#define NAME_TRIES 64
#define BEGIN_TRIES 8
#define MARKER_SUFFIX ".name"
/* A sweep holds a marker for as long as it takes to give names back. */
#define MARKER_WAIT_MS 10000

int container_new_id(char ret_id[static CONTAINER_ID_LEN + 1])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char raw[CONTAINER_ID_LEN / 2];

	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		return -EIO;
	for (size_t i = 0; i < sizeof(raw); i++) {
		ret_id[2 * i] = hex[raw[i] >> 4];
		ret_id[2 * i + 1] = hex[raw[i] & 15];
	}
	ret_id[CONTAINER_ID_LEN] = '\0';
	return 0;
}

/* ---- names ---- */

static int names_dir(struct engine *eng, int *ret_fd, struct err *e)
{
	int r = path_own_mkdirs(eng->data_fd, ENGINE_NAMES, ret_fd);

	return r < 0 ? err_errno(e, -r, "%s/%s", eng->data_path, ENGINE_NAMES) : 0;
}

/* Gives the name back if it is `id`'s. */
static int name_drop(struct engine *eng, const char *name, const char *id)
{
	_cleanup_close_ int dir = -EBADF;
	char holder[CONTAINER_ID_LEN + 1];
	int r = container_name_holder(eng, name, holder);

	if (r == -ENOENT || (r == 0 && strcmp(holder, id) != 0))
		return 0;
	if (r == 0)
		r = path_own_open(eng->data_fd, ENGINE_NAMES, O_RDONLY | O_DIRECTORY, 0, &dir);
	if (r == 0 && unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		r = -errno;
	return r;
}

/* What is made, removed or renamed. */
static int pending_dir(struct engine *eng, int *ret_fd, struct err *e)
{
	int r = path_own_mkdirs(eng->data_fd, ENGINE_PENDING, ret_fd);

	return r < 0 ? err_errno(e, -r, "%s/%s", eng->data_path, ENGINE_PENDING) : 0;
}

/* ---- the marker of a renaming ---- */

struct marker {
	int dirfd, fd;
	char name[CONTAINER_ID_LEN + sizeof(MARKER_SUFFIX)];
};
#define MARKER_INIT {.dirfd = -EBADF, .fd = -EBADF}

static void marker_done(struct marker *m)
{
	fd_closep(&m->fd);
	fd_closep(&m->dirfd);
}

/* The names in the marker, each on a line, are given back; but not `but`, which is the container's. */
static void drop_strays(struct engine *eng, const char *id, int marker, const char *but)
{
	_cleanup_(buf_done) struct buf names = BUF_INIT;

	if (lseek(marker, 0, SEEK_SET) < 0 || fd_read_all(marker, 4096, &names) < 0 || names.len == 0)
		return;
	for (char *name = names.data, *end; name && *name; name = end) {
		end = name + strcspn(name, "\n");
		if (*end)
			*end++ = '\0';
		if (container_name_is_valid(name) && strcmp(name, but) != 0)
			(void)!name_drop(eng, name, id);
	}
}

/* Takes the marker of `c`, which somebody may have left, and writes `names` into it. */
static int marker_take(struct engine *eng, const struct container *c, const char *names, struct marker *ret, struct err *e)
{
	_cleanup_(marker_done) struct marker m = MARKER_INIT;
	int r = pending_dir(eng, &m.dirfd, e);

	if (r < 0)
		return r;
	snprintf(m.name, sizeof(m.name), "%s" MARKER_SUFFIX, c->id);
	r = lock_take(m.dirfd, m.name, MARKER_WAIT_MS, &m.fd);
	if (r == 0)
		drop_strays(eng, c->id, m.fd, c->name);
	if (r == 0 && (ftruncate(m.fd, 0) < 0 || lseek(m.fd, 0, SEEK_SET) < 0))
		r = -errno;
	if (r == 0)
		r = fd_write_all(m.fd, names, strlen(names));
	if (r < 0)
		return err_errno(e, -r, "mark container %.12s", c->id);
	*ret = m;
	m = (struct marker)MARKER_INIT;
	return 0;
}

static void marker_drop(struct marker *m)
{
	(void)unlinkat(m->dirfd, m->name, 0);
	fd_closep(&m->fd);
}

/* ---- what is there ---- */

/* 1 or 0; -errno when that cannot be said: what is there must not be removed then as if it were not. */
static int is_there(int dirfd, const char *path)
{
	if (faccessat(dirfd, path, F_OK, 0) == 0)
		return 1;
	return errno == ENOENT ? 0 : -errno;
}

static int is_container(struct engine *eng, const char *id)
{
	char path[CONTAINER_ID_LEN + 32];
	int all, r = engine_containers(eng, &all, NULL);

	snprintf(path, sizeof(path), "%s/container.json", id);
	return r < 0 ? r : is_there(all, path);
}

static int is_pending(struct engine *eng, const char *id)
{
	char path[sizeof(ENGINE_PENDING) + CONTAINER_ID_LEN + 2];

	snprintf(path, sizeof(path), "%s/%s", ENGINE_PENDING, id);
	return is_there(eng->data_fd, path);
}

/*
 * One attempt: a symbolic link to the id, which comes about whole or not at
 * all, excludes a second one, and leaves no temporary file when we are killed.
 * -EEXIST with *ret_holder. A name of nobody (power was lost between two
 * fsyncs) is taken over.
 */
static int name_take(struct engine *eng, int dir, const char *name, const char *id,
		     char ret_holder[static CONTAINER_ID_LEN + 1])
{
	int r;

	if (symlinkat(id, dir, name) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	r = container_name_holder(eng, name, ret_holder);
	if (r == 0) {
		r = is_pending(eng, ret_holder);
		if (r == 0)
			r = is_container(eng, ret_holder);
		if (r != 0)
			return r > 0 ? -EEXIST : r;
	} else if (r != -ENOENT) {
		return r;
	}
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return -errno;
	return symlinkat(id, dir, name) < 0 ? -errno : 0;
}

static int name_in_use(const char *name, const char *holder, struct err *e)
{
	err_set(e, EEXIST, "the container name \"%s\" is already in use by %.12s", name, holder);
	err_hint(e, "remove that container (ranby rm %s), or use --replace", name);
	return -EEXIST;
}

static int name_choose(struct engine *eng, const char *wanted, struct container_making *m,
		       char ret_holder[static CONTAINER_ID_LEN + 1], struct err *e)
{
	_cleanup_close_ int dir = -EBADF;
	int r = names_dir(eng, &dir, e);

	for (int i = 0; r == 0 && i < NAME_TRIES; i++) {
		_cleanup_free_ char *name = wanted ? strdup(wanted) : name_words_random();

		if (!name)
			return err_errno(e, ENOMEM, "container name");
		r = name_take(eng, dir, name, m->id, ret_holder);
		if (r == 0) {
			m->name = TAKE_PTR(name);
			return 0;
		}
		if (r != -EEXIST)
			return err_errno(e, -r, "container name \"%s\"", name);
		if (wanted)
			return name_in_use(name, ret_holder, e);
		r = 0;
	}
	return r < 0 ? r : err_set(e, EEXIST, "no free container name found: give one with --name");
}

/* ---- making ---- */

/*
 * Makes and locks its directory. A sweep of another command may come between
 * the two: then that one is the sweeper's, and another one is tried.
 */
static int make_locked(int pending, struct container_making *m)
{
	int r = container_new_id(m->id);

	if (r == 0 && mkdirat(pending, m->id, 0700) < 0)
		r = -errno;
	if (r < 0)
		return r;
	r = path_own_open(pending, m->id, O_RDONLY | O_DIRECTORY, 0, &m->dirfd);
	if (r == 0)
		r = lock_take_dir(m->dirfd, 0, &m->lock_fd);
	if (r < 0) {
		(void)unlinkat(pending, m->id, AT_REMOVEDIR);
		fd_closep(&m->dirfd);
	}
	return r == -ENOENT ? -EAGAIN : r;
}

static int begin(struct engine *eng, const char *name, struct container_making *m,
		 char ret_holder[static CONTAINER_ID_LEN + 1], struct err *e)
{
	int all, r = engine_containers(eng, &all, e);

	if (r == 0)
		r = pending_dir(eng, &m->pending_fd, e);
	if (r < 0)
		return r;
	r = -EAGAIN;
	for (int i = 0; r == -EAGAIN && i < BEGIN_TRIES; i++)
		r = make_locked(m->pending_fd, m);
	if (r < 0)
		return err_errno(e, -r, "make container %.12s", m->id);
	return name_choose(eng, name, m, ret_holder, e);
}

int container_begin(struct engine *eng, const char *name, struct container_making *ret,
		    char ret_holder[CONTAINER_ID_LEN + 1], struct err *e)
{
	struct container_making m = CONTAINER_MAKING_INIT;
	char holder[CONTAINER_ID_LEN + 1] = "";
	int r;

	if (name && !*name)
		name = NULL;
	r = name ? container_name_check("container name", name, e) : 0;
	if (r < 0)
		return r;
	r = begin(eng, name, &m, holder, e);
	if (r < 0) {
		container_making_done(eng, &m);
		if (ret_holder)
			memcpy(ret_holder, holder, sizeof(holder));
		return r;
	}
	*ret = m;
	return 0;
}

static int write_json(int dirfd, const char *file, struct json_object *o, enum path_sync sync, struct err *e)
{
	const char *text;
	size_t len;
	int r;

	text = json_text(o, &len);
	if (!text)
		return err_errno(e, ENOMEM, "%s", file);
	r = path_own_write(dirfd, file, text, len, 0600, sync);
	return r < 0 ? err_errno(e, -r, "write %s", file) : 0;
}

/* The name reaches the disk before the container that has it. */
static int sync_names(struct engine *eng, struct err *e)
{
	_cleanup_close_ int names = -EBADF;
	int r = names_dir(eng, &names, e);

	return r == 0 && fsync(names) < 0 ? err_errno(e, errno, "sync %s/%s", eng->data_path, ENGINE_NAMES) : r;
}

/* From now on it is a container; on failure it is none, and lies where it was made. */
static int publish(struct engine *eng, const struct container_making *m, bool durable, struct err *e)
{
	int all, r = engine_containers(eng, &all, e);

	if (r < 0)
		return r;
	if (renameat(m->pending_fd, m->id, all, m->id) < 0)
		return err_errno(e, errno, "make container %.12s", m->id);
	if (durable && fsync(all) < 0) {
		r = err_errno(e, errno, "make container %.12s", m->id);
		(void)renameat(all, m->id, m->pending_fd, m->id);
	}
	return r;
}

/* Just made, it has neither state nor end. */
static struct container *adopt(const struct engine *eng, struct container_making *m, struct json_object *spec)
{
	struct container *c = container_new(m->id, eng->containers_fd, TAKE_FD(m->dirfd));

	if (!c)
		return NULL;
	c->spec = json_object_get(spec);
	c->name = json_str(c->spec, "name");
	c->created_ns = json_int(c->spec, "createdNs");
	c->status = CONTAINER_CREATED;
	return c;
}

int container_commit(struct engine *eng, struct container_making *m, struct json_object *spec, bool durable,
		     struct container **ret, struct err *e)
{
	struct container *c;
	int r = durable ? sync_names(eng, e) : 0;

	if (r == 0)
		r = write_json(m->dirfd, "container.json", spec, durable ? PATH_SYNC_UNSEEN_DATA : PATH_SYNC_UNSEEN, e);
	/* once for all that was made in it */
	if (r == 0 && durable && fsync(m->dirfd) < 0)
		r = err_errno(e, errno, "sync container %.12s", m->id);
	if (r == 0)
		r = publish(eng, m, durable, e);
	if (r < 0)
		return r;
	fd_closep(&m->lock_fd);
	c = adopt(eng, m, spec);
	if (!c)
		return err_errno(e, ENOMEM, "container %.12s", m->id);
	*ret = c;
	return 0;
}

void container_making_done(struct engine *eng, struct container_making *m)
{
	if (m->lock_fd >= 0) {
		if (m->name)
			(void)!name_drop(eng, m->name, m->id);
		/* nothing of other ids is in there yet but what bundle made as the user; what stays is swept */
		(void)!path_own_remove_tree(m->pending_fd, m->id);
		fd_closep(&m->lock_fd);
	}
	fd_closep(&m->dirfd);
	fd_closep(&m->pending_fd);
	free(TAKE_PTR(m->name));
}

int container_write_spec(const struct container *c, struct json_object *spec, struct err *e)
{
	return write_json(container_dir(c), "container.json", spec, PATH_SYNC_FULL, e);
}

/* With the marker, which holds both names: new name on, container.json, old name off. */
static int rename_marked(struct engine *eng, struct container *c, const char *name, struct err *e)
{
	_cleanup_json_ struct json_object *spec = NULL;
	char holder[CONTAINER_ID_LEN + 1] = "";
	_cleanup_free_ char *old = strdup(c->name);
	_cleanup_close_ int dir = -EBADF;
	int r = old ? names_dir(eng, &dir, e) : err_errno(e, ENOMEM, "rename");

	if (r < 0)
		return r;
	r = name_take(eng, dir, name, c->id, holder);
	if (r == -EEXIST)
		return err_set(e, EEXIST, "the container name \"%s\" is already in use by %.12s", name, holder);
	if (r == 0 && fsync(dir) < 0)
		r = -errno;
	if (r == 0 && (json_object_deep_copy(c->spec, &spec, NULL) < 0 || json_add_str(spec, "name", name) < 0))
		r = -ENOMEM;
	if (r < 0)
		return err_errno(e, -r, "container name \"%s\"", name);
	r = container_write_spec(c, spec, e);
	if (r < 0)
		return r;
	json_object_put(c->spec);
	c->spec = TAKE_PTR(spec);
	c->name = json_str(c->spec, "name");
	r = name_drop(eng, old, c->id);
	return r < 0 ? err_errno(e, -r, "give the name %s back", old) : 0;
}

/*
 * Writing container.json may have failed after it was replaced: the name that is kept is the one that it says. Where that
 * cannot be seen either, the marker stays for a sweep.
 */
static void undo_rename(struct engine *eng, const struct container *c, struct marker *m)
{
	_cleanup_(container_freep) struct container *now = NULL;

	if (container_load(eng, c->id, &now, NULL) < 0)
		return;
	drop_strays(eng, c->id, m->fd, now->name);
	marker_drop(m);
}

int container_rename(struct engine *eng, struct container *c, const char *name, struct err *e)
{
	_cleanup_(marker_done) struct marker marker = MARKER_INIT;
	_cleanup_free_ char *both = NULL;
	int r = container_name_check("container name", name, e);

	if (r < 0 || strcmp(name, c->name) == 0)
		return r;
	if (asprintf(&both, "%s\n%s", c->name, name) < 0)
		return err_errno(e, ENOMEM, "rename");
	r = marker_take(eng, c, both, &marker, e);
	if (r < 0)
		return r;
	r = rename_marked(eng, c, name, e);
	if (r == 0 || r == -EEXIST)
		marker_drop(&marker);
	else
		undo_rename(eng, c, &marker);
	return r;
}

int container_write_state(const struct container *c, struct json_object *state, bool durable, struct err *e)
{
	return write_json(container_dir(c), "state.json", state, durable ? PATH_SYNC_FULL : PATH_SYNC_NONE, e);
}

int container_lock(const struct container *c, int timeout_ms, int *ret_lock_fd, struct err *e)
{
	int dir = container_dir(c), r = dir < 0 ? dir : lock_take_dir(dir, timeout_ms, ret_lock_fd);

	if (r == -EAGAIN)
		return err_set(e, EAGAIN, "container %.12s: another command is changing it", c->id);
	if (r == -ENOENT)
		return err_set(e, ENOENT, "no container with name or ID \"%.12s\" found: no such container", c->id);
	return r < 0 ? err_errno(e, -r, "lock container %.12s", c->id) : 0;
}

void container_tidy(const struct container *c)
{
	path_own_tidy(container_dir(c));
}

/* ---- deleting ---- */

/* To pending/: from here it is no container any more. *ret_dir is where its directory is then; borrowed. */
static int withdraw(struct engine *eng, const struct container *c, int pending, int *ret_dir, struct err *e)
{
	int all, r = engine_containers(eng, &all, e);

	if (r < 0)
		return r;
	*ret_dir = pending;
	if (renameat(all, c->id, pending, c->id) < 0 && errno != ENOENT) {
		if (errno != ENOSPC && errno != EDQUOT)
			return err_errno(e, errno, "remove container %.12s", c->id);
		*ret_dir = all;
	}
	/* whoever has it open, and waits for its lock, finds none there */
	if (unlinkat(container_dir(c), "container.json", 0) < 0 && errno != ENOENT)
		return err_errno(e, errno, "remove container %.12s", c->id);
	return 0;
}

int container_delete(struct engine *eng, const struct container *c, container_remove_dir_fn remove_dir, struct err *e)
{
	_cleanup_close_ int pending = -EBADF;
	int dir = -EBADF, r = pending_dir(eng, &pending, e);

	if (r == 0)
		r = withdraw(eng, c, pending, &dir, e);
	if (r < 0)
		return r;
	r = name_drop(eng, c->name, c->id);
	if (r < 0)
		return err_errno(e, -r, "give the name %s back", c->name);
	return remove_dir(eng, dir, c->id, e);
}

/* Which name it had stands nowhere any more, or not yet. */
static int names_drop(struct engine *eng, const char *id)
{
	_cleanup_close_ int fd = -EBADF;
	struct dirent *d;
	int r = names_dir(eng, &fd, NULL);
	DIR *dir = r < 0 ? NULL : fdopendir(fd);

	if (!dir)
		return r < 0 ? r : -errno;
	fd = -EBADF;
	while ((d = dir_next(dir, &r))) {
		char holder[CONTAINER_ID_LEN + 2];
		ssize_t n = readlinkat(dirfd(dir), d->d_name, holder, sizeof(holder));

		if (n == CONTAINER_ID_LEN && memcmp(holder, id, CONTAINER_ID_LEN) == 0)
			(void)unlinkat(dirfd(dir), d->d_name, 0);
	}
	closedir(dir);
	return r;
}

/* What was being made or removed. Whoever took its lock before us may have published it: then it is not there any more. */
static void sweep_directory(struct engine *eng, int pending, const char *id, container_remove_dir_fn remove_dir)
{
	_cleanup_close_ int dir = -EBADF, lock = -EBADF;

	if (path_own_open(pending, id, O_RDONLY | O_DIRECTORY, 0, &dir) < 0 || lock_take_dir(dir, 0, &lock) < 0 ||
	    is_there(pending, id) != 1)
		return;
	if (names_drop(eng, id) == 0)
		(void)!remove_dir(eng, pending, id, NULL);
}

/* Who was renaming it is gone. `marker` has the length of one. */
static void sweep_marker(struct engine *eng, int pending, const char *marker)
{
	_cleanup_(container_freep) struct container *c = NULL;
	_cleanup_(marker_done) struct marker m = MARKER_INIT;
	char id[CONTAINER_ID_LEN + 1];
	int there;

	memcpy(id, marker, CONTAINER_ID_LEN);
	id[CONTAINER_ID_LEN] = '\0';
	memcpy(m.name, marker, sizeof(m.name));
	m.dirfd = fcntl(pending, F_DUPFD_CLOEXEC, 3);
	if (!digest_is_hex(id) || m.dirfd < 0 || lock_take(pending, marker, 0, &m.fd) < 0)
		return;
	there = is_container(eng, id);
	if (there < 0 || (there == 1 && container_load(eng, id, &c, NULL) < 0))
		return;
	drop_strays(eng, id, m.fd, c ? c->name : "");
	marker_drop(&m);
}

void container_sweep(struct engine *eng, container_remove_dir_fn remove_dir)
{
	int r = 0, dir_fd = openat(eng->data_fd, ENGINE_PENDING, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct dirent *d;
	DIR *dir;

	if (dir_fd < 0)
		return;
	dir = fdopendir(dir_fd);
	if (!dir) {
		close(dir_fd);
		return;
	}
	while ((d = dir_next(dir, &r))) {
		if (digest_is_hex(d->d_name))
			sweep_directory(eng, dir_fd, d->d_name, remove_dir);
		else if (strlen(d->d_name) == CONTAINER_ID_LEN + strlen(MARKER_SUFFIX) &&
			 strcmp(d->d_name + CONTAINER_ID_LEN, MARKER_SUFFIX) == 0)
			sweep_marker(eng, dir_fd, d->d_name);
	}
	closedir(dir);
}
